# SPDX-License-Identifier: Apache-2.0
"""Whatever gets lost, comes twice or is spoilt on an HDLC line, the APDUs are those of the wrapper: an own model of the primary
station against a running meter, with random segments, windows and losses."""

import pathlib
import sys

import meter as meters
import octets
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import hdlc_model  # noqa: E402

pytestmark = pytest.mark.command_only("its line has tests of its own, tests/firmware/test_line.py")

AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400")
LIST = "C001C1000F0000280000FF0200"
NAME = "C001C1000100002A0000FF0200"
SAPS = "C001C200110000290000FF0200"
MANY = "C003C10A" + "000100002A0000FF0200" * 10
REQUESTS = [bytes.fromhex(text) for text in (NAME, LIST, SAPS, MANY, "C001C10001000063FF00FF0200", "FF00", NAME)]


@pytest.fixture(scope="module")
def site(yard):
    return yard.start(name="lossy", load=meters.zero_load(), extra=("--hdlc", "0"))


def where(site):
    return "127.0.0.1", [event["number"] for event in site.of("port") if event["port"] == "hdlc"][0]


@pytest.fixture(scope="module")
def wanted(site):
    with octets.Line(site.address) as line:
        line.ask(AARQ, 16)
        return [line.ask(request, 16) for request in REQUESTS]


@pytest.mark.parametrize("information, window", [(32, 1), (32, 7), (33, 2), (64, 4), (128, 1), (128, 7), (2030, 7)])
@pytest.mark.parametrize("trouble", [0.0, 0.1, 0.4])
def test_losses_change_nothing(site, wanted, information, window, trouble):
    lost = 0
    for seed in range(1 if trouble == 0 else 4):
        station = hdlc_model.Station(where(site), seed, information, window, trouble=trouble)
        assert station.request(AARQ)[:1] == b"\x61"
        for request, answer in zip(REQUESTS, wanted, strict=True):
            assert station.request(request) == answer
        lost += station.lost
        station.trouble = 0
        station.close()
    assert (lost > 0) == (trouble > 0)


@pytest.mark.parametrize("trouble", [0.0, 0.4])
def test_what_is_executed_is_executed_once(site, trouble):
    """The served requests are counted by invoke-id: each answer belongs to its own request, in order, over many wraps of N(S)."""
    station = hdlc_model.Station(where(site), 7, 64, 3, trouble=trouble)
    assert station.request(AARQ)[:1] == b"\x61"
    for n in range(60):
        invoke = 0xC0 | n % 16
        answer = station.request(bytes.fromhex(NAME)[:2] + bytes([invoke]) + bytes.fromhex(NAME)[3:])
        assert answer[:4] == bytes([0xC4, 0x01, invoke, 0x00])
    station.trouble = 0
    station.close()
