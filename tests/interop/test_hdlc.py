# SPDX-License-Identifier: Apache-2.0
"""Gurux over HDLC: everything that it reads over the wrapper, with small and large frames, one at a time and in windows,
on a TCP port and on a pty; lists, blocks, ranges and entries."""

import datetime
import os
import re
import stat
import threading
import time

import hdlc_peer
import meter as meters
import peer as peers
import pytest
from gurux_dlms import GXDateTime, GXDLMSClient
from gurux_dlms.enums import AccessMode
from gurux_dlms.objects import GXDLMSClock, GXDLMSProfileGeneric

pytestmark = pytest.mark.command_only("its line has tests of its own, tests/firmware/test_line.py")

SAP = meters.CLIENTS
UTC = datetime.timezone.utc
SIZES = [(32, 1), (32, 7), (128, 1), (128, 7), (2030, 1), (2030, 7)]
PHYSICAL = 17
LOG = "0.0.99.98.0.255"
# What moves while nothing does: date and time, in three objects.
MOVES = {(8, "0-0:1.0.0.255"), (1, "1-0:0.9.1.255"), (1, "1-0:0.9.2.255")}


class Lines:
    """A meter with all its ports, and Gurux on any of them."""

    def __init__(self, yard, name):
        self.pty = str(yard.folder / f"{name}.line")
        self.meter = yard.start(name=name, load=meters.zero_load(), extra=(
            "--hdlc", "0", "--optical", "0", "--rs485", f"pty:{self.pty}", "--rs485", "0"))

    def where(self, port):
        found = [event for event in self.meter.of("port") if event["port"] == port][0]
        return found["device"] if "device" in found else ("127.0.0.1", found["number"])

    def peer(self, port="hdlc", client="level1", **options):
        if port.startswith("rs485"):  # a bus: who is meant has to be said
            options = {"server": GXDLMSClient.getServerAddress(1, PHYSICAL, 2), "server_size": 2, **options}
        return hdlc_peer.HdlcPeer(self.where(port), SAP[client], self.meter.password(client), **options)

    def wrapper(self, client="level1", **options):
        return peers.Peer(self.meter.address, SAP[client], self.meter.password(client), **options)

    @staticmethod
    def measured(peer):
        """Waits until the first second is measured: before it the quantities have no values to compare."""
        until = time.monotonic() + 5.0
        while True:
            try:
                return peer.raw(3, "1-0:14.7.0", 2)
            except peers.Refused:
                assert time.monotonic() < until, "nothing was measured"
                time.sleep(0.05)


@pytest.fixture(scope="module")
def lines(yard):
    site = Lines(yard, "lines")
    with site.wrapper("management") as peer:
        clock = GXDLMSClock("0.0.1.0.0.255")
        for hours in (5, 30, 2, 26, 50, 49):
            clock.time = GXDateTime(datetime.datetime(2026, 1, 1, tzinfo=UTC) + datetime.timedelta(hours=hours))
            peer.write(clock, 2)
        site.measured(peer)
    return site


def plain(value):
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else str(value)


def everything(peer):
    """{(class, name, attribute): value as Gurux decodes it} of all that the list says can be read."""
    values = {}
    for (class_id, name), item in peers.listing(peer.objects()).items():
        for index in range(1, item.getAttributeCount() + 1):
            if item.getAccess(index) in (AccessMode.READ, AccessMode.READ_WRITE) and (class_id, name) not in MOVES:
                try:
                    values[class_id, name, index] = plain(peer.raw(class_id, name, index))
                except peers.Refused as refused:
                    values[class_id, name, index] = refused.code
    return values


@pytest.fixture(scope="module")
def over_the_wrapper(lines):
    with lines.wrapper() as peer:
        return everything(peer)


@pytest.mark.parametrize(("information", "window"), SIZES)
def test_gurux_reads_everything(lines, over_the_wrapper, information, window):
    with lines.peer(information=information, window=window) as peer:
        settings = peer.gurux.hdlcSettings
        assert settings.maxInfoRX <= information and settings.maxInfoTX <= information
        assert (settings.windowSizeRX, settings.windowSizeTX) == (window, window)
        if information <= 128:
            assert (settings.maxInfoRX, settings.maxInfoTX) == (information, information)
        values = everything(peer)
    assert len(values) > 600
    assert values == over_the_wrapper


@pytest.mark.parametrize(("information", "window"), SIZES)
@pytest.mark.parametrize("pdu", [64, 200, 0xFFFF])
def test_blocks_in_frames(lines, information, window, pdu):
    with lines.wrapper() as peer:
        whole = {row: int(item.version) for row, item in peers.listing(peer.objects()).items()}
    with lines.peer(information=information, window=window, pdu=pdu) as peer:
        assert {row: int(item.version) for row, item in peers.listing(peer.objects()).items()} == whole


@pytest.mark.parametrize(("information", "window"), SIZES)
def test_lists(lines, information, window):
    rows = [(3, f"1-0:{group}.8.{rate}", 2) for group in (1, 2) for rate in range(4)] + [(8, "0-0:1.0.0", 3), (1, "0-0:42.0.0", 2)]
    with lines.wrapper() as peer:
        wanted = [peer.raw(*row) for row in rows]
    # Gurux begins to read a list before its last frame is there: what it takes at once has to be in one.
    whole = 4 if information == 32 else len(rows)
    with lines.peer(information=information, window=window) as peer:
        assert peer.read_list(rows[:whole]) == wanted[:whole]
    with lines.peer(information=information, window=window, pdu=64) as peer:
        assert peer.read_list(rows) == wanted


@pytest.mark.parametrize(("information", "window"), SIZES)
def test_ranges_and_entries(lines, information, window):
    with lines.wrapper("management") as peer:
        profile = peer.fill(GXDLMSProfileGeneric(LOG), [3, 2])
        whole = [(row[0].value.astimezone(UTC), int(row[1])) for row in profile.buffer]
    assert len(whole) >= 13

    def read(peer, frames):
        return [(row[0].value.astimezone(UTC), int(row[1]))
                for row in peer.gurux.updateValue(profile, 2, peer.exchange(frames).value)]

    with lines.peer(client="management", information=information, window=window) as peer:
        for first, count in ((1, 1), (2, 5), (1, len(whole))):
            assert read(peer, peer.gurux.readRowsByEntry(profile, first, count)) == whole[first - 1 : first - 1 + count]
        for begin, end in ((0, 1), (2, 27), (5, 50), (60, 70)):
            low, high = (datetime.datetime(2026, 1, 1, tzinfo=UTC) + datetime.timedelta(hours=hours) for hours in (begin, end))
            wanted = [row for row in whole if low <= row[0] <= high]
            assert read(peer, peer.gurux.readRowsByRange(profile, GXDateTime(low), GXDateTime(high))) == wanted


@pytest.mark.parametrize("port", ["optical", "rs485", "rs485-2"])
def test_every_line_answers(lines, port):
    with lines.peer(port, "management") as peer:
        serial = peer.raw(1, "0-0:96.1.0", 2)
        clock = GXDLMSClock("0.0.1.0.0.255")
        clock.timeZone = -60
        peer.write(clock, 3)
        assert peer.raw(8, "0-0:1.0.0", 3) == -60
    with lines.wrapper() as peer:
        assert peer.raw(1, "0-0:96.1.0", 2) == serial


@pytest.mark.parametrize("size", [2, 4])
def test_longer_addresses(lines, size):
    with lines.wrapper("management") as peer:
        assert int(peer.raw(23, "0-1:22.0.0", 9)) == PHYSICAL
    server = GXDLMSClient.getServerAddress(1, PHYSICAL, size)
    with lines.peer("rs485", information=128, window=7, server=server, server_size=size) as peer:
        assert len(peer.objects()) > 100
    other = GXDLMSClient.getServerAddress(1, PHYSICAL + 1, size)
    with pytest.raises(peers.Gone), lines.peer("rs485", server=other, server_size=size, limit=1.0):
        pass


def test_a_line_that_peers_open_and_close(lines):
    """Nothing of a peer that has gone reaches the next one; half a frame is no frame."""
    for _ in range(3):
        with lines.peer("rs485", information=32) as peer:
            assert len(peer.raw(1, "0-0:42.0.0", 2)) == 16
        line = os.open(lines.pty, os.O_RDWR | os.O_NOCTTY)
        os.write(line, bytes.fromhex("7EA02003")[: 3])
        os.close(line)
        time.sleep(0.1)
    # One who leaves in the middle of an answer.
    gone = lines.peer("rs485", information=32, window=7).connect()
    frames = gone.gurux.getObjectsRequest()
    gone.push(frames if isinstance(frames, (bytes, bytearray)) else frames[0])
    gone.close()
    with lines.peer("rs485") as peer:
        assert len(peer.raw(1, "0-0:42.0.0", 2)) == 16
    assert stat.S_ISCHR(os.stat(lines.pty).st_mode)


def test_all_lines_at_once(lines, over_the_wrapper):
    """Four peers, four channels: each gets its own answers."""
    rows = [row for row in over_the_wrapper if row[0] == 3][:120]
    wrong = []

    def read(open_peer):
        with open_peer() as peer:
            for row in rows:
                if plain(peer.raw(*row)) != over_the_wrapper[row]:
                    wrong.append(row)

    threads = [threading.Thread(target=read, args=(lambda port=port: lines.peer(port, information=64, window=3),))
               for port in ("hdlc", "optical", "rs485")]
    threads.append(threading.Thread(target=read, args=(lines.wrapper,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == [] and not any(thread.is_alive() for thread in threads)


def test_connections_are_shared_out(lines):
    """st402 has four of the network: two stay with the wrapper, two carry HDLC, and the third is closed at once."""
    with lines.peer(), lines.peer(client="level2"):
        with pytest.raises(peers.Gone):
            lines.peer(limit=2.0).connect()
        with lines.wrapper(), lines.wrapper("level3"), pytest.raises(peers.Gone):
            lines.wrapper("management", limit=2.0).connect()


def test_what_run_says_about_its_ports(lines):
    text = (lines.meter.arguments[lines.meter.arguments.index("--state") + 1])
    with open(os.path.join(text, "client.yaml"), encoding="utf-8") as file:
        listed = meters.yaml.safe_load(file)
    events = {event["port"]: event for event in lines.meter.of("port")}
    assert listed["address"] == events["wrapper"]["address"]
    assert listed["ports"] == {name: event["address"] for name, event in events.items()}
    assert list(events) == ["wrapper", "hdlc", "optical", "rs485", "rs485-2"]
    assert re.fullmatch(r"hdlc\+tcp://127\.0\.0\.1:\d+", events["hdlc"]["address"])
    assert events["rs485"]["address"] == f"hdlc:{lines.pty}?phys={PHYSICAL}"
    said = [event["line"] for event in lines.meter.of("client")]
    for port in ("hdlc", "optical", "rs485", "rs485-2"):
        assert f"build/host/quadrant read '{events[port]['address']}' 0-0:1.0.0" in said
    assert events["rs485-2"]["address"] == f"hdlc+tcp://127.0.0.1:{events['rs485-2']['number']}?phys={PHYSICAL}"


def test_the_name_of_a_pty_ends_with_the_meter(run, tmp_path):
    name = tmp_path / "bus"
    meter = run(load=meters.zero_load(), model="mini", extra=("--optical", f"pty:{name}"))
    assert name.is_symlink()
    assert meter.interrupt() == 0
    assert not name.is_symlink()
    meter = run(load=meters.zero_load(), model="mini", extra=("--optical", f"pty:{name}"))
    meter.kill()
    assert name.is_symlink()  # nobody could remove it
    again = run(load=meters.zero_load(), model="mini", extra=("--optical", f"pty:{name}"))
    assert name.is_symlink() and again.alive


@pytest.mark.parametrize(("words", "why"), [
    (("--optical", "pty:"), "--optical cannot be 'pty:'"),
    (("--hdlc", "pty:x"), "--hdlc cannot be"),
    (("--hdlc", "70000"), "--hdlc cannot be"),
    (("--rs485", "0", "--rs485", "0", "--rs485", "0"), "--rs485 cannot be"),
    (("--optical", "/dev/null"), "is no serial device"),
    (("--optical", "/nowhere/tty"), "No such file"),
    (("--pace", "5"), "--pace cannot be"),
])
def test_what_cannot_be_a_line(words, why):
    status, out, err = meters.quadrant("run", "--state", "none", "--wrapper", "0", *words)
    assert (status, out) == (2, "") and why in err, err
    assert err.count("\n") == 1


def test_a_model_without_such_a_line():
    status, _, err = meters.quadrant("run", "mini", "--state", "none", "--wrapper", "0", "--rs485", "0")
    assert status == 2 and "the model mini has no such line" in err


def test_the_pace_of_a_line(run):
    """9600 bit/s: an object list of some 11,000 octets takes as long as on a line, and not much longer."""
    meter = run(load=meters.zero_load(), extra=("--hdlc", "0", "--pace", "9600"))
    port = [event["number"] for event in meter.of("port") if event["port"] == "hdlc"][0]
    with hdlc_peer.HdlcPeer(("127.0.0.1", port), SAP["public"], information=128) as peer:
        frames = peer.gurux.getObjectsRequest()
        octets_before, begun = peer.octets_in + peer.octets_out, time.monotonic()
        peer.exchange(frames)
        took = time.monotonic() - begun
        line = (peer.octets_in + peer.octets_out - octets_before) * 10 / 9600
    print(f"{line:.2f} s of line time in {took:.2f} s")
    assert line - 0.05 <= took <= 1.5 * line + 1.0
