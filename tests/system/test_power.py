# SPDX-License-Identifier: Apache-2.0
"""A supply that fails with notice, without, and for a moment: what the registers hold against the load's closed form."""

import contextlib
import socket
import time

import meter as meters
import pytest

# 3 x 1200 W: 3,600,000 mJ a second, 3,600 a millisecond.
A_WH_A_SECOND = meters.constant_load(230, 16, 1200, 0)
MJ_A_MS = 3600


def say(meter, line, limit=5.0):
    """One line to the control socket, without a process for each; its answer."""
    until = time.monotonic() + limit
    path = meter.arguments[meter.arguments.index("--state") + 1] + "/control"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(max(0.1, until - time.monotonic()))
        sock.connect(path)
        sock.sendall(line.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = sock.recv(300)
            if not part:
                break
            answer += part
    return answer.decode().strip()


def poke(meter, line):
    """As say, when the supply is good again: a fact may have to wait for the end of the one before."""
    until = time.monotonic() + 10
    while True:
        answer = say(meter, line)
        if answer.startswith("ok "):
            return
        assert answer.startswith("refused ") and time.monotonic() < until, answer
        time.sleep(0.002)


def ended(meter, limit=60.0):
    """Energy in mJ at the end of --for, which must be a clean one."""
    assert meter.wait(limit) == 0, meter.stderr()
    assert not meter.stderr(), meter.stderr()
    return meter.stopped()[0]["import_mj"]


@pytest.mark.parametrize(("fact", "away_ms"), [("outage 10s", 10000), ("outage 1ms", 1), ("outage 10ms", 10), ("outage 209ms", 209),
                                               ("outage 210ms", 210), ("outage 211ms", 211), ("outage 1s", 1000),
                                               ("brown-out 1ms", 0), ("brown-out 10ms", 0), ("brown-out 200ms", 0)])
def test_with_notice_nothing_is_lost(run, fact, away_ms):
    """What flowed is counted to the millisecond: the mains were there for all but the time of the outages."""
    meter = run(load=A_WH_A_SECOND, speed=60, length="80s")
    for _ in range(4):
        poke(meter, fact)
        time.sleep(0.017)
    assert ended(meter) == (80000 - 4 * away_ms) * MJ_A_MS


def test_without_notice_a_second_is_lost_at_most(run):
    meter = run(load=A_WH_A_SECOND, speed=60, length="80s")
    for line in ("power-cut", "power-cut 10s", "power-cut 300ms", "power-cut"):
        poke(meter, line)
        time.sleep(0.017)
    assert (80000 - 10300 - 4000) * MJ_A_MS <= ended(meter) < (80000 - 10300) * MJ_A_MS


def test_a_cut_while_the_supply_fails_loses_nothing(run):
    """The notice came, so the reserve is not needed any more."""
    meter = run(load=A_WH_A_SECOND, speed=1, length="4s")
    time.sleep(0.4)
    poke(meter, "outage 1s")
    assert say(meter, "power-cut 600ms").startswith("ok ")
    mj = ended(meter)
    # 600 ms, and the moment between the two facts.
    assert (4000 - 600 - 210) * MJ_A_MS < mj <= (4000 - 600) * MJ_A_MS


def test_facts_of_a_failing_supply(run):
    meter = run(load=A_WH_A_SECOND)
    poke(meter, "outage 60s")
    for line in ("outage 1s", "brown-out 100ms"):
        assert say(meter, line).startswith("refused ")
    time.sleep(0.5)
    for line in ("outage 1s", "brown-out 100ms", "power-cut"):
        assert say(meter, line).startswith("refused ")
    for line in ("brown-out", "brown-out 201ms", "brown-out 1s", "brown-out 0ms", "outage", "outage ms", "power-cut soon"):
        assert say(meter, line).startswith("usage "), line
    assert meter.interrupt() == 0 and meter.of("outage"), meter.events


def test_an_interrupt_while_the_supply_fails_is_clean(run):
    """Real speed: the notice is 10 ms long, the reserve 200 more."""
    for line, wait in (("brown-out 200ms", 0.0), ("brown-out 200ms", 0.05), ("outage 5s", 0.05), ("outage 5s", 0.5)):
        name = f"int{wait}{line[0]}"
        meter = run(load=A_WH_A_SECOND, name=name)
        time.sleep(0.3)
        poke(meter, line)
        time.sleep(wait)
        assert meter.interrupt() == 0 and not meter.stderr()
        quiet = run(load=meters.zero_load(), name=name, ready=False, length="1s", speed="max")
        assert ended(quiet) >= 300 * MJ_A_MS


def test_the_time_of_an_outage_is_kept(run):
    """A meter that is stopped in the dark has lived through the dark when it comes back."""
    meter = run(load=A_WH_A_SECOND, speed=1000, start="2030-01-01T00:00:00Z", length="1000s")
    poke(meter, "outage 2h")
    assert meter.wait(10) == 0
    assert "2030-01-01T00:00:00Z" <= meter.of("outage")[0]["since"] < "2030-01-01T00:16:40Z", meter.events
    again = run(ready=False, load=meters.zero_load(), speed="max", length="1s")
    ended(again)
    assert again.stopped()[0]["utc"].startswith("2030-01-01T00:16:4"), again.stopped()


def test_hundreds_of_outages_at_full_speed(run):
    """Twenty days with an outage whenever the socket is heard; still every millisecond counts."""
    meter = run(load=A_WH_A_SECOND, speed="max", length="20d")
    outages = 0
    with contextlib.suppress(OSError):
        while outages < 200:
            answer = say(meter, "outage 30s")
            outages += answer.startswith("ok ")
    assert outages >= 50, outages
    assert ended(meter) == (20 * 86400000 - outages * 30000) * MJ_A_MS
