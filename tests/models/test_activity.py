# SPDX-License-Identifier: Apache-2.0
"""Scripts, special days, calendars, monitors and single actions: Gurux.DLMS writes them, the firmware's codecs take and give them,
Gurux.DLMS reads what came back and finds what it wrote."""

import datetime
import os
import pathlib
import subprocess

import pytest
from gurux_dlms import GXByteBuffer, GXDate, GXDateTime, GXDLMSClient, GXTime, ValueEventArgs
from gurux_dlms.enums import DataType, DateTimeSkips, ObjectType
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects import (GXDLMSActionSchedule, GXDLMSActivityCalendar, GXDLMSDayProfile, GXDLMSDayProfileAction,
                                GXDLMSRegisterMonitor, GXDLMSScript, GXDLMSScriptAction, GXDLMSScriptTable, GXDLMSSeasonProfile,
                                GXDLMSSpecialDay, GXDLMSSpecialDaysTable, GXDLMSWeekProfile)
from gurux_dlms.objects.GXDLMSActionSet import GXDLMSActionSet

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = "0.0.10.0.100.255"
OK, TYPE, RANGE = 0, 5, 6  # quadrant/status.h


def program():
    build = pathlib.Path(os.environ.get("QD_BUILD", "build/host"))
    build = build if build.is_absolute() else ROOT / build
    return build / "bin" / "vectors_activity"


@pytest.fixture(scope="module")
def settings():
    return GXDLMSClient(True).settings


def again(shape, octets):
    """Status and octets of one record that went through the firmware's codec."""
    done = subprocess.run([program(), "-"], input=f"{shape} {octets.hex()}\n", capture_output=True, text=True, check=True, timeout=20)
    status, _, digits = done.stdout.strip().partition(" ")
    return int(status), bytes.fromhex(digits)


def size_of(octets):
    """Octets of the first element, by its tags."""
    tag, at = octets[0], 1
    if tag in (1, 2):
        count, at = octets[1], 2
        for _ in range(count):
            at += size_of(octets[at:])
        return at
    if tag in (9, 10):
        return 2 + octets[1]
    return at + {0: 0, 3: 1, 5: 4, 6: 4, 15: 1, 16: 2, 17: 1, 18: 2, 20: 8, 21: 8, 22: 1}[tag]


def records(value):
    """The elements of an array. Gurux puts the action sets of a monitor into a structure, so that either head will do."""
    value = bytes(value.array() if isinstance(value, GXByteBuffer) else value)
    assert value[0] in (1, 2) and value[1] < 0x80
    at, rows = 2, []
    for _ in range(value[1]):
        rows.append(value[at:at + size_of(value[at:])])
        at += len(rows[-1])
    assert at == len(value)
    return rows


def through(shape, settings, source, index, target):
    """Attribute index of source, record by record through the codec, into target. Returns both as octets."""
    value = source.getValue(settings, ValueEventArgs(settings, source, index))
    rows = records(value)
    assert rows
    for row in rows:
        assert again(shape, row) == (OK, row)
    head = bytes([1, len(rows)])
    back = head + b"".join(again(shape, row)[1] for row in rows)
    event = ValueEventArgs(settings, target, index)
    event.value = _GXCommon.getData(settings, GXByteBuffer(back), _GXDataInfo())
    target.setValue(settings, event)
    return rows


def text(value):
    return value.decode() if isinstance(value, (bytes, bytearray)) else value


def test_scripts(settings):
    table, back = GXDLMSScriptTable(SCRIPTS), GXDLMSScriptTable(SCRIPTS)
    for number in (1, 2, 65535):
        script = GXDLMSScript()
        script.id = number
        for index, (kind, parameter) in enumerate([(DataType.OCTET_STRING, b"0001"), (DataType.INT8, -1), (DataType.UINT16, 700),
                                                   (DataType.NONE, None), (DataType.INT64, -2**62)][:number % 5 + 1]):
            action = GXDLMSScriptAction()
            action.type_ = 1 + index % 2
            action.objectType, action.logicalName, action.index = ObjectType.REGISTER_ACTIVATION, "0.0.14.0.1.255", 4 - index
            action.target = None
            action.parameterDataType, action.parameter = kind, parameter
            script.actions.append(action)
        table.scripts.append(script)
    through("script", settings, table, 2, back)
    assert [script.id for script in back.scripts] == [1, 2, 65535]
    for one, other in zip(table.scripts, back.scripts):
        assert [(int(a.type_), a.index, a.parameter) for a in one.actions] == [(int(a.type_), a.index, a.parameter) for a in other.actions]
        assert {a.target.logicalName for a in other.actions} == {"0.0.14.0.1.255"}


def day_of(year, month, day):
    date = GXDate(datetime.datetime(year, month, day))
    date.skip |= DateTimeSkips.DAY_OF_WEEK
    return date


def test_special_days(settings):
    table, back = GXDLMSSpecialDaysTable("0.0.11.0.0.255"), GXDLMSSpecialDaysTable("0.0.11.0.0.255")
    for number in range(31):
        entry = GXDLMSSpecialDay()
        entry.index, entry.date, entry.dayId = number * 2000, day_of(2026 + number, number % 12 + 1, number % 28 + 1), number * 8
        table.entries.append(entry)
    rows = through("special_day", settings, table, 2, back)
    assert len(rows) == 31
    for number, entry in enumerate(back.entries):
        assert (entry.index, entry.dayId) == (number * 2000, number * 8)
        assert (entry.date.value.year, entry.date.value.month, entry.date.value.day) == (2026 + number, number % 12 + 1, number % 28 + 1)


def time_of(hour, minute):
    return GXTime(datetime.datetime(2026, 1, 1, hour, minute))


def week_of(number):
    week = GXDLMSWeekProfile()
    week.name = f"W{number}".encode()
    for day, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]):
        setattr(week, name, number * 7 + day)
    return week


def calendar():
    one = GXDLMSActivityCalendar("0.0.13.0.0.255")
    one.seasonProfilePassive = []
    for number in range(8):
        start = GXDateTime(datetime.datetime(2026, number + 1, 1 + number))
        start.skip |= DateTimeSkips.YEAR | DateTimeSkips.DAY_OF_WEEK | DateTimeSkips.DEVITATION
        one.seasonProfilePassive.append(GXDLMSSeasonProfile(f"S{number}".encode(), start, f"W{number}".encode()))
    one.weekProfileTablePassive = [week_of(number) for number in range(8)]
    one.dayProfileTablePassive = []
    for number in range(24):
        actions = [GXDLMSDayProfileAction(time_of(step // 2, step % 2 * 30), SCRIPTS, step % 8 + 1) for step in range(number * 2 + 1)]
        one.dayProfileTablePassive.append(GXDLMSDayProfile(number, actions))
    return one


def test_seasons_and_weeks(settings):
    one, back = calendar(), GXDLMSActivityCalendar("0.0.13.0.0.255")
    through("season", settings, one, 7, back)
    assert [text(s.weekName) for s in back.seasonProfilePassive] == [f"W{n}" for n in range(8)]
    assert [(s.start.value.month, s.start.value.day) for s in back.seasonProfilePassive] == [(n + 1, n + 1) for n in range(8)]
    through("week", settings, one, 8, back)
    assert [(w.monday, w.thursday, w.sunday) for w in back.weekProfileTablePassive] == [(7 * n, 7 * n + 3, 7 * n + 6) for n in range(8)]


def test_days(settings):
    one, back = calendar(), GXDLMSActivityCalendar("0.0.13.0.0.255")
    rows = through("day", settings, one, 9, back)
    assert len(rows) == 24
    for number, day in enumerate(back.dayProfileTablePassive):
        assert day.dayId == number and len(day.daySchedules) == number * 2 + 1
        assert [(a.startTime.value.hour, a.startTime.value.minute, a.scriptSelector) for a in day.daySchedules] == [
            (step // 2, step % 2 * 30, step % 8 + 1) for step in range(number * 2 + 1)]


def test_register_monitor(settings):
    one, back = GXDLMSRegisterMonitor("0.0.16.0.0.255"), GXDLMSRegisterMonitor("0.0.16.0.0.255")
    one.monitoredValue.objectType, one.monitoredValue.logicalName, one.monitoredValue.attributeIndex = ObjectType.REGISTER, "1.0.1.7.0.255", 2
    one.actions = []
    for number in range(8):
        actions = GXDLMSActionSet()
        actions.actionUp.logicalName, actions.actionUp.scriptSelector = SCRIPTS, number
        actions.actionDown.logicalName, actions.actionDown.scriptSelector = "0.0.10.0.106.255", 65535 - number
        one.actions.append(actions)
    rows = through("action_set", settings, one, 4, back)
    assert [(a.actionUp.scriptSelector, a.actionDown.scriptSelector, a.actionDown.logicalName) for a in back.actions] == [
        (n, 65535 - n, "0.0.10.0.106.255") for n in range(8)]
    assert len(rows) == 8
    value = bytes(one.getValue(settings, ValueEventArgs(settings, one, 3)).array())
    assert again("value_definition", value) == (OK, value)
    for kind, number in ((DataType.INT32, -5), (DataType.UINT32, 2**32 - 1), (DataType.INT64, -2**63), (DataType.UINT16, 7), (DataType.UINT64, 2**64 - 1)):
        data = GXByteBuffer()
        _GXCommon.setData(settings, data, kind, number)
        assert again("threshold", bytes(data.array())) == (OK, bytes(data.array()))


def test_single_action(settings):
    one, back = GXDLMSActionSchedule("0.0.15.0.0.255"), GXDLMSActionSchedule("0.0.15.0.0.255")
    one.target, one.executedScriptSelector = GXDLMSScriptTable("0.0.10.0.1.255"), 1
    one.executionTime = []
    for number in range(16):
        when = GXDateTime(datetime.datetime(2026, 1 + number % 12, 1, number, 30))
        when.skip |= DateTimeSkips.YEAR | DateTimeSkips.DAY_OF_WEEK
        one.executionTime.append(when)
    through("execution_time", settings, one, 4, back)
    assert [(t.value.month, t.value.hour, t.value.minute) for t in back.executionTime] == [(1 + n % 12, n, 30) for n in range(16)]
    value = bytes(one.getValue(settings, ValueEventArgs(settings, one, 2)))
    assert again("script_ref", value) == (OK, value)


def test_more_than_a_record_takes(settings):
    one = calendar()
    actions = [GXDLMSDayProfileAction(time_of(step // 4, step % 4 * 15), SCRIPTS, 1) for step in range(49)]
    one.dayProfileTablePassive = [GXDLMSDayProfile(1, actions)]
    row = records(one.getValue(settings, ValueEventArgs(settings, one, 9)))[0]
    status, _ = again("day", row)
    assert status == RANGE
