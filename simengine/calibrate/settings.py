"""How parameters are found: the `method` section with what is meant where it says nothing.

Invariant: what needs derivatives is refused where there are none, unless differences are asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.calibrate.file import Document, Method
from simengine.calibrate.problem import Problem
from simengine.language.yaml.reading import Reading
from simengine.source.diagnostic import warning


@dataclass(frozen=True, slots=True)
class Settings:
    """How parameters are found."""

    starts: int = 32
    seed: int = 0
    derivatives: str = "exact"
    local: str = "trf"
    globally: str = "none"
    posterior: str = "none"
    chains: int = 4
    draws: int = 1000
    tune: int = 1000
    profiles: bool = False
    as_long_as_needed: bool = False
    """Whether the file says nothing of `draws`: an ensemble then goes on until it is long enough."""

    @property
    def extends(self) -> bool:
        """Whether chains may get longer than `draws`."""
        return self.posterior == "ensemble" and self.as_long_as_needed


def read_settings(document: Document) -> Settings:
    """Return the settings of a file."""
    said = document.method or Method(document.span)
    own = Settings()
    draws = int(said.draws.value) if said.draws else own.draws
    return Settings(
        int(said.starts.value) if said.starts else own.starts,
        int(said.seed.value) if said.seed else own.seed,
        said.derivatives.value if said.derivatives else own.derivatives,
        said.local.value if said.local else own.local,
        said.globally.value if said.globally else own.globally,
        said.posterior.value if said.posterior else own.posterior,
        int(said.chains.value) if said.chains else own.chains,
        draws,
        int(said.tune.value) if said.tune else draws,
        said.profiles.value if said.profiles else own.profiles,
        said.draws is None,
    )


def check_method(document: Document, problem: Problem, settings: Settings, to: Reading) -> None:
    """Note a method that needs derivatives where there are none."""
    why = problem.why_not_exact
    said = document.method
    place = document.span if said is None else said.span
    if problem.differences:
        return
    if why is None:
        rounded = problem.rounded
        if rounded:
            names = ", ".join(f"`{n}`" for n in rounded[:4]) + (", ..." if len(rounded) > 4 else "")
            text = f"what depends on parameters is rounded in {names}: the exact derivative by that way is 0"
            hint = "`derivatives: differences` under `method`, or a method without derivatives, sees the steps"
            to.problems.append(warning("flat-derivative", text, place, help=[hint]))
        return
    needs = [
        f"`{key}: {word}`"
        for key, word, fits in (
            ("local", settings.local, settings.local == "trf"),
            ("posterior", settings.posterior, settings.posterior == "nuts"),
            ("profiles", "on", settings.profiles),
        )
        if fits
    ]
    if not needs:
        return
    hints = [
        "`derivatives: differences` under `method` takes finite differences instead",
        "`local: none` with `global: cma` or `posterior: ensemble` needs no derivatives",
    ]
    verb = "needs" if len(needs) == 1 else "need"
    to.error("no-derivative", f"{' and '.join(needs)} {verb} exact derivatives: {why}", place, help=hints)
