# SPDX-License-Identifier: Apache-2.0
"""Clock, scripts and register activation by the management client, and every way to be refused."""

import datetime
import struct
import time

import meter as meters
import octets
import peer as peers
import pytest
from gurux_dlms import GXDateTime
from gurux_dlms.enums import DataType
from gurux_dlms.objects import GXDLMSClock, GXDLMSRegisterActivation, GXDLMSScriptTable

SAP = meters.CLIENTS
M = SAP["management"]
UTC = datetime.timezone.utc
FRAM_HEAD = 128  # octets of its superblocks
TICK = 0.011  # the clock is shown in hundredths of a second, cut


def date_time(when, deviation=None, weekday=0xFF, status=0):
    """12 octets; deviation None: not specified."""
    return struct.pack(">HBBBBBBBhB", when.year, when.month, when.day, weekday, when.hour, when.minute, when.second, 0,
                       -0x8000 if deviation is None else deviation, status)


def taken_apart(value):
    """(UTC, deviation, status) of 12 octets."""
    year, month, day, _, hour, minute, second, hundredths, deviation, status = struct.unpack(">HBBBBBBBhB", value)
    local = datetime.datetime(year, month, day, hour, minute, second, 0 if hundredths == 0xFF else hundredths * 10000, UTC)
    return local + datetime.timedelta(minutes=0 if deviation == -0x8000 else deviation), deviation, status


def clock(line, client=M):
    result, element = line.get(8, "0-0:1.0.0", 2, client)
    assert result == 0 and element[0] == 9 and len(element[1]) == 12
    return taken_apart(element[1])


@pytest.fixture
def desk(still):
    with still.line("management") as line:
        yield line


def test_the_clock_starts_where_it_was_told(still):
    with still.line("public") as line:
        utc, deviation, status = clock(line, SAP["public"])
    assert deviation != -0x8000 and status & 0x7F == 0
    begin = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    assert begin <= utc < begin + datetime.timedelta(hours=1)


def test_the_clock_runs(desk):
    before, _, _ = clock(desk)
    time.sleep(2.2)
    after, _, _ = clock(desk)
    assert 1 <= (after - before).total_seconds() <= 4


@pytest.mark.parametrize("deviation", [0, -60, -120, 300])
def test_the_clock_is_set(desk, deviation):
    local = datetime.datetime(2026, 5, 17, 12, 34, 56, tzinfo=UTC) - datetime.timedelta(minutes=deviation)
    assert desk.set(8, "0-0:1.0.0", 2, octets.string(date_time(local, deviation)), M) == 0
    utc, _, _ = clock(desk)
    assert -TICK <= (utc - datetime.datetime(2026, 5, 17, 12, 34, 56, tzinfo=UTC)).total_seconds() <= 3


def test_a_time_without_deviation_is_local(desk):
    assert desk.set(8, "0-0:1.0.0", 2, octets.string(date_time(datetime.datetime(2026, 7, 1, 8, 0, 0))), M) == 0
    utc, deviation, _ = clock(desk)
    local = utc - datetime.timedelta(minutes=deviation)
    assert -TICK <= (local - datetime.datetime(2026, 7, 1, 8, 0, 0, tzinfo=UTC)).total_seconds() <= 3


def test_gurux_sets_and_reads_the_clock(still):
    want = datetime.datetime(2026, 3, 3, 10, 20, 30, tzinfo=UTC)
    with still.peer("management") as peer:
        item = GXDLMSClock()
        item.time = GXDateTime(want)
        peer.write(item, 2)
        read = peer.fill(GXDLMSClock(), [2, 3, 4, 8])
    shown = read.time.value
    if shown.tzinfo is None:
        shown = shown.replace(tzinfo=UTC)
    assert -TICK <= (shown - want).total_seconds() <= 3


@pytest.mark.parametrize("seconds", [7, -7, 300, -300, 900, -900, 0])
def test_the_clock_is_shifted(still, seconds):
    with still.peer("management") as peer, still.line("management") as line:
        before, _, _ = clock(line)
        peer.exchange(GXDLMSClock().shiftTime(peer.gurux, seconds))
        after, _, _ = clock(line)
    assert seconds - TICK <= (after - before).total_seconds() <= seconds + 3


@pytest.mark.parametrize("seconds", [901, -901, 32767, -32768])
def test_a_shift_out_of_range_does_nothing(desk, seconds):
    before, _, _ = clock(desk)
    assert desk.act(8, "0-0:1.0.0", 6, octets.number("long", seconds), M) == 250
    after, _, _ = clock(desk)
    assert -TICK <= (after - before).total_seconds() <= 2


@pytest.mark.parametrize(("method", "unit"), [(1, 900), (3, 60)])
def test_the_clock_is_adjusted_to_the_nearest(desk, method, unit):
    assert desk.set(8, "0-0:1.0.0", 2, octets.string(date_time(datetime.datetime(2026, 2, 2, 10, 14, 50), 0)), M) == 0
    assert desk.act(8, "0-0:1.0.0", method, octets.number("integer", 0), M) == 0
    utc, _, _ = clock(desk)
    want = datetime.datetime(2026, 2, 2, 10, 15, 0, tzinfo=UTC)
    assert -TICK <= (utc - want).total_seconds() <= 3


def test_a_preset_time_within_its_interval(desk):
    now, deviation, _ = clock(desk)
    local = now - datetime.timedelta(minutes=deviation)
    hour = datetime.timedelta(hours=1)
    preset = octets.structure(*(octets.string(date_time(t, deviation)) for t in (local + hour, local - hour, local + 2 * hour)))
    assert desk.act(8, "0-0:1.0.0", 5, preset, M) == 0
    assert desk.act(8, "0-0:1.0.0", 4, octets.number("integer", 0), M) == 0
    after, _, _ = clock(desk)
    assert -1 <= (after - now - hour).total_seconds() <= 4


def test_a_preset_time_outside_its_interval_is_refused(desk):
    now, deviation, _ = clock(desk)
    local = now - datetime.timedelta(minutes=deviation)
    hour = datetime.timedelta(hours=1)
    preset = octets.structure(*(octets.string(date_time(t, deviation)) for t in (local + 3 * hour, local + hour, local + 2 * hour)))
    first = desk.act(8, "0-0:1.0.0", 5, preset, M)
    second = desk.act(8, "0-0:1.0.0", 4, octets.number("integer", 0), M)
    assert first != 0 or second != 0
    after, _, _ = clock(desk)
    assert -TICK <= (after - now).total_seconds() <= 3


BAD_TIMES = [
    date_time(datetime.datetime(2026, 1, 1), 0)[:11],
    date_time(datetime.datetime(2026, 1, 1), 0) + b"\x00",
    b"",
    b"\xff" * 12,
    bytes.fromhex("07EA0D01FF0A0000000000" "00"),  # month 13
    bytes.fromhex("07EA0220FF0A0000000000" "00"),  # day 32
    bytes.fromhex("07EA021EFF0A0000000000" "00"),  # 30 February
    bytes.fromhex("07EA0201FF180000000000" "00"),  # hour 24
    bytes.fromhex("07EA0201FF0A3C00000000" "00"),  # minute 60
    bytes.fromhex("07EA0201FF0A00FF000000" "00"),  # second not specified
    bytes.fromhex("07EA0201FF0A00000003E8" "00"),  # deviation 1000 min
]


@pytest.mark.parametrize("value", BAD_TIMES, ids=lambda value: value.hex() or "empty")
def test_times_that_are_none_change_nothing(desk, value):
    before, _, _ = clock(desk)
    assert desk.set(8, "0-0:1.0.0", 2, octets.string(value), M) in (12, 250)
    after, _, _ = clock(desk)
    assert -TICK <= (after - before).total_seconds() <= 2


def test_the_wrong_type_is_unmatched(desk):
    for data in (octets.number("double-long-unsigned", 5), octets.string(b"2026-01-01T00", "visible-string"), b"\x00",
                 octets.structure(octets.number("unsigned", 1))):
        assert desk.set(8, "0-0:1.0.0", 2, data, M) == 12
    assert desk.set(6, "0-0:14.0.1", 4, octets.number("unsigned", 1), M) == 12
    assert desk.act(9, "0-0:10.0.100", 1, octets.string(b"1"), M) == 12
    assert desk.act(8, "0-0:1.0.0", 6, octets.string(b"1"), M) == 12


def test_another_kind_of_number_is_unmatched_too(desk):
    wrong = [(desk.act(8, "0-0:1.0.0", 6, octets.number("double-long", 5), M), "shift_time is long"),
             (desk.act(9, "0-0:10.0.100", 1, octets.number("unsigned", 1), M), "execute is long-unsigned"),
             (desk.set(8, "0-0:1.0.0", 3, octets.number("integer", -60), M), "time_zone is long"),
             (desk.set(8, "0-0:1.0.0", 8, octets.number("unsigned", 1), M), "daylight_savings_enabled is boolean")]
    assert [row for row in wrong if row[0] != 12] == []


def test_what_is_not_there_cannot_be_written(desk):
    data = octets.number("unsigned", 1)
    assert desk.set(3, "1-0:1.8.9", 2, data, M) == 4
    assert desk.set(8, "0-0:1.0.0", 10, data, M) == 4
    assert desk.set(1, "0-0:1.0.0", 2, data, M) == 9
    assert desk.act(8, "0-0:1.0.0", 7, octets.number("integer", 0), M) == 4
    assert desk.act(9, "1-0:10.0.100", 1, octets.number("long-unsigned", 1), M) == 4
    assert desk.act(8, "0-0:10.0.100", 1, octets.number("long-unsigned", 1), M) == 9


def test_registers_cannot_be_written_or_reset(desk):
    for name in ("1-0:1.8.0", "1-0:1.8.1", "1-0:21.8.0", "1-0:15.8.0"):
        assert desk.set(3, name, 2, octets.number("double-long-unsigned", 0), M) == 3
        assert desk.act(3, name, 1, octets.number("integer", 0), M) in (3, 4)
    assert desk.set(1, "0-0:42.0.0", 2, octets.string(b"ABC0000000000001"), M) in (3, 250)


def test_public_cannot_write(still):
    client = SAP["public"]
    with still.line("public") as line:
        before, _, _ = clock(line, client)
        assert line.set(8, "0-0:1.0.0", 2, octets.string(date_time(datetime.datetime(2030, 1, 1), 0)), client) == 3
        assert line.act(8, "0-0:1.0.0", 6, octets.number("long", 10), client) == 3
        assert line.act(9, "0-0:10.0.100", 1, octets.number("long-unsigned", 2), client) == 4
        assert line.set(6, "0-0:14.0.1", 4, octets.string(b"0002"), client) == 4
        after, _, _ = clock(line, client)
        assert -TICK <= (after - before).total_seconds() <= 2


def test_level_1_switches_no_rate(still):
    client = SAP["level1"]
    with still.line("level1") as line:
        before = line.get(6, "0-0:14.0.1", 4, client)
        assert line.act(9, "0-0:10.0.100", 1, octets.number("long-unsigned", 2), client) == 3
        assert line.set(6, "0-0:14.0.1", 4, octets.string(b"0002"), client) == 3
        assert line.set(1, "0-0:96.1.1", 2, octets.string(b"1"), client) == 3
        assert line.get(6, "0-0:14.0.1", 4, client) == before


def masks(line):
    """{mask name: [(class, name)]} of the register activation."""
    assigned = [(row[0], octets.name(row[1])) for row in octets.plain(line.get(6, "0-0:14.0.1", 2, M)[1])]
    found = {}
    for mask, indexes in octets.plain(line.get(6, "0-0:14.0.1", 3, M)[1]):
        found[mask] = [assigned[index - 1] for index in indexes]
    return found


def test_each_mask_names_the_registers_of_its_rate(desk):
    for mask, registers in masks(desk).items():
        rate = int(mask)
        assert 1 <= rate <= 8 and registers
        assert all(class_id == 3 and name.split(".")[2] == str(rate) for class_id, name in registers), mask


@pytest.mark.parametrize("rate", range(1, 9))
def test_a_script_switches_the_rate(still, rate):
    with still.peer("management") as peer:
        peer.method(GXDLMSScriptTable("0.0.10.0.100.255"), 1, rate, DataType.UINT16)
        item = peer.fill(GXDLMSRegisterActivation("0.0.14.0.1.255"), [4])
        assert int(bytes(item.activeMask)) == rate


@pytest.mark.parametrize("rate", [5, 1])
def test_the_active_mask_switches_the_rate(still, rate):
    with still.peer("management") as peer:
        item = GXDLMSRegisterActivation("0.0.14.0.1.255")
        item.activeMask = f"{rate:04d}".encode()
        peer.write(item, 4)
        assert bytes(peer.fill(GXDLMSRegisterActivation("0.0.14.0.1.255"), [4]).activeMask) == f"{rate:04d}".encode()


@pytest.mark.parametrize("mask", [b"", b"0", b"0009", b"0000", b"00010", b"abcd", b"\x00\x00\x00\x01", b"0" * 200])
def test_a_mask_that_is_none_is_refused(desk, mask):
    before = desk.get(6, "0-0:14.0.1", 4, M)
    assert desk.set(6, "0-0:14.0.1", 4, octets.string(mask), M) == 250
    assert desk.get(6, "0-0:14.0.1", 4, M) == before


@pytest.mark.parametrize("script", [0, 9, 10, 256, 65535])
def test_a_script_that_is_none(desk, script):
    before = desk.get(6, "0-0:14.0.1", 4, M)
    result = desk.act(9, "0-0:10.0.100", 1, octets.number("long-unsigned", script), M)
    assert result == 0 if script == 0 else result != 0
    assert desk.get(6, "0-0:14.0.1", 4, M) == before


def test_an_unconfirmed_request_is_done_in_silence(desk):
    request = octets.action(9, "0-0:10.0.100", 1, octets.number("long-unsigned", 7), invoke=0x81)
    assert desk.silent(octets.frame(request, M))
    assert desk.get(6, "0-0:14.0.1", 4, M) == (0, (9, b"0007"))
    assert desk.silent(octets.frame(octets.set_(6, "0-0:14.0.1", 4, octets.string(b"0001"), invoke=0x01), M))
    assert desk.get(6, "0-0:14.0.1", 4, M) == (0, (9, b"0001"))


def test_the_scripts_are_told(still):
    with still.peer("management") as peer:
        item = peer.fill(GXDLMSScriptTable("0.0.10.0.100.255"), [2])
    assert sorted(script.id for script in item.scripts) == list(range(1, 9))


def test_a_switched_rate_outlives_the_meter(yard, gate):
    name = f"rate-{gate}"
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    with octets.Line(meter.address) as line:
        line.associate(M, meter.password("management"))
        assert line.act(9, "0-0:10.0.100", 1, octets.number("long-unsigned", 6), M) == 0
    assert meter.interrupt() == 0
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    with octets.Line(meter.address) as line:
        line.associate(M, meter.password("management"))
        assert line.get(6, "0-0:14.0.1", 4, M)[1][1] == b"0006"


def test_a_request_that_is_cut_changes_nothing(desk):
    before = clock(desk)[0]
    whole = octets.set_(8, "0-0:1.0.0", 2, octets.string(date_time(datetime.datetime(2031, 1, 1), 0)))
    for length in range(1, len(whole)):
        answer = desk.ask(whole[:length], M)
        assert answer[:1] == b"\xd8" or answer[:1] == b"\xc5" and answer[3] != 0, whole[:length].hex()
    longer = desk.ask(whole + b"\x00", M)
    assert longer[:1] == b"\xd8" or longer[3] != 0
    assert -TICK <= (clock(desk)[0] - before).total_seconds() <= 5


def test_a_list_of_writes_answers_each_or_refuses_whole(desk):
    when = octets.string(date_time(datetime.datetime(2026, 9, 9, 9, 9, 9), 0))
    answer = desk.ask(octets.set_list([(8, "0-0:1.0.0", 2, when), (3, "1-0:1.8.0", 2, octets.number("unsigned", 0)),
                                       (1, "9-9:9.9.9", 2, octets.number("unsigned", 0))]), M)
    utc, _, _ = clock(desk)
    if answer[:2] == b"\xc5\x05":
        assert answer[3:] == b"\x03\x00\x03\x04"
        assert -TICK <= (utc - datetime.datetime(2026, 9, 9, 9, 9, 9, tzinfo=UTC)).total_seconds() <= 3
    else:
        assert answer[:1] == b"\xd8"
        assert utc.month != 9


def test_the_password_is_changed_by_management(yard, gate):
    name = f"password-{gate}"
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    old, new = meter.password("level1"), b"changed1"
    with octets.Line(meter.address) as line:
        line.associate(M, meter.password("management"))
        result = line.set(15, "0-0:40.0.4", 7, octets.string(new), M)
        if result == 3:
            pytest.skip("this meter does not let management change secrets yet")
        assert result == 0
    with octets.Line(meter.address) as line:
        assert octets.Aare(line.ask(octets.aarq(old), SAP["level1"])).diagnostic == 13
        line.associate(SAP["level1"], new)
    meter.kill()
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    with octets.Line(meter.address) as line:
        line.associate(SAP["level1"], new)


@pytest.mark.command_only("it mixes images of the file that the command keeps")
def test_lost_passwords_open_nothing(yard, gate):
    """Both copies of the record are spoilt: the meter runs, and neither old, new, factory's nor empty password is one."""
    name = f"lost-{gate}"
    fram = yard.state(name) / "fram"
    images = []
    for words in ((b"changed3",), (b"changed2", b"changed1")):
        meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
        factory, new = meter.password("level1") if not images else factory, words[-1]
        with octets.Line(meter.address) as line:
            line.associate(M, meter.password("management"))
            for word in words:
                assert line.set(15, "0-0:40.0.4", 7, octets.string(word), M) == 0
        assert meter.interrupt() == 0
        images.append(fram.read_bytes())
    for word in (factory, b"changed1", b"changed2", b"changed3"):
        assert word not in images[0] and word not in images[1], "a password can be read in the FRAM"
    # Written twice since the first image: whatever lies there in two copies has lost both.
    image = bytearray(images[1])
    for at in range(FRAM_HEAD, len(image)):
        image[at] ^= 0x55 if image[at] != images[0][at] else 0
    fram.write_bytes(image)
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    with octets.Line(meter.address) as line:
        for password in (new, factory, b"changed3", b"", b"\x00"):
            aare = octets.Aare(line.ask(octets.aarq(password, mechanism=1), SAP["level1"]))
            assert (aare.result, aare.diagnostic) == (1, 13), password
        assert octets.Aare(line.ask(octets.aarq(b"", mechanism=1), M)).diagnostic == 13
        line.associate()
        assert line.get(1, "0-0:42.0.0", 2)[0] == 0


def test_gurux_reports_the_refusal(still):
    with still.peer("public") as peer:
        with pytest.raises(peers.Refused) as refusal:
            peer.exchange(GXDLMSClock().shiftTime(peer.gurux, 5))
        assert refusal.value.code == 3
