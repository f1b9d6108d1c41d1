# SPDX-License-Identifier: Apache-2.0
"""Images that are not built are a failure: a suite that passes over everything proves nothing."""

import board
import pytest

ROWS = [line.split() for line in (board.ROOT / "tests/firmware/budget.txt").read_text().splitlines()
        if line and not line.startswith("#")]


@pytest.fixture(scope="session", autouse=True)
def images():
    for path in (board.image("st402"), board.feeder()):
        if not path.exists():
            pytest.fail(f"{path} is not built: make build firmware", pytrace=False)


@pytest.fixture(scope="session")
def budget():
    return {(kind, name): int(limit) for kind, name, limit in ROWS}


@pytest.fixture
def boards(quadrant, tmp_path):
    """Boards for one test; all are stopped at its end."""
    with board.BoardYard(quadrant, tmp_path) as yard:
        yield yard
