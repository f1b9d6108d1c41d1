# SPDX-License-Identifier: Apache-2.0
"""Servers and a client that are not ours, as programs of their own: jDLMS and Gurux.DLMS for Java.

The conformance suite has been written beside our own meter: here it meets others. What they fail is listed in NAME.txt, each with
the reason why it is they who deviate; a purpose that an outsider fails for no such reason is a fault of ours.
scripts/bootstrap java fetches them.
"""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import time

import meter as meters
import pytest

pytestmark = pytest.mark.long

HERE = pathlib.Path(__file__).resolve().parent
JARS = meters.ROOT / "build" / "outside" / "lib"
PASSWORD = "12345678"
NAMES = {"jdlms": "JDL0000000000001", "gurux": "GRX0000000000001"}
# outsider, framing, and how many purposes it passes at least
STANDS = [("jdlms", "wrapper", 85), ("gurux", "wrapper", 95), ("gurux", "hdlc", 110)]


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="session")
def java(tmp_path_factory):
    """Our small programs, compiled against the outsiders: gives the beginning of a command."""
    if not any(JARS.glob("*.jar")):
        pytest.fail("the outsiders are not there: scripts/bootstrap java", pytrace=False)
    classes = tmp_path_factory.mktemp("classes")
    path = f"{JARS}/*"
    subprocess.run(["javac", "-encoding", "UTF-8", "-cp", path, "-d", classes, *HERE.glob("src/*.java")], check=True)
    return ["java", "-Xmx256m", "-cp", f"{path}:{classes}"]


@pytest.fixture(scope="module")
def outsider(java):
    """outsider(NAME) gives its addresses by framing; each is started once and stopped at the end."""
    running = {}
    with contextlib.ExitStack() as stack:
        def start(name):
            if name not in running:
                wrapper, hdlc = free_ports(2)
                child = stack.enter_context(subprocess.Popen(
                    [*java, f"{name.capitalize()}Meter", str(wrapper), str(hdlc), PASSWORD], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
                stack.callback(child.kill)
                assert child.stdout.readline() == "ready\n"
                running[name] = {"wrapper": f"tcp://127.0.0.1:{wrapper}", "hdlc": f"hdlc+tcp://127.0.0.1:{hdlc}"}
            return running[name]
        yield start


def expected(name, framing):
    """{id: reason} of NAME.txt."""
    found = {}
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            where, names, reason = re.fullmatch(r"(both|wrapper|hdlc): ([^:]+): (.+)", line).groups()
            for one in names.split() if where in ("both", framing) else ():
                assert one not in found, one
                found[one] = reason
    return found


@pytest.mark.parametrize("name,framing,passes", STANDS)
def test_the_suite_meets_an_outsider(quadrant, outsider, name, framing, passes):
    status, out, err = meters.quadrant("conformance", outsider(name)[framing], "--capabilities", HERE / f"{name}.cap", "--writes",
                                       "--silence", "500ms", "--timeout", "5s", "--json", limit=900.0, password=PASSWORD)
    assert status == 6, err
    rows = [json.loads(line) for line in out.splitlines()]
    verdicts = {row["id"]: row for row in rows if row["event"] == "verdict"}
    red = {one: row["reason"] for one, row in verdicts.items() if row["verdict"] in ("fail", "inconclusive")}
    known = expected(name, framing)
    assert {one: red[one] for one in red.keys() - known.keys()} == {}, "not known to be the outsider's"
    assert known.keys() - red.keys() == set(), "known, and passed"
    assert sum(row["verdict"] == "pass" for row in verdicts.values()) >= passes


@pytest.mark.parametrize("name,framing", [stand[:2] for stand in STANDS])
def test_our_client_reads_an_outsider(quadrant, outsider, name, framing):
    address = outsider(name)[framing]
    status, out, err = meters.quadrant("read", address, "0-0:42.0.0", "1-0:1.8.0", "1-0:2.8.0")
    assert (status, err) == (0, "")
    assert [line.split(None, 1)[1] for line in out.splitlines()] == [NAMES[name], "1234567 Wh", "89 Wh"]
    status, out, err = meters.quadrant("objects", address)
    assert (status, err) == (0, "") and "1-0:99.1.0.255" in out and "Active energy import A+ total" in out
    status, out, err = meters.quadrant("profile", address, "1-0:99.1.0")
    rows = [line for line in out.splitlines() if not line.startswith("#")]
    assert (status, err) == (0, "")
    assert rows[:2] == ["2026-01-01T00:00:00Z  1000", "2026-01-01T00:15:00Z  1001"] and len(rows) >= 100
    status, out, err = meters.quadrant("scan", address, "17" if framing == "hdlc" else "1")
    assert status == 0 and NAMES[name] in out, err


def test_a_selection_by_an_outsider(quadrant, outsider):
    status, out, err = meters.quadrant("profile", outsider("gurux")["wrapper"], "1-0:99.1.0",
                                       "--from", "2026-01-01T01:00:00Z", "--to", "2026-01-01T01:15:00Z")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if not line.startswith("#")] == ["2026-01-01T01:00:00Z  1004",
                                                                               "2026-01-01T01:15:00Z  1005"]

    # Neither takes entries as they are meant: jDLMS sends the whole buffer, Gurux one row more.
    for name in NAMES:
        status, out, err = meters.quadrant("profile", outsider(name)["wrapper"], "1-0:99.1.0", "--entries", "2:4")
        assert status == 4 and "rows came for entries 2 to 4" in err and not out


def test_our_client_with_a_password(quadrant, outsider):
    address = outsider("gurux")["wrapper"]
    assert meters.quadrant("set", address, "--as", "management", "0-0:1.0.0:3", "60", password=PASSWORD)[0] == 0
    assert meters.quadrant("call", address, "--as", "management", "0-0:10.0.100:1", "u16:1", password=PASSWORD)[0] == 0
    status, _, err = meters.quadrant("read", address, "--as", "management", "0-0:1.0.0", password="wrong123")
    assert status == 1 and "authentication-failure" in err
    # jDLMS accepts a password in the context of ciphered APDUs, whatever was proposed: that is not what was asked for.
    status, _, err = meters.quadrant("read", outsider("jdlms")["wrapper"], "--as", "management", "0-0:1.0.0", password=PASSWORD)
    assert status == 4 and "another application context" in err


# --- the other way round: an outsider reads our meter ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def own(yard):
    meter = yard.start(name="outside", load=meters.constant_load(230, 5, 1104, 322), extra=("--hdlc", "0"))
    hdlc = next(re.search(r"hdlc\+tcp://[^:]+:(\d+)", json.dumps(event)) for event in meter.of("port")
                if "hdlc+tcp://" in json.dumps(event))
    until = time.monotonic() + 10.0
    while meters.quadrant("read", meter.uri, "--as", "level1", "1-0:32.7.0", password=meter.password("level1").decode())[0]:
        assert time.monotonic() < until, "nothing was measured"
        time.sleep(0.2)
    return {"meter": meter, "wrapper": meter.address[1], "hdlc": int(hdlc[1])}


def ask(java, own, framing, client, *requests):
    """One line of answer for each request."""
    words = [*java, "JdlmsReader", framing, own[framing], meters.CLIENTS[client], 17]
    password = own["meter"].password(client)
    if password is not None:
        words.append(password.decode())
    done = subprocess.run(list(map(str, words)), input="\n".join(requests) + "\n", capture_output=True, text=True, timeout=120,
                          check=False)
    answers = done.stdout.splitlines()
    assert done.returncode == 0 and len(answers) == len(requests), f"{answers}\n{done.stderr}"
    return answers


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_jdlms_reads_our_meter_as_anybody(java, own, framing):
    name, clock, saps, energy, several, context = ask(
        java, own, framing, "public", "get 1 0.0.42.0.0.255 2", "get 8 0.0.1.0.0.255 2", "get 17 0.0.41.0.0.255 2",
        "get 3 1.0.1.8.0.255 2", "get 1 0.0.42.0.0.255 2 8 0.0.1.0.0.255 3 3 1.0.1.8.0.255 2", "get 15 0.0.40.0.0.255 5")
    assert bytes.fromhex(name).startswith(b"QDT") and len(name) == 32
    assert re.fullmatch(r"07ea01010[14][0-9a-f]{8}[0-9a-f]{6}", clock)
    assert saps == f"[(1,{name})]"
    assert energy == "OBJECT_UNDEFINED"
    assert several == f"{name} -60 OBJECT_UNDEFINED"
    assert re.fullmatch(r"\(24:00fe1d,\d+,\d+,6,0,\)", context)


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_jdlms_manages_our_meter(java, own, framing):
    (voltage, units, objects, log, first, zone, back, mixed, wrong, masks, number, script, no_script,
     no_method) = ask(
        java, own, framing, "management", "get 3 1.0.32.7.0.255 2",
        "get 3 1.0.1.8.0.255 3 3 1.0.32.7.0.255 3 1 0.0.96.1.1.255 2", "get 15 0.0.40.0.0.255 2",
        "get 7 0.0.99.98.0.255 2", "get 7 0.0.99.98.0.255 2@1:1", "set 8 0.0.1.0.0.255 3 i16=-120", "get 8 0.0.1.0.0.255 3",
        "set 8 0.0.1.0.0.255 3 i16=-60 1 0.0.42.0.0.255 2 text=abc", "set 8 0.0.1.0.0.255 3 text=abc",
        "copy 6 0.0.14.0.1.255 3", "set 1 0.0.96.1.1.255 2 text=OUTSIDE-1", "call 9 0.0.10.0.100.255 1 u16=1",
        "call 9 0.0.10.0.100.255 1 u16=99", "call 9 0.0.10.0.100.255 9 u16=1")
    assert 2290 <= int(voltage) <= 2310
    assert units.startswith("(0,30) (-1,35) ")
    assert objects.count("(8,0,0000010000ff,") == 1 and len(objects) > 10000  # came in blocks
    assert log.startswith("[(07ea0101") and first == "[" + log[1:log.index(")") + 1] + "]"
    assert (zone, back, mixed, wrong) == ("SUCCESS", "-120", "SUCCESS READ_WRITE_DENIED", "TYPE_UNMATCHED")
    assert (masks, number) == ("SUCCESS", "SUCCESS")
    assert (script, no_script, no_method) == ("SUCCESS", "OTHER_REASON", "OBJECT_UNDEFINED")
