# SPDX-License-Identifier: Apache-2.0
"""The world of a running meter, changed from outside, as a client sees it."""

import time

import meter as meters
import octets
import pytest

L1 = meters.CLIENTS["level1"]


@pytest.fixture(scope="module")
def world(yard):
    return yard.start(name="world", load=meters.constant_load(230, 5, 1104, 322), speed=20)


def poke(meter, *fact):
    state = meter.arguments[meter.arguments.index("--state") + 1]
    status, out, err = meters.quadrant("poke", state, *fact)
    assert status == 0, err
    return out


def values(meter, *names, limit=8.0):
    """Attribute 2 of registers; None where there is none now."""
    until = time.monotonic() + limit
    while True:
        try:
            with octets.Line(meter.address) as line:
                line.associate(L1, meter.password("level1"))
                rows = [line.get(3, name, 2, L1) for name in names]
            return [element[1] if result == 0 else None for result, element in rows]
        except (OSError, octets.Closed, octets.Silent, octets.Malformed):
            assert time.monotonic() < until, "no answer"
            time.sleep(0.1)


def soon(meter, names, want, limit=5.0):
    """The values within a moment; the meter measures once a second of its own."""
    until = time.monotonic() + limit
    while True:
        shown = values(meter, *names)
        if shown == want or time.monotonic() > until:
            assert shown == want
            return
        time.sleep(0.1)


def test_a_constant_load_and_back(world):
    poke(world, "load", "4500")
    soon(world, ["1-0:1.7.0", "1-0:21.7.0", "1-0:3.7.0", "1-0:31.7.0"], [4500, 1500, 0, 6521])
    poke(world, "load", "off")
    soon(world, ["1-0:1.7.0", "1-0:3.7.0"], [3312, 966])


def test_a_phase_that_is_lost(world):
    poke(world, "drop-phase", "L2")
    soon(world, ["1-0:52.7.0", "1-0:51.7.0", "1-0:41.7.0", "1-0:32.7.0", "1-0:1.7.0"], [0, 0, 0, 2300, 2208])
    poke(world, "restore-phase", "L2")
    soon(world, ["1-0:52.7.0", "1-0:1.7.0"], [2300, 3312])


def test_a_transformer_the_wrong_way_round(world):
    poke(world, "swap-ct", "L1")
    soon(world, ["1-0:21.7.0", "1-0:22.7.0", "1-0:1.7.0", "1-0:16.7.0"], [0, 1104, 1104, 1104])
    poke(world, "swap-ct", "L1")
    soon(world, ["1-0:21.7.0", "1-0:22.7.0", "1-0:1.7.0"], [1104, 0, 3312])


def test_an_outage_loses_no_energy_and_ends(world):
    before, = values(world, "1-0:1.8.0")
    poke(world, "outage", "60s")
    time.sleep(0.5)
    after, = values(world, "1-0:1.8.0", limit=15.0)
    assert after >= before
    soon(world, ["1-0:1.7.0"], [3312])


def test_a_power_cut_keeps_the_registers(world):
    for _ in range(5):
        before, = values(world, "1-0:1.8.0")
        poke(world, "power-cut")
        after, = values(world, "1-0:1.8.0")
        assert after >= before


@pytest.mark.parametrize("fact", [("nonsense",), ("drop-phase",), ("drop-phase", "L4"), ("load",), ("load", "much"), ("outage", "soon")])
def test_facts_that_are_none(world, fact):
    state = world.arguments[world.arguments.index("--state") + 1]
    status, _, err = meters.quadrant("poke", state, *fact)
    assert status == 2 and err.count("\n") == 1, err


def test_nobody_to_poke(quadrant, tmp_path):
    assert quadrant.exists()
    status, _, err = meters.quadrant("poke", str(tmp_path / "none"), "power-cut")
    assert status == 3 and err.count("\n") == 1, err
