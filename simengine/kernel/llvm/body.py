"""The body of one LLVM function as text, over `width` lanes (1: plain numbers).

In: registers and constants, as text. Out: registers; instructions gather in `lines`.

Registers are texts such as `%r12`; a constant is text too, so that both stand wherever a value is wanted. Reals are
`double` or `<width x double>`, integers 64 bits wide, conditions `i1`, each with as many lanes.

Invariant: every operation is IEEE 754's, rounded once: no fast-math flag, no fused multiply-add.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache


def spread(scalar: str, width: int) -> str:
    """Return the type of `width` lanes of a scalar type."""
    return scalar if width == 1 else f"<{width} x {scalar}>"


@lru_cache(maxsize=4096)
def splat(scalar: str, literal: str, width: int) -> str:
    """Return the same constant in every lane."""
    return literal if width == 1 else f"<{', '.join([f'{scalar} {literal}'] * width)}>"


def real_literal(value: float) -> str:
    """Return the text of a double, exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def is_number(register: str) -> bool:
    """Return whether what stands for a real is a constant that is finite."""
    return not (register.startswith("%") or "0x7FF" in register or "0xFFF" in register)


@dataclass
class Sheet:
    """What is written of one function: shared by bodies of several widths."""

    lines: list[str] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)
    """Functions called, by name: whoever assembles the module must define or declare them."""
    block: str = "entry"
    """Label of the block being written: where a value of a `phi` comes from."""
    count: int = 0


@dataclass
class Lines:
    """Lines of one function: registers, labels, constants.

    Parameters
    ----------
    width
        Number of lanes.
    sheet
        What is written to; bodies of other widths may write to the same.

    """

    width: int
    sheet: Sheet = field(default_factory=Sheet)

    def __post_init__(self) -> None:
        self.real_type = spread("double", self.width)
        self.integer_type = spread("i64", self.width)
        self.truth_type = spread("i1", self.width)

    @property
    def lines(self) -> list[str]:
        """Return the instructions written."""
        return self.sheet.lines

    @property
    def needs(self) -> set[str]:
        """Return the functions called, by name."""
        return self.sheet.needs

    @property
    def block(self) -> str:
        """Return the label of the block being written."""
        return self.sheet.block

    def new(self, instruction: str) -> str:
        """Write an instruction that gives a value; return its register."""
        self.sheet.count += 1
        register = f"%r{self.sheet.count}"
        self.sheet.lines.append(f"  {register} = {instruction}")
        return register

    def line(self, instruction: str) -> None:
        """Write an instruction without value."""
        self.lines.append(f"  {instruction}")

    def label(self, stem: str) -> str:
        """Return a new label, not yet placed."""
        self.sheet.count += 1
        return f"{stem}{self.sheet.count}"

    def place(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.sheet.block = label

    def real(self, value: float) -> str:
        """Return a real constant, in every lane."""
        return splat("double", real_literal(value), self.width)

    def integer(self, value: int) -> str:
        """Return a 64-bit integer constant, in every lane."""
        if value >= 1 << 63:
            value -= 1 << 64
        return splat("i64", str(value), self.width)

    def truth(self, value: bool) -> str:
        """Return a condition that is constant."""
        return splat("i1", "true" if value else "false", self.width)

    def broadcast(self, scalar_register: str, scalar: str = "double") -> str:
        """Return one number of a scalar type in every lane."""
        if self.width == 1:
            return scalar_register
        kind = spread(scalar, self.width)
        first = self.new(f"insertelement {kind} poison, {scalar} {scalar_register}, i32 0")
        return self.new(f"shufflevector {kind} {first}, {kind} poison, <{self.width} x i32> zeroinitializer")

    @contextmanager
    def counted(self, count: int | str, stem: str = "loop") -> Iterator[str]:
        """Write a loop over 0 .. count - 1 (one turn at least); give the register of its counter."""
        head, latch, done = (self.label(f"{stem}.{part}") for part in ("head", "latch", "done"))
        index, following = f"%{head}.i", f"%{head}.n"
        before = self.block
        self.line(f"br label %{head}")
        self.place(head)
        self.line(f"{index} = phi i64 [ 0, %{before} ], [ {following}, %{latch} ]")
        yield index
        self.line(f"br label %{latch}")
        self.place(latch)
        self.line(f"{following} = add nuw nsw i64 {index}, 1")
        again = self.new(f"icmp ult i64 {following}, {count}")
        self.line(f"br i1 {again}, label %{head}, label %{done}")
        self.place(done)


class Reals(Lines):
    """Operations on reals."""

    def add(self, a: str, b: str) -> str:
        """Return a + b."""
        return self.new(f"fadd {self.real_type} {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        """Return a - b."""
        return self.new(f"fsub {self.real_type} {a}, {b}")

    def mul(self, a: str, b: str) -> str:
        """Return a b."""
        return self.new(f"fmul {self.real_type} {a}, {b}")

    def div(self, a: str, b: str) -> str:
        """Return a / b."""
        return self.new(f"fdiv {self.real_type} {a}, {b}")

    def neg(self, a: str) -> str:
        """Return -a, zeros and NaN included."""
        return self.new(f"fneg {self.real_type} {a}")

    def intrinsic(self, name: str, *arguments: str) -> str:
        """Return an LLVM intrinsic of reals, such as `sqrt`, `fabs`, `floor`, `ceil`, `trunc`, `rint`, `copysign`."""
        suffix = "f64" if self.width == 1 else f"v{self.width}f64"
        function = f"llvm.{name}.{suffix}"
        self.needs.add(function)
        given = ", ".join(f"{self.real_type} {a}" for a in arguments)
        return self.new(f"call {self.real_type} @{function}({given})")

    def absolute(self, a: str) -> str:
        """Return the value without its sign."""
        return self.intrinsic("fabs", a)

    def compare(self, predicate: str, a: str, b: str) -> str:
        """Return a condition; `predicate` is LLVM's: olt ole ogt oge oeq one ord, and ult ... une uno for unordered."""
        return self.new(f"fcmp {predicate} {self.real_type} {a}, {b}")

    def select(self, condition: str, then: str, otherwise: str) -> str:
        """Return reals chosen lane by lane."""
        kind = self.real_type
        return self.new(f"select {self.truth_type} {condition}, {kind} {then}, {kind} {otherwise}")


class Conditions(Reals):
    """Operations on conditions."""

    def both(self, a: str, b: str) -> str:
        """Return whether a and b."""
        return self.new(f"and {self.truth_type} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        """Return whether a or b."""
        return self.new(f"or {self.truth_type} {a}, {b}")

    def any_lane(self, a: str) -> str:
        """Return whether a condition holds in any lane, as one `i1`."""
        if self.width == 1:
            return a
        function = f"llvm.vector.reduce.or.v{self.width}i1"
        self.needs.add(function)
        return self.new(f"call i1 @{function}({self.truth_type} {a})")

    def opposite(self, a: str) -> str:
        """Return whether not a."""
        return self.new(f"xor {self.truth_type} {a}, {self.truth(value=True)}")


class Body(Conditions):
    """Instructions of one function: all of the above, integers, and functions of our own."""

    def whole(self, operation: str, a: str, b: str) -> str:
        """Return an operation on integers: add sub mul and or xor shl lshr ashr."""
        return self.new(f"{operation} {self.integer_type} {a}, {b}")

    def compare_whole(self, predicate: str, a: str, b: str) -> str:
        """Return a condition on integers; `predicate` is LLVM's: eq ne slt sle sgt sge ult ..."""
        return self.new(f"icmp {predicate} {self.integer_type} {a}, {b}")

    def select_whole(self, condition: str, then: str, otherwise: str) -> str:
        """Return integers chosen lane by lane."""
        kind = self.integer_type
        return self.new(f"select {self.truth_type} {condition}, {kind} {then}, {kind} {otherwise}")

    def bits(self, a: str) -> str:
        """Return the bits of a real as an integer."""
        return self.new(f"bitcast {self.real_type} {a} to {self.integer_type}")

    def from_bits(self, a: str) -> str:
        """Return the real that bits stand for."""
        return self.new(f"bitcast {self.integer_type} {a} to {self.real_type}")

    def to_whole(self, a: str) -> str:
        """Return a real cut to an integer; it must lie within 64 bits (poison otherwise)."""
        return self.new(f"fptosi {self.real_type} {a} to {self.integer_type}")

    def to_real(self, a: str) -> str:
        """Return a signed integer as a real."""
        return self.new(f"sitofp {self.integer_type} {a} to {self.real_type}")

    def gather(self, pointers: str, scalar: str = "double") -> str:
        """Return the numbers that pointers (one a lane) point to; of one lane, that of the pointer."""
        kind = spread(scalar, self.width)
        if self.width == 1:
            return self.new(f"load {kind}, ptr {pointers}, align 8")
        suffix = f"v{self.width}{'f64' if scalar == 'double' else scalar}"
        function = f"llvm.masked.gather.{suffix}.v{self.width}p0"
        self.needs.add(function)
        given = f"<{self.width} x ptr> {pointers}, i32 8, {self.truth_type} {self.truth(value=True)}"
        return self.new(f"call {kind} @{function}({given}, {kind} zeroinitializer)")

    def entry(self, pointer: str, place: str, scalar: str = "double") -> str:
        """Return what stands so many places (one a lane) from a pointer on."""
        return self.gather(
            self.new(f"getelementptr inbounds {scalar}, ptr {pointer}, {self.integer_type} {place}"), scalar
        )

    def set_entry(self, pointer: str, place: str, value: str) -> None:
        """Write doubles so many places (one a lane) from a pointer on; no two lanes write to one place."""
        at = self.new(f"getelementptr inbounds double, ptr {pointer}, {self.integer_type} {place}")
        if self.width == 1:
            self.line(f"store double {value}, ptr {at}, align 8")
            return
        function = f"llvm.masked.scatter.v{self.width}f64.v{self.width}p0"
        self.needs.add(function)
        mask = f"{self.truth_type} {self.truth(value=True)}"
        self.line(f"call void @{function}({self.real_type} {value}, <{self.width} x ptr> {at}, i32 8, {mask})")

    def lane_numbers(self) -> str:
        """Return 0, 1, ... over the lanes."""
        return "0" if self.width == 1 else f"<{', '.join(f'i64 {n}' for n in range(self.width))}>"

    def call(self, stem: str, *arguments: str) -> str:
        """Return a function of reals, by the name it has without its width: `exp` is `@se.exp.v8` for 8 lanes."""
        function = function_name(stem, self.width)
        self.needs.add(function)
        given = ", ".join(f"{self.real_type} {a}" for a in arguments)
        return self.new(f"call fastcc {self.real_type} @{function}({given})")


def function_name(stem: str, width: int) -> str:
    """Return the name of a function of our own at a width."""
    return f"se.{stem}.v{width}"
