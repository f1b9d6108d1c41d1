# SPDX-License-Identifier: Apache-2.0
"""A second client that is not Gurux: dlms-cosem for Python over the wrapper, with its own states, parsers and blocks."""

import contextlib
import datetime

import meter as meters
import pytest
from dlms_cosem import cosem, enumerations, utils
from dlms_cosem.clients.dlms_client import ActionError, DataResultError, DlmsClient
from dlms_cosem.cosem.capture_object import CaptureObject
from dlms_cosem.cosem.selective_access import RangeDescriptor
from dlms_cosem.parsers import AssociationObjectListParser, ProfileGenericBufferParser
from dlms_cosem.protocol.xdlms import SetResponseNormal
from dlms_cosem.time import datetime_from_bytes

SAP = meters.CLIENTS
FACE = enumerations.CosemInterface
LLS = enumerations.AuthenticationMechanism.LLS
UTC = datetime.timezone.utc


def attribute(interface, name, index):
    return cosem.CosemAttribute(interface=interface, instance=cosem.Obis.from_string(name), attribute=index)


@contextlib.contextmanager
def session(site, name="level1", pdu=65535):
    host, port = site.meter.address
    password = site.password(name)
    client = DlmsClient.with_tcp_transport(
        host=host, port=port, client_logical_address=SAP[name], server_logical_address=1,
        authentication_method=None if password is None else LLS, password=password, max_pdu_size=pdu, block_transfer=True)
    with client.session() as client:
        yield client


def value(client, interface, name, index):
    return utils.parse_as_dlms_data(client.get(attribute(interface, name, index)))


def test_public(site):
    with session(site, "public") as client:
        assert len(value(client, FACE.DATA, "0.0.42.0.0.255", 2)) == 16
        with pytest.raises(DataResultError):
            client.get(attribute(FACE.REGISTER, "1.0.1.8.0.255", 2))


def test_registers_with_their_scaler(site):
    with session(site) as client:
        for name, wanted, unit in (("1.0.32.7.0.255", 230.0, 35), ("1.0.31.7.0.255", 5.0, 33), ("1.0.16.7.0.255", 3312.0, 27)):
            scaler, of_unit = value(client, FACE.REGISTER, name, 3)
            assert of_unit == unit
            assert value(client, FACE.REGISTER, name, 2) * 10.0 ** scaler == pytest.approx(wanted, abs=10.0 ** scaler)
        first = value(client, FACE.REGISTER, "1.0.1.8.0.255", 2)
        assert value(client, FACE.REGISTER, "1.0.1.8.0.255", 2) >= first


def test_clock(site):
    with session(site) as client:
        time, status = datetime_from_bytes(value(client, FACE.CLOCK, "0.0.1.0.0.255", 2))
        assert time.astimezone(UTC) - datetime.datetime(2026, 1, 1, tzinfo=UTC) < datetime.timedelta(days=1)
        assert status is None or not status.invalid


@pytest.mark.parametrize("pdu", [128, 500, 65535])
def test_object_list_in_blocks(site, pdu):
    with session(site, pdu=pdu) as client:
        data = client.get(attribute(FACE.ASSOCIATION_LN, "0.0.40.0.0.255", 2))
    objects = AssociationObjectListParser.parse_bytes(data)
    found = {(int(item.interface), item.logical_name.to_string(".")): item.version for item in objects}
    assert len(objects) == len(found) > 100
    assert found[3, "1.0.1.8.0.255"] == 0 and found[8, "0.0.1.0.0.255"] == 0 and (15, "0.0.40.0.0.255") in found


def test_a_list(site):
    rows = [attribute(FACE.DATA, "0.0.42.0.0.255", 2), attribute(FACE.CLOCK, "0.0.1.0.0.255", 3)]
    with session(site) as client:
        answer = client.get_many([cosem.CosemAttributeWithSelection(attribute=row, access_selection=None) for row in rows])
        assert len(answer.response_data) == 2


def test_selective_access_on_the_event_log(site):
    log = attribute(FACE.PROFILE_GENERIC, "0.0.99.98.0.255", 2)
    clock = CaptureObject(cosem_attribute=attribute(FACE.CLOCK, "0.0.1.0.0.255", 2), data_index=0)
    columns = [attribute(FACE.CLOCK, "0.0.1.0.0.255", 2), attribute(FACE.DATA, "0.0.96.11.0.255", 2),
               attribute(FACE.DATA, "0.0.97.97.0.255", 2)]
    begin = datetime.datetime(2025, 12, 31, tzinfo=UTC)
    with session(site, "management") as client:
        whole = ProfileGenericBufferParser(capture_objects=columns, capture_period=0).parse_bytes(client.get(log))
        assert len(whole) >= 1
        for first, last, wanted in ((begin, begin + datetime.timedelta(days=300), len(whole)),
                                    (begin, begin + datetime.timedelta(hours=1), 0)):
            selection = RangeDescriptor(restricting_object=clock, from_value=first, to_value=last, selected_values=None)
            rows = utils.parse_as_dlms_data(client.get(log, access_descriptor=selection))
            assert len(rows) == wanted


def test_set_and_action(site):
    with session(site, "management") as client:
        zone = attribute(FACE.CLOCK, "0.0.1.0.0.255", 3)
        before = client.get(zone)
        answer = client.set(zone, before)
        assert isinstance(answer, SetResponseNormal) and answer.result == enumerations.DataAccessResult.SUCCESS
        assert client.get(zone) == before
        script = cosem.CosemMethod(interface=FACE.SCRIPT_TABLE, instance=cosem.Obis.from_string("0.0.10.0.100.255"), method=1)
        client.action(script, bytes.fromhex("120001"))  # script 1: rate 1
        with pytest.raises(ActionError):
            client.action(script, bytes.fromhex("1203E7"))
    with session(site, "public") as client:
        answer = client.set(zone, before)
        assert answer.result != enumerations.DataAccessResult.SUCCESS


def test_a_wrong_password(site):
    host, port = site.meter.address
    client = DlmsClient.with_tcp_transport(host=host, port=port, client_logical_address=SAP["level1"], server_logical_address=1,
                                           authentication_method=LLS, password=b"nonsense", block_transfer=True)
    client.connect()
    with pytest.raises(Exception, match="(?i)association|reject|authentication"):
        client.associate()
    client.disconnect()
