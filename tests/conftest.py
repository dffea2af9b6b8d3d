"""What all tests share: profiles of hypothesis, and where the conformance models lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

# native code is kept between the tests of one checkout, apart from the user's own
os.environ.setdefault("SIMENGINE_CACHE", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "native"))

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Return the folder of conformance models; skip where it is not there (never in CI)."""
    folder = SHARED / "conformance"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the conformance models at {folder}")
        pytest.skip(f"the conformance models are not at {folder}")
    return folder
