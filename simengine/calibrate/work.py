"""A calibration worked off, unit by unit: screening, searches, global search, profiles, chains.

In: a `Calibration`, a `Store`. Out: a `Fitted`: all that was found.

Invariant: what is found depends on the question only, not on what was there before, nor in how many goes it was made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from simengine.calibrate.basin import Basin, joins_one_of, waves
from simengine.calibrate.curvature import Curvature, look_at_curvature
from simengine.calibrate.data_profiles import profiles_of_data
from simengine.calibrate.local import Found, Joins, search_local
from simengine.calibrate.lockstep import Ask, room_for, work_together
from simengine.calibrate.many import Start, screen_starts
from simengine.calibrate.plan import Calibration
from simengine.calibrate.posterior import Asked, Chain, draw_ensemble, draw_nuts
from simengine.calibrate.predictions import Slopes
from simengine.calibrate.problem import Problem
from simengine.calibrate.profiles import first_step, side_of, side_piece
from simengine.calibrate.store import Piece, Store, Unit, Wanted, key_of
from simengine.calibrate.surface import Surface
from simengine.calibrate.tally import Counts, count_failed
from simengine.calibrate.world import search_world
from simengine.inference.arrays import Array
from simengine.inference.profile import Profile, join_sides
from simengine.language.yaml import node as yaml
from simengine.language.yaml.node import Listing, Node, Scalar, read_yaml
from simengine.results.provenance import hash_of
from simengine.source.diagnostic import InputError
from simengine.source.file import SourceFile

_AGAIN = 3
"""How often profiles begin anew where one comes upon a better fit."""


@dataclass(frozen=True, eq=False)
class Search:
    """A search, from where it began to where it ended."""

    name: str
    """`start`, the file's own; `point 12` of the design; `global`; `profile of ...`."""
    begun: Array
    begun_density: float
    found: Found


@dataclass(frozen=True, eq=False)
class Fitted:
    """All that was found."""

    surface: Surface
    searches: tuple[Search, ...]
    screened: int
    best: Search
    world: str
    """How the global search ended; "": there was none."""
    curvature: Curvature | None
    """None where there are no derivatives."""
    profiles: tuple[Profile, ...]
    """Of the density, priors included."""
    data_profiles: tuple[Profile, ...]
    """Of the likelihood alone, where the file gives priors; else those of the density are."""
    chains: tuple[Chain, ...]
    counts: Counts
    counts_of: Mapping[str, Counts]
    """By kind of work: `screening`, `starts`, `global`, `profiles`, `chains`."""


def question_of(calibration: Calibration) -> str:
    """Return the hash of what decides the surface.

    That is the text of all sections but `method`, in the order written, as what is kept goes by place; the bytes of all
    files; and the versions of the engine and of the libraries that compute.
    """
    import simengine

    tree, _ = read_yaml(SourceFile("", calibration.path.read_text(encoding="utf-8-sig")))
    assert isinstance(tree, yaml.Mapping), "a calibration that was read is a mapping"
    sections = [[k.text, _written(v)] for k, v in tree.pairs if k.text not in {"method", "title", "note"}]
    files = [[f.name, hash_of(f.read_bytes())] for f in calibration.files if f != calibration.path]
    versions = [simengine.__version__, *map(version, ("numpy", "scipy", "llvmlite"))]
    asked = [versions, sections, files, calibration.problem.derivatives]
    asked += [calibration.amended] if calibration.amended else []
    return hash_of(json.dumps(asked, ensure_ascii=False).encode())


def _written(node: Node) -> object:
    """Return a node as JSON knows it, without its place."""
    match node:
        case Scalar():
            return [node.text, node.quoted]
        case Listing():
            return [_written(item) for item in node.items]
        case yaml.Mapping():
            return {"": [[key.text, _written(value)] for key, value in node.pairs]}


def work_off(calibration: Calibration, store: Store) -> Fitted:
    """Do what is not there of a calibration, and return all that was found.

    Raises
    ------
    InputError
        If no run works, or a library is missing.

    """
    return _Worker(calibration, store, Surface(calibration.problem), question_of(calibration)).all()


@dataclass
class _Worker:
    calibration: Calibration
    store: Store
    surface: Surface
    question: str
    counts: dict[str, Counts] = field(default_factory=dict)

    def all(self) -> Fitted:
        settings = self.calibration.settings
        starts, screened = self._screen()
        searches = self._searches(starts)
        world = ""
        if settings.globally != "none":
            met, world = self._world()
            searches.append(met)
        best = _best(searches)
        profiles: tuple[Profile, ...] = ()
        curvature = self._curvature(best)
        for again in range(_AGAIN + 1):
            profiles = self._profiles(best, curvature) if settings.profiles and curvature is not None else ()
            better = [p for p in profiles if p.better is not None]
            if not better or again == _AGAIN:
                break  # profiles are those of the best in any case; where one still came upon a better fit it is told
            found, point = max(((p, p.better) for p in better if p.better is not None), key=lambda pair: pair[1].loglik)
            name = f"profile of {self.surface.names[found.index]}"
            searches.append(self._from(name, point.theta, point.loglik))
            best = _best(searches)
            curvature = self._curvature(best)
        alone: tuple[Profile, ...] = ()
        if profiles and curvature is not None:
            alone = profiles_of_data(self._side_by_side, self.question, self.surface, best.found.full, curvature)
        chains = self._chains(best) if settings.posterior != "none" else ()
        return Fitted(
            self.surface, tuple(searches), screened, best, world, curvature, profiles, alone, chains,
            sum(self.counts.values(), Counts()), self.counts,
        )  # fmt: skip

    def _count(self, kind: str, counts: Counts) -> None:
        self.counts[kind] = self.counts.get(kind, Counts()) + counts

    def _get(self, kind: str, name: str, key: str, make: Callable[[], Piece], number: int = 1, of: int = 1) -> Piece:
        """Return a unit, and count what was simulated for it, whenever that was."""

        def counted() -> Piece:
            before = self.surface.problem.counts
            made = make()
            return Piece(made.arrays, {**made.about, "counts": _more(before, self.surface.problem.counts)})

        piece = self.store.get(Unit(kind, name, key), counted, number, of)
        self._count(kind, Counts(**piece.about["counts"]))
        return piece

    def _side_by_side(self, kind: str, wanted: Sequence[Wanted], first: int = 0, of: int = 0) -> list[Piece]:
        """Return units that ask for derivatives only: what all that are to be made ask for is one native call.

        Of what each asks for a call is counted, and of all together as many as the longest takes: so many there are
        where nothing was there before.
        """
        problem, total = self.surface.problem, of or len(wanted)
        units = [Unit(kind, w.name, w.key) for w in wanted]
        found = [self.store.find(unit, first + n + 1, total) for n, unit in enumerate(units)]
        missing = [n for n, piece in enumerate(found) if piece is None]

        def done(number: int, made: Piece) -> None:
            place = missing[number]
            found[place] = self.store.keep(units[place], made, first + place + 1, total)

        room = room_for(len(problem.observations), self.surface.width)
        work_together([partial(_counted, problem, wanted[n].make) for n in missing], problem.slopes, done, room)
        pieces = [piece for piece in found if piece is not None]
        counts = [Counts(**p.about["counts"]) for p in pieces]
        together = sum(counts, Counts())
        self._count(kind, replace(together, calls=max((c.calls for c in counts), default=0)))
        return pieces

    # ---- searches

    def _screen(self) -> tuple[list[Start], int]:
        settings = self.calibration.settings
        count = settings.starts

        def make() -> Piece:
            before = self.surface.problem.counts.runs
            found = screen_starts(self.surface, count, settings.seed)
            arrays = {
                "point": np.array([s.point for s in found]),
                "full": np.array([s.full for s in found]),
                "density": np.array([s.density for s in found]),
            }
            return Piece(arrays, {"screened": self.surface.problem.counts.runs - before})

        piece = self._get("screening", "points", key_of(self.question, settings.seed, count), make)
        rows = zip(piece.arrays["point"], piece.arrays["full"], piece.arrays["density"], strict=True)
        return [Start(int(p), f, float(d)) for p, f, d in rows], int(piece.about["screened"])

    def _searches(self, starts: Sequence[Start]) -> list[Search]:
        """Return a search from every start, in waves: each knows what those before it found."""
        names = ["start" if s.point < 0 else f"point {s.point}" for s in starts]
        if self.calibration.settings.local == "none":
            ends = [Found(s.full, s.density, "screened" if np.isfinite(s.density) else "failed") for s in starts]
            return [Search(n, s.full, s.density, e) for n, s, e in zip(names, starts, ends, strict=True)]
        out: list[Search] = []
        for wave in waves(len(starts)):
            basins = [Basin(s.name, s.found.full, s.found.density, s.found.curve) for s in out if s.found.curve.size]
            joins = joins_one_of(self.surface, basins)
            before = [s.begun for s in out]
            wanted = [
                Wanted(_file_name(names[n]), key_of(self.question, starts[n].full, *before),
                        partial(_search, self.surface, starts[n].full, joins))
                for n in wave
            ]  # fmt: skip
            pieces = self._side_by_side("starts", wanted, wave.start, len(starts))
            out += [
                Search(names[n], starts[n].full, starts[n].density, _found(piece))
                for n, piece in zip(wave, pieces, strict=True)
            ]
        return out

    def _from(self, name: str, full: Array, density: float) -> Search:
        """Return a search of its own, from a place that was come upon."""
        wanted = Wanted(_file_name(name), key_of(self.question, full), partial(_search, self.surface, full, None))
        return Search(name, full, density, _found(self._side_by_side("starts", [wanted])[0]))

    def _world(self) -> tuple[Search, str]:
        settings = self.calibration.settings

        def make() -> Piece:
            met = search_world(self.surface, settings.globally, settings.seed)
            return Piece({"full": met.full, "density": np.array([met.density])}, {"text": met.text})

        piece = self._get("global", settings.globally, key_of(self.question, settings.globally, settings.seed), make)
        full, density, text = piece.arrays["full"], float(piece.arrays["density"][0]), str(piece.about["text"])
        if settings.local == "none":
            return Search("global", full, density, Found(full, density, "screened")), text
        return self._from("global", full, density), text

    # ---- what is told of the best

    def _curvature(self, best: Search) -> Curvature | None:
        if self.surface.problem.derivatives == "none":
            return None
        return look_at_curvature(self.surface, best.found.full)

    def _profiles(self, best: Search, curvature: Curvature) -> tuple[Profile, ...]:
        surface, full, density = self.surface, best.found.full, best.found.density
        low, high = surface.low, surface.high
        steps = [first_step(curvature, p, low[p], high[p]) for p in range(surface.width)]
        wanted = [
            Wanted(
                f"{parameter:03d}-{'high' if upward else 'low'}",
                key_of(self.question, full, density, parameter, upward, step),
                partial(side_piece, surface, full, density, parameter, upward, step),
            )
            for parameter, step in enumerate(steps)
            for upward in (False, True)
        ]
        sides = [side_of(piece, upward=bool(n % 2)) for n, piece in enumerate(self._side_by_side("profiles", wanted))]
        return tuple(join_sides(p, sides[2 * p], sides[2 * p + 1]) for p in range(surface.width))

    def _chains(self, best: Search) -> tuple[Chain, ...]:
        """Return all chains; where they may get as long as needed, the first decides how long all are."""
        settings = self.calibration.settings
        first = self._chain(best, 0, settings.draws, extends=settings.extends)
        length = first.draws.shape[1]
        return (first, *(self._chain(best, n, length) for n in range(1, settings.chains)))

    def _chain(self, best: Search, number: int, draws: int, *, extends: bool = False) -> Chain:
        settings, full = self.calibration.settings, best.found.full
        draw = draw_nuts if settings.posterior == "nuts" else draw_ensemble
        asked = Asked(draws, settings.tune, settings.seed, number, extends)

        def make() -> Piece:
            chain = draw(self.surface, full, asked)
            own = {f"of {name}": values for name, values in chain.statistics.items()}
            return Piece({"draws": chain.draws, **own}, {})

        key = key_of(self.question, full, settings.posterior, asdict(asked))
        piece = self._get("chains", f"{settings.posterior}-{number:02d}", key, make, number + 1, settings.chains)
        statistics = {n.removeprefix("of "): v for n, v in piece.arrays.items() if n.startswith("of ")}
        return Chain(piece.arrays["draws"], statistics)


def _counted(problem: Problem, make: Callable[[Ask], Piece], ask: Ask) -> Piece:
    """Return what a unit gives, with what it asked for: the same whoever asked at the same time."""
    asked = failed = 0

    def counted(theta: Array) -> Slopes:
        nonlocal asked, failed
        asked += 1
        found = ask(theta)
        failed += count_failed(found.predicted)
        return found

    made, width = make(counted), len(problem.names)
    exact = not problem.differences
    counts = {"runs": 0 if exact else asked * (2 * width + 1), "gradients": asked * exact,
              "lanes": asked * width * exact, "calls": asked, "failed": failed}  # fmt: skip
    return Piece(made.arrays, {**made.about, "counts": counts})


def _search(surface: Surface, full: Array, joins: Joins | None, ask: Ask) -> Piece:
    found = search_local(surface, full, ask=ask, joins=joins)
    about = {"status": found.status, "steps": found.steps, "joined": found.joined}
    return Piece({"full": found.full, "numbers": np.array([found.density, found.slope]), "curve": found.curve}, about)


def _found(piece: Piece) -> Found:
    density, slope = (float(v) for v in piece.arrays["numbers"])
    status, steps, joined = piece.about["status"], int(piece.about["steps"]), str(piece.about["joined"])
    return Found(piece.arrays["full"], density, status, steps, slope, piece.arrays["curve"], joined)


def _file_name(name: str) -> str:
    """Return a name as a file can have it; the key tells apart what it makes alike."""
    return re.sub(r"[^\w.-]+", "-", name)


def _more(before: Counts, after: Counts) -> dict[str, Any]:
    """Return what was simulated between two looks, without the time it took: that is no result."""
    return {n: getattr(after, n) - getattr(before, n) for n in ("runs", "gradients", "lanes", "calls", "failed")}


def _best(searches: list[Search]) -> Search:
    """Return the highest; of those equal but for rounding the first."""
    sound = [s for s in searches if np.isfinite(s.found.density)]
    if not sound:
        raise InputError("no search came to anything: at every start the run fails, or the data cannot be as predicted")
    top = max(s.found.density for s in sound)
    return next(s for s in sound if s.found.density >= top - 1e-9 * max(1.0, abs(top)))


def with_choices(calibration: Calibration, *, starts: int | None = None, posterior: str | None = None) -> Calibration:
    """Return a calibration whose method has other choices than its file."""
    settings = calibration.settings
    settings = settings if starts is None else replace(settings, starts=starts)
    settings = settings if posterior is None else replace(settings, posterior=posterior)
    return replace(calibration, settings=settings)
