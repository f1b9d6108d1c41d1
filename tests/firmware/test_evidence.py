# SPDX-License-Identifier: Apache-2.0
"""Figures of the images, printed and held against budget.txt; programs of tests/vectors and tests/unit say on the board
what they say on the host."""

import re
import subprocess

import board
import meter as meters
import peer as peers
import pytest

PLAIN = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-nic", "none", "-semihosting-config",
         "enable=on,target=native", "-serial", "stdio"]
# A thousand million additions are minutes of an emulator.
SLOW = {"accumulator"}
# The host has ciphers that the board has not; each proves those that it has.
OTHER = {"gcm"}
VECTORS = sorted(path.stem for path in (board.ROOT / "tests/vectors").glob("*.c"))


def named(variable):
    """The words of a list in the build description."""
    text = (board.ROOT / "cmake/QdFirmware.cmake").read_text()
    rows = re.search(rf"^set\({variable}\s([^)]*)\)", re.sub(r"#.*", "", text), re.M)[1].split()
    assert rows
    return set(rows)


def unit_programs():
    found = {f"{path.parent.name}_{path.stem.removeprefix('test_')}" for path in (board.ROOT / "tests/unit").glob("*/test_*.c")}
    assert named("QD_UNIT_HOST") < found and named("QD_UNIT_FEW") < found
    return sorted(found - named("QD_UNIT_HOST"))


def emulate(name, *options, limit, status=0):
    done = subprocess.run([*PLAIN, *options, "-kernel", str(board.image(name))], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=limit, check=False)
    assert done.returncode == status, done.stdout[-500:] + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in VECTORS])
def test_a_vector_program_says_the_same_as_on_the_host(name):
    host = board.ROOT / "build" / "host" / "bin" / f"vectors_{name}"
    there = subprocess.run([str(host)], capture_output=True, text=True, timeout=200, check=False, cwd=board.ROOT)
    assert there.returncode == 0
    here = emulate(f"vectors_{name}", limit=540)
    assert here == there.stdout or name in OTHER
    assert re.search(r"^\d+ passed, 0 failed$", here, re.M)


def test_a_false_assertion_is_seen_on_the_board():
    source = (board.ROOT / "tests/firmware/assertions.c").read_text()
    tests = re.findall(r"cmocka_unit_test\w*\((\w+)", source)
    wrong = [name for name in tests if name.startswith("wrong_")]
    said = emulate("assertions", limit=60, status=len(wrong))
    assert re.findall(r"^FAILED (\w+)$", said, re.M) == wrong
    assert said.splitlines()[-1] == f"{len(tests) - len(wrong)} passed, {len(wrong)} failed"
    assert "past it" not in said


# All but a few are built by the target unit_images only.
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in named("QD_UNIT_FEW") else [pytest.mark.long])
                                  for name in unit_programs()])
def test_a_unit_program_passes_as_on_the_host(name):
    folder, stem = name.split("_", 1)
    host = board.ROOT / "build" / "host" / "bin" / f"unit_{folder}_test_{stem}"
    there = subprocess.run([str(host)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200, check=False,
                           cwd=board.ROOT)
    assert there.returncode == 0
    count = re.search(r"^\[  PASSED  \] (\d+) test\(s\)\.$", there.stdout, re.M)[1]
    assert emulate(f"unit_{name}", limit=300).splitlines()[-1] == f"{count} passed, 0 failed"


def test_metering_begins_within_five_seconds_of_power(boards):
    """From the start of the image's timer to the first booked energy, on a blank store and on one with a life in it. 32 ns an
    instruction: one and a half cycles of 48 MHz."""
    load = meters.constant_load(230, 5, 1104, 322)
    for life in ("blank", "used"):
        booked = 0
        if life == "used":
            assert boards.through("1h", load=load) == 0
            booked = boards.meters[-1].of("stopped")[-1]["import_mj"]
            assert booked >= 3600 * 3312000
        meter = boards.start(load=load, fast=30, shift=5)
        begun = meter.wait_event("metering", 60)
        print(f"metering on a {life} store after {begun['tick_us'] / 1e6:.3f} s")
        # An interval ends with the second, so the first one may be short.
        assert 0 < begun["tick_us"] <= 5_000_000
        assert meter.ask("view")["import_mj"] > booked
        assert meter.interrupt() == 0


def test_instructions_of_a_step(budget):
    seen = set()
    for line in emulate("bench", "-icount", "shift=0,sleep=off", limit=60).splitlines():
        name, times, least, mean, most = line.split()
        print(f"{name}: {int(mean):,} instructions, {int(least):,} to {int(most):,} in {times}")
        if ("instructions", name) in budget:
            assert 0 < int(most) <= budget["instructions", name], name
            seen.add(name)
    assert seen == {name for kind, name in budget if kind == "instructions"}


def text_of(path):
    out = subprocess.run(["arm-none-eabi-size", str(path)], capture_output=True, text=True, check=True).stdout
    return int(out.splitlines()[1].split()[0])


def cryptography_of(path):
    """Code and constants that the linker took from the libraries of the cryptography, by its map."""
    placed = path.with_suffix(".map").read_text().split("Linker script and memory map")[1]
    rows = re.findall(r"^ \.(?:text|rodata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+\S*libqd_(?:crypto|bearssl)\.a\(", placed, re.M)
    return sum(int(size, 16) for size in rows)


@pytest.mark.parametrize("model", ["st402", "mini"])
def test_sizes_of_an_image(boards, budget, model):
    ciphers = cryptography_of(board.image(model))
    text = text_of(board.image(model)) - ciphers
    meter = boards.start(model=model, load=meters.zero_load())
    ready = meter.of("ready")[0]
    print(f"{model}: text {text:,} and cryptography {ciphers:,}; RAM {ready['memory']:,}, of them metrology {ready['metrology']:,}; "
          f"FRAM {ready['fram']:,}")
    assert ciphers > 0
    assert text <= budget["text", model]
    assert ready["memory"] <= budget["ram", model]
    assert meter.interrupt() == 0


def test_the_stack_after_long_reads(boards, budget):
    meter = boards.start(load=meters.zero_load())
    for client in ("management", "level1"):
        with peers.Peer(meter.address, meters.CLIENTS[client], meter.password(client)) as peer:
            assert len(peer.objects()) > 100
    view = meter.ask("view")
    print(f"stack: {view['stack_used']} of {view['stack']} octets")
    assert view["stack_used"] <= budget["stack", "st402"]
    assert meter.interrupt() == 0


def test_only_the_door_calls_metrology():
    """Undefined symbols of the meter's objects: qd_metrology_* in door.c and nowhere else."""
    archive = board.ROOT / "build" / "cortex-m4" / "libqd_meter.a"
    out = subprocess.run(["arm-none-eabi-nm", "-u", str(archive)], capture_output=True, text=True, check=True).stdout
    callers, current = set(), None
    for line in out.splitlines():
        if line.endswith(":"):
            current = line[:-1]
        elif re.search(r"\bqd_metrology_(?!gate_)", line):
            callers.add(current)
    assert callers == {"door.c.obj"}
