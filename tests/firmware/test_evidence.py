# SPDX-License-Identifier: Apache-2.0
"""Figures of the images, printed and held against budget.txt; programs of tests/vectors say on the board what they say on
the host."""

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


def emulate(name, *options, limit):
    done = subprocess.run([*PLAIN, *options, "-kernel", str(board.image(name))], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=limit, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in VECTORS])
def test_a_vector_program_says_the_same_as_on_the_host(name):
    host = board.ROOT / "build" / "host" / "bin" / f"vectors_{name}"
    there = subprocess.run([str(host)], capture_output=True, text=True, timeout=200, check=False, cwd=board.ROOT)
    assert there.returncode == 0
    here = emulate(f"vectors_{name}", limit=540)
    assert here == there.stdout or name in OTHER
    assert re.search(r"^\d+ passed, 0 failed$", here, re.M)


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
