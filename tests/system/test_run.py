# SPDX-License-Identifier: Apache-2.0
"""quadrant run: spans, several meters in one process, load files that are none, and ports."""

import json
import os
import re
import subprocess

import meter as meters
import octets
import pytest

WALK = "\n".join(["# a walk", "t_s," + meters.COLUMNS,
                  "0,230,231,232,1,2,3,200,-300,650,10,20,-60,50",
                  "7,229,231,232,1,2,3,-200,-300,65.5,10,-20,-60,49.98",
                  "31,230,231,232,9,2,3,2000,300,650,100,200,60,50.02",
                  "60,230,231,,1,2,,200,,650,10,,-60,50"]) + "\n"


def hashes(meter):
    """The hashes of the registers in the stop events, in order."""
    found = []
    for event in meter.stopped():
        found += re.findall(r'"hash": ?"([0-9a-f]+)"', json.dumps(event))
    assert found, meter.events
    return found


def test_the_events_of_a_run(run):
    meter = run(load=WALK)
    kinds = [event["event"] for event in meter.events]
    assert kinds[-1] == "ready" and "port" in kinds and "client" in kinds
    assert re.fullmatch(r"127\.0\.0\.1", meter.address[0]) and meter.address[1] > 0
    assert meter.interrupt() == 0
    assert meter.stopped()


def test_the_same_run_gives_the_same_registers(run):
    one = run(ready=False, load=WALK, name="one", speed="max", length="3h")
    two = run(ready=False, load=WALK, name="two", speed="max", length="3h")
    assert one.wait() == two.wait() == 0
    assert hashes(one) == hashes(two)
    three = run(ready=False, load=WALK, name="three", speed="max", length="10799s")
    assert three.wait() == 0
    assert hashes(three) != hashes(one)


def test_a_run_in_two_parts_is_the_same_run(run):
    whole = run(ready=False, load=WALK, name="whole", speed="max", length="7200s")
    assert whole.wait() == 0
    first = run(ready=False, load=WALK, name="parts", speed="max", length="3600s")
    assert first.wait() == 0
    second = run(ready=False, load=WALK, name="parts", speed="max", length="3600s")
    assert second.wait() == 0
    assert hashes(whole) == hashes(second)


def test_both_gates_book_the_same(run):
    one = run(ready=False, load=WALK, name="call", speed="max", length="2h")
    two = run(ready=False, load=WALK, name="loop", speed="max", length="2h", gate="loopback")
    assert one.wait() == two.wait() == 0
    assert hashes(one) == hashes(two)


def test_two_meters_in_one_process_are_two_meters(run):
    alone = run(ready=False, load=WALK, name="alone", speed="max", length="2h", extra=["--seed", "5"])
    assert alone.wait() == 0
    both = run(ready=False, load=WALK, name="pair", speed="max", length="2h",
               extra=["--count", "2", "--seed", "5"])
    assert both.wait() == 0
    pair = hashes(both)
    assert len(pair) == 2
    assert set(pair) == set(hashes(alone))


def test_two_meters_in_one_process_answer_each_for_itself(run):
    meter = run(load=meters.zero_load(), name="pair", extra=["--count", "2"])
    assert len(meter.addresses()) == 2
    for address in meter.addresses():
        with octets.Line(address) as line:
            line.associate()
            assert line.get(1, "0-0:42.0.0", 2)[0] == 0
    assert meter.interrupt() == 0


def test_a_month_as_fast_as_it_goes(run):
    meter = run(ready=False, load=WALK, speed="max", length="30d")
    assert meter.wait(120) == 0
    assert hashes(meter)


def test_a_span_ends_by_itself_at_any_speed(run):
    meter = run(ready=False, load=WALK, speed=100, length="100s")
    assert meter.wait(10) == 0


@pytest.mark.parametrize(("text", "place"), [
    ("", ""),
    ("# only words\n", ""),
    ("t_s," + meters.COLUMNS + "\n", ""),
    ("t_s,nonsense\n0,1\n", ":1"),
    ("t_s,u1_v,i1_a,p1_w,\n0,230,1,230,\n", ":1"),
    (meters.zero_load().replace("\n0,", "\nzero,"), ":3"),
    (meters.zero_load().replace("230,230,230", "230,230,two", 1), ":3"),
    (meters.zero_load().replace("\n60,", "\n0,"), ":4"),
    (meters.zero_load().replace("\n60,", "\n-1,"), ":4"),
    (meters.zero_load().replace("\n0,230", "\n0,2300000"), ":3"),
    (meters.zero_load().replace("\n0,230,", "\n0,230,230,"), ":3"),
    (meters.zero_load().replace("0,0,50", "99999999999,0,50"), ":3"),
])
def test_a_load_file_that_is_none_names_its_line(run, text, place):
    meter = run(ready=False, load=text, speed="max", length="10s")
    status = meter.wait(10)
    name = meter.arguments[meter.arguments.index("--load") + 1]
    assert status == 2, meter.stderr()
    assert meter.stderr().count("\n") == 0 and name + place in meter.stderr(), meter.stderr()


def test_a_load_file_that_is_not_there(run, tmp_path):
    meter = run(ready=False, load=tmp_path / "none.csv", speed="max", length="10s")
    assert meter.wait(10) in (2, 5)
    assert "none.csv" in meter.stderr()


def test_a_load_file_that_is_no_file_is_not_waited_for(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        meter = run(ready=False, load=path, speed="max", length="10s")
        assert meter.wait(10) == 2
        assert str(path) in meter.stderr() and meter.stderr().count("\n") == 0, meter.stderr()


@pytest.mark.parametrize("words", [["run", "--state", "none", "--wrapper", "0", "--for", "1s"], ["help"], ["help", "run"],
                                   ["help", "read"], ["--version"]])
def test_a_full_disk_behind_standard_output(words, quadrant):
    with open("/dev/full", "w") as full:
        done = subprocess.run([quadrant, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
    assert done.returncode == 5
    assert "standard output" in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_meter_whose_reader_went_away_stays(quadrant):
    meter = subprocess.Popen([quadrant, "run", "--state", "none", "--wrapper", "0", "--for", "3s"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    meter.stdout.readline()
    meter.stdout.close()
    assert meter.wait(20) == 0
    assert meter.stderr.read() == ""
    meter.stderr.close()


def test_a_phase_without_values_is_said_in_the_line(run):
    load = "\n".join(["t_s," + meters.COLUMNS, "0,230,231,,1,2,,200,-300,,10,20,,50", "60,230,231,,1,2,,200,-300,,10,20,,50"]) + "\n"
    meter = run(load=load, length="4s")
    assert meter.wait_event("measured")["flags"] == ["phase-missing"]
    assert meter.wait(10) == 0
    whole = run(load=WALK, name="whole", speed="max", length="5s", ready=False)
    assert whole.wait(10) == 0 and whole.stopped()[0]["flags"] == []


@pytest.mark.parametrize("extra", [["--speed", "0"], ["--speed", "-1"], ["--speed", "fast"], ["--for", "soon"], ["--for", "-1s"],
                                   ["--start", "yesterday"], ["--wrapper", "70000"], ["--bind", "not.an.address"],
                                   ["--count", "0"], ["--gate", "none"], ["--nonsense"], ["--load"]])
def test_options_that_are_none(run, extra):
    meter = run(ready=False, load=meters.zero_load(), extra=extra, length="1s")
    assert meter.wait(10) in (2, 5)
    assert meter.stderr() and meter.stderr().count("\n") == 0, meter.stderr()


def test_a_model_that_is_none(run):
    meter = run(ready=False, model="st999", length="1s")
    assert meter.wait(10) == 2
    assert "st999" in meter.stderr()


def test_a_port_that_is_taken(run):
    meter = run(load=meters.zero_load(), name="one")
    other = run(ready=False, load=meters.zero_load(), name="two", wrapper=meter.address[1])
    assert other.wait(10) == 5
    assert str(meter.address[1]) in other.stderr()


def test_mini_runs_too(run):
    meter = run(model="mini", load=meters.zero_load())
    with octets.Line(meter.address) as line:
        aare = octets.Aare(line.ask(octets.aarq()))
        assert aare.result == 0
    assert meter.interrupt() == 0
