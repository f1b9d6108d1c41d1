# SPDX-License-Identifier: Apache-2.0
"""Registers read by Gurux against the closed form of the same load, totals, phases and rates.

The spans with a load run as fast as they go, without ports, for an exact number of seconds. Between them the same state runs
at real speed with a load of nothing, so that its registers stand while they are read or the rate is switched.
"""

import time

import load_model
import meter as meters
import model
import peer as peers
import pytest
from gurux_dlms.enums import DataType

COLUMNS = meters.COLUMNS


def table(*rows):
    """A load file of (t, [P of 3 phases], [Q of 3 phases]); None: an empty cell."""
    lines = ["# written by the test", "t_s," + COLUMNS]
    for t, p, q in rows:
        def cell(value):
            return "" if value is None else str(value)
        lines.append(",".join([str(t), "230", "230.5", "229.5", "8", "8", "8", *map(cell, p), *map(cell, q), "50"]))
    return "\n".join(lines) + "\n"


QUADRANTS = table(
    (0, (1200.5, 800.25, 1500), (300, 200.125, 100)),        # I
    (17, (-900, -700, -350.5), (120, 130, 140)),             # II
    (40, (-1000, 250, -600), (-400, -100, 50)),              # III, phases of both directions
    (95, (2000, 1999.9995, -1.0005), (-700, -800, -900)),    # IV
    (140, (0, 0, 0), (0, 0, 0)),
    (150, (3000, None, 1000), (0, 0, 500)),                  # L2 not measured
    (170, (-5, 4, 3), (1, -1, 0)),                           # hardly anything
    (200, (100000, 120000, 90000), (10000, -20000, 30000)),
    (220, (1, 1, 1), (1, 1, 1)),
)
STEPS = [(1, 600), (2, 1000), (4, 77), (8, 2401), (1, 600)]  # rate, seconds


def read_all(meter, names):
    with peers.Peer(meter.address, meters.CLIENTS["level1"], meter.password("level1")) as peer:
        return peer.registers(names)


def differences(shown, want, unit=1):
    return {name: (value, want[name]) for name, value in shown.items() if abs(value - want[name]) > unit}


def thresholds():
    return load_model.Registers(enter_mw=model.NO_LOAD_ENTER_MW, leave_mw=model.NO_LOAD_LEAVE_MW)


def test_an_hour_of_all_quadrants(yard, gate):
    name = f"quadrants-{gate}"
    want = thresholds().run(load_model.Load(QUADRANTS), 0, 3600).presented()
    yard.through("1h", name=name, load=QUADRANTS, gate=gate)
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    shown = read_all(meter, want)
    assert differences(shown, want) == {}
    assert shown["1-0:2.8.0.255"] and shown["1-0:7.8.0.255"] and shown["1-0:62.8.0.255"]
    meter.interrupt()


def test_registers_per_rate(yard, gate):
    """The rate of each span is chosen by a script or by the active mask while nothing flows."""
    name = f"rates-{gate}"
    registers, load = thresholds(), load_model.Load(QUADRANTS)
    for step, (rate, seconds) in enumerate(STEPS):
        desk = yard.start(name=name, load=meters.zero_load(), gate=gate)
        with peers.Peer(desk.address, meters.CLIENTS["management"], desk.password("management")) as peer:
            if step % 2:
                item = peer.object(6, model.ACTIVATION)
                item.activeMask = f"{rate:04d}".encode()
                peer.write(item, 4)
            else:
                peer.method(peer.object(9, model.SCRIPTS), 1, rate, DataType.UINT16)
        assert desk.interrupt() == 0
        # Full hours: the file lasts 240 s, so that each span meets its beginning.
        yard.through(f"{seconds}s", name=name, load=QUADRANTS, gate=gate, start=meters.instant((step + 1) * 3600))
        registers.run(load, 0, seconds, rate)
    want = registers.presented()
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    shown = read_all(meter, want)
    assert differences(shown, want) == {}
    for rate in (1, 2, 4, 8):
        assert shown[f"1-0:1.8.{rate}.255"] > 0
    for rate in (3, 5, 6, 7):
        assert shown[f"1-0:1.8.{rate}.255"] == 0
    for c in (1, 2, 5, 6, 7, 8, 9, 10, 15):
        assert 0 <= shown[f"1-0:{c}.8.0.255"] - sum(shown[f"1-0:{c}.8.{rate}.255"] for rate in range(1, 9)) <= 8
    meter.interrupt()


def test_a_switch_under_load(yard, gate):
    """3600 W: a Wh a second, under rate 1 before the script and under rate 2 after it; none is lost between."""
    meter = yard.start(name=f"switch-{gate}", load=meters.constant_load(230, 16, 1200, 0), gate=gate)

    def read(peer):
        return [int(value) for value in peer.read_list([(3, f"1-0:1.8.{rate}", 2) for rate in (1, 2, 0)])]

    with peers.Peer(meter.address, meters.CLIENTS["management"], meter.password("management")) as peer:
        time.sleep(2.2)
        before = read(peer)
        peer.method(peer.object(9, model.SCRIPTS), 1, 2, DataType.UINT16)
        switched = read(peer)
        time.sleep(3.2)
        after = read(peer)
    assert before[0] >= 1 and before[1] == 0
    assert after[0] - switched[0] <= 1 and after[1] - switched[1] >= 2
    assert 0 <= after[2] - after[0] - after[1] <= 1
    meter.interrupt()


@pytest.mark.command_only("thirty days take an emulator hours")
def test_below_the_threshold_nothing_is_counted(yard, gate):
    name = f"idle-{gate}"
    enter = model.NO_LOAD_ENTER_MW
    below = f"{(enter - 1) / 1000:.3f}"
    quiet = table((0, (below, 0, 0), (0, 0, 0)), (60, (below, 0, 0), (0, 0, 0)))
    yard.through("30d", name=name, load=quiet, gate=gate)
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    shown = read_all(meter, model.energies())
    assert set(shown.values()) == {0}
    meter.interrupt()


@pytest.mark.command_only("ten days take an emulator hours")
def test_above_the_threshold_all_of_it_is(yard, gate):
    name = f"little-{gate}"
    above = f"{model.NO_LOAD_LEAVE_MW / 1000:.3f}"
    little = table((0, (above, 0, 0), (0, 0, 0)), (60, (above, 0, 0), (0, 0, 0)))
    want = thresholds().run(load_model.Load(little), 0, 10 * 86400).presented()
    assert want["1-0:1.8.0.255"] > 100
    yard.through("10d", name=name, load=little, gate=gate)
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    assert differences(read_all(meter, want), want) == {}
    meter.interrupt()


def test_the_largest_values_are_booked(yard, gate):
    """Limits of a load file are limits of the meter: the last value inside is measured like any other."""
    name = f"largest-{gate}"
    row = "{},1000,1000,1000,10000,10000,10000,{},{},{},{},{},{},50\n"
    most, least = 2_000_000, -2_000_000
    text = "t_s," + COLUMNS + "\n" + "".join(row.format(t, *[p] * 3, *[q] * 3) for t, p, q in (
        (0, most, most), (10, least, least), (20, most, least), (30, least, most)))
    want = thresholds().run(load_model.Load(text), 0, 120).presented()
    yard.through("120s", name=name, load=text, gate=gate)
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    shown = read_all(meter, want)
    assert differences(shown, want, 3) == {}  # of sums from 2^31 mW on, S goes in steps of 4 mVA
    assert shown["1-0:1.8.0.255"] == want["1-0:1.8.0.255"] == 100_000
    meter.interrupt()


@pytest.mark.parametrize(
    "speed", ["real", pytest.param(60, marks=pytest.mark.command_only("an image runs at one speed"))])
def test_registers_that_move_agree_with_the_meters_own_clock(yard, gate, speed):
    """3600 W: one Wh a second. The register and the seconds since the start stay together."""
    meter = yard.start(name=f"moving-{gate}-{speed}", load=meters.constant_load(230, 16, 1200, 0), gate=gate, speed=speed)
    with peers.Peer(meter.address, meters.CLIENTS["level1"], meter.password("level1")) as peer:
        readings = []
        until = time.monotonic() + 5.0
        while peer.register("1-0:1.8.0") == 0 and time.monotonic() < until:
            time.sleep(0.05)
        for _ in range(3):
            values = peer.read_list([(3, "1-0:1.8.0", 2), (8, "0-0:1.0.0", 2)])
            stamp = bytes(values[1]) if isinstance(values[1], (bytes, bytearray)) else None
            seconds = None
            if stamp:
                seconds = stamp[5] * 3600 + stamp[6] * 60 + stamp[7]
            readings.append((int(values[0]), seconds))
            time.sleep(1.1)
    assert all(seconds is not None for _, seconds in readings)
    first = readings[0]
    for wh, seconds in readings[1:]:
        assert wh > first[0]
        assert abs((wh - first[0]) - (seconds - first[1]) % 86400) <= 1 + (speed if speed != "real" else 1)
