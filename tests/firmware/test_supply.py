# SPDX-License-Identifier: Apache-2.0
"""What may not stop the meter or cost it energy: a supply that fails, a console that nobody reads, a memory that is gone."""

import random
import time

import board
import meter as meters
import pytest

POWER_MW = 3 * 1_104_000
LIMIT_US = 10_000
# Between the host's words and the image's ticks: a host that is busy with other tests.
SLACK_US = 30_000
WORLD = board.WORLD_AT


def load():
    return meters.constant_load(230, 5, 1104, 322)


def start_fed(boards):
    """The element starts with the image and not before it, as on a board where both have one supply."""
    meter = boards.start()
    meter.load = boards.load(load())
    meter.feed()
    return meter


def wait_for(condition, limit=10.0):
    until = time.monotonic() + limit
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)
    assert condition()


def wait_tail(meter, more):
    begin = meter.memory.word(board.RING_TAIL)
    wait_for(lambda: meter.memory.word(board.RING_TAIL) - begin >= more)


def notice(meter):
    """The supply says that it fails; gives when, and how long the image took until the commit was done, both in us."""
    memory = meter.memory
    before = memory.word(WORLD + board.NOTICES)
    at_us = time.monotonic_ns() // 1000
    memory.put(WORLD + board.POWER, board.BROWN_OUT)
    wait_for(lambda: memory.word(WORLD + board.NOTICES) != before)
    # From the last look that saw the mains: the notice came after it.
    return at_us, (memory.word(WORLD + board.KEPT_US) - memory.word(WORLD + board.GOOD_US)) & 0xFFFFFFFF


def test_a_notice_is_answered_in_time_and_nothing_counts_twice(boards):
    """Mains that come and go at random points of a second: each notice is one commit within 10 ms, and in the end there is
    exactly the energy of the records."""
    chance = random.Random(62056)
    meter = boards.start(load=load())
    wait_tail(meter, 1)
    took = []
    for _ in range(10):
        time.sleep(chance.uniform(0.05, 1.3))
        took.append(notice(meter)[1])
        time.sleep(chance.uniform(0.01, 0.3))
        meter.memory.put(WORLD + board.POWER, board.MAINS)
    print(f"from the last look at good mains to the commit: {sorted(took)} us")
    # The host takes the processor away now and then; a loop that looks too seldom is late nearly each time.
    assert sum(us <= LIMIT_US for us in took) >= 8
    wait_tail(meter, 2)
    view, tail = None, None
    while view is None or tail != meter.memory.word(board.RING_TAIL):
        tail = meter.memory.word(board.RING_TAIL)
        view = meter.ask("view")
    whole_us = sum(meter.record(n)[1] for n in range(tail))
    assert abs(view["import_mj"] - whole_us * POWER_MW // 1_000_000) <= 12
    assert meter.memory.word(board.RING_LOST) == 0
    assert meter.interrupt() == 0


@pytest.mark.parametrize("lives", [4, pytest.param(40, marks=pytest.mark.long)])
def test_killed_after_a_notice(boards, lives):
    """A notice at a random point, the end some milliseconds after the commit: everything until the notice is there."""
    chance = random.Random(4 + lives)
    kept, first = 0, 0
    for _ in range(lives):
        meter = start_fed(boards)
        # The feeder passes over what an earlier life has left in the ring, which moves the tail too.
        wait_for(lambda beyond=first: meter.memory.word(board.RING_TAIL) > beyond)
        time.sleep(chance.uniform(0.0, 1.5))
        at_us, _ = notice(meter)
        time.sleep(chance.uniform(0.0, 0.02))
        meter.kill()
        end_us, duration_us = meter.record(first)
        measured_us = at_us - (end_us - duration_us)
        meter.memory.put(WORLD + board.POWER, board.MAINS)
        meter = boards.start(load=meters.zero_load())
        view = meter.ask("view")
        booked_us = (view["import_mj"] - kept) * 1_000_000 // POWER_MW
        print(f"measured for {measured_us} us, booked of them {booked_us - measured_us:+d}")
        assert abs(booked_us - measured_us) <= SLACK_US
        kept = view["import_mj"]
        meter.kill()
        first = meter.memory.word(board.RING_HEAD)


def test_a_console_that_nobody_reads(boards):
    """Questions without end and no reader: lines are dropped and counted, seconds are measured on."""
    meter = boards.start(load=load(), ready=False, deaf=True)
    wait_for(lambda: meter.memory.word(board.RING_TAIL) == meter.memory.word(board.RING_HEAD) > 0, 20.0)
    begin = meter.memory.word(board.RING_TAIL)
    until = time.monotonic() + 5.0
    meter.uarts[3].settimeout(10.0)
    while time.monotonic() < until:
        meter.uarts[3].sendall(b"view\n" * 100)
    assert meter.memory.word(board.RING_TAIL) - begin >= 3
    wait_tail(meter, 2)
    meter.uarts[3].settimeout(None)
    meter.listen()
    time.sleep(0.5)
    assert meter.ask("view")["dropped"] > 1000
    assert not meter.of("text"), "half a line"
    assert meter.interrupt() == 0


@pytest.mark.parametrize("octet", [b"\xff", b"\x00"])
def test_a_sealed_meter_whose_registers_are_gone_does_not_start(boards, octet):
    meter = boards.start(load=load())
    wait_tail(meter, 1)
    assert meter.interrupt() == 0
    memory = meter.memory
    assert memory.word(WORLD + board.SEALED) == 1
    gone = octet * board.FRAM_SIZE
    memory.map[board.FRAM_AT : board.FRAM_AT + board.FRAM_SIZE] = gone
    meter = boards.start(load=load(), ready=False)
    refused = meter.wait_event("refused")
    assert "blank" in refused["reason"]
    assert meter.wait() == 2
    assert not meter.of("ready")
    assert memory.map[board.FRAM_AT : board.FRAM_AT + board.FRAM_SIZE] == gone
