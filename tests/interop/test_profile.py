# SPDX-License-Identifier: Apache-2.0
"""Event log and integrity journal with Gurux: what is in them, ranges and entries against a filter of the whole buffer."""

import datetime
import json
import pathlib
import re
import sys
import time

import meter as meters
import octets
import peer as peers
import pytest
from gurux_dlms import GXDateTime
from gurux_dlms.objects import GXDLMSClock, GXDLMSProfileGeneric

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))

import deviant  # noqa: E402  (needs the path above)

SAP = meters.CLIENTS
LOG, JOURNAL = "0-0:99.98.0", "0-0:99.98.128"
POWER_DOWN, POWER_UP, CLOCK_OLD, CLOCK_NEW, WRONG_PASSWORD, PARAMETER, CLEARED = 1, 2, 4, 5, 46, 47, 255
UTC = datetime.timezone.utc


def stamp(text):
    """The instant of a COSEM date-time, UTC."""
    year, deviation = int.from_bytes(text[0:2], "big"), int.from_bytes(text[9:11], "big", signed=True)
    civil = datetime.datetime(year, text[2], text[3], text[5], text[6], text[7], tzinfo=UTC)
    assert civil.isoweekday() == text[4]
    return civil + datetime.timedelta(minutes=deviation)


def rows_of(element):
    """(instant, other columns...) of a buffer."""
    return [(stamp(row[0]), *row[1:]) for row in octets.plain(element)]


def read(line, name=LOG, client="management", selection=b"\x00"):
    answer = octets.Get(line.ask(octets.get(7, name, 2, selection=selection), SAP[client]))
    data, number = b"", 1
    while answer.kind == 2:
        assert answer.result == 0 and answer.block == number
        data += answer.data
        if answer.last:
            return rows_of(octets.whole(data))
        answer = octets.Get(line.ask(octets.get_next(number), SAP[client]))
        number += 1
    assert answer.result == 0
    return rows_of(octets.whole(answer.data))


def date_time(instant, deviation=0):
    civil = instant - datetime.timedelta(minutes=deviation)
    return (civil.year.to_bytes(2, "big") + bytes([civil.month, civil.day, 0xFF, civil.hour, civil.minute, civil.second, 0xFF])
            + deviation.to_bytes(2, "big", signed=True) + b"\xff")


def column(class_id, name):
    return octets.structure(octets.number("long-unsigned", class_id), octets.string(octets.obis(name)),
                            octets.number("integer", 2), octets.number("long-unsigned", 0))


def by_range(first, last, *columns, deviation=0):
    return b"\x01\x01" + octets.structure(column(8, "0-0:1.0.0"), octets.string(date_time(first, deviation)),
                                          octets.string(date_time(last, deviation)), octets.array(*columns))


def by_entry(first, last):
    return b"\x01\x02" + octets.structure(octets.number("double-long-unsigned", first), octets.number("double-long-unsigned", last),
                                          octets.number("long-unsigned", 1), octets.number("long-unsigned", 0))


def set_clock(peer, instant):
    clock = GXDLMSClock("0.0.1.0.0.255")
    clock.time = GXDateTime(instant)
    peer.write(clock, 2)


@pytest.fixture(scope="module")
def busy(yard, gate):
    """A meter whose clock was set forward and back, into whose log some more went, and that was switched off and on."""
    name = f"busy-{gate}"
    meter = yard.start(name=name, load=meters.zero_load(), gate=gate)
    address, password = meter.address, meter.password("management")
    with peers.Peer(address, SAP["management"], password) as peer:
        for hours in (5, 30, 2, 26, 50, 49):
            set_clock(peer, datetime.datetime(2026, 1, 1, tzinfo=UTC) + datetime.timedelta(hours=hours))
        for _ in range(12):
            clock = GXDLMSClock("0.0.1.0.0.255")
            clock.timeZone = -60
            peer.write(clock, 3)
    assert meter.interrupt() == 0
    time.sleep(1.5)
    return yard.start(name=name, load=meters.zero_load(), gate=gate)


@pytest.fixture(scope="module")
def line(busy):
    with octets.Line(busy.address) as line:
        line.associate(SAP["management"], busy.password("management"))
        yield line


@pytest.fixture(scope="module")
def whole(line):
    return read(line)


def test_what_happened_is_in_the_log(whole):
    codes = [row[1] for row in whole]
    assert codes[0] == POWER_UP
    assert codes.count(CLOCK_OLD) == codes.count(CLOCK_NEW) == 6
    assert codes.count(PARAMETER) == 12
    assert codes[-2:] == [POWER_DOWN, POWER_UP]
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    new = [row[0] for row in whole if row[1] == CLOCK_NEW]
    assert new == [start + datetime.timedelta(hours=hours) for hours in (5, 30, 2, 26, 50, 49)]
    old = [row[0] for row in whole if row[1] == CLOCK_OLD]
    for before, after in zip(new, old[1:]):
        assert datetime.timedelta(0) <= after - before < datetime.timedelta(seconds=20)
    down, up = whole[-2][0], whole[-1][0]
    assert datetime.timedelta(0) <= up - down < datetime.timedelta(seconds=20)


def test_the_object_says_what_it_is(busy, whole):
    with peers.Peer(busy.address, SAP["management"], busy.password("management")) as peer:
        profile = GXDLMSProfileGeneric("0.0.99.98.0.255")
        peer.fill(profile, [3, 4, 5, 7, 8])
        names = [(int(item.objectType), item.logicalName, shape.attributeIndex) for item, shape in profile.captureObjects]
        assert names == [(8, "0.0.1.0.0.255", 2), (1, "0.0.96.11.0.255", 2), (1, "0.0.97.97.0.255", 2)]
        assert int(profile.capturePeriod) == 0 and int(profile.sortMethod) == 1
        assert int(profile.entriesInUse) == len(whole) and int(profile.profileEntries) == 500


def test_gurux_reads_the_buffer(busy, whole):
    with peers.Peer(busy.address, SAP["management"], busy.password("management")) as peer:
        profile = peer.fill(GXDLMSProfileGeneric("0.0.99.98.0.255"), [3, 2])
        assert [int(row[1]) for row in profile.buffer] == [row[1] for row in whole]


@pytest.mark.parametrize(("index", "count"), [(1, 1), (1, 5), (3, 4), (7, 0), (1, 0), (20, 400), (400, 3)])
def test_gurux_reads_by_entry(busy, whole, index, count):
    with peers.Peer(busy.address, SAP["management"], busy.password("management")) as peer:
        profile = peer.fill(GXDLMSProfileGeneric("0.0.99.98.0.255"), [3])
        reply = peer.exchange(peer.gurux.readRowsByEntry(profile, index, count))
        peer.gurux.updateValue(profile, 2, reply.value)
        want = whole[index - 1 :] if count == 0 else whole[index - 1 : index - 1 + count]
        assert [int(row[1]) for row in profile.buffer] == [row[1] for row in want]


@pytest.mark.parametrize(("first", "last"), [(0, 100), (4, 6), (5, 5), (26, 49), (30, 31), (60, 70), (50, 49)])
def test_gurux_reads_by_range(busy, whole, first, last):
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    first, last = (start + datetime.timedelta(hours=hours) for hours in (first, last))
    with peers.Peer(busy.address, SAP["management"], busy.password("management")) as peer:
        profile = peer.fill(GXDLMSProfileGeneric("0.0.99.98.0.255"), [3])
        reply = peer.exchange(peer.gurux.readRowsByRange(profile, first, last))
        peer.gurux.updateValue(profile, 2, reply.value)
        want = [row[1] for row in whole if first <= row[0] <= last]
        assert [int(row[1]) for row in profile.buffer] == want


@pytest.mark.parametrize("pdu", [64, 128, 0xFFFF])
def test_ranges_are_a_filter_of_the_buffer(busy, whole, pdu):
    """Every instant that occurs, and those beside it, as either bound."""
    instants = sorted({row[0] for row in whole})
    beside = datetime.timedelta(seconds=1)
    with octets.Line(busy.address) as line:
        line.associate(SAP["management"], busy.password("management"), pdu=pdu)
        for i, first in enumerate(instants[:: 3 if pdu == 64 else 1]):
            for low in (first - beside, first, first + beside):
                last = instants[(i * 7) % len(instants)]
                want = [row for row in whole if low <= row[0] <= last]
                assert read(line, selection=by_range(low, last)) == want
                assert read(line, selection=by_range(low, last, deviation=-120)) == want


def test_entries_are_a_part_of_the_buffer(busy, whole, line):
    for first in (1, 2, len(whole), len(whole) + 1):
        for last in (0, 1, first, first + 3, len(whole)):
            want = whole[first - 1 :] if last == 0 else whole[first - 1 : last]
            assert read(line, selection=by_entry(first, last)) == want


def test_columns_come_in_the_order_wanted(line, whole):
    chosen = by_range(whole[0][0], whole[0][0], column(1, "0-0:96.11.0"), column(8, "0-0:1.0.0"))
    rows = octets.plain(octets.whole(octets.Get(line.ask(octets.get(7, LOG, 2, selection=chosen), SAP["management"])).data))
    assert all(len(row) == 2 for row in rows)
    assert [(stamp(row[1]), row[0]) for row in rows] == [row[:2] for row in whole if row[0] == whole[0][0]]


def test_the_journal_by_range_and_entry(busy, line):
    journal = read(line, JOURNAL)
    assert [row[1] for row in journal] == list(range(journal[0][1], journal[0][1] + len(journal)))
    assert [row[2] for row in journal].count(3) >= 6  # the clock was set
    assert read(line, JOURNAL, selection=by_entry(2, 4)) == journal[1:4]
    low, high = journal[2][0], journal[-3][0]
    assert read(line, JOURNAL, selection=by_range(low, high)) == [row for row in journal if low <= row[0] <= high]


def test_wrong_passwords_count_but_have_no_log_yet(busy, line):
    """They belong to the fraud log; the standard one does not change."""
    before = len(read(line))
    with octets.Line(busy.address) as other:
        for _ in range(3):
            other.ask(octets.aarq(b"wrong-password", 1), SAP["level1"])
    assert line.get(1, "0-0:96.11.1", 2, SAP["management"])[1][1] == WRONG_PASSWORD
    assert len(read(line)) == before


def test_rights(busy):
    with octets.Line(busy.address) as line:
        line.associate(SAP["public"])
        assert line.get(7, LOG, 2, SAP["public"])[0] == 4
        line.associate(SAP["level3"], busy.password("level3"))
        assert line.get(7, LOG, 7, SAP["level3"])[0] == 0
        assert line.ask(octets.action(7, LOG, 1, octets.number("integer", 0)), SAP["level3"])[3] == 3


def test_the_command_reads_the_log(busy, whole):
    words = ("events", busy.uri, "--as", "management", "--json")
    status, out, err = meters.quadrant(*words, password="management-0001")
    assert status == 0, err
    rows = [json.loads(text) for text in out.splitlines()]
    assert [row["code"] for row in rows[: len(whole)]] == [row[1] for row in whole]
    assert rows[0]["name"] == "power up" and "outage_s" in rows[len(whole) - 1]
    status, out, _ = meters.quadrant(*words, "--entries", "2:4", password="management-0001")
    assert [json.loads(text)["code"] for text in out.splitlines()] == [row[1] for row in whole[1:4]]
    status, out, _ = meters.quadrant(*words, "--from", "2026-01-01T05:00:00Z", "--to", "2026-01-01T05:00:00Z", password="management-0001")
    wanted = datetime.datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert [json.loads(text)["code"] for text in out.splitlines()] == [row[1] for row in whole if row[0] == wanted]
    status, out, _ = meters.quadrant("events", busy.uri, "journal", "--as", "management", password="management-0001")
    assert status == 0 and "clock set" in out
    assert meters.quadrant("events", busy.uri, "nonsense")[0] == 2
    assert meters.quadrant("events", busy.uri, "--entries", "0:1")[0] == 2
    assert meters.quadrant("events", busy.uri)[0] == 1  # public has no log


@pytest.mark.command_only("about the command, not the meter")
def test_the_command_sees_that_nothing_was_selected(busy, whole):
    with deviant.Proxy("selection-ignored", busy.address) as proxy:
        for words in (("events",), ("profile", LOG)):
            words = (words[0], proxy.uri, *words[1:], "--as", "management", "--entries", "2:4")
            status, out, err = meters.quadrant(*words, password="management-0001")
            assert status == 4 and not out, words
            assert re.search(r"\d+ rows came for entries 2 to 4: the meter does not select", err)


def test_clearing_leaves_one_entry(busy):
    """The last test: it empties the log."""
    with octets.Line(busy.address) as line:
        line.associate(SAP["management"], busy.password("management"))
        assert line.ask(octets.action(7, LOG, 1, octets.number("integer", 0)), SAP["management"])[3] == 0
        rows = read(line)
        assert [row[1] for row in rows] == [CLEARED]
        assert line.get(7, LOG, 7, SAP["management"])[1] == (6, 1)
