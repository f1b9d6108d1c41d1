# SPDX-License-Identifier: Apache-2.0
"""The image's line with HDLC: 9600 bit/s on its own timer, Gurux as the peer, and how soon an answer begins."""

import json
import subprocess
import time

import board
import hdlc_peer
import meter as meters
import peer as peers
import pytest

SAP = meters.CLIENTS
# 32 ns an instruction: one and a half cycles of 48 MHz. What the image sleeps takes the host's time.
CLOCK = ("-icount", "shift=5,sleep=on")
TURN_LIMIT_US = 20_000


def turns(meter):
    return [meter.memory.word(board.WORLD_AT + at) for at in (board.TURNS, board.TURN_US, board.TURN_MOST_US)]


def peer(meter, client="level1", limit=20.0, **options):
    return hdlc_peer.HdlcPeer(meter.lines.address, SAP[client], meter.password(client), limit=limit, **options)


@pytest.fixture
def line(boards):
    meter = boards.start(load=meters.constant_load(230, 5, 1104, 322), hdlc=True)
    meter.wait_event("metering")
    return meter


@pytest.mark.parametrize(("information", "window"), [(32, 1), (32, 7), (128, 1), (128, 7), (2030, 1), (2030, 7)])
def test_gurux_reads_over_the_line(line, information, window):
    with peers.Peer(line.address, SAP["level1"], line.password("level1")) as wrapper:
        name = wrapper.raw(1, "0-0:42.0.0", 2)
    with peer(line, information=information, window=window) as reader:
        assert reader.raw(1, "0-0:42.0.0", 2) == name
        assert [int(value) for value in reader.read_list([(3, "1-0:32.7.0", 2), (3, "1-0:14.7.0", 2)])] == [2300, 50000]
        with pytest.raises(peers.Refused):
            reader.raw(3, "1-0:9.9.9", 2)
    assert line.interrupt() == 0


def test_the_object_list_takes_the_time_of_the_line(line):
    with peer(line, information=128, window=7) as reader:
        before, begun = reader.octets_in + reader.octets_out, time.monotonic()
        assert len(reader.objects()) > 100
        took = time.monotonic() - begun
        wire = (reader.octets_in + reader.octets_out - before) * 10 / 9600
    print(f"{wire:.2f} s of line time in {took:.2f} s")
    assert took >= wire - 0.1
    assert line.interrupt() == 0


def test_the_turn_round(boards):
    """From the end of the last octet of a request to the beginning of the first of its answer, on the image's own clock, while
    it meters and commits every second."""
    meter = boards.start(load=meters.constant_load(230, 5, 1104, 322), hdlc=True, emulator=CLOCK)
    meter.wait_event("metering")
    with peer(meter, "management", information=128, window=1, limit=3.0, retries=3) as reader:
        for _ in range(20):
            reader.raw(3, "1-0:1.8.0", 2)
            reader.raw(8, "0-0:1.0.0", 2)
        reader.read_list([(3, f"1-0:{group}.8.{rate}", 2) for group in (1, 2) for rate in range(9)])
        reader.reply(7, "0-0:99.98.0", 2)
    count, last, most = turns(meter)
    print(f"turn-round: {most / 1000:.2f} ms at most, {last / 1000:.2f} ms the last, of {count}; {reader.repeated} repeated")
    assert count >= 45
    assert 0 < most <= TURN_LIMIT_US
    assert meter.interrupt() == 0


def test_a_line_without_carrier(boards):
    """Nobody tells who is there: half a frame and noise are passed over, and a link is opened anew by SNRM."""
    meter = boards.start(load=meters.zero_load(), hdlc=True)
    exchange = meter.lines
    exchange.close()
    meter.memory.put(board.WORLD_AT + board.CARRIER + 4, 0)
    wire = meter.uarts[1]
    wire.settimeout(5.0)
    snrm = bytes.fromhex("7EA00703218 30F9D7E".replace(" ", ""))
    from_snrm = hdlc_peer.HdlcPeer(("", 0), SAP["public"]).gurux.snrmRequest()
    for noise in (b"", b"\x00\xff\x55", bytes(from_snrm)[:5], bytes(from_snrm)[:-2], snrm[:3]):
        wire.sendall(noise)
        time.sleep(0.3)
        wire.sendall(bytes(from_snrm))
        heard = b""
        while hdlc_peer.first_frame(heard) is None:
            heard += wire.recv(256)
        frame = hdlc_peer.first_frame(heard)[0]
        assert hdlc_peer.control_of(frame) == 0x73, noise.hex()
    assert meter.interrupt() == 0


@pytest.mark.long
@pytest.mark.parametrize(("suite", "only", "least"), [
    ("purposes", "HDLC*,Q_HDLC*", 60),
    ("purposes", "APPL_*,Q_AL_*", 60),
    ("negative", "NEG_HDLC_*", 100),
    ("negative", "NEG_APDU_*,NEG_ACSE_*", 200),
])
def test_the_suite_over_the_line(boards, line, suite, only, least):
    """The suite's own frames over the line at its speed: purposes of the link and of the application layer, and nonsense."""
    address = f"hdlc+tcp://127.0.0.1:{line.lines.address[1]}?phys=17"
    done = subprocess.run([board.ROOT / "build" / "host" / "quadrant", "conformance", address, "--suite", suite, "--only", only,
                           "--passwords-of", boards.folder / "clients-of-the-model", "--writes", "--json"],
                          capture_output=True, text=True, timeout=1500)
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    verdicts = {row["id"]: row for row in rows if row["event"] == "verdict"}
    assert not {name: row["reason"] for name, row in verdicts.items() if row["verdict"] in ("fail", "inconclusive")}
    assert sum(row["verdict"] == "pass" for row in verdicts.values()) >= least
    assert line.interrupt() == 0
