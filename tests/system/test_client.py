# SPDX-License-Identifier: Apache-2.0
"""The command over HDLC, its trace, its captures, profiles of any kind, and who answers on a bus."""

import io
import json
import os
import socket
import stat
import subprocess
import threading
import time

import dpkt
import meter as meters
import pytest
import yaml

OK, REFUSED, USAGE, CONTACT, PROTOCOL = 0, 1, 2, 3, 4


@pytest.fixture(scope="module")
def target(yard):
    meter = yard.start(name="bus", load=meters.constant_load(230, 5, 1104, 322),
                       extra=("--hdlc", "0", "--rs485", f"pty:{yard.folder}/line"))
    time.sleep(1.2)  # until a second is measured there are no values
    return meter


@pytest.fixture(scope="module")
def ports(yard, target):
    return yaml.safe_load((yard.state("bus") / "client.yaml").read_text())["ports"]


@pytest.fixture(scope="module")
def call(yard, target):
    def ask(*words, **options):
        environment = {"QUADRANT_STATE_HOME": str(yard.folder), **options.pop("environment", {})}
        return meters.quadrant(*words, environment=environment, **options)

    return ask


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def crc(octets):
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


@pytest.mark.parametrize("query", ["", "&info=32&window=1", "&info=128&window=7", "&info=2030&window=7", "&phys=17&octets=2",
                                   "&phys=17&octets=4"])
def test_reads_the_same_over_hdlc(call, query):
    names = ("1-0:32.7.0", "0-0:42.0.0", "15/0-0:40.0.0:2")
    plain = call("read", "@bus", *names, "--as", "level1", "--json")
    status, out, err = call("read", f"@bus?port=hdlc{query}", *names, "--as", "level1", "--json")
    assert status == OK, err
    assert out == plain[1]


def test_reads_over_a_serial_line(call, ports):
    status, out, err = call("read", ports["rs485"].split("?")[0] + "?phys=17&baud=9600&format=8N1", "0-0:42.0.0", "--json")
    assert status == OK, err
    assert rows(out)[0]["value"]
    status, _, err = call("read", "hdlc:/nonexistent/line", "0-0:42.0.0")
    assert status == CONTACT and err.count("\n") == 1
    status, _, err = call("read", "hdlc:/dev/null", "0-0:42.0.0")
    assert status == CONTACT and err.count("\n") == 1


def test_one_program_at_a_time_has_the_line(call, ports, yard):
    device = ports["rs485"].split("?")[0].removeprefix("hdlc:")
    first = subprocess.Popen([str(meters.program()), "watch", f"hdlc:{device}?phys=17", "0-0:42.0.0", "--count", "20"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"QUADRANT_STATE_HOME": str(yard.folder)})
    try:
        assert first.stdout.readline()
        status, _, err = call("read", f"hdlc:{device}?phys=17", "0-0:42.0.0")
        assert status == CONTACT and err.count("\n") == 1
    finally:
        first.kill()
        first.wait()


@pytest.mark.parametrize("address, word", [("hdlc:", "device"), ("hdlc+tcp://h:1?info=31", "32 to 2030"),
                                           ("hdlc+tcp://h:1?window=8", "1 to 7"), ("hdlc+tcp://h:1?octets=3", "1, 2 or 4"),
                                           ("hdlc:/dev/x?format=8E1", "8N1 or 7E1"), ("hdlc:/dev/x?wide=1", "give client="),
                                           ("@bus?port=nowhere", "nowhere")])
def test_addresses_that_are_none(call, address, word):
    status, _, err = call("read", address, "0-0:42.0.0")
    assert status == USAGE and err.count("\n") == 1 and word in err


def test_silence_and_dm_are_told(call):
    status, _, err = call("read", "@bus?port=hdlc&phys=99", "0-0:42.0.0", "--timeout", "100ms", "--retries", "1")
    assert status == CONTACT and err.count("\n") == 1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                body = bytes.fromhex("A00721031F")
                peer.sendall(b"\x7e" + body + crc(body).to_bytes(2, "little") + b"\x7e")
                peer.recv(100)

        helper = threading.Thread(target=answer)
        helper.start()
        status, _, err = call("read", f"hdlc+tcp://127.0.0.1:{listener.getsockname()[1]}", "0-0:42.0.0", "--timeout", "2")
        helper.join()
    assert status == REFUSED and err.count("\n") == 1 and "DM" in err


def test_the_trace_decodes_frames_and_apdus(call, target):
    status, _, err = call("read", "@bus?port=hdlc&info=32", "1-0:32.7.0", "--as", "level1", "--trace")
    assert status == OK
    for words in ("HDLC 17 to 1, SNRM, P/F", "information transmit 32", "UA", "N(S) 0, N(R) 0", ", S,", "a segment", "HCS good",
                  "FCS good", "LLC E6 E6 00, AARQ", "mechanism-name 1, LLS", "calling-authentication-value ***",
                  "initiate-request", "multiple-references", "result 0, accepted", "3/1-0:32.7.0.255:2  Register", "list of 2",
                  "structure of 2", "enum 35", "RLRE", "DISC"):
        assert words in err, words
    assert "BAD" not in err and "malformed" not in err
    assert target.password("level1").hex() not in err.lower().replace(" ", "")
    assert target.password("level1").decode() not in err
    status, _, err = call("read", "@bus", "0-0:1.0.0", "1-0:77.77.77", "--as", "level1", "--trace")
    assert status == REFUSED
    for words in ("wrapper version 1, 17 to 1", "attribute 8/0-0:1.0.0.255:2  Clock", "octet-string 07", "invoke-id "):
        assert words in err, words
    assert "malformed" not in err


def test_the_trace_hides_a_password_that_is_written(call):
    status, _, err = call("set", "@bus", "15/0-0:40.0.0:7", "octets:5345435245542D30303031", "--as", "level1", "--trace")
    assert status in (OK, REFUSED)
    assert "5345435245542d" not in err.lower().replace(" ", "") and "SECRET" not in err


def test_a_capture_of_the_wrapper(call, tmp_path, target):
    path = tmp_path / "tcp.pcap"
    path.touch(mode=0o644)
    status, _, err = call("read", "@bus", "15/0-0:40.0.0:2", "0-0:42.0.0", "--as", "level1", "--pcap", path)
    assert status == OK and err.count("\n") == 1 and "password" in err
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    reader = dpkt.pcap.Reader(io.BytesIO(path.read_bytes()))
    assert reader.datalink() == dpkt.pcap.DLT_RAW or reader.datalink() == 101
    streams, expected, flags = {}, {}, []
    for stamp, octets in reader:
        assert abs(stamp - time.time()) < 60
        packet = dpkt.ip.IP(octets)
        told, packet.sum = packet.sum, 0
        assert dpkt.in_cksum(packet.pack_hdr()) == told and packet.len == len(octets)
        segment = packet.data
        pseudo = packet.src + packet.dst + b"\0\x06" + len(bytes(segment)).to_bytes(2, "big")
        assert dpkt.in_cksum(pseudo + octets[20:]) == 0
        key = (packet.src, segment.sport)
        flags.append(segment.flags)
        if key in expected:
            assert segment.seq == expected[key]
        expected[key] = segment.seq + len(segment.data) + (1 if segment.flags & dpkt.tcp.TH_SYN else 0)
        other = (packet.dst, segment.dport)
        if segment.flags & dpkt.tcp.TH_ACK:
            assert segment.ack == expected[other]
        assert 4059 in (segment.sport, segment.dport)
        streams[key] = streams.get(key, b"") + segment.data
    assert flags[:3] == [dpkt.tcp.TH_SYN, dpkt.tcp.TH_SYN | dpkt.tcp.TH_ACK, dpkt.tcp.TH_ACK]
    asked, said = streams.values()
    for stream, tag in ((asked, 0x60), (said, 0x61)):
        assert stream[:2] == b"\0\1" and stream[8] == tag
        at = 0
        while at < len(stream):
            assert stream[at:at + 2] == b"\0\1"
            at += 8 + int.from_bytes(stream[at + 6:at + 8], "big")
        assert at == len(stream)
    assert target.password("level1") in asked  # that is why the file is the owner's alone


def test_a_capture_of_hdlc(call, tmp_path):
    path = tmp_path / "hdlc.pcap"
    status, _, err = call("read", "@bus?port=hdlc", "0-0:42.0.0", "--pcap", path)
    assert status == OK and err == ""
    reader = dpkt.pcap.Reader(io.BytesIO(path.read_bytes()))
    assert reader.datalink() == 147  # LINKTYPE_USER0
    controls = []
    for _, frame in reader:
        assert frame[0] == frame[-1] == 0x7E and crc(frame[1:-3]) == int.from_bytes(frame[-3:-1], "little")
        controls.append(frame[5])
    assert controls[:2] == [0x93, 0x73] and controls[-2:] == [0x53, 0x73]
    status, _, err = call("read", "@bus", "0-0:42.0.0", "--pcap", "/nonexistent/x.pcap")
    assert status == 5 and err.count("\n") == 1


def test_profile_of_any_kind(call):
    status, out, err = call("profile", "@bus", "0-0:99.98.0", "--as", "level1")
    assert status == OK, err
    assert out.startswith("# 1: 0-0:1.0.0.255:2 Clock\n") and "2026-" in out
    status, out, _ = call("profile", "@bus?port=hdlc", "0-0:99.98.0", "--as", "level1", "--json")
    assert status == OK
    everything = rows(out)
    assert everything[0]["columns"][0]["item"] == "0-0:1.0.0.255:2" and everything[0]["columns"][0]["value"].startswith("20")
    status, out, _ = call("profile", "@bus", "0-0:99.98.0", "--as", "level1", "--json", "--entries", "1:1", "--columns", "2")
    assert status == OK and len(rows(out)) == 1 and len(rows(out)[0]["columns"]) == 1
    assert rows(out)[0]["columns"][0]["value"] == everything[0]["columns"][1]["value"]
    status, out, _ = call("profile", "@bus", "0-0:99.98.0", "--as", "level1", "--csv", "--from", "2000-01-01T00:00",
                          "--to", "2000-01-02T00:00")
    assert status == OK and out.count("\n") == 1 and out.startswith("0-0:1.0.0.255:2 Clock,")
    status, out, _ = call("profile", "@bus", "0-0:99.98.0", "--as", "level1", "--json", "--from", "2020-01-01T00:00", "--columns",
                          "1:2")
    assert status == OK and len(rows(out)) == len(everything) and len(rows(out)[0]["columns"]) == 2


@pytest.mark.parametrize("words, status, word", [(("profile", "@bus"), USAGE, "ITEM"), (("profile", "@bus", "8/0-0:1.0.0"), USAGE, "profile"),
                                                 (("profile", "@bus", "0-0:99.98.0", "--columns", "9:10"), USAGE, "columns"),
                                                 (("profile", "@bus", "1-0:99.77.0"), REFUSED, "object-undefined"),
                                                 (("profile", "@bus", "0-0:99.98.0", "--entries", "0"), USAGE, "entries"),
                                                 (("events", "@bus", "--columns", "1"), USAGE, "profile")])
def test_profiles_that_are_none(call, words, status, word):
    got, _, err = call(*words, "--as", "level1")
    assert got == status and err.count("\n") == 1 and word in err


def test_scan_of_a_bus(call, ports):
    address = ports["rs485"].split("?")[0]
    status, out, err = call("scan", address, "15:19", "--timeout", "200ms", "--json")
    assert status == OK, err
    (found,) = rows(out)
    assert found["phys"] == 17 and found["name"] and found["status"] == "ok" and found["information_transmit"] >= 32
    status, out, _ = call("scan", address, "18:19", "--timeout", "100ms")
    assert status == CONTACT and out == ""
    status, out, _ = call("scan", "@bus", "--json")
    assert status == OK and rows(out)[0]["server"] == 1 and rows(out)[0]["name"] == found["name"]
    assert call("scan", "@bus", "3:1")[0] == USAGE
    for more, times in (((), 1), (("--retries", "2"), 3)):  # most addresses are silent: each is called once
        status, _, err = call("scan", address, "20:22", "--timeout", "100ms", "--trace", *more)
        assert (status, err.count("-> SNRM")) == (CONTACT, 3 * times)


def tshark(path, *options):
    done = subprocess.run(["tshark", "-n", "-r", str(path), *options], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_wireshark_opens_a_capture_of_the_wrapper(call, tmp_path):
    """Its own analysis of TCP complains of nothing, and the stream that it puts together is the wrapper's."""
    path = tmp_path / "tcp.pcap"
    assert call("read", "@bus", "15/0-0:40.0.0:2", "--as", "level1", "--pcap", path)[0] == OK
    assert tshark(path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
                  "-Y", "tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed") == ""
    raw = [line.strip() for line in tshark(path, "-q", "-z", "follow,tcp,raw,0").splitlines()]
    frames = [line for line in raw if line.startswith("0001")]
    assert len(frames) > 6 and frames[0][16:18] == "60" and frames[1][16:18] == "61"


def test_wireshark_opens_a_capture_of_hdlc(call, tmp_path):
    """A record is a frame, handed to whatever the user's table names for the link type."""
    path = tmp_path / "hdlc.pcap"
    assert call("read", "@bus?port=hdlc", "0-0:42.0.0", "--pcap", path)[0] == OK
    told = tshark(path, "-o", 'uat:user_dlts:"User 0 (DLT=147)","data","0","","0",""', "-T", "fields", "-e", "data.data")
    frames = [bytes.fromhex(line) for line in told.split()]
    assert frames == [frame for _, frame in dpkt.pcap.Reader(io.BytesIO(path.read_bytes()))]
    assert len(frames) > 6 and all(frame[0] == frame[-1] == 0x7E for frame in frames)
