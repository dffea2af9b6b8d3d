"""Random words and draws: known answers, and independence of what else is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.engine.run import simulate
from simengine.kernel.philox import philox, uniform_of
from simengine.kernel.random import RandomStreams
from simengine.program.node import Draw
from simengine.program.op import Distribution
from tests.kernel.build import Build, number

ONES = 0xFFFFFFFF

# Salmon et al., Random123, kat_vectors: philox4x32 with 10 rounds
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], words: tuple[int, ...]) -> None:
    got = philox([np.asarray([w], dtype=np.uint64) for w in counter], [np.asarray([w], dtype=np.uint64) for w in key])
    assert tuple(int(w[0]) for w in got) == words


def test_uniforms_never_reach_the_ends() -> None:
    least = uniform_of(np.asarray(0, dtype=np.uint64), np.asarray(0, dtype=np.uint64))
    most = uniform_of(np.asarray(ONES, dtype=np.uint64), np.asarray(ONES, dtype=np.uint64))
    assert 0 < float(least) == 2.0**-53
    assert float(most) == 1 - 2.0**-53 < 1


def noise(streams: int | np.ndarray = 7, seed: float = 0.0) -> Draw:
    return Draw(Distribution.UNIFORM, streams, (number(0), number(1)), number(seed))


def test_uniforms_are_uniform() -> None:
    values = RandomStreams(1, np.arange(2000)).uniform(noise(np.arange(20)), 3, 0.0)
    assert values.shape == (20, 2000)
    counts, _ = np.histogram(values, 20, (0, 1))
    assert ((counts - 2000) ** 2 / 2000).sum() < 60  # chi square of 19 degrees: 1 in a million beyond 60
    assert abs(np.corrcoef(values[0], values[1])[0, 1]) < 0.1


def test_a_run_draws_the_same_alone_and_among_others_and_at_any_step() -> None:
    node = noise(np.arange(3))
    many = RandomStreams(5, np.arange(10))
    wanted = many.uniform(node, 6, 2.0)
    assert np.array_equal(RandomStreams(5, 4).uniform(node, 6, 2.0), wanted[:, 4])
    assert np.array_equal(RandomStreams(5, np.asarray([9, 4])).uniform(node, 6, 2.0)[:, 1], wanted[:, 4])
    forward = RandomStreams(5, 4)
    steps = [np.array(forward.uniform(node, step, 2.0)) for step in range(20)]
    assert np.array_equal(steps[6], wanted[:, 4])


def test_everything_that_names_a_draw_changes_it() -> None:
    base = float(RandomStreams(5, 4).uniform(noise(), 6, 2.0))
    others = [
        float(RandomStreams(6, 4).uniform(noise(), 6, 2.0)),
        float(RandomStreams(5, 3).uniform(noise(), 6, 2.0)),
        float(RandomStreams(5, 4).uniform(noise(8), 6, 2.0)),
        float(RandomStreams(5, 4).uniform(noise(), 7, 2.0)),
        float(RandomStreams(5, 4).uniform(noise(), 6, 3.0)),
        float(RandomStreams(5, 4).uniform(noise(), 6, -2.0)),
    ]
    assert len({base, *others}) == 7
    assert float(RandomStreams(5, 4).uniform(noise(), 6, np.nan)) == float(RandomStreams(5, 4).uniform(noise(), 6, 0.0))


def test_a_simulation_is_repeated_by_its_seed_and_run_numbers() -> None:
    build = Build(stop=300)
    out = build.compute("out", noise())
    program, slots = build.program(), np.asarray([out])
    ensemble = simulate(program, runs=5, seed=3, slots=slots).values
    assert np.unique(ensemble).size == ensemble.size
    for run in range(5):
        alone = simulate(program, run_numbers=np.asarray([run]), seed=3, slots=slots).values
        assert np.array_equal(alone, ensemble[run])
    chosen = simulate(program, runs=2, run_numbers=np.asarray([4, 1]), seed=3, slots=slots).values
    assert np.array_equal(chosen, ensemble[[4, 1]])
