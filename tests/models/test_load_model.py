# SPDX-License-Identifier: Apache-2.0
"""The closed form against sums that a pencil can follow, and against itself second by second."""

from fractions import Fraction

import load_model as lm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HEADER = "t_s,u1_v,u2_v,u3_v,i1_a,i2_a,i3_a,p1_w,p2_w,p3_w,q1_var,q2_var,q3_var,f_hz"


def row(t, p, q):
    cells = ["" if value is None else str(value) for value in (*p, *q)]
    return f"{t},230,230,230,1,1,1,{','.join(cells)},50"


def load(*rows):
    return lm.Load("\n".join(["# words", HEADER, *(row(*r) for r in rows)]))


@pytest.mark.parametrize(("text", "value"), [
    ("1", 1000), ("0.0005", 1), ("0.00049", 0), ("-0.0005", -1), ("-0.0004", 0), ("1.2345", 1235), ("-1.2345", -1235),
    ("1e3", 1_000_000), ("", None), ("  ", None), ("2.0004999", 2000)])
def test_halves_go_away_from_zero(text, value):
    assert lm.quantised(text) == value


def test_one_kilowatt_for_an_hour():
    shown = lm.Registers().run(load((0, (1000, 0, 0), (0, 0, 0)), (60, (1000, 0, 0), (0, 0, 0))), 0, 3600).presented()
    assert shown["1-0:1.8.0.255"] == 1000 and shown["1-0:1.8.1.255"] == 1000 and shown["1-0:21.8.0.255"] == 1000
    assert shown["1-0:9.8.0.255"] == 1000 and shown["1-0:15.8.0.255"] == 1000 and shown["1-0:16.8.0.255"] == 1000
    assert sum(value for name, value in shown.items() if value) == 7 * 1000 + 2 * 1000
    assert shown["1-0:2.8.0.255"] == 0


def test_signs_and_quadrants():
    cases = {(1, 1): lm.R1, (-1, 1): lm.R2, (-1, -1): lm.R3, (1, -1): lm.R4, (0, -1): lm.R4, (0, 0): lm.R1, (-1, 0): lm.R2}
    for (p, q), channel in cases.items():
        assert lm.quadrant(p, q) == channel


def test_the_sum_decides_the_direction_and_a_phase_its_own():
    file = load((0, (1000, -400, -100), (300, 0, -500)), (60, (1000, -400, -100), (300, 0, -500)))
    shown = lm.Registers().run(file, 0, 3600).presented()
    assert (shown["1-0:1.8.0.255"], shown["1-0:2.8.0.255"]) == (500, 0)
    assert (shown["1-0:21.8.0.255"], shown["1-0:42.8.0.255"], shown["1-0:62.8.0.255"]) == (1000, 400, 100)
    assert (shown["1-0:5.8.0.255"], shown["1-0:8.8.0.255"]) == (0, 200)
    assert (shown["1-0:3.8.0.255"], shown["1-0:4.8.0.255"]) == (0, 200)


def test_a_gap_books_nothing_and_the_others_go_on():
    file = load((0, (1000, None, 500), (0, 0, 0)), (60, (1000, 700, 500), (0, None, 0)))
    shown = lm.Registers().run(file, 0, 3600).presented()
    assert shown["1-0:1.8.0.255"] == 1500 and shown["1-0:41.8.0.255"] == 0


def test_phases_without_columns_or_values():
    file = lm.Load("t_s,u1_v,i1_a,p1_w\n0,230,5,1000\n60,,5,1000\n120,230,,1000\n180,230,5,1000\n")
    assert [row.phases for row in file.rows] == [((1_000_000, 0), None, None), (None, None, None), (None, None, None),
                                                 ((1_000_000, 0), None, None)]
    assert lm.Load("t_s,u1_v,i1_a,p1_w\n0,230,5,1000\n").length == 1


def test_the_loop_and_its_last_step():
    file = load((0, (3600, 0, 0), (0, 0, 0)), (10, (7200, 0, 0), (0, 0, 0)), (15, (0, 0, 0), (0, 0, 0)))
    assert file.length == 20
    assert [(r.t, n) for r, n in file.spans(0, 45)] == [(0, 10), (10, 5), (15, 5), (0, 10), (10, 5), (15, 5), (0, 5)]
    assert lm.Registers().run(file, 0, 40).total(lm.A_IMPORT) == 2 * (36_000_000 + 36_000_000)


def test_no_load_has_two_thresholds():
    file = load((0, (4, 0, 0), (0, 0, 0)), (10, (6, 0, 0), (0, 0, 0)), (20, (3, 0, 0), (0, 6, 0)), (30, (3, 0, 0), (0, 0, 0)),
                (40, (8, 0, 0), (0, 0, 0)), (50, (6, 0, 0), (0, 0, 0)))
    registers = lm.Registers(enter_mw=5000, leave_mw=7000).run(file, 0, 60)
    assert registers.total(lm.A_IMPORT) == 8000 * 10 + 6000 * 10


def test_no_load_of_a_phase_is_its_own():
    file = load((0, (1000, -1000, 3), (0, 0, 0)), (10, (4, 4, None), (0, 0, 0)), (20, (6, 8, 6), (0, 0, 0)))
    registers = lm.Registers(enter_mw=5000, leave_mw=7000).run(file, 0, 30)
    # the sum: 3 W is no-load, 8 W and 20 W are not; opposing phases count each for themselves
    assert registers.total(lm.A_IMPORT) == (8000 + 20_000) * 10
    assert registers.phase[0][lm.A_IMPORT] == 1_000_000 * 10  # 4 W begins it, 6 W does not end it
    assert (registers.phase[1][lm.A_EXPORT], registers.phase[1][lm.A_IMPORT]) == (1_000_000 * 10, 8000 * 10)
    assert not any(registers.phase[2])


values = st.one_of(st.none(), st.integers(-3000, 3000).map(lambda n: Fraction(n, 8)).map(lambda f: f"{float(f)}"))
rows = st.lists(st.tuples(st.integers(1, 30), st.tuples(values, values, values), st.tuples(values, values, values)),
                min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(0, 40), st.integers(0, 90), st.integers(0, 9))
def test_spans_add_up_second_by_second(steps, start, seconds, gap):
    t, table = 0, []
    for step, p, q in steps:
        table.append((t, p, q))
        t += step
    file = load(*table)
    one, two = lm.Registers(200_000, 250_000), lm.Registers(200_000, 250_000)
    one.run(file, start, start + seconds, 3)
    for second in range(start, start + seconds):
        two.run(file, second, second + 1, 3)
    assert one.rate == two.rate and one.phase == two.phase
    third = lm.Registers(200_000, 250_000).run(file, start, start + min(gap, seconds), 3)
    third.run(file, start + min(gap, seconds), start + seconds, 3)
    assert third.rate == one.rate
