# SPDX-License-Identifier: Apache-2.0
"""What is the board's own: a line without carrier, its clock chip, the ring's overruns, the words of the world."""

import datetime
import os
import signal
import socket
import subprocess
import sys
import time

import board
import meter as meters
import octets
import pytest

M = meters.CLIENTS["management"]
UTC = datetime.timezone.utc


def free_pair():
    """Two free ports side by side."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return port
            except OSError:
                continue


@pytest.fixture
def plain():
    """scripts/qemu: QEMU's own TCP ports, nothing in between that would tell who is connected."""
    port = free_pair()
    path = board.ROOT / "build" / "firmware" / "mini.bin"
    path.unlink(missing_ok=True)
    child = subprocess.Popen([sys.executable, str(board.ROOT / "scripts" / "qemu"), "mini"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env={**os.environ, "QD_PORT": str(port), "QD_HDLC": "0"})
    try:
        until = time.monotonic() + 20
        line = child.stdout.readline()
        while '"ready"' not in line and time.monotonic() < until:
            line = child.stdout.readline()
        assert '"ready"' in line
        yield ("127.0.0.1", port), child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
        path.unlink(missing_ok=True)


def test_a_line_without_carrier(plain):
    """Another peer on the line is not seen: its AARQ opens anew, and half a frame is forgotten in the silence after it."""
    address, child = plain
    request = octets.get(1, "0-0:42.0.0", 2)
    for n in range(2):
        with octets.Line((address[0], address[1] + n)) as line:
            line.associate()
            assert line.get(1, "0-0:42.0.0", 2)[0] == 0
    for cut in (1, 7, 8, 12):
        with octets.Line(address) as line:
            line.socket.sendall(octets.frame(request)[:cut])
        time.sleep(0.7)
        with octets.Line(address) as line:
            line.associate()
            assert line.get(1, "0-0:42.0.0", 2)[0] == 0, cut
    child.stdin.write("stop\n")
    child.stdin.flush()
    assert child.wait(10) == 0


@pytest.mark.parametrize("start", ["2000-01-01T00:00:00Z", "2024-02-29T23:59:50Z", "2026-07-01T12:00:00Z",
                                   "2099-12-31T23:00:00Z"])
def test_the_chip_gives_the_time(boards, start):
    meter = boards.start(load=meters.zero_load(), start=start)
    begin = datetime.datetime.fromisoformat(start.replace("Z", "+00:00"))
    view = meter.ask("view")
    assert view["clock_valid"] == 1
    shown = board.EPOCH + datetime.timedelta(milliseconds=view["utc_ms"])
    assert -1 <= (shown - begin).total_seconds() <= 10


@pytest.mark.parametrize("when", [datetime.datetime(2028, 2, 29, 12, 34, 56, tzinfo=UTC),
                                  datetime.datetime(2090, 12, 31, 23, 50, 1, tzinfo=UTC)])
def test_a_time_that_was_set_is_in_the_chip(boards, when):
    meter = boards.start(load=meters.zero_load())
    value = (when.year.to_bytes(2, "big") + bytes([when.month, when.day, 0xFF, when.hour, when.minute, when.second, 0])
             + bytes.fromhex("000000"))
    with octets.Line(meter.address) as line:
        line.associate(M, meter.password("management"))
        assert line.set(8, "0-0:1.0.0", 2, octets.string(value), M) == 0
    time.sleep(1.2)
    chip = meter.ask("rtc")
    shown = board.EPOCH + datetime.timedelta(milliseconds=chip["utc_ms"])
    assert chip["status"] == "ok"
    assert -1 <= (shown - when).total_seconds() <= 10


def test_an_overrun_is_a_gap(boards):
    """The feeder runs ahead by more than the ring holds while the image stands still: what is gone is counted."""
    meter = boards.start(load=meters.constant_load(230, 5, 1104, 322))
    time.sleep(1.5)
    meter.process.send_signal(signal.SIGSTOP)
    meter.feeder.kill()
    meter.feeder.wait(10)
    memory = meter.memory
    memory.put(board.RING_HEAD, memory.word(board.RING_HEAD) + 5000)
    meter.process.send_signal(signal.SIGCONT)
    until = time.monotonic() + 10
    while memory.word(board.RING_TAIL) != memory.word(board.RING_HEAD) and time.monotonic() < until and meter.alive:
        if memory.word(board.RING_LOST) >= 5000:
            break
        time.sleep(0.05)
    assert memory.word(board.RING_LOST) >= 5000
    assert meter.ask("view")["import_mj"] <= 3 * 3312000
    assert meter.interrupt() == 0


def test_entropy_is_asked_for_and_counted(boards):
    """The pool is 64 octets; the image asks once and not again before it has used some."""
    meter = boards.start(load=meters.zero_load())
    time.sleep(0.3)
    assert meter.ask("view")["entropy"] == 64
