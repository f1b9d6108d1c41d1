"""The reader that was written from docs/storage.md sees in an image what the store sees in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import read_store  # noqa: E402

ROOT = HERE.parent.parent
PROGRAM = Path(os.environ.get("QD_CUT_STORE", ROOT / "build" / "host" / "bin" / "powercut_cut_store"))
LAYOUTS = {7: [(1, 20), (2, 40), (3, 64), (5, 200), (9, 8)], 8: [(1, 20), (2, 48), (5, 200), (7, 24), (9, 8)]}
LAYOUT = LAYOUTS[7]
TORN = 5
LAST = 192 # operations of the scenario
# Variants as in cut_store: torn + 5 * what becomes of unsynced programs.
KEPT = 3

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def make(tmp_path, op, variant):
    path = tmp_path / f"{op}-{variant}.image"
    done = subprocess.run([PROGRAM, "--image", path, "--op", str(op), "--variant", str(variant)],
                          capture_output=True, text=True, check=True)
    _, version, _, bank, *expected = done.stdout.split(maxsplit=4)
    return path.read_bytes(), int(version), int(bank), expected[0].splitlines()


def lines(image):
    yield f"epoch {image.super.epoch}"
    for record, _ in image.layout:
        content = image.content(record)
        yield f"{record} {content if isinstance(content, str) else content.hex()}"


def test_whole_scenario(tmp_path):
    octets, version, _, expected = make(tmp_path, 0, 0)
    image = read_store.Image(octets, LAYOUT)
    assert list(lines(image)) == expected
    assert version == 7
    assert image.super.model == "cut"
    assert image.super.layout_version == 7
    assert image.super.bank == 128
    assert image.super.epoch == 9
    assert image.redo_state == "clean"
    assert all(slot.state == "good" for slots in image.slots.values() for slot in slots)


@pytest.mark.parametrize("variant", [0, 1, 2, KEPT, TORN + 1, TORN + KEPT])
def test_every_cut(tmp_path, variant):
    states, banks = set(), set()
    for op in range(5, LAST):
        octets, version, bank, expected = make(tmp_path, op, variant)
        image = read_store.Image(octets, LAYOUTS[version])
        found = list(lines(image))
        # The store's own line is one start later than the image when the cut fell into a start.
        assert found[1:] == expected[1:], f"op {op} variant {variant}"
        assert found[0] == expected[0]
        assert image.super.bank == bank
        states.add(image.redo_state)
        banks.add(bank)
    assert "pending" in states
    assert len(banks) == 2


def test_a_flipped_bit_is_seen(tmp_path):
    octets, *_ = make(tmp_path, 0, 0)
    good = read_store.Image(octets, LAYOUT)
    at = 128 + good.redo_size
    for slot in (0, 1):
        changed = bytearray(octets)
        changed[at + slot * read_store.round8(16 + 20) + 16] ^= 0x10
        image = read_store.Image(bytes(changed), LAYOUT)
        assert image.slots[1][slot].state == "bad"
        assert image.slots[1][1 - slot].state == "good"


def test_foreign_octets_are_refused():
    with pytest.raises(read_store.NotAStore):
        read_store.Image(bytes(range(256)) * 8, LAYOUT)
