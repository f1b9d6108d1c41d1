# SPDX-License-Identifier: Apache-2.0
"""An application that does what it must not is stopped by the fence that it runs into, and the report says which."""

import re

import board
import pytest

SYMBOL = re.compile(r"^([0-9a-f]+) \w (\w+)$", re.M)
REPORT = re.compile(r"fault (\w+) pc 0x([0-9a-f]{8}) address 0x([0-9a-f]{8}) status 0x([0-9a-f]{8})")
ACCESS, FETCH, STACKING = 0x02, 0x01, 0x10
FLASH, RAM, METROLOGY, KERNEL = range(0, 0x80000), range(0x20008000, 0x20400000), range(0x20004000, 0x20008000), range(
    0x20000000, 0x20001000)
FUSES = range(0x21200000, 0x21201000)


def run(tmp_path, letter, flags=board.FUSE_EXIT, **options):
    meter = board.Board(board.image("hostile"), tmp_path / "hostile", flags=flags, exchange=False, **options)
    meter.uarts[3].sendall(letter.encode())
    return meter


@pytest.mark.parametrize(("letter", "cause", "status", "target"), [
    ("r", "memory", ACCESS, METROLOGY), ("c", "memory", ACCESS, FLASH), ("x", "memory", FETCH, None),
    ("d", "door", 0, None), ("g", "door", 0, None), ("k", "memory", ACCESS, KERNEL), ("f", "memory", ACCESS, FUSES),
    ("s", "memory", None, None)], ids=["register", "code", "execute", "door", "guard", "handlers", "fuses", "stack"])
def test_a_deed_ends_at_its_fence(tmp_path, letter, cause, status, target):
    meter = run(tmp_path, letter)
    try:
        assert meter.wait(20) == 70
        reports = [REPORT.fullmatch(event["text"]) for event in meter.of("console")]
        assert len(reports) == 1 and reports[0], meter.events
        assert reports[0][1] == cause
        pc, address, flags = (int(reports[0][n], 16) for n in (2, 3, 4))
        assert not meter.of("alive")
        if status is not None:
            assert flags & 0xFF & ~0x80 == status
        if target is not None:
            assert address in target and pc in FLASH
        if letter == "x":
            assert pc in RAM
    finally:
        meter.kill()


def test_who_does_nothing_lives(tmp_path):
    meter = run(tmp_path, "n")
    try:
        assert meter.wait(20) == 0
        assert meter.of("alive") and not meter.of("console")
    finally:
        meter.kill()


def test_a_fault_resets_and_the_next_start_tells_it(tmp_path):
    meter = run(tmp_path, "r", flags=0)
    try:
        assert meter.of("ready")[0]["last"] == "none"
        assert meter.wait_event("ready", 20, skip=1)["last"] == "memory"
        meter.uarts[3].sendall(b"d")
        assert meter.wait_event("ready", 20, skip=2)["last"] == "door"
        assert meter.alive and len(meter.of("console")) == 2
    finally:
        meter.kill()
