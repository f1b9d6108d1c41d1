# SPDX-License-Identifier: Apache-2.0
"""What becomes of the files of a state directory: lost ones, changed passwords, and the names that lead there."""

import os
import random
import signal
import struct
import time
import zlib

import meter as meters
import octets
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

L1 = meters.CLIENTS["level1"]
# 3 x 1200 W: one Wh a second.
A_WH_A_SECOND = meters.constant_load(230, 16, 1200, 0)


def import_wh(meter):
    with octets.Line(meter.address) as line:
        line.associate(L1, meter.password("level1"))
        result, element = line.get(3, "1-0:1.8.0", 2, L1)
        assert result == 0
        return element[1]


@pytest.fixture
def old(run, tmp_path):
    """State directory of a meter that has run for an hour of the year 2030."""
    meter = run(ready=False, load=A_WH_A_SECOND, speed="max", length="1h", start="2030-01-01T00:00:00Z")
    assert meter.wait() == 0
    return tmp_path / "x"


def harm(path, how):
    octets_before = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        os.truncate(path, 0)
    elif how in ("cut", "larger"):
        os.truncate(path, len(octets_before) // 2 if how == "cut" else len(octets_before) + 4096)
    elif how == "head":
        path.write_bytes(octets_before[:64] + bytes(len(octets_before) - 64))
    else:
        path.write_bytes({"zeros": b"\x00", "ones": b"\xff"}[how] * len(octets_before))
    return octets_before


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "lock"}


def fill_flash(run, folder):
    """The flash of a meter that has written to it, and a world that knows that."""
    path = folder / "flash"
    octets_before = bytearray(path.read_bytes())
    octets_before[-1] &= 0x7F
    path.write_bytes(octets_before)
    meter = run(ready=False, load=meters.zero_load(), speed="max", length="1s")
    assert meter.wait(10) == 0, meter.stderr()


def refused(run, *extra, **options):
    """The one line of a start that must not be."""
    meter = run(ready=False, load=meters.zero_load(), speed="max", length="5s", extra=extra, **options)
    assert meter.wait(10) == 5, meter.events
    assert meter.stderr() and meter.stderr().count("\n") == 0, meter.stderr()
    return meter.stderr()


@pytest.mark.parametrize("how", ["missing", "empty", "zeros", "ones", "head", "cut", "larger"])
@pytest.mark.parametrize("name", ["fram", "flash"])
def test_a_lost_memory_is_no_new_meter(run, old, name, how):
    if name == "flash":
        if how == "head":
            pytest.skip("the head of the flash is no better than the rest of it")
        fill_flash(run, old)
    before = harm(old / name, how)
    left = contents(old)
    for start in (None, "2031-01-01T00:00:00Z"):
        said = refused(run, start=start)
        assert str(old / name) in said and "copy" in said and "--name" in said, said
        assert how in ("cut", "larger") or "remov" in said, said
        assert contents(old) == left
    (old / name).write_bytes(before)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


@pytest.mark.parametrize("how", ["zeros", "ones"])
def test_a_flash_that_never_held_anything_may_be_blank(run, old, how):
    if any(octet != 0xFF for octet in (old / "flash").read_bytes()):
        pytest.skip("this meter has written to its flash")
    harm(old / "flash", how)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600
    assert set((old / "flash").read_bytes()) == {0xFF}


@pytest.mark.parametrize("how", ["missing", "empty", "short", "long", "no digits", "seen"])
def test_a_lost_key_is_not_made_anew(run, old, how):
    path = old / "key"
    before = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600 and len(before.strip()) == 32
    if how in ("missing", "empty"):
        harm(path, how)
    elif how == "seen":
        path.chmod(0o640)
    else:
        path.write_text({"short": before[1:], "long": "0" + before, "no digits": "g" + before[1:]}[how])
    left = contents(old)
    for start in (None, "2031-01-01T00:00:00Z"):
        said = refused(run, start=start)
        assert str(path) in said and "; " in said and before.strip() not in said, said
        assert contents(old) == left
    path.write_text(before)
    path.chmod(0o600)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


@pytest.mark.parametrize("name", ["fram", "key"])
def test_a_part_of_another_meter_is_refused(run, old, tmp_path, name):
    """Swapped by a careless hand or by a thief: registers under another key are nobody's."""
    other = run(ready=False, load=A_WH_A_SECOND, speed="max", length="10s", name="other")
    assert other.wait() == 0
    before = (old / name).read_bytes()
    (old / name).write_bytes((tmp_path / "other" / name).read_bytes())
    left = contents(old)
    for start in (None, "2031-01-01T00:00:00Z"):
        said = refused(run, start=start)
        assert str(old / "fram") in said and "another device's key" in said and "; put" in said, said
        assert contents(old) == left
    (old / name).write_bytes(before)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


def other_meter(run, tmp_path):
    """Its starts have filled a page of its event log."""
    for _ in range(8):
        other = run(ready=False, load=A_WH_A_SECOND, speed="max", length="10s", name="other")
        assert other.wait() == 0
    assert set((tmp_path / "other" / "flash").read_bytes()) != {0xFF}
    return tmp_path / "other"


def test_fram_and_flash_of_another_meter_are_refused(run, old, tmp_path):
    other = other_meter(run, tmp_path)
    for name in ("fram", "flash"):
        (old / name).write_bytes((other / name).read_bytes())
    left = contents(old)
    for start in (None, "2031-01-01T00:00:00Z"):
        said = refused(run, start=start)
        assert str(old / "fram") in said and "another device's key" in said and "; put" in said, said
        assert contents(old) == left
    (old / "key").unlink()
    left = contents(old)
    said = refused(run)
    assert str(old / "key") in said and "; " in said, said
    assert contents(old) == left


def test_the_flash_of_another_meter_costs_rows_only(run, old, tmp_path):
    """Nothing in a flash says whose it is, but its pages: none of them opens under this meter's key."""
    (old / "flash").write_bytes((other_meter(run, tmp_path) / "flash").read_bytes())
    for _ in range(8):
        meter = run(ready=False, load=meters.zero_load(), speed="max", length="10s")
        assert meter.wait(10) == 0, meter.stderr()
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


def test_the_world_of_another_meter_changes_no_register(run, old, tmp_path):
    """Its world knows of rows in a flash, and this meter has none."""
    mine = (old / "world").read_bytes()
    (old / "world").write_bytes((other_meter(run, tmp_path) / "world").read_bytes())
    left = contents(old)
    said = refused(run)
    assert str(old / "flash") in said and "copy" in said, said
    assert contents(old) == left
    (old / "world").write_bytes(mine)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


def written_by(folder, format_version=None, layout_version=None):
    """Makes both superblocks those of another firmware, by the page docs/storage.md."""
    key = bytes.fromhex((folder / "key").read_text().strip())
    fram = bytearray((folder / "fram").read_bytes())
    for copy in (0, 1):
        block = fram[64 * copy:64 * copy + 60]
        (epoch,) = struct.unpack_from("<I", block, 12)
        nonce = struct.pack("<HBBII", 0, 1, 0, epoch, copy + 4)  # first bank, with the map
        if format_version is not None:
            struct.pack_into("<H", block, 8, format_version)
        if layout_version is not None:
            tag = bytes(block[44:56])
            decryptor = Cipher(algorithms.AES(key), modes.GCM(nonce, tag, min_tag_length=12)).decryptor()
            opened = decryptor.update(bytes(block[16:44])) + decryptor.finalize()
            encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
            block[16:44] = encryptor.update(struct.pack("<H", layout_version) + opened[2:]) + encryptor.finalize()
            block[44:56] = encryptor.tag[:12]
        fram[64 * copy:64 * copy + 64] = block + struct.pack("<I", zlib.crc32(block))
    (folder / "fram").write_bytes(fram)


@pytest.mark.parametrize("version", [{"format_version": 3}, {"format_version": 1}, {"layout_version": 3}, {"layout_version": 0},
                                     {"layout_version": 65535}])
def test_a_state_of_another_firmware_is_refused(run, old, version):
    before = (old / "fram").read_bytes()
    written_by(old)
    assert (old / "fram").read_bytes() == before, "the page and the image differ"
    written_by(old, **version)
    left = contents(old)
    for start in (None, "2031-01-01T00:00:00Z"):
        said = refused(run, start=start)
        assert str(old / "fram") in said and "another version of the firmware" in said and "run that version" in said, said
        assert contents(old) == left
    (old / "fram").write_bytes(before)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 3600


def test_a_key_alone_is_a_new_meters(run, tmp_path):
    """A key may be put there before the first start; it stays as it is."""
    path = tmp_path / "x" / "key"
    path.parent.mkdir()
    path.write_text("00112233445566778899aabbccddeeff\n")
    path.chmod(0o600)
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 0
    assert path.read_text() == "00112233445566778899aabbccddeeff\n"


def test_no_two_meters_have_the_same_key(run, tmp_path):
    for name in ("one", "two"):
        run(load=meters.zero_load(), name=name)
    assert (tmp_path / "one" / "key").read_text() != (tmp_path / "two" / "key").read_text()


def test_rows_without_their_meter_are_kept(run, old):
    fill_flash(run, old)
    for name in ("fram", "world"):
        (old / name).unlink()
    left = contents(old)
    said = refused(run)
    assert str(old / "flash") in said and "copy" in said and "remov" in said, said
    assert contents(old) == left


@pytest.mark.parametrize("how", ["missing", "empty", "zeros"])
def test_a_lost_world_does_not_turn_the_clock_back(run, old, how):
    harm(old / "world", how)
    left = contents(old)
    said = refused(run)
    assert str(old / "world") in said and "--start" in said, said
    assert contents(old) == left
    meter = run(load=meters.zero_load(), speed=20, start="2030-01-01T02:00:00Z")
    assert import_wh(meter) == 3600
    assert meter.interrupt() == 0
    # The seal has not been lost with the world.
    again = run(ready=False, load=meters.zero_load(), length="1s", extra=["--factory"])
    assert again.wait(10) == 2 and "sealed" in again.stderr(), again.stderr()


def test_an_emptied_directory_is_a_new_meter(run, old):
    for name in ("fram", "flash", "world"):
        (old / name).unlink()
    assert import_wh(run(load=meters.zero_load(), speed=20)) == 0


def test_a_first_start_that_was_killed_is_started_again(run):
    rng = random.Random(3)
    for number in range(12):
        meter = run(ready=False, load=meters.zero_load(), name=f"early{number}")
        time.sleep(rng.uniform(0.0, 0.02))
        os.kill(meter.pid, signal.SIGKILL)
        meter.kill()
        again = run(load=meters.zero_load(), name=f"early{number}")
        with octets.Line(again.address) as line:
            line.associate()
            result, element = line.get(1, "0-0:42.0.0", 2)
            assert result == 0 and element[1].startswith(b"QDT"), element
        again.kill()


def test_a_changed_password_outlives_starts(run, tmp_path):
    meter = run(load=meters.zero_load())
    rows = meter.clients()
    path = tmp_path / "x" / "client.yaml"
    environment = {"QUADRANT_STATE_HOME": str(tmp_path)}
    for item, value in (("15/0-0:40.0.4:7", "octets:" + b"changed one".hex()), ("15/0-0:40.0.5:7", "octets:0102030405060708"),
                        ("15/0-0:40.0.1:7", "octets:" + b'"#: \'\\-x'.hex())):
        status, _, err = meters.quadrant("set", "@x", "--as", "management", item, value, environment=environment)
        assert status == 0, err
        assert path.stat().st_mode & 0o777 == 0o600
    assert meter.password("level1") == b"changed one" and meter.password("level2") == bytes(range(1, 9))
    assert meter.password("management") == b'"#: \'\\-x' and meter.password("level3") == rows["level3"]["password"]
    assert meter.interrupt() == 0
    path.write_text(path.read_text().replace("version: 1", "version: 1\nmine: [1, two]") + "- {name: shop, client: 33}\n")
    meter = run(load=meters.zero_load())
    assert "mine: [1, two]" in path.read_text() and meter.clients()["shop"]["client"] == 33
    for name in ("management", "level1", "level2", "level3"):
        status, _, err = meters.quadrant("read", "@x", "--as", name, "0-0:42.0.0", environment=environment)
        assert status == 0, err
    assert [path.name for path in (tmp_path / "x").glob("client.yaml*")] == ["client.yaml"]


@pytest.mark.parametrize("text", ["clients: 5\n", "a: [\n", "version: 2\n", "words\n"])
def test_a_client_file_that_is_none_is_not_replaced(run, old, text):
    (old / "client.yaml").write_text(text)
    assert "client.yaml:" in refused(run)
    assert (old / "client.yaml").read_text() == text


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "home"
    monkeypatch.setenv("QUADRANT_STATE_HOME", str(path))
    return path


def pasted(meter):
    """The client line for quadrant read, as words."""
    return next(event["line"] for event in meter.of("client") if " read " in event["line"]).split()[1:]


def test_a_meter_elsewhere_is_found_by_its_name(run, home, tmp_path):
    meter = run(load=meters.zero_load(), speed=20)
    assert pasted(meter)[:2] == ["read", "@x"]
    assert (home / "x" / "elsewhere").read_text().strip() == str(tmp_path / "x")
    for address in ("@x", tmp_path / "x", f"@{tmp_path / 'x'}", f"{tmp_path / 'x'}?server=1"):
        status, out, err = meters.quadrant("read", address, "0-0:42.0.0")
        assert status == 0 and "QDT" in out, err
    for name in ("x", "@x", f"@{tmp_path / 'x'}"):
        assert meters.quadrant("poke", name, "load", "100")[0] == 0
    # A namesake does not take the name of a meter that runs.
    other = run(load=meters.zero_load(), state=tmp_path / "other")
    assert pasted(other)[:2] == ["read", f"@{tmp_path / 'other'}"]
    assert other.interrupt() == 0 and (home / "x" / "elsewhere").exists()
    # After a kill the name is free, after a clean stop it is gone.
    meter.kill()
    other = run(load=meters.zero_load(), state=tmp_path / "other")
    assert pasted(other)[:2] == ["read", "@x"]
    assert other.interrupt() == 0
    assert list(home.iterdir()) == []


def test_a_state_in_the_home_keeps_its_name(run, home, tmp_path):
    own = run(load=meters.zero_load(), state=home / "x")
    assert pasted(own)[:2] == ["read", "@x"] and not (home / "x" / "elsewhere").exists()
    other = run(load=meters.zero_load(), state=tmp_path / "other")
    assert pasted(other)[1] == f"@{tmp_path / 'other'}"


def test_a_name_that_cannot_be_kept_is_no_fault(run, tmp_path, monkeypatch):
    monkeypatch.setenv("QUADRANT_STATE_HOME", "/proc/none")
    meter = run(load=meters.zero_load())
    assert pasted(meter)[1] == f"@{tmp_path / 'x'}"
    assert meter.interrupt() == 0 and not meter.stderr()


def test_an_interrupt_right_after_ready_is_clean(run):
    for _ in range(5):
        meter = run(load=meters.zero_load())
        assert meter.interrupt() == 0 and meter.stopped()


@pytest.mark.parametrize("name", ["fram", "world"])
def test_a_file_cut_under_a_running_meter_is_said(run, tmp_path, name):
    meter = run(load=A_WH_A_SECOND, speed=20)
    os.truncate(tmp_path / "x" / name, 0)
    assert meter.wait(10) == 5
    assert meter.stderr().count("\n") == 0 and str(tmp_path / "x" / name) in meter.stderr(), meter.stderr()
    assert str(tmp_path / "x" / name) in refused(run)


@pytest.mark.parametrize(("name", "how"), [("fram", "missing"), ("world", "missing"), ("flash", "missing"), ("flash", "cut")])
def test_a_file_lost_under_a_running_meter_is_said_at_its_end(run, tmp_path, name, how):
    """A cut flash at its end or, when the meter wants it, at once."""
    meter = run(load=A_WH_A_SECOND, speed=20)
    harm(tmp_path / "x" / name, how)
    assert meter.interrupt() == 5
    assert meter.stderr().count("\n") == 0 and str(tmp_path / "x") in meter.stderr(), meter.stderr()


def test_a_lost_record_is_said(run, old):
    """Wherever both copies of one lie: the start says so, and so does every line."""
    fram, world = (old / "fram").read_bytes(), (old / "world").read_bytes()
    lost = 0
    for at in range(128, len(fram), 400):
        (old / "fram").write_bytes(fram[:at] + bytes(octet ^ 5 for octet in fram[at:at + 400]) + fram[at + 400:])
        (old / "world").write_bytes(world)
        meter = run(ready=False, load=meters.zero_load(), speed="max", length="2s")
        status = meter.wait(10)
        said = "record" in meter.stderr()
        if status == 0:
            assert said == ("record-lost" in meter.stopped()[0]["flags"]), (at, meter.stderr())
            lost += said
    assert lost
