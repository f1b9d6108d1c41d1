# SPDX-License-Identifier: Apache-2.0
"""Registers from a load file, in closed form: Python integers, no code and no reading shared with the firmware.

One second of a load is a constant power in whole mW and mvar, so one second of energy is that number of mJ; a span is a
sum over rows, not over steps. Conventions of the meter that the files of docs/ describe:

* a row holds from its time to the next row's; the last row holds as long as the one before it did, then the file starts
  again (a single row: after a second); a second of the meter belongs to the row that holds at its beginning;
* an empty cell among u, i, p and q of a phase is a phase that was not measured: it books no energy, and neither does a phase
  without columns; without a column of q it has none;
* direction and quadrant of the meter are those of the sums of P and of Q over the phases (P >= 0: import; Q >= 0:
  quadrants I and II); of a phase those of its own P and Q;
* apparent power is floor(sqrt(P^2 + Q^2)) of the sum in mVA;
* no-load is judged for the sum and for each phase by itself: it begins when both |P| and |Q| are below `enter` and ends when
  one of them is at or above `leave`; meanwhile that one's registers get nothing. The sum is made of all phases, whatever is
  judged of them; a phase that was not measured counts as 0;
* registers are mJ; they show whole Wh, varh and VAh, the rest cut off.
"""

import dataclasses
from fractions import Fraction
from math import isqrt

MJ_PER_WH = 3_600_000
A_IMPORT, A_EXPORT, R1, R2, R3, R4, S_IMPORT, S_EXPORT = range(8)
CHANNELS = 8


def quantised(text, unit=1000):
    """A decimal as a whole number of thousandths, halves away from zero; None: empty."""
    text = text.strip()
    if not text:
        return None
    scaled = Fraction(text) * unit
    half = (abs(scaled) * 2 + 1) // 2
    return int(half) if scaled >= 0 else -int(half)


@dataclasses.dataclass(frozen=True)
class Row:
    """What holds from second t on: per phase (P in mW, Q in mvar), or None where one of them was not measured."""

    t: int
    phases: tuple

    @property
    def power(self):
        return sum(phase[0] for phase in self.phases if phase)

    @property
    def reactive(self):
        return sum(phase[1] for phase in self.phases if phase)


class Load:
    def __init__(self, text):
        self.rows = []
        header = None
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            cells = [cell.strip() for cell in line.split(",")]
            if header is None:
                header = cells
                continue
            cell = dict(zip(header, cells, strict=True))
            phases = []
            for n in "123":
                wanted = [cell.get(f"u{n}_v", ""), cell.get(f"i{n}_a", ""), cell.get(f"p{n}_w", ""), cell.get(f"q{n}_var", "0")]
                phases.append((quantised(wanted[2]), quantised(wanted[3])) if all(wanted) else None)
            self.rows.append(Row(int(cell["t_s"]), tuple(phases)))
        if not self.rows:
            raise ValueError("a load file without rows")
        step = self.rows[-1].t - self.rows[-2].t if len(self.rows) > 1 else 1
        self.length = self.rows[-1].t - self.rows[0].t + step

    def spans(self, start, end):
        """(row, seconds) that fill [start, end) of the load's own time, in order."""
        begin = self.rows[0].t
        at = start
        edges = [row.t - begin for row in self.rows] + [self.length]
        while at < end:
            lap, inside = divmod(at, self.length)
            n = max(i for i, edge in enumerate(edges[:-1]) if edge <= inside)
            until = min(end, lap * self.length + edges[n + 1])
            yield self.rows[n], until - at
            at = until


def quadrant(p, q):
    if q >= 0:
        return R1 if p >= 0 else R2
    return R4 if p >= 0 else R3


def bookings(p, q):
    """(channel, magnitude) of one power."""
    forward = p >= 0
    return [(A_IMPORT if forward else A_EXPORT, abs(p)), (quadrant(p, q), abs(q)),
            (S_IMPORT if forward else S_EXPORT, isqrt(p * p + q * q))]


class Registers:
    """All registers in mJ: of the sum per rate (0: unallocated), and per phase."""

    def __init__(self, enter_mw=0, leave_mw=0):
        self.enter, self.leave = enter_mw, leave_mw
        self.rate = [[0] * CHANNELS for _ in range(9)]
        self.phase = [[0] * CHANNELS for _ in range(3)]
        self.idle = [False] * 4  # the sum, L1, L2, L3

    def _books(self, which, p, q):
        larger = max(abs(p), abs(q))
        if larger >= self.leave:
            self.idle[which] = False
        elif larger < self.enter:
            self.idle[which] = True
        return not self.idle[which]

    def run(self, load, start, end, rate=1):
        """Books the seconds [start, end) of the load under one rate."""
        for row, seconds in load.spans(start, end):
            if self._books(0, row.power, row.reactive):
                for channel, magnitude in bookings(row.power, row.reactive):
                    self.rate[rate][channel] += magnitude * seconds
            for n, phase in enumerate(row.phases):
                if self._books(1 + n, *(phase or (0, 0))) and phase:
                    for channel, magnitude in bookings(*phase):
                        self.phase[n][channel] += magnitude * seconds
        return self

    def total(self, channel):
        return sum(rate[channel] for rate in self.rate)

    # What the meter's registers show, by OBIS group C.
    def _shown(self, pick):
        parts = {1: pick(A_IMPORT), 2: pick(A_EXPORT), 5: pick(R1), 6: pick(R2), 7: pick(R3), 8: pick(R4), 9: pick(S_IMPORT),
                 10: pick(S_EXPORT)}
        parts[3], parts[4] = parts[5] + parts[6], parts[7] + parts[8]
        parts[15], parts[16] = parts[1] + parts[2], parts[1] - parts[2]
        return parts

    def presented(self):
        """{"1-0:1.8.0.255": Wh} of every energy register of the meter."""
        def cut(mj):
            return abs(mj) // MJ_PER_WH * (1 if mj >= 0 else -1)

        values = {f"1-0:{c}.8.0.255": cut(mj) for c, mj in self._shown(self.total).items()}
        for rate in range(1, 9):
            shown = self._shown(lambda channel, rate=rate: self.rate[rate][channel])
            values.update({f"1-0:{c}.8.{rate}.255": cut(mj) for c, mj in shown.items() if c not in (3, 4)})
        for n in range(3):
            values[f"1-0:{21 + 20 * n}.8.0.255"] = cut(self.phase[n][A_IMPORT])
            values[f"1-0:{22 + 20 * n}.8.0.255"] = cut(self.phase[n][A_EXPORT])
        return values
