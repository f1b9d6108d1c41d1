# SPDX-License-Identifier: Apache-2.0
"""Shared by all Python tests: import paths, the program under test, and running meters that are always stopped."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("interop", "models"):
    sys.path.insert(0, str(HERE / folder))

import meter as meters  # noqa: E402  (needs the path above)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory):
    """Names of running meters go there, not into the home of whoever runs the tests."""
    os.environ["QUADRANT_STATE_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def quadrant():
    """The program. That it is not built is a failure: a suite that passes over everything proves nothing."""
    path = meters.program()
    if not path.exists():
        pytest.fail(f"{path} is not built: make build", pytrace=False)
    return path


@pytest.fixture
def run(quadrant, tmp_path):
    """Starts meters for one test: run(load=..., speed=...) gives a Meter. All are stopped at the end."""
    with meters.Yard(quadrant, tmp_path) as yard:
        yield yard.start


@pytest.fixture(scope="module", params=["call", pytest.param("loopback", marks=pytest.mark.long)])
def gate(request):
    """How the application of the meter reaches its metrology; the second way in the long form only."""
    return request.param


@pytest.fixture(scope="module")
def yard(quadrant, tmp_path_factory):
    """As `run`, for a whole module."""
    with meters.Yard(quadrant, tmp_path_factory.mktemp("meters")) as yard:
        yield yard
