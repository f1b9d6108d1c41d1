"""The reader that was written from docs/storage-logs.md finds in the flash every row that was appended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import read_logs  # noqa: E402

ROOT = HERE.parent.parent
PROGRAM = Path(os.environ.get("QD_CUT_LOG", ROOT / "build" / "host" / "bin" / "powercut_cut_log"))
LAYOUT = [read_logs.Layout(0x301, 60, 12, 1), read_logs.Layout(0x302, 20, 36, 1)]
BLOCK, TAG, STEPS = 512, 4, 54

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def make(tmp_path, steps):
    path = tmp_path / "flash.image"
    done = subprocess.run([PROGRAM, "--image", path, str(steps)], capture_output=True, text=True, check=True)
    heads, rows = {}, {layout.log: {} for layout in LAYOUT}
    for words in map(str.split, done.stdout.splitlines()):
        if words[0] == "head":
            heads[int(words[1])] = read_logs.Head(bytes.fromhex(words[2]))
        else:
            rows[int(words[1])][int(words[2])] = (int(words[3]), bytes.fromhex(words[4]))
    return path.read_bytes(), heads, rows


def logs(flash, heads):
    at = 0
    for layout in LAYOUT:
        # A head that was never written has no page either; its log is not asked for.
        log = read_logs.Log(flash, at, BLOCK, TAG, layout, heads.get(layout.log) or read_logs.Head(bytes([1, layout.row_size] + [0] * 74)))
        at += log.size
        yield log
    assert at == len(flash)


def test_every_row_is_found(tmp_path):
    in_flash = in_spare = 0
    for steps in range(1, STEPS + 1):
        flash, heads, rows = make(tmp_path, steps)
        for log in logs(flash, heads):
            if log.layout.log not in heads:
                assert rows[log.layout.log] == {}
                continue
            assert list(log.shown()) == list(rows[log.layout.log])
            for number, row in rows[log.layout.log].items():
                assert log.octets_of(number) == row, f"step {steps}, log {log.layout.log:#x}, row {number}"
                page = log.page_of(number)
                in_flash += page < log.head.page
                in_spare += page < log.head.page and log.address(page) >= log.offset + log.ring * BLOCK
    assert in_flash > 1000
    assert in_spare > 20


def test_pages_say_what_they_are(tmp_path):
    """Without the heads: the newest page of each log is the one before the page that is being filled."""
    flash, heads, _ = make(tmp_path, STEPS)
    for log in logs(flash, heads):
        found = [log.open(at) for at in range(log.offset, log.offset + log.size, read_logs.PAGE_SIZE)]
        newest = max(page[0] for page in found if page)
        assert newest in (log.head.page - 1, log.head.page)


def test_a_flipped_bit_is_seen(tmp_path):
    flash, heads, rows = make(tmp_path, 30)
    log = next(logs(flash, heads))
    number = next(n for n in rows[0x301] if log.page_of(n) < log.head.page)
    changed = bytearray(flash)
    changed[log.address(log.page_of(number)) + 30] ^= 4
    log.flash = bytes(changed)
    assert log.octets_of(number) is None
