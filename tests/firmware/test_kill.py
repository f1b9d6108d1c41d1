# SPDX-License-Identifier: Apache-2.0
"""QEMU is killed at random points while second after second is committed as fast as it goes: what the board keeps in its
file never falls, and at most the second under way is lost."""

import random
import time

import board
import meter as meters
import pytest

SECOND_MJ = 3 * 1_104_000
CORRUPT = 0x8


@pytest.mark.parametrize("kills", [5, pytest.param(60, marks=pytest.mark.long)])
def test_killed_at_random_points(boards, kills):
    chance = random.Random(402 + kills)
    steady = meters.constant_load(230, 5, 1104, 322)
    kept, taken, blind, seconds = 0, 0, 0, 0
    for n in range(kills + 1):
        if n:
            # The feeder begins where the image has ended: what was not taken is not owed.
            memory = boards.meters[-1].memory
            memory.put(board.RING_HEAD, memory.word(board.RING_TAIL))
        begin = memory.word(board.RING_TAIL) if n else 0
        early = n < kills and chance.random() < 0.2
        meter = boards.start(load=steady, fast=100_000_000, ready=not early)
        if early:
            time.sleep(chance.uniform(0.0, 0.25))
        else:
            view = meter.ask("view")
            # Everything taken in the lives before, but one second for each kill; seconds of this life may be in it.
            assert kept <= view["import_mj"], f"energy fell at start {n}"
            taken_now = taken + (meter.memory.word(board.RING_TAIL) - begin)
            assert view["import_mj"] >= (taken - blind) * SECOND_MJ, f"more than a second lost before start {n}"
            assert view["import_mj"] <= taken_now * SECOND_MJ
            assert view["flags"] & CORRUPT == 0
            kept = view["import_mj"]
            if n < kills:
                time.sleep(chance.uniform(0.0, 1.0))
        meter.kill()
        taken += meter.memory.word(board.RING_TAIL) - begin
        blind += 1
        seconds = taken
    assert seconds > kills  # how many more is the machine's mood
    print(f"{kills} kills, {seconds} seconds committed, at most {blind} of them lost, none fell")
