# SPDX-License-Identifier: Apache-2.0
"""Long answers in blocks, lists, and what happens when a transfer is led astray."""

import meter as meters
import octets
import peer as peers
import pytest

SAP = meters.CLIENTS
LIST = (15, "0-0:40.0.0", 2)


@pytest.fixture(scope="module")
def whole(site):
    with site.line("level1", pdu=0xFFFF) as line:
        result, element = line.get(*LIST, SAP["level1"])
    assert result == 0
    return element


@pytest.mark.parametrize("pdu", [64, 128, 512, 1024])
def test_the_list_is_the_same_in_blocks_of_any_size(site, whole, pdu):
    with site.line("level1", pdu=pdu) as line:
        answer = octets.Get(line.ask(octets.get(*LIST), SAP["level1"]))
        data, number = b"", 1
        while True:
            assert answer.kind == 2 and answer.block == number and answer.result == 0
            data += answer.data
            if answer.last:
                break
            assert answer.data, "an empty block is no progress"
            reply = line.ask(octets.get_next(number), SAP["level1"])
            assert len(reply) <= pdu
            number += 1
            answer = octets.Get(reply)
        assert octets.whole(data) == whole
        assert number >= len(data) // pdu


@pytest.mark.parametrize("pdu", [64, 128, 512])
def test_gurux_puts_the_blocks_together(site, pdu):
    with site.peer("level1", pdu=pdu) as peer:
        small = peers.listing(peer.objects())
    with site.peer("level1") as peer:
        assert set(peers.listing(peer.objects())) == set(small)


def test_no_answer_passes_the_size_that_the_client_takes(site):
    for pdu in (12, 13, 20, 32, 64):
        with site.line("level1", pdu=pdu) as line:
            for row in ((1, "0-0:42.0.0", 2), (8, "0-0:1.0.0", 2), (15, "0-0:40.0.0", 5), (3, "1-0:1.8.0", 3)):
                reply = line.ask(octets.get(*row), SAP["level1"])
                assert len(reply) <= pdu
                data, answer = b"", octets.Get(reply) if reply[0] == 0xC4 else None
                if answer is None:
                    assert reply[0] == 0xD8  # too small for a block with one octet
                    continue
                while answer.kind == 2 and answer.result == 0:
                    data += answer.data
                    if answer.last:
                        octets.whole(data)
                        break
                    reply = line.ask(octets.get_next(answer.block), SAP["level1"])
                    assert len(reply) <= pdu
                    answer = octets.Get(reply)


def first_block(line):
    answer = octets.Get(line.ask(octets.get(*LIST), SAP["level1"]))
    assert (answer.kind, answer.block, answer.last) == (2, 1, False)


@pytest.mark.parametrize("wrong", [0, 2, 7, 0xFFFFFFFF])
def test_a_wrong_block_number_ends_the_transfer(site, wrong):
    with site.line("level1", pdu=128) as line:
        first_block(line)
        answer = octets.Get(line.ask(octets.get_next(wrong), SAP["level1"]))
        assert (answer.kind, answer.result, answer.last) == (2, 19, True)
        answer = octets.Get(line.ask(octets.get_next(1), SAP["level1"]))
        assert answer.result == 16
        first_block(line)


def test_the_next_block_of_nothing(site):
    with site.line("level1", pdu=128) as line:
        answer = octets.Get(line.ask(octets.get_next(1), SAP["level1"]))
        assert answer.kind == 2 and answer.last and answer.result == 16


def test_another_request_ends_a_running_transfer(site):
    with site.line("level1", pdu=128) as line:
        first_block(line)
        # One of high priority is served beside it, one of normal priority in its place.
        assert octets.Get(line.ask(octets.get(1, "0-0:42.0.0", 2, invoke=0xC2), SAP["level1"])).result == 0
        assert octets.Get(line.ask(octets.get_next(1), SAP["level1"])).block == 2
        assert octets.Get(line.ask(octets.get(1, "0-0:42.0.0", 2, invoke=0x42), SAP["level1"])).result == 0
        assert octets.Get(line.ask(octets.get_next(2), SAP["level1"])).result in (14, 15, 16, 19)


def test_the_transfer_of_one_client_is_not_that_of_another(site):
    with site.line("level1", pdu=128) as one, site.line("level2", pdu=128) as two:
        first_block(one)
        answer = octets.Get(two.ask(octets.get_next(1), SAP["level2"]))
        assert answer.result == 16
        assert octets.Get(one.ask(octets.get_next(1), SAP["level1"])).block == 2


def test_a_list_is_one_snapshot_and_in_order(site):
    rows = [(3, f"1-0:{c}.8.0", 2) for c in (1, 21, 41, 61)] + [(8, "0-0:1.0.0", 3), (3, "1-0:9.9.9", 2), (3, "1-0:1.8.0", 7)]
    with site.line("level1") as line:
        for _ in range(5):
            answer = octets.Get(line.ask(octets.get_list(rows), SAP["level1"]))
            assert answer.kind == 3 and len(answer.items) == len(rows)
            (total, *phases) = [item[1][1] for item in answer.items[:4]]
            assert sum(phases) <= total <= sum(phases) + 2
            assert [item[0] for item in answer.items[4:]] == [0, 4, 4]


def test_gurux_reads_lists(site):
    rows = [(3, "1-0:32.7.0", 2), (3, "1-0:52.7.0", 2), (3, "1-0:14.7.0", 2), (8, "0-0:1.0.0", 3)]
    with site.peer("level1") as peer:
        assert [int(value) for value in peer.read_list(rows)][:3] == [2300, 2300, 50000]


def test_a_long_list_comes_in_blocks(site):
    rows = [(3, f"1-0:{c}.8.{e}", 2) for c in (1, 2) for e in range(8)]
    with site.line("level1", pdu=64) as line:
        answer = octets.Get(line.ask(octets.get_list(rows), SAP["level1"]))
        data = b""
        while True:
            assert answer.kind == 2 and answer.result == 0
            data += answer.data
            if answer.last:
                break
            answer = octets.Get(line.ask(octets.get_next(answer.block), SAP["level1"]))
    count, at = octets.length_of(data, 0)
    assert count == len(rows)
    for _ in range(count):
        assert data[at] == 0
        element, at = octets.decode(data, at + 1)
        assert element[0] == 6
    assert at == len(data)


def test_more_items_than_the_meter_takes_are_refused_whole(site):
    rows = [(3, f"1-0:{c}.8.{e}", 2) for c in (1, 2, 5, 6, 7, 8, 9, 10) for e in range(9)]
    with site.line("level1") as line:
        answer = line.ask(octets.get_list(rows), SAP["level1"])
        if answer[0] == 0xC4:
            got = octets.Get(answer)
            assert got.kind == 2 or all(item[0] == 0 for item in got.items)
        else:
            assert answer[0] == 0xD8
        assert line.get(1, "0-0:42.0.0", 2, SAP["level1"])[0] == 0


def test_an_empty_list(site):
    with site.line("level1") as line:
        answer = line.ask(octets.get_list([]), SAP["level1"])
        assert answer[0] in (0xC4, 0xD8)
        assert line.get(1, "0-0:42.0.0", 2, SAP["level1"])[0] == 0
