# SPDX-License-Identifier: Apache-2.0
"""Shared by all Python tests: import paths, the program under test, and running meters that are always stopped."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("interop", "models", "firmware"):
    sys.path.insert(0, str(HERE / folder))

import meter as meters  # noqa: E402  (needs the path above)


def pytest_addoption(parser):
    parser.addoption("--meter", choices=("command", "firmware"), default="command",
                     help="what the interop tests read: `quadrant run`, or the image st402 in QEMU")


def pytest_configure(config):
    config.addinivalue_line("markers", "command_only(reason): not applicable to the image in QEMU")


def pytest_terminal_summary(terminalreporter):
    board = sys.modules.get("board")
    if board and board.BoardYard.stack[1]:
        terminalreporter.write_line("stack of the images: {} of {} octets used".format(*board.BoardYard.stack))


def pytest_collection_modifyitems(config, items):
    if config.getoption("--meter") == "firmware":
        for item in items:
            mark = item.get_closest_marker("command_only")
            if mark:
                item.add_marker(pytest.mark.skip(reason=f"not applicable to the image: {mark.args[0]}"))


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
def yard(request, quadrant, tmp_path_factory):
    """As `run`, for a whole module; with --meter firmware its meters are images in QEMU."""
    kind = meters.Yard
    if request.config.getoption("--meter") == "firmware":
        import board
        kind = board.BoardYard
        if not board.image("st402").exists():
            pytest.fail("the image is not built: make firmware", pytrace=False)
    with kind(quadrant, tmp_path_factory.mktemp("meters")) as yard:
        yield yard
