"""Published values: certified regressions of NIST, the Nile as a local level, Theil's U of another package.

NIST's Statistical Reference Datasets (https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml) are works of the US
Government, in the public domain: Misra1a (D. Misra 1978) and BoxBOD (Box, Hunter and Hunter 1978). The Nile's flow at Aswan,
1871 to 1970, comes with statsmodels (public domain there).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import chi2
from statsmodels.datasets import nile
from statsmodels.tsa.statespace.structural import UnobservedComponents

from simengine.inference.error import error_model
from simengine.inference.error_start import start_numbers
from simengine.inference.fit_statistics import fit_statistics
from simengine.inference.identify import fisher, identification
from simengine.inference.intervals import normal_intervals
from simengine.inference.kalman import extended_forecast, extended_update
from simengine.inference.profile import profile

MISRA = np.array([
    [10.07, 77.6], [14.73, 114.9], [17.94, 141.1], [23.93, 190.8], [29.61, 239.9], [35.18, 289.0], [40.02, 332.8],
    [44.82, 378.4], [50.76, 434.8], [55.05, 477.3], [61.01, 536.8], [66.40, 593.1], [75.47, 689.1], [81.78, 760.0],
])  # fmt: skip
BOX = np.array([[109, 1], [149, 2], [149, 3], [191, 5], [213, 7], [224, 10]], dtype=float)

# data, certified estimates, their standard deviations, residual sum of squares
CERTIFIED = {
    "Misra1a": (
        MISRA,
        [2.3894212918e02, 5.5015643181e-04],
        [2.7070075241e00, 7.2668688436e-06],
        1.2455138894e-01,
        [250, 5e-4],
    ),
    "BoxBOD": (
        BOX,
        [2.1380940889e02, 5.4723748542e-01],
        [1.2354515176e01, 1.0455993237e-01],
        1.1680088766e03,
        [100, 0.75],
    ),
}


def saturation(theta: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return b1 (1 - exp(-b2 x)) and its Jacobian."""
    left = np.exp(-theta[1] * x)
    return theta[0] * (1 - left), np.column_stack([1 - left, theta[0] * x * left])


def solved(data: np.ndarray, start: np.ndarray, fixed: int | None = None) -> np.ndarray:
    """Return the best fit by our residuals and their Jacobian, one parameter fixed or none."""
    y, x = data.T
    model = error_model("normal", {"scale": 1.0})
    free = [i for i in range(2) if i != fixed]

    def whole(part: np.ndarray) -> np.ndarray:
        theta = np.array(start, dtype=float)
        theta[free] = part
        return theta

    def residuals(part: np.ndarray):
        predicted, jacobian = saturation(whole(part), x)
        return model.residuals(y, predicted, jacobian)

    out = least_squares(
        lambda p: residuals(p).value[0], np.array(start, dtype=float)[free], lambda p: residuals(p).jacobian[0][:, free],
        x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    return whole(out.x)


@pytest.mark.parametrize("name", CERTIFIED)
def test_estimates_errors_and_sums_of_squares_are_certified(name: str) -> None:
    data, estimates, errors, squares, start = CERTIFIED[name]
    y, x = data.T
    theta = solved(data, np.array(start))
    np.testing.assert_allclose(theta, estimates, rtol=1e-8)
    predicted, jacobian = saturation(theta, x)
    assert fit_statistics(predicted, y).mse * len(y) == pytest.approx(squares, rel=1e-9)
    # NIST's standard deviations are with n - 2 degrees of freedom
    model = error_model("normal", {"scale": math.sqrt(squares / (len(y) - 2))})
    found = identification(["b1", "b2"], fisher(model.whitened_jacobian(y, predicted, jacobian)[0]))
    np.testing.assert_allclose(found.errors, errors, rtol=1e-7)
    best = start_numbers(error_model("normal"), y, predicted)
    assert best[0, 0] == pytest.approx(math.sqrt(squares / len(y)))


def test_the_profile_of_box_bod_is_no_parabola() -> None:
    data, estimates, errors, squares, _ = CERTIFIED["BoxBOD"]
    y, x = data.T
    model = error_model("normal", {"scale": math.sqrt(squares / 4)})

    def fit(index: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        start = start.copy()
        start[index] = value
        theta = solved(data, start, fixed=index)
        return theta, float(model.loglik(y, saturation(theta, x)[0])[0])

    best = np.array(estimates)
    loglik = float(model.loglik(y, saturation(best, x)[0])[0])
    found = profile(fit, 1, best, loglik, 0.05, 6.0, 0.01)
    low, high = found.intervals[0.95]
    assert found.verdict == "identified"
    # b1 is linear: given b2 it is a ratio of sums, and the profile is known in closed form
    for end in (low, high):
        rise = 1 - np.exp(-end * x)
        closed = float(np.sum((y - rise * (y @ rise) / (rise @ rise)) ** 2))
        assert (closed - squares) / (squares / 4) == pytest.approx(chi2.ppf(0.95, 1), rel=0.01)
    curved = normal_intervals(best, np.array(errors), 0.95)[1]
    assert high - best[1] > 1.15 * (curved[1] - best[1])


def test_the_nile_as_a_local_level() -> None:
    flow = nile.load_pandas().data["volume"].to_numpy(copy=True)
    flow[20:40] = np.nan  # missing, as in J. Durbin, S. J. Koopman, Time Series Analysis by State Space Methods, 2.7
    noise, step = 15099.0, 1469.1  # theirs, 2.10.3
    peer = UnobservedComponents(flow, "llevel")
    peer.initialize_known(np.array([1000.0]), np.array([[1e5]]))
    peer.loglikelihood_burn = 0  # the first observation counts, for the state before it is known
    result = peer.smooth([noise, step])
    mean, covariance, total = np.array([1000.0]), np.array([[1e5]]), 0.0
    one = np.eye(1)
    for t, y in enumerate(flow):
        after = extended_update(mean, covariance, [y], mean, one, [noise])
        total += after.innovation.loglik
        assert after.mean[0] == pytest.approx(result.filtered_state[0, t])
        assert after.covariance[0, 0] == pytest.approx(result.filtered_state_cov[0, 0, t])
        mean, covariance = after.mean, extended_forecast(after.covariance, one, step * one)
    assert total == pytest.approx(result.llf)


def test_theils_u_of_another_package() -> None:
    # TheilU(1:10, 2:11, type = 1) of the R package DescTools, as its documentation prints it
    assert fit_statistics(np.arange(2.0, 12.0), np.arange(1.0, 11.0)).theil_u == pytest.approx(0.07512486, abs=5e-9)
