"""A program as C, the limit other engines are measured against: `build` compiles it with gcc -O3 -march=native.

In: a `Program` and the slots to save. Out: a `Native`, called by ctypes: one run, or many in a loop.

Scalars are local variables (an array from `MOST_LOCALS` slots on, where gcc would take minutes), arrays are loops,
sums that do not depend on the loop stand before it. Euler only.

Invariant: what this emitter does not know it refuses; no option that changes numbers is given to gcc.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simengine.model.lookup import Between
from simengine.program.node import Apply, Clock, Constant, Load, Lookup, Node, Reduce, operands
from simengine.program.op import ClockValue, Fold, Op
from simengine.program.program import Assign, Program, Statement

FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-fPIC", "-shared")
MOST_LOCALS = 2000
CHUNK = 400  # statements a function, where slots are an array
Numbers = NDArray[np.float64]

HEAD = """#include <math.h>
static inline double min2(double a, double b) { return a < b ? a : b; }
static inline double max2(double a, double b) { return a > b ? a : b; }
static inline double xidz(double a, double b, double c) { return fabs(b) < 1e-6 ? c : a / b; }
static inline double look(const double *x, const double *y, const double *slope, int n, double q) {
    if (q <= x[0]) return y[0];
    if (q >= x[n - 1]) return y[n - 1];
#ifdef BINARY
    int low = 0, high = n - 1;
    while (high - low > 1) { int mid = (low + high) / 2; if (x[mid] <= q) low = mid; else high = mid; }
#else
    int low = 0;
    while (x[low + 1] <= q) low++;
#endif
    return y[low] + slope[low] * (q - x[low]);
}
"""
BINARY = {Op.ADD: "+", Op.SUB: "-", Op.MUL: "*", Op.DIV: "/"}
TESTS = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=", Op.EQ: "==", Op.NE: "!=", Op.AND: "&&", Op.OR: "||"}
CALLS = {
    Op.POW: "pow",
    Op.ABS: "fabs",
    Op.MIN: "min2",
    Op.MAX: "max2",
    Op.SQRT: "sqrt",
    Op.EXP: "exp",
    Op.LN: "log",
    Op.XIDZ: "xidz",
}


class UnknownToC(Exception):
    """The program holds something this emitter does not write."""


@dataclass
class Writer:
    """Writes the statements of a program; `tables` gathers the constant arrays they need."""

    program: Program
    scalars: bool
    arrays: set[int] = field(default_factory=set)
    tables: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)

    def slot(self, slots: int | NDArray[np.int64]) -> str:
        """Return the C of what stands in slots."""
        if isinstance(slots, (int, np.integer)):
            return f"s{slots}" if self.scalars and int(slots) not in self.arrays else f"v[{slots}]"
        return f"v[{self.place(slots)}]"

    def place(self, slots: NDArray[np.int64]) -> str:
        """Return the number of a slot over the loops: base and strides, or a table where there are none."""
        base = int(slots.flat[0])
        grid, parts = np.full(slots.shape, base), [str(base)]
        for axis, size in enumerate(slots.shape):
            if size > 1:
                stride = int(np.take(slots, 1, axis).flat[0]) - base
                grid = grid + stride * np.arange(size).reshape([-1 if a == axis else 1 for a in range(slots.ndim)])
                parts.append(f"{stride}*i{axis}")
        if np.array_equal(grid, slots):
            return " + ".join(parts)
        return self.table("int", slots)

    def table(self, kind: str, values: NDArray[np.generic]) -> str:
        """Return an element of a new constant table over the loops."""
        name = f"t{len(self.tables)}"
        body = ",".join(repr(v) if kind == "int" else real(v) for v in values.ravel().tolist())
        self.tables.append(f"static const {kind} {name}[] = {{{body}}};")
        place, stride = [], values.size
        for axis, size in enumerate(values.shape):
            stride //= size
            if size > 1:
                place.append(f"{stride}*i{axis}")
        return f"{name}[{' + '.join(place) or '0'}]"

    def number(self, node: Node) -> str:
        """Return the C of a node as a number."""
        match node:
            case Constant(value=value):
                return real(float(value)) if np.ndim(value) == 0 else self.table("double", np.asarray(value))
            case Load(slots=slots):
                return self.slot(slots)
            case Clock(what=what):
                return clock(what)
            case Reduce():
                return self.reduction(node)
            case Lookup():
                return self.lookup(node)
            case Apply(op=op, arguments=arguments):
                if op in TESTS or op is Op.NOT:
                    return f"({self.truth(node)} ? 1.0 : 0.0)"
                if op is Op.SELECT:
                    a, b = self.number(arguments[1]), self.number(arguments[2])
                    return f"({self.truth(arguments[0])} ? {a} : {b})"
                return self.primitive(op, [self.number(a) for a in arguments])
        raise UnknownToC(type(node).__name__)

    def primitive(self, op: Op, given: list[str]) -> str:
        """Return the C of a primitive over numbers."""
        if op in BINARY:
            return f"({given[0]} {BINARY[op]} {given[1]})"
        if op is Op.NEG:
            return f"(-{given[0]})"
        if op not in CALLS:
            raise UnknownToC(op.mnemonic)
        return f"{CALLS[op]}({', '.join(given)})"

    def truth(self, node: Node) -> str:
        """Return the C of a node as a condition."""
        if isinstance(node, Apply) and node.op in TESTS:
            both = node.op in {Op.AND, Op.OR}
            a, b = (self.truth(n) if both else self.number(n) for n in node.arguments)
            return f"({a} {TESTS[node.op]} {b})"
        if isinstance(node, Apply) and node.op is Op.NOT:
            return f"(!{self.truth(node.arguments[0])})"
        return f"({self.number(node)} != 0.0)"

    def lookup(self, node: Lookup) -> str:
        """Return the C of a lookup in one table."""
        if np.ndim(node.tables) and np.size(node.tables) != 1:
            raise UnknownToC("lookups that differ by element")
        number = int(np.asarray(node.tables).flat[0])
        rule = node.between or self.program.tables[number].between
        if rule is not Between.INTERPOLATE or node.missing is not None:
            raise UnknownToC(f"lookups of rule {rule.value}")
        count = len(self.program.tables[number].x)
        return f"look(px{number}, py{number}, pk{number}, {count}, {self.number(node.x)})"

    def reduction(self, node: Reduce) -> str:
        """Return the name of a sum, computed before the loops if it does not depend on them."""
        if node.fold is not Fold.SUM:
            raise UnknownToC(node.fold.name)
        depends = varying(node.argument) - set(node.axes)
        loops = "".join(loop(a, self.sizes[a]) for a in node.axes if self.sizes[a] > 1)
        whole = f"({{ double sum = 0; {loops}sum += {self.number(node.argument)}; sum; }})"
        if depends:
            return whole
        name = f"r{len(self.before)}"
        self.before.append(f"double {name} = {whole};")
        return name

    def statement(self, statement: Statement) -> str:
        """Return the C of an assignment."""
        if not isinstance(statement, Assign):
            raise UnknownToC("devices")
        self.before = []
        self.sizes = axis_sizes(statement)
        value = self.number(statement.value)
        target = self.slot(statement.slots)
        shape = np.shape(statement.slots)
        loops = "".join(loop(axis, size) for axis, size in enumerate(shape) if size > 1)
        body = f"{loops}{target} = {value};"
        return f"    {{ {' '.join(self.before)} {body} }}" if self.before else f"    {body}"


def real(value: float) -> str:
    """Return a number as C reads it, all its digits kept."""
    if not np.isfinite(value):
        return "NAN" if np.isnan(value) else f"({'-' if value < 0 else ''}INFINITY)"
    return f"({float(value)!r})"


def clock(what: ClockValue) -> str:
    """Return the C of what the clock says; within Euler, the time is that of the begin of the step."""
    return "now" if what is ClockValue.BEGIN or what is ClockValue.TIME else f"clock_{what.value}"


def loop(axis: int, size: int) -> str:
    """Return the head of a loop."""
    return f"for (int i{axis} = 0; i{axis} < {size}; i{axis}++) "


def arrays_of(node: Node) -> list[NDArray[np.generic]]:
    """Return the arrays over the axes that stand in a node itself."""
    match node:
        case Constant(value=value):
            return [np.asarray(value)]
        case Load(slots=slots):
            return [np.asarray(slots)]
    return []


def varying(node: Node) -> set[int]:
    """Return the axes a node depends on."""
    own = {a for v in arrays_of(node) for a, size in enumerate(v.shape) if size > 1}
    below = set().union(*(varying(n) for n in operands(node)))
    return (own | below) - (set(node.axes) if isinstance(node, Reduce) else set())


def axis_sizes(statement: Assign) -> list[int]:
    """Return how long the loops of a statement are."""
    sizes = [1] * 16

    def visit(node: Node) -> None:
        for value in arrays_of(node):
            for axis, size in enumerate(value.shape):
                sizes[axis] = max(sizes[axis], size)
        for below in operands(node):
            visit(below)

    visit(statement.value)
    return sizes


def array_slots(program: Program) -> set[int]:
    """Return the slots that are reached by loops."""
    found: set[int] = set()

    def visit(node: Node) -> None:
        if isinstance(node, Load) and np.ndim(node.slots):
            found.update(np.asarray(node.slots).ravel().tolist())
        for below in operands(node):
            visit(below)

    for phase in (program.constants, program.initial, program.settled, program.step):
        for statement in phase:
            if isinstance(statement, Assign):
                visit(statement.value)
                if np.ndim(statement.slots):
                    found.update(np.asarray(statement.slots).ravel().tolist())
    return found


def source(program: Program, saved: list[int]) -> str:
    """Return the C of a program that saves some slots at every step, or at the end only."""
    if program.memories or program.devices or program.moving_specs or program.floors.any():
        raise UnknownToC("memories, devices, floors, or specs that move")
    local = program.slot_count <= MOST_LOCALS
    writer = Writer(program, local, array_slots(program))
    phases = [program.constants, program.initial, program.settled, program.step]
    written = [[writer.statement(s) for s in phase] for phase in phases]
    clocks = "double now, double clock_start, double clock_stop, double clock_step, double clock_save"
    passed = "now, clock_start, clock_stop, clock_step, clock_save"
    functions: list[str] = []
    if not local:
        for rows in written:
            parts = [rows[n : n + CHUNK] for n in range(0, len(rows), CHUNK)]
            rows.clear()
            for part in parts:
                name = f"part{len(functions)}"
                head = f"static __attribute__((noinline)) void {name}(double *restrict v, {clocks}) {{"
                functions.append("\n".join([head, *part, "}"]))
                rows.append(f"    {name}(v, {passed});")
    return "\n".join([HEAD, *points(program), *writer.tables, *functions, *body(writer, written, saved)]) + "\n"


def points(program: Program) -> list[str]:
    """Return the points of the lookups, and their slopes, as C."""
    lines = []
    for number, table in enumerate(program.tables):
        x, y = np.asarray(table.x), np.asarray(table.y)
        for name, values in (("px", x), ("py", y), ("pk", np.diff(y) / np.diff(x))):
            lines.append(f"static const double {name}{number}[] = {{{','.join(real(v) for v in values.tolist())}}};")
    return lines


def body(writer: Writer, written: list[list[str]], saved: list[int]) -> list[str]:
    """Return the functions that run: one run, and many."""
    program = writer.program
    constants, initial, settled, step = written
    start, stop, dt, save = (writer.slot(int(s)) for s in program.specs)
    scalars = [s for s in range(program.slot_count) if writer.scalars and s not in writer.arrays]
    pairs = [(int(a), int(b)) for a, b in zip(program.stocks, program.rates, strict=True)]
    stepping = [f"    double n{a} = {writer.slot(a)} + clock_step*{writer.slot(b)};" for a, b in pairs]
    if not scalars:
        stepping = [f"    for (int i = 0; i < {len(pairs)}; i++) next[i] = v[stock[i]] + clock_step*v[rate[i]];"]
    arriving = [f"    {writer.slot(a)} = n{a};" for a, _ in pairs]
    if not scalars:
        arriving = [f"    for (int i = 0; i < {len(pairs)}; i++) v[stock[i]] = next[i];"]
    kept = [f"out[{n}] = {writer.slot(s)};" for n, s in enumerate(saved)]
    return [
        f"static const int stock[] = {{{','.join(str(a) for a, _ in pairs)}}};",
        f"static const int rate[] = {{{','.join(str(b) for _, b in pairs)}}};",
        "void run(const double *restrict given, double *restrict v, double *restrict out, long steps, int all) {",
        "    double now = 0, clock_start = 0, clock_stop = 0, clock_step = 0, clock_save = 0;",
        f"    double next[{max(1, len(pairs))}]; (void) next;",
        *[f"    double s{s} = 0;" for s in scalars],
        *[f"    {writer.slot(int(s))} = given[{n}];" for n, s in enumerate(program.parameters)],
        *constants,
        f"    clock_start = {start}; clock_stop = {stop}; clock_step = {dt}; clock_save = {save}; now = clock_start;",
        *initial,
        *settled,
        "    for (long n = 0; n <= steps; n++) {",
        "    now = clock_start + n*clock_step;",
        *step,
        f"    if (all || n == steps) {{ {' '.join(kept)} out += {len(saved)}; }}",
        "    if (n == steps) break;",
        *stepping,
        *arriving,
        "    }",
        *[f"    v[{s}] = s{s};" for s in scalars],
        "}",
        "void many(const double *given, double *v, double *out, long steps, long runs) {",
        "    for (long r = 0; r < runs; r++)",
        f"        run(given + r*{program.parameters.size}, v, out + r*{len(saved)}, steps, 0);",
        "}",
    ]


@dataclass
class Native:
    """A program compiled by gcc."""

    library: ctypes.CDLL
    program: Program
    saved: int
    steps: int

    def run(self) -> Numbers:
        """Return the saved slots of one run at every step."""
        out = np.empty((self.steps + 1, self.saved))
        v = np.zeros(self.program.slot_count)
        self.library.run(*map(pointer, (self.program.defaults, v, out)), ctypes.c_long(self.steps), 1)
        return out

    def many(self, given: Numbers) -> Numbers:
        """Return the saved slots of many runs at their ends."""
        given = np.ascontiguousarray(given)
        out, v = np.empty((len(given), self.saved)), np.zeros(self.program.slot_count)
        self.library.many(*map(pointer, (given, v, out)), ctypes.c_long(self.steps), ctypes.c_long(len(given)))
        return out


def pointer(values: Numbers) -> ctypes.c_void_p:
    """Return where an array stands."""
    return ctypes.c_void_p(values.ctypes.data)


def build(program: Program, saved: list[int], steps: int, folder: Path, *, binary: bool = False) -> Native:
    """Return a program compiled by gcc; `binary` searches lookups by halves instead of one by one.

    Raises
    ------
    UnknownToC
        If there is no gcc, or the program holds what the emitter does not write.

    """
    compiler = shutil.which("gcc")
    if compiler is None:
        raise UnknownToC("gcc is not installed")
    stem = f"limit{int(binary)}-{program.slot_count}"
    file, library = folder / f"{stem}.c", folder / f"{stem}.so"
    file.write_text(source(program, saved), encoding="utf-8")
    extra = ["-DBINARY"] if binary else []
    subprocess.run([compiler, *FLAGS, *extra, "-o", str(library), str(file), "-lm"], check=True, capture_output=True)
    return Native(ctypes.CDLL(str(library)), program, len(saved), steps)
