"""Convergence: smaller designs are the first part of larger ones; intervals shrink."""

import numpy as np

from simengine.analysis.convergence import find_widest, follow_convergence
from simengine.analysis.sobol import sobol_indices
from tests.analysis.functions import ishigami, sobol_design


def test_stages_are_the_first_points_and_the_last_is_all():
    y = ishigami(sobol_design(512, 3, 1))
    stages = follow_convergence(lambda n: sobol_indices(y[: 5 * n], 3), 512, stages=4)
    assert [s.points for s in stages] == [64, 128, 256, 512]
    np.testing.assert_array_equal(stages[-1].indices["ST"].value, sobol_indices(y, 3)["ST"].value)
    widths = [find_widest(s.indices, "ST").half_width for s in stages]
    # as the root of the number of points: by 8 ** 0.5 = 2.8 from the first to the last, each known to 10 % or so
    assert 2.0 < widths[0] / widths[-1] < 4.0


def test_the_widest_is_found_among_outputs_that_have_one():
    y = np.stack([np.ones(100), np.random.default_rng(0).random(100)], axis=1)
    widest = find_widest(sobol_indices(y, 3), "ST")
    assert widest.output == 1
    assert find_widest(sobol_indices(y[:, :1], 3), "ST") is None
