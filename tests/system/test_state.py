# SPDX-License-Identifier: Apache-2.0
"""What a state directory promises: kills, restarts, owners, other models, full disks."""

import os
import random
import resource
import shutil
import signal
import time

import meter as meters
import model
import octets
import pytest

L1 = meters.CLIENTS["level1"]
# 3 x 1200 W: one Wh a second.
A_WH_A_SECOND = meters.constant_load(230, 16, 1200, 0)


def import_wh(meter):
    with octets.Line(meter.address) as line:
        line.associate(L1, meter.password("level1"))
        result, element = line.get(3, "1-0:1.8.0", 2, L1)
        assert result == 0
        return element[1]


def copy_of(state, target):
    """A stopped meter's state once more."""
    shutil.copytree(state, target)
    return target


def all_energies(meter):
    with octets.Line(meter.address) as line:
        line.associate(L1, meter.password("level1"))
        return {name: line.get(3, name, 2, L1)[1][1] for name in model.energies()}


@pytest.mark.parametrize(("speed", "least"), [("real", 1), (50, 100)])
def test_a_kill_takes_a_second_at_most(run, speed, least):
    """A register that was shown never falls; what was metered until the kill is there but for a second."""
    rng = random.Random(str(speed))
    shown = 0
    for _ in range(4):
        meter = run(load=A_WH_A_SECOND, speed=speed)
        first = import_wh(meter)
        assert first >= shown, "a register fell"
        began, at = time.monotonic(), first
        wait = rng.uniform(0.3, 1.9)
        while time.monotonic() - began < wait:
            at = import_wh(meter)
        os.kill(meter.pid, signal.SIGKILL)
        meter.kill()
        shown = at
        quiet = run(load=meters.zero_load())
        kept = import_wh(quiet)
        assert kept >= shown - 1, "more than a second was lost"
        assert kept >= shown, "a register fell"
        assert quiet.interrupt() == 0
        shown = kept
    assert shown >= least


@pytest.mark.long
def test_kills_in_a_hurry(run):
    """Twenty kills in runs that commit thousands of times a second; every register only grows."""
    rng = random.Random(7)
    last = None
    for number in range(20):
        meter = run(ready=False, load=A_WH_A_SECOND, speed="max", length="3650d", name="hurry")
        time.sleep(rng.uniform(0.05, 0.8))
        os.kill(meter.pid, signal.SIGKILL)
        meter.kill()
        quiet = run(load=meters.zero_load(), name="hurry")
        now = all_energies(quiet)
        assert quiet.interrupt() == 0
        if last:
            fallen = {name: (last[name], value) for name, value in now.items() if value < last[name]}
            assert not fallen, f"after kill {number}"
        last = now
    assert last["1-0:1.8.0.255"] > 1000


def test_ctrl_c_is_clean_and_the_registers_go_on(run):
    meter = run(load=A_WH_A_SECOND, speed=20)
    time.sleep(1.0)
    shown = import_wh(meter)
    assert meter.interrupt() == 0
    assert meter.stopped(), meter.events
    assert shown > 5
    quiet = run(load=meters.zero_load())
    kept = import_wh(quiet)
    assert shown <= kept <= shown + 40
    assert quiet.interrupt(sign=signal.SIGTERM) == 0
    again = run(load=meters.zero_load())
    assert import_wh(again) == kept


def test_a_second_owner_is_refused(run):
    meter = run(load=meters.zero_load())
    second = run(ready=False, load=meters.zero_load())
    assert second.wait(10) not in (0, None)
    assert second.stderr().count("\n") == 0 and second.stderr(), second.stderr()
    assert str(meter.pid) in second.stderr() or "another" in second.stderr() or "lock" in second.stderr()
    assert meter.alive and import_wh(meter) == 0


def test_the_lock_of_a_killed_owner_is_free(run):
    meter = run(load=meters.zero_load())
    meter.kill()
    assert run(load=meters.zero_load()).alive


def test_another_models_state_is_refused_and_kept(run):
    meter = run(load=A_WH_A_SECOND, speed=20)
    time.sleep(0.6)
    shown = import_wh(meter)
    assert meter.interrupt() == 0
    other = run(ready=False, model="mini", load=meters.zero_load())
    assert other.wait(10) not in (0, None)
    assert "st402" in other.stderr() and other.stderr().count("\n") == 0, other.stderr()
    assert import_wh(run(load=meters.zero_load())) >= shown


def test_a_damaged_state_is_said_so_and_not_overwritten(run, tmp_path):
    meter = run(load=A_WH_A_SECOND, speed=20)
    time.sleep(0.4)
    assert meter.interrupt() == 0
    state = tmp_path / "x"
    files = [state / "fram"]  # flash is damaged by pages: that is what the logs are for
    assert files, list(state.iterdir())
    for path in files:
        octets_before = path.read_bytes()
        path.write_bytes(b"\xa5" * len(octets_before))
        damaged = path.read_bytes()
        other = run(ready=False, load=meters.zero_load())
        try:
            status = other.wait(3)
        except meters.Failed:
            status = 0
        assert status, f"{path.name}: started on noise"
        assert path.read_bytes() == damaged
        path.write_bytes(octets_before)
    assert import_wh(run(load=meters.zero_load())) > 0


def test_one_octet_that_rots_costs_a_second_at_most(run, tmp_path):
    """Records lie twice: with any one octet wrong the meter starts, and the other copy is at most a commit older."""
    meter = run(load=A_WH_A_SECOND, speed=20)
    time.sleep(0.8)
    assert meter.interrupt() == 0
    fram = tmp_path / "x" / "fram"
    good = fram.read_bytes()
    shown = import_wh(run(load=meters.zero_load(), state=copy_of(tmp_path / "x", tmp_path / "y")))
    assert shown > 5
    rng = random.Random(11)
    # Evenly spread, so that every record is hit in each of its copies.
    for number, at in enumerate(range(0, len(good), max(1, len(good) // 24))):
        at = min(len(good) - 1, at + rng.randrange(16))
        state = copy_of(tmp_path / "x", tmp_path / f"rot{number}")
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        (state / "fram").write_bytes(bad)
        meter = run(load=meters.zero_load(), state=state)
        kept = import_wh(meter)
        assert shown - 1 <= kept <= shown, f"octet {at}"
        meter.kill()


def test_a_full_disk_is_said_so(run):
    """A limit on the size of files stands for it: it answers where a disk without space does."""
    def little():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    meter = run(ready=False, load=meters.zero_load(), preexec=little, name="full")
    assert meter.wait(10) == 5
    assert meter.stderr() and meter.stderr().count("\n") == 0, meter.stderr()
    assert "full" in meter.stderr() or "space" in meter.stderr() or "large" in meter.stderr()
    assert run(load=meters.zero_load(), name="full").alive


def test_a_state_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    meter = run(ready=False, load=meters.zero_load(), state=tmp_path / "file" / "x")
    assert meter.wait(10) == 5
    assert "file" in meter.stderr() and meter.stderr().count("\n") == 0


def test_without_state_nothing_stays(run, tmp_path):
    meter = run(load=A_WH_A_SECOND, state="none", speed=20, ready=False, length="60s", name="n")
    assert meter.wait(20) == 0
    assert not any(path.name in ("n", "none") for path in tmp_path.iterdir())


def test_passwords_are_for_the_owner_alone(run, tmp_path):
    run(load=meters.zero_load())
    assert (tmp_path / "x" / "client.yaml").stat().st_mode & 0o077 == 0
