# SPDX-License-Identifier: Apache-2.0
"""Who may associate, how the meter refuses, and what holds before and after an association."""

import struct

import meter as meters
import octets
import pytest
from gurux_dlms import GXDLMSException
from gurux_dlms.enums import Authentication, Conformance
from peer import Gone, Peer, Refused

PUBLIC, MANAGEMENT, LEVEL1 = meters.CLIENTS["public"], meters.CLIENTS["management"], meters.CLIENTS["level1"]
LDN = octets.get(1, "0-0:42.0.0", 2)
WITH_PASSWORD = ["management", "level1", "level2", "level3"]
NOT_ALLOWED = b"\xd8\x01"


def test_client_file_names_every_client(site):
    assert {name: row["client"] for name, row in site.clients.items()} == meters.CLIENTS
    for name, row in site.clients.items():
        assert bool(row.get("password")) == (name in WITH_PASSWORD)


def test_public_associates_without_security(site):
    with site.peer() as peer:
        conformance = peer.gurux.negotiatedConformance
        for bit in (Conformance.GET, Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ):
            assert conformance & bit, conformance
        assert peer.raw(1, "0-0:42.0.0", 2)


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_the_password_opens(site, name):
    with site.peer(name) as peer:
        assert peer.raw(1, "0-0:42.0.0", 2)


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_a_wrong_password_is_an_authentication_failure(site, name):
    good = site.password(name)
    for wrong in (b"x" * 8, good[:-1], good + b"0", bytes([good[0] ^ 1]) + good[1:], b""):
        with octets.Line(site.meter.address) as line:
            aare = octets.Aare(line.ask(octets.aarq(wrong, mechanism=1), meters.CLIENTS[name]))
            assert (aare.result, aare.source, aare.diagnostic) == (1, 1, 13), wrong
            assert line.ask(LDN, meters.CLIENTS[name])[:2] == NOT_ALLOWED


def test_gurux_says_so_too(site):
    with pytest.raises(GXDLMSException) as error:
        site.peer("management", password=b"wrong111").connect()
    assert "uthentication" in str(error.value)


def test_without_the_mechanism_it_is_asked_for(site):
    with octets.Line(site.meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq(), MANAGEMENT))
        assert aare.result == 1 and aare.diagnostic in (11, 12, 13)


@pytest.mark.parametrize("mechanism", [2, 3, 4, 5, 6, 7, 0x55])
def test_mechanisms_that_the_client_does_not_have(site, mechanism):
    with octets.Line(site.meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq(b"12345678", mechanism=mechanism), MANAGEMENT))
        assert aare.result in (1, 2) and aare.diagnostic in (11, 12, 13)
        assert line.ask(LDN, MANAGEMENT)[:2] == NOT_ALLOWED


@pytest.mark.parametrize("context", [2, 3, 4, 9])
def test_other_application_contexts_are_refused(site, context):
    with octets.Line(site.meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq(context=context)))
        assert (aare.result, aare.diagnostic) == (1, 2)
        assert line.ask(LDN)[:2] == NOT_ALLOWED


@pytest.mark.parametrize(("options", "reason"), [({"version": 5}, 1), ({"conformance": 0}, 2), ({"pdu": 11}, 3)])
def test_initiate_errors(site, options, reason):
    """A confirmed service error in the AARE: dlms version too low, incompatible conformance, PDU size too short."""
    with octets.Line(site.meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq(**options)))
        assert aare.result == 1
        assert aare.user == bytes([0x0E, 0x01, 0x06, reason])
        assert line.ask(LDN)[:2] == NOT_ALLOWED


def test_only_the_first_protocol_version_is_common(site):
    with octets.Line(site.meter.address) as line:
        assert octets.Aare(line.ask(octets.aarq(before=b"\x80\x02\x07\x80"))).result == 0
        aare = octets.Aare(line.ask(octets.aarq(before=b"\x80\x02\x06\x40")))
        assert (aare.result, aare.source, aare.diagnostic) == (1, 2, 2)


def test_fields_without_meaning_here_are_passed_over(site):
    extra = bytes.fromhex("A203040144A303040144A403020100A503020100A803020100A903020100")
    with octets.Line(site.meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq(extra=extra)))
        assert aare.result == 0
        assert set(aare.fields) <= {0xA1, 0xA2, 0xA3, 0xBE}


def test_a_dedicated_key_in_the_clear_is_refused(site):
    with octets.Line(site.meter.address) as line:
        initiate = b"\x01\x01\x10" + bytes(16) + b"\x00\x00\x06\x5f\x1f\x04\x00\x00\x7e\x1f\xff\xff"
        aare = octets.Aare(line.ask(octets.aarq(initiate=initiate)))
        assert (aare.result, aare.diagnostic) == (1, 1)
        assert aare.user in (b"\x0e\x01\x06\x00", b"")


def test_a_proposed_quality_of_service_and_a_later_version(site):
    with octets.Line(site.meter.address) as line:
        initiate = b"\x01\x00\x00\x01\x01\x06\x5f\x1f\x04\x00\x00\x7e\x1f\xff\xff"
        assert octets.Aare(line.ask(octets.aarq(initiate=initiate))).result == 0
        aare = octets.Aare(line.ask(octets.aarq(version=7)))
        assert aare.result == 0 and aare.version == 6


def test_no_limit_of_the_size(site):
    with octets.Line(site.meter.address) as line:
        line.associate(pdu=0)
        assert line.get(15, "0-0:40.0.0", 2)[0] == 0


@pytest.mark.parametrize("fields", [
    "",                                              # nothing
    "8B0760857405080201AC0A8008{password}",          # no requirements
    "8A020780AC0A8008{password}",                    # no mechanism
    "8A0207808B0760857405080201",                    # no value
    "8A0207008B0760857405080201AC0A8008{password}"]) # the bit is not set
def test_an_incomplete_authentication_is_refused(site, fields):
    password = site.password("management")
    head = fields.replace("0A8008{password}", f"{2 + len(password):02x}80{len(password):02x}{password.hex()}")
    with octets.Line(site.meter.address) as line:
        answer = line.ask(octets.aarq(extra=bytes.fromhex(head)), MANAGEMENT)
        aare = octets.Aare(answer)
        assert aare.result == 1 and aare.diagnostic in (1, 11, 12, 13, 14)
        assert line.ask(LDN, MANAGEMENT)[:2] == NOT_ALLOWED


SERVICES = 1 << 6 | 1 << 4 | 1 << 3 | 1 << 0  # access, get, set, action


@pytest.mark.parametrize("bit", range(24))
def test_a_single_proposed_bit(site, bit):
    with octets.Line(site.meter.address) as line:
        every = line.associate(conformance=0xFFFFFF).conformance
        aare = octets.Aare(line.ask(octets.aarq(conformance=1 << bit)))
        # An association without any service is refused, even when both sides have blocks or lists.
        if every & 1 << bit & SERVICES:
            assert aare.result == 0 and aare.conformance == 1 << bit
        else:
            assert aare.result == 1 and aare.user == b"\x0e\x01\x06\x02"


def test_the_conformance_is_what_both_can(site):
    only_get = 1 << (23 - 19)
    with octets.Line(site.meter.address) as line:
        every = line.associate(conformance=0xFFFFFF)
        line.release()
        assert line.associate(conformance=only_get).conformance == only_get
        line.release()
        assert every.conformance & only_get and every.vaa == 7 and every.version == 6
        proposed = 0x00001D
        assert line.associate(conformance=proposed).conformance == proposed & every.conformance
        result, info = line.get(15, "0-0:40.0.0", 5)
        assert result == 0
        assert int.from_bytes(octets.plain(info)[0], "big") == proposed & every.conformance


def test_a_service_that_was_not_negotiated_is_refused(site):
    only_get = 1 << (23 - 19)
    with site.line("management", conformance=only_get) as line:
        assert line.ask(LDN, MANAGEMENT)[0] == 0xC4
        for apdu in (octets.set_(8, "0-0:1.0.0", 3, octets.number("long", -60)),
                     octets.action(9, "0-0:10.0.100", 1, octets.number("long-unsigned", 1))):
            assert line.ask(apdu, MANAGEMENT) == b"\xd8\x01\x02"  # not allowed, as the service itself is known


def test_nothing_before_the_association(site):
    with octets.Line(site.meter.address) as line:
        for client in (PUBLIC, MANAGEMENT, LEVEL1):
            assert line.ask(LDN, client)[:2] == NOT_ALLOWED


def test_nothing_after_the_release(site):
    with site.line("public") as line:
        assert line.ask(LDN)[0] == 0xC4
        line.release()
        assert line.ask(LDN)[:2] == NOT_ALLOWED
        line.associate()
        assert line.ask(LDN)[0] == 0xC4


def test_closing_the_connection_ends_the_association(site):
    with site.line("management"):
        pass
    with octets.Line(site.meter.address) as line:
        assert line.ask(LDN, MANAGEMENT)[:2] == NOT_ALLOWED


def test_two_clients_side_by_side_on_one_connection(site):
    with site.line("public") as line:
        line.associate(MANAGEMENT, site.password("management"))
        assert line.get(1, "0-0:42.0.0", 2)[0] == 0
        assert line.get(3, "1-0:1.8.0", 2, MANAGEMENT)[0] == 0
        assert line.get(3, "1-0:1.8.0", 2)[0] == 4
        line.release()
        assert line.get(3, "1-0:1.8.0", 2, MANAGEMENT)[0] == 0


def test_connections_do_not_know_each_other(site):
    with site.line("management"), octets.Line(site.meter.address) as other:
        assert other.ask(LDN, MANAGEMENT)[:2] == NOT_ALLOWED


def test_the_rights_are_those_of_the_last_accepted_request(site):
    """A second AARQ in an open association: a good one starts anew, a refused one opens nothing."""
    only_get = 1 << (23 - 19)
    clock = octets.set_(8, "0-0:1.0.0", 7, octets.number("integer", 60))
    with site.line("management") as line:
        assert line.ask(octets.set_(8, "0-0:1.0.0", 9, octets.number("enum", 1)), MANAGEMENT)[:1] == b"\xc5"
        line.associate(MANAGEMENT, site.password("management"), conformance=only_get)
        assert line.ask(clock, MANAGEMENT)[:1] == b"\xd8"
        aare = octets.Aare(line.ask(octets.aarq(b"wrong111"), MANAGEMENT))
        assert (aare.result, aare.diagnostic) == (1, 13)
        assert line.ask(clock, MANAGEMENT)[:1] == b"\xd8"


def test_the_preestablished_client_is_refused_until_there_is_ciphering(site):
    client = meters.CLIENTS["preestablished"]
    with octets.Line(site.meter.address) as line:
        assert line.ask(LDN, client)[:1] == b"\xd8"
        answer = line.ask(octets.aarq(), client)
        assert answer[:1] == b"\xd8" or octets.Aare(answer).result != 0
        assert line.ask(octets.get(8, "0-0:1.0.0", 2), client)[:1] == b"\xd8"


def test_an_unknown_client_is_refused(site):
    with octets.Line(site.meter.address) as line:
        answer = line.ask(octets.aarq(), 99)
        assert answer[:1] == b"\xd8" or octets.Aare(answer).result in (1, 2)
        assert line.ask(LDN, 99)[:1] == b"\xd8"


def test_gurux_is_refused_as_an_unknown_client(site):
    with pytest.raises((GXDLMSException, Gone, Refused)):
        Peer(site.meter.address, 77, None).connect()


def test_wrapper_headers_that_are_dropped(site):
    address = site.meter.address
    for octet_string in (octets.frame(octets.aarq(), version=2), octets.frame(octets.aarq(), version=0),
                         octets.frame(octets.aarq(), server=2), octets.frame(octets.aarq(), server=0x3FFF)):
        with octets.Line(address) as line:
            assert line.silent(octet_string)
    with site.line("public") as line:
        assert line.ask(LDN)[0] == 0xC4


def test_a_frame_in_pieces_and_two_frames_at_once(site):
    with octets.Line(site.meter.address) as line:
        whole = octets.frame(octets.aarq())
        for octet in whole[:-1]:
            line.send(bytes([octet]))
        line.send(whole[-1:])
        assert octets.Aare(line.receive()[2]).result == 0
        line.send(octets.frame(LDN) + octets.frame(octets.get(8, "0-0:1.0.0", 3, invoke=0xC2)))
        assert [line.receive()[2][:3] for _ in range(2)] == [b"\xc4\x01\xc1", b"\xc4\x01\xc2"]


def test_the_invoke_id_and_priority_come_back(site):
    with site.line("public") as line:
        for invoke in (0xC0, 0x41, 0xCF, 0x4A):
            assert line.ask(octets.get(1, "0-0:42.0.0", 2, invoke=invoke))[:3] == bytes([0xC4, 1, invoke])


def test_unknown_apdus_get_an_exception(site):
    with site.line("public") as line:
        for apdu in (b"\x05\x01\x02\x02\xfa\x00", b"\xfe\x00", bytes([0xD9, 0x40]) + bytes(11), b"\xc8\x12\x30" + bytes(17)):
            assert line.ask(apdu)[:1] == b"\xd8"
        assert line.ask(LDN)[0] == 0xC4


def test_the_release_says_normal(site):
    with site.line("public") as line:
        assert line.release() == bytes.fromhex("6303800100")


def test_gurux_levels_are_what_the_meter_offers(site):
    with site.line("management") as line:
        result, element = line.get(15, "0-0:40.0.0", 6, MANAGEMENT)
        assert result == 0
        value = octets.plain(element)
        assert (value[-1] if isinstance(value, list) else value[-1]) == int(Authentication.LOW)


def test_the_current_association_names_its_partners(site):
    for client in ("public", "management", "level1", "level2", "level3"):
        sap = meters.CLIENTS[client]
        with site.line(client) as line:
            result, element = line.get(15, "0-0:40.0.0", 3, sap)
            assert result == 0
            assert octets.plain(element) == [sap, 1]
            assert line.get(15, "0-0:40.0.0", 8, sap) == (0, (22, 2))


def test_many_connections_come_and_go(site):
    for _ in range(40):
        with site.line("public") as line:
            assert line.ask(LDN)[0] == 0xC4
    assert site.meter.alive


def test_a_header_without_a_body(site):
    with octets.Line(site.meter.address) as line:
        line.send(struct.pack(">HHHH", 1, 16, 1, 0))
        line.send(octets.frame(octets.aarq()))
        try:
            while True:
                answer = line.receive()[2]
                if answer[:1] == b"\x61":
                    break
        except (octets.Silent, octets.Closed):
            pass
    with site.line("public") as line:
        assert line.ask(LDN)[0] == 0xC4
