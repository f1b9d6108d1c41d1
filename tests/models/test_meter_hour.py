# SPDX-License-Identifier: Apache-2.0
"""The hour of whole meters, read over DLMS, against the exact model: every register in Wh, varh and VAh."""

import os
import pathlib
import subprocess

import energy_model as model
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = (20_000_101, 20_991_231)
MJ_PER_WH = 3_600_000
MODULUS = 1_000_000_000
SECOND_US = 1_000_000


def program():
    build = pathlib.Path(os.environ.get("QD_BUILD", "build/host"))
    build = build if build.is_absolute() else ROOT / build
    return build / "bin" / "vectors_meter_hour"


def hour(seed):
    """The order of the draws is that of tests/vectors/meter_hour.c."""
    lcg = model.Lcg(seed)
    meter = model.Meter("4-wire", False, False, 2000, 2300, (1000, 1000), SECOND_US)
    meter.select([1] * model.CHANNELS, 0)
    for number in range(3600):
        if lcg.below(40) == 0:
            meter.select([1 + lcg.below(8)] * model.CHANNELS, 0)
        span = 700 if number // 60 % 10 == 9 else 30_000_000
        phases = []
        for _ in range(model.PHASES):
            valid = lcg.below(100) >= 3
            values = (lcg.below(280_001), lcg.below(100_001), model.signed(lcg, span), model.signed(lcg, span))
            phases.append(values if valid else None)
        meter.interval(meter.tick + SECOND_US, SECOND_US, phases)
    return meter


def presented(energy_mj):
    """Truncated towards zero, rolling over."""
    whole = abs(energy_mj) // MJ_PER_WH % MODULUS
    return whole if energy_mj >= 0 else -whole


def lines(name, meter):
    channels = {1: [model.A_IMPORT], 2: [model.A_EXPORT], 3: [model.R1, model.R2], 4: [model.R3, model.R4],
                5: [model.R1], 6: [model.R2], 7: [model.R3], 8: [model.R4], 9: [model.S_IMPORT],
                10: [model.S_EXPORT], 15: [model.A_IMPORT, model.A_EXPORT]}
    rates = [[sum(row[c] for row in meter.register) for c in range(model.CHANNELS)]] + meter.register[1:]
    for group in (*channels, 16):
        for rate, row in enumerate(rates):
            if group == 16:
                energy = row[model.A_IMPORT] - row[model.A_EXPORT]
            else:
                energy = sum(row[c] for c in channels[group])
            yield f"{name} 1-0:{group}.8.{rate} {presented(energy)}"
    for phase in range(model.PHASES):
        for direction in (model.A_IMPORT, model.A_EXPORT):
            energy = meter.phase_nj[phase][direction] // model.NJ_PER_MJ
            yield f"{name} 1-0:{21 + 20 * phase + direction}.8.0 {presented(energy)}"
    yield f"{name} hash {meter.hash():016x}"


def test_every_register_of_both_meters():
    path = program()
    if not path.exists():
        pytest.skip(f"{path} is not built")
    done = subprocess.run([path], capture_output=True, text=True, timeout=120)
    printed = done.stdout.splitlines()
    expected = [line for n, seed in enumerate(SEEDS) for line in lines(f"m{n}", hour(seed))]
    assert printed[: len(expected)] == expected
    assert len(printed) == len(expected) + 1
    assert done.returncode == 0, done.stderr
    assert printed[-1].endswith(" passed, 0 failed")


def test_the_hour_reaches_every_register():
    for seed in SEEDS:
        meter = hour(seed)
        assert all(energy > 0 for row in meter.register[1:] for energy in row)
        assert not any(meter.register[0])
