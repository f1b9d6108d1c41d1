# SPDX-License-Identifier: Apache-2.0
"""What each client sees, what it may, and that everything it may read can be read."""

import meter as meters
import model
import octets
import peer as peers
import pytest
from gurux_dlms.enums import AccessMode, MethodAccessMode

SAP = meters.CLIENTS


def object_list(line, client):
    """The list in octets: [(class, version, name, {attribute: mode}, {method: mode})]."""
    result, element = line.get(15, "0-0:40.0.0", 2, SAP[client])
    assert result == 0
    rows = []
    for class_id, version, name, (attributes, methods) in octets.plain(element):
        rows.append((class_id, version, octets.name(name), {row[0]: row[1] for row in attributes},
                     {row[0]: row[1] for row in methods}))
    return rows


@pytest.fixture(scope="module")
def lists(site):
    found = {}
    for client in ("public", "management", "level1", "level2", "level3"):
        with site.line(client) as line:
            found[client] = object_list(line, client)
    return found


def names(rows):
    return {(row[0], row[2]) for row in rows}


def test_public_sees_its_objects_and_no_other(lists):
    seen = names(lists["public"])
    assert seen - model.PUBLIC_LATER == model.PUBLIC


def test_the_list_agrees_with_gurux(site, lists):
    for client in ("public", "level1", "management"):
        with site.peer(client) as peer:
            listed = peers.listing(peer.objects())
        assert set(listed) == names(lists[client])
        for class_id, version, name, attributes, methods in lists[client]:
            item = listed[class_id, name]
            assert int(item.version) == version
            for index, mode in attributes.items():
                assert item.getAccess(index) == AccessMode(mode)
            for index, mode in methods.items():
                assert item.getMethodAccess(index) == MethodAccessMode(mode)


@pytest.mark.parametrize("client", ["public", "management", "level1", "level2", "level3"])
def test_every_object_is_there_once_with_all_its_attributes(lists, client):
    rows = lists[client]
    assert len(names(rows)) == len(rows)
    for class_id, version, name, attributes, methods in rows:
        assert version == model.VERSIONS[class_id], name
        assert set(attributes) == set(range(1, model.ATTRIBUTES[class_id] + 1)), name
        assert set(methods) <= set(range(1, model.METHODS[class_id] + 1)), name


@pytest.mark.parametrize("client", ["management", "level1", "level2", "level3"])
def test_the_model_is_all_there(lists, client):
    seen = names(lists[client])
    want = {(3, name) for name in model.registers()} | model.IDENTITY | model.OTHER
    assert want - seen == set()


def test_everybody_but_public_sees_the_same_objects(lists):
    for client in ("level1", "level2", "level3"):
        assert names(lists[client]) == names(lists["management"])


def readable(mode):
    return mode in (1, 3)


def writable(mode):
    return mode in (2, 3)


def test_rights_of_public_are_read_only(lists):
    for _, _, name, attributes, methods in lists["public"]:
        assert not any(writable(mode) for mode in attributes.values()), name
        assert not any(methods.values()), name
    assert not any(readable(row[3].get(7, 0)) for row in lists["public"] if row[0] == 15)


# What a client at the meter's own ports may: write and execute, by class. The rest is read only, but for level 3 a limit, the
# error register and the set-up of the lines.
MAY = {"level1": {8}, "level2": {6, 8, 9}, "level3": {6, 8, 9}}
LOCALLY_WRITABLE = {"1-0:0.9.11.255", "0-0:97.97.0.255", "0-0:20.0.0.255", "0-0:20.0.1.255", "0-0:22.0.0.255", "0-1:22.0.0.255",
                    "0-2:22.0.0.255", "0-0:25.0.0.255"}


@pytest.mark.parametrize("client", ["level1", "level2", "level3"])
def test_rights_of_the_levels(lists, client):
    for class_id, _, name, attributes, methods in lists[client]:
        writes = any(writable(mode) for mode in attributes.values())
        runs = any(methods.values())
        if name in LOCALLY_WRITABLE:
            assert writes == (client == "level3") and not runs
        elif class_id in MAY[client]:
            assert runs and (writes or class_id == 9), name
        else:
            assert not writes and not runs, name
        for index, mode in attributes.items():
            assert readable(mode) or (class_id, index) in model.SECRET, (name, index)


def test_rights_of_management(lists):
    rows = {row[2]: row for row in lists["management"]}
    assert writable(rows["0-0:1.0.0.255"][3][2])
    assert rows["0-0:1.0.0.255"][4][6] == 1
    assert rows["0-0:10.0.100.255"][4][1] == 1
    assert writable(rows["0-0:14.0.1.255"][3][4])
    for name, row in rows.items():
        if row[0] == 3:
            assert name in LOCALLY_WRITABLE or not any(writable(mode) for mode in row[3].values()), name
            assert not any(row[4].values()), f"{name}: reset of a legal register"


@pytest.mark.parametrize("client", ["public", "management", "level1", "level2", "level3"])
def test_every_right_in_the_list_is_the_right_there_is(site, lists, client):
    """Readable attributes answer; the others refuse; the next one behind the last does not exist."""
    wrong = []
    with site.line(client) as line:
        for class_id, _, name, attributes, _ in lists[client]:
            for index, mode in attributes.items():
                result, element = line.get(class_id, name, index, SAP[client])
                want = {0, 11} if readable(mode) else {3}
                if result not in want:
                    wrong.append((name, index, mode, result))
                elif result == 0:
                    types = model.TYPES.get(class_id, {}).get(index)
                    if types and element[0] not in types:
                        wrong.append((name, index, "type", element[0]))
                    if index == 1 and (element[0] != 9 or octets.name(element[1]) != name):
                        wrong.append((name, index, "name", element))
            result, _ = line.get(class_id, name, model.ATTRIBUTES[class_id] + 1, SAP[client])
            if result != 4:
                wrong.append((name, model.ATTRIBUTES[class_id] + 1, "none", result))
    assert not wrong


def test_level1_reads_every_register_with_gurux(site):
    with site.peer("level1") as peer:
        listed = peers.listing(peer.objects())
        for name, (unit, scaler, _) in model.registers().items():
            item = peer.fill(listed[3, name], [2, 3])
            # Gurux keeps the scaler as a factor and presents the value scaled.
            assert int(item.unit) == unit, name
            assert item.scaler == pytest.approx(10.0 ** scaler), name
            assert item.value is not None, name
        for (class_id, name), item in listed.items():
            # A buffer can be read when its columns are known.
            for index in sorted(item.getAttributeIndexToRead(True), key=lambda index, buffer=class_id == 7: buffer and index == 2):
                if item.getAccess(index) in (AccessMode.READ, AccessMode.READ_WRITE) and class_id != 15:
                    peer.fill(item, [index])


def test_types_of_registers(site):
    with site.line("level1") as line:
        for name, (unit, scaler, kind) in model.registers().items():
            result, element = line.get(3, name, 2, SAP["level1"])
            assert result == 0, name
            assert element[0] == kind, (name, element)
            result, element = line.get(3, name, 3, SAP["level1"])
            assert (result, element) == (0, (2, [(15, scaler), (22, unit)])), name


def test_public_is_refused_everything_else(site, lists):
    hidden = names(lists["management"]) - names(lists["public"])
    assert len(hidden) > 100
    with site.line("public") as line:
        for class_id, name in sorted(hidden):
            for index in (1, 2):
                assert line.get(class_id, name, index)[0] == 4, name
            assert line.set(class_id, name, 2, octets.number("unsigned", 0)) == 4, name
        with site.peer() as peer, pytest.raises(peers.Refused) as refusal:
            peer.register("1-0:1.8.0")
        assert refusal.value.code == 4


def test_the_wrong_class_is_said_so(site):
    with site.line("level1") as line:
        for class_id, name in ((1, "1-0:1.8.0"), (3, "0-0:1.0.0"), (8, "0-0:42.0.0"), (4, "1-0:1.8.0"), (999, "0-0:42.0.0")):
            assert line.get(class_id, name, 2, SAP["level1"])[0] == 9, name


def test_what_is_not_there(site):
    with site.line("level1") as line:
        for class_id, name, index in ((3, "1-0:1.8.9", 2), (3, "1-0:1.8.0.254", 2), (3, "1-0:1.8.3.100", 2),
                                      (3, "1-0:1.8.8.0", 2), (1, "9-9:99.99.99", 2), (3, "1-0:1.8.0", 99), (3, "1-0:1.8.0", -1)):
            assert line.get(class_id, name, index, SAP["level1"])[0] == 4, name


def test_a_register_offers_no_selection(site):
    with site.line("level1") as line:
        answer = line.ask(octets.get(3, "1-0:1.8.0", 2, selection=b"\x01\x01\x00"), SAP["level1"])
        assert octets.Get(answer).result == 13


def test_the_object_list_offers_selections_or_says_so(site):
    selector = {1: b"\x00", 2: octets.array(octets.number("long-unsigned", 8)),
                4: octets.structure(octets.number("long-unsigned", 8), octets.string(octets.obis("0-0:1.0.0")))}
    with site.line("level1") as line:
        for number, data in selector.items():
            answer = octets.Get(line.ask(octets.get(15, "0-0:40.0.0", 2, selection=bytes([1, number]) + data), SAP["level1"]))
            assert answer.result in (0, 13)
            if answer.result == 13:
                continue
            if answer.kind == 2:
                line.ask(octets.get_next(answer.block), SAP["level1"])
        answer = octets.Get(line.ask(octets.get(15, "0-0:40.0.0", 2, selection=b"\x01\x09\x00"), SAP["level1"]))
        assert answer.result == 13


def test_identity(site):
    with site.line("public") as line:
        result, (tag, ldn) = line.get(1, "0-0:42.0.0", 2)
        assert result == 0 and tag == 9 and len(ldn) == 16 and ldn[:3].isalpha() and ldn.isalnum()
        result, (tag, serial) = line.get(1, "0-0:96.1.0", 2)
        assert result == 0 and tag == 9 and 1 <= len(serial) <= 16
        for name in ("1-0:0.2.0", "1-1:0.2.0"):
            result, (tag, version) = line.get(1, name, 2)
            assert result == 0 and tag == 9 and version[:3] == b"V03" and len(version) == 7 and version[3:].isdigit()
        result, element = line.get(17, "0-0:41.0.0", 2)
        assert (result, element) == (0, (1, [(2, [(18, 1), (9, ldn)])]))


def test_secrets_are_never_served(site):
    for client in ("management", "level3"):
        with site.line(client) as line:
            secrets = [row["password"] for row in site.clients.values() if row.get("password")]
            for e in range(7):
                assert line.get(15, f"0-0:40.0.{e}", 7, SAP[client])[0] in (3, 4)
                for index in range(1, 10):
                    answer = line.ask(octets.get(15, f"0-0:40.0.{e}", index), SAP[client])
                    assert not any(secret in answer for secret in secrets)


def test_measured_values_are_those_of_the_load(site):
    want = {"1-0:32.7.0": 2300, "1-0:52.7.0": 2300, "1-0:72.7.0": 2300, "1-0:31.7.0": 5000, "1-0:71.7.0": 5000,
            "1-0:1.7.0": 3312, "1-0:2.7.0": 0, "1-0:3.7.0": 966, "1-0:4.7.0": 0, "1-0:16.7.0": 3312, "1-0:15.7.0": 3312,
            "1-0:21.7.0": 1104, "1-0:42.7.0": 0, "1-0:63.7.0": 322, "1-0:90.7.0": 15000, "1-0:14.7.0": 50000,
            "1-0:34.7.0": 50000, "1-0:9.7.0": 3450, "1-0:10.7.0": 0, "1-0:29.7.0": 1150, "1-0:13.7.0": 960,
            "1-0:33.7.0": 960}
    with site.peer("level1") as peer:
        assert peer.registers(want) == want
