# SPDX-License-Identifier: Apache-2.0
"""The command as a user types it: output, formats and exit status."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import meter as meters
import peer as peers
import pytest

OK, REFUSED, USAGE, CONTACT = 0, 1, 2, 3


@pytest.fixture(scope="module")
def target(yard):
    meter = yard.start(name="cli", load=meters.constant_load(230, 5, 1104, 322))
    time.sleep(1.2)  # until a second is measured there are no values
    return meter


@pytest.fixture(scope="module")
def call(yard, target):
    def ask(*words, **options):
        environment = {"QUADRANT_STATE_HOME": str(yard.folder), **options.pop("environment", {})}
        return meters.quadrant(*words, environment=environment, **options)

    return ask


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_help_says_every_command(call):
    status, out, _ = call("help")
    assert status == OK
    for name in ("run", "read", "watch", "objects", "set", "call", "poke"):
        assert name in out
        assert call("help", name)[0] == OK


def test_no_command_and_a_wrong_one(call):
    assert call()[0] == USAGE
    status, _, err = call("nonsense")
    assert status == USAGE and "nonsense" in err


def test_read_with_unit_and_scaler(call):
    status, out, err = call("read", "@cli", "1-0:32.7.0", "1-0:14.7.0", "--as", "level1", "--json")
    assert status == OK, err
    voltage, frequency = rows(out)
    assert float(voltage["value"]) == 230.0 and voltage["unit"] == "V" and voltage["scaler"] == -1 and voltage["raw"] == 2300
    assert float(frequency["value"]) == 50.0 and frequency["unit"] == "Hz"


def test_read_as_text_and_csv(call):
    status, out, _ = call("read", "@cli", "1-0:32.7.0", "--as", "level1")
    assert status == OK and "230.0" in out and "V" in out
    status, out, _ = call("read", "@cli", "1-0:32.7.0", "--as", "level1", "--csv")
    assert status == OK
    table = list(csv.reader(io.StringIO(out)))
    assert any("230.0" in row for row in table)


def test_what_gurux_reads_the_command_reads(call, target):
    names = ["1-0:31.7.0.255", "1-0:52.7.0.255", "1-0:1.7.0.255", "1-0:3.7.0.255", "1-0:81.7.40.255"]
    status, out, _ = call("read", "@cli", *names, "--as", "level1", "--json")
    assert status == OK
    mine = {row.get("item", row.get("obis", row.get("name"))): row["raw"] for row in rows(out)}
    with peers.Peer(target.address, 17, target.password("level1")) as peer:
        for name in names:
            ours = next(raw for item, raw in mine.items() if item and item.startswith(name.removesuffix(".255")))
            assert abs(ours - peer.register(name)) <= 1


def test_a_refused_item_is_a_row_and_status_1(call):
    status, out, _ = call("read", "@cli", "0-0:42.0.0", "1-0:1.8.0", "--as", "public", "--json")
    assert status == REFUSED
    ldn, register = rows(out)
    assert ldn["status"] in ("ok", "success") and "object-undefined" in register["status"].replace(" ", "-")


def test_without_an_item_everything_is_read(call):
    status, out, _ = call("read", "@cli", "--as", "level1", "--json")
    assert status in (OK, REFUSED)
    found = {row["obis"]: row for row in rows(out)}
    assert len(found) > 150 and found["1-0:32.7.0.255"]["raw"] == 2300


def test_the_address_in_full(call, target):
    status, out, err = call("read", target.uri + "?client=16", "0-0:42.0.0", "--json")
    assert status == OK, err
    assert len(rows(out)) == 1


def test_the_password_by_file_and_by_environment(call, target, tmp_path):
    password = target.password("level1").decode()
    words = ("read", target.uri + "?client=17", "1-0:32.7.0", "--json")
    assert call(*words, password=password)[0] == OK
    file = tmp_path / "password"
    file.write_text(password + "\n")
    assert call(*words, "--password-file", file)[0] == OK
    status, _, err = call(*words, password="wrong111")
    assert status == REFUSED and err.count("\n") == 1 and "wrong111" not in err


def test_objects(call):
    status, out, _ = call("objects", "@cli", "--as", "public", "--json")
    assert status == OK
    assert len(rows(out)) >= 8
    status, out, _ = call("objects", "@cli", "--as", "level1")
    assert status == OK and "1-0:1.8.0" in out


def test_set_and_call(call):
    status, _, err = call("set", "@cli", "0-0:1.0.0", "date-time:2026-06-01T12:00:00+00:00", "--as", "management")
    assert status == OK, err
    status, out, _ = call("read", "@cli", "0-0:1.0.0", "--as", "public", "--json")
    assert status == OK and "2026-06-01T" in out
    assert call("call", "@cli", "0-0:10.0.100:1", "u16:3", "--as", "management")[0] == OK
    status, out, _ = call("read", "@cli", "0-0:14.0.1:4", "--as", "management", "--json")
    assert status == OK and ("0003" in out or "30303033" in out)
    assert call("call", "@cli", "0-0:10.0.100:1", "u16:1", "--as", "management")[0] == OK


def test_set_that_is_refused_says_why(call):
    status, out, err = call("set", "@cli", "0-0:1.0.0", "date-time:2026-06-01T12:00:00+00:00", "--as", "public")
    assert status == REFUSED and "denied" in out + err
    status, out, err = call("set", "@cli", "3/1-0:1.8.0:2", "u32:5", "--as", "management")
    assert status == REFUSED and "denied" in out + err
    status, out, err = call("call", "@cli", "0-0:10.0.100:1", "u16:77", "--as", "management")
    assert status == REFUSED


def test_usage(call):
    for words in (("read",), ("set", "@cli", "0-0:1.0.0"), ("read", "nowhere", "1-0:1.8.0"),
                  ("read", "@cli", "not-an-item"), ("set", "@cli", "0-0:1.0.0", "u8:300", "--as", "management"),
                  ("read", "@cli", "1-0:1.8.0", "--as", "nobody"), ("read", "@cli", "1-0:1.8.0", "--nonsense")):
        status, _, err = call(*words)
        assert status == USAGE and err.count("\n") == 1, (words, status, err)
    _, _, err = call("set", "@cli", "0-0:1.0.0", "u99:5", "--as", "management")
    assert "no such type before the colon" in err


def test_no_contact(call):
    status, _, err = call("read", "tcp://127.0.0.1:1?client=16", "0-0:42.0.0", "--timeout", "2")
    assert status == CONTACT and err.count("\n") == 1
    status, _, err = call("read", "@nobody-of-this-name", "1-0:1.8.0")
    assert status == CONTACT and err.count("\n") == 1 and "nobody-of-this-name" in err


def test_watch_counts_and_can_be_stopped(call, yard, target):
    status, out, _ = call("watch", "@cli", "1-0:32.7.0", "--as", "level1", "--json", "--interval", "0.2", "--count", "3")
    assert status == OK and len(rows(out)) == 3
    child = subprocess.Popen([str(meters.program()), "watch", "@cli", "1-0:32.7.0", "--as", "level1", "--json", "--interval", "0.2"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env={"QUADRANT_STATE_HOME": str(yard.folder), "PATH": "/usr/bin:/bin"})
    try:
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=5)
    finally:
        child.kill()
        child.wait()
    assert len(rows(out)) >= 2
    assert child.returncode == OK


def test_the_trace_hides_passwords(call, target):
    status, out, err = call("read", "@cli", "1-0:32.7.0", "--as", "level1", "--trace")
    assert status == OK
    text = (out + err).lower().replace(" ", "")
    assert "c001" in text or "get" in text
    assert target.password("level1").hex() not in text


def test_the_example_of_gurux(target):
    example = meters.ROOT / "examples" / "gurux_read.py"
    host, port = target.address
    done = subprocess.run([sys.executable, example, "--port", str(port)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "2026-" in done.stdout
    done = subprocess.run([sys.executable, example, "--host", host, "--port", str(port), "--client", "17"], capture_output=True,
                          text=True, timeout=30, check=False,
                          env={**os.environ, "METER_PASSWORD": target.password("level1").decode()})
    assert done.returncode == 0, done.stderr
    assert "1-0:1.8.0" in done.stdout and "Wh" in done.stdout
