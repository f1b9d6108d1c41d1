# SPDX-License-Identifier: Apache-2.0
"""The hour vector of the firmware against the exact model: every register, remainder and hash."""

import os
import pathlib
import subprocess

import energy_model
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program():
    build = pathlib.Path(os.environ.get("QD_BUILD", "build/host"))
    build = build if build.is_absolute() else ROOT / build
    return build / "bin" / "vectors_hour"


def test_every_register_of_the_hour():
    path = program()
    if not path.exists():
        pytest.skip(f"{path} is not built")
    done = subprocess.run([path], capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, lines[-1]
    assert lines[-1].endswith(" passed, 0 failed")
    expected = list(energy_model.hour())
    assert lines[: len(expected)] == expected
    assert len(lines) == len(expected) + 1


def test_the_hour_reaches_every_quadrant_and_rate():
    values = {}
    for line in energy_model.hour():
        key, _, value = line.rpartition(" ")
        values[key] = value
    for rate in range(energy_model.RATES):
        for channel in range(energy_model.CHANNELS):
            assert int(values[f"m0 rate {rate} channel {channel}"]) > 0
            assert int(values[f"m1 rate {rate} channel {channel}"]) > 0


def test_the_parts_of_a_cut_quantum_are_the_whole():
    def meter():
        return energy_model.Meter("4-wire", False, False, 0, 0, (1000, 1000), 0)

    phases = [(230_000, 5_000, 1_150_001, -7), None, None]
    cut, whole = meter(), meter()
    for n in range(1, 1000):
        cut.select([n % 9] * 8, (n - 1) * 777_777 + n)
        cut.interval(n * 777_777, 777_777, phases)
        whole.interval(n * 777_777, 777_777, phases)
    assert cut.total_nj == whole.total_nj
    for channel in range(8):
        assert sum(cut.register[r][channel] for r in range(9)) == whole.register[0][channel]


def test_no_load_of_a_phase_is_its_own():
    def meter(per_phase):
        return energy_model.Meter("4-wire", per_phase, False, 500, 900, (1000, 1000), 0)

    algebraic, each = meter(False), meter(True)
    for n, powers in enumerate([(1000, -1000, 499), (700, 499, 899), (899, -900, None), (500, 0, 0)], 1):
        phases = [None if p is None else (230_000, 5_000, p, 0) for p in powers]
        for m in (algebraic, each):
            m.interval(n * 1_000_000, 1_000_000, phases)
    for m in (algebraic, each):
        assert [e[0] // 1_000_000 for e in m.phase_nj] == [1000 + 700 + 899 + 500, 0, 0]
        assert [e[1] // 1_000_000 for e in m.phase_nj] == [0, 1000 + 900, 0]
    # sums of 499 and -1 begin no-load, 2098 ends it, 500 does neither
    assert algebraic.register[0][:2] == [2098, 0]
    assert each.register[0][:2] == [1000 + 499 + 2098 + 899 + 500, 1000 + 900]
