# SPDX-License-Identifier: Apache-2.0
"""Exact model of the energy registers: Python integers, no code shared with the firmware.

It states the conventions once more, from the standards and the meter's manual:

* quadrants (IEC 62053-23, annex C): I is P >= 0 and Q >= 0, II is P < 0 and Q >= 0, III is P < 0 and
  Q < 0, IV is P >= 0 and Q < 0; P = 0 counts as import;
* one channel is one exact sum of power times time in nJ (mW us). What a register shows is the number
  of whole mJ that came up while its rate was in force; the part below 1 mJ belongs to the channel;
* the apparent power of a phase is floor(sqrt(P^2 + Q^2)) or floor(U * I); a sum beyond 2^31 mW is
  taken at a resolution of 4 mVA;
* no-load is judged for the sum and for each phase by itself, each with its own memory: it begins when both |P| and |Q|
  are below `enter` and ends when one of them is at or above `leave`; meanwhile the registers of that one get nothing.
  The sum is judged by its own P and Q, or, with the phases booked each by itself, by the sums of the phases' |P| and |Q|;
  it is made of all phases, whatever is judged of them. A phase without values counts as 0;
* pulses: floor(E * constant / 3.6e9), E being the whole mJ that the register set has booked.

Run as a program it prints what tests/vectors/hour.c must print.
"""

from math import isqrt

A_IMPORT, A_EXPORT, R1, R2, R3, R4, S_IMPORT, S_EXPORT = range(8)
CHANNELS = 8
RATES = 9
PHASES = 3
NJ_PER_MJ = 1_000_000
MJ_PER_KWH = 3_600_000_000

WIRING = {"4-wire": (0, 1, 2), "3-wire": (0, 2), "2-wire": (0,)}


class Lcg:
    """Knuth's MMIX generator; the upper 31 bits are used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def bookings(p, q, s):
    """Channel and power of each quantity that (p, q, s) is booked to."""
    forward = p >= 0
    quadrant = {(True, True): R1, (False, True): R2, (False, False): R3, (True, False): R4}[(forward, q >= 0)]
    return [
        (A_IMPORT if forward else A_EXPORT, abs(p)),
        (quadrant, abs(q)),
        (S_IMPORT if forward else S_EXPORT, s),
    ]


def vector_apparent(p, q):
    p, q = abs(p), abs(q)
    if max(p, q) >= 2**31:
        return 4 * isqrt((p // 4) ** 2 + (q // 4) ** 2)
    return isqrt(p * p + q * q)


class Meter:
    def __init__(self, wiring, per_phase, arithmetic, enter, leave, constants, tick):
        self.elements = WIRING[wiring]
        self.per_phase = per_phase
        self.arithmetic = arithmetic
        self.enter, self.leave = enter, leave
        self.constants = constants
        self.tick = tick  # end of the newest interval
        self.no_load = False
        self.phase_no_load = [False] * PHASES
        self.rate = [0] * CHANNELS
        self.waiting = None  # (instant, rates)
        self.total_nj = [0] * CHANNELS
        self.register = [[0] * CHANNELS for _ in range(RATES)]
        self.phase_nj = [[0] * CHANNELS for _ in range(PHASES)]

    def select(self, rates, instant):
        """Returns whether the selection is taken."""
        if instant == 0 or instant == self.tick:
            self.rate, self.waiting = list(rates), None
            return True
        if instant < self.tick or (self.waiting and instant > self.waiting[0]):
            return False
        self.waiting = (instant, list(rates))
        return True

    def _idle(self, before, active, reactive):
        threshold = self.leave if before else self.enter
        return active < threshold and reactive < threshold

    def _book_sum(self, powers, duration):
        for channel, power in powers:
            before = self.total_nj[channel] // NJ_PER_MJ
            self.total_nj[channel] += power * duration
            self.register[self.rate[channel]][channel] += self.total_nj[channel] // NJ_PER_MJ - before

    def interval(self, end, duration, phases):
        """phases: per phase None (nothing measured) or (U mV, I mA, P mW, Q mvar)."""
        live = {n: phases[n] for n in self.elements if phases[n] is not None}
        apparent = {
            n: u * i // 1000 if self.arithmetic else vector_apparent(p, q) for n, (u, i, p, q) in live.items()
        }
        p_sum = sum(v[2] for v in live.values())
        q_sum = sum(v[3] for v in live.values())
        if self.per_phase:
            judged = (sum(abs(v[2]) for v in live.values()), sum(abs(v[3]) for v in live.values()))
        else:
            judged = (abs(p_sum), abs(q_sum))
        self.no_load = self._idle(self.no_load, *judged)
        for n in self.elements:
            _, _, p, q = live.get(n, (0, 0, 0, 0))
            self.phase_no_load[n] = self._idle(self.phase_no_load[n], abs(p), abs(q))
            if n in live and not self.phase_no_load[n]:
                for channel, power in bookings(p, q, apparent[n]):
                    self.phase_nj[n][channel] += power * duration

        powers = []
        if not self.no_load and self.per_phase:
            powers = [own for n, (_, _, p, q) in live.items() for own in bookings(p, q, apparent[n])]
        elif not self.no_load:
            s = sum(apparent.values()) if self.arithmetic else vector_apparent(p_sum, q_sum)
            powers = bookings(p_sum, q_sum, s)

        # The quantum is cut at the instant of a selection; both parts are exact.
        first = duration
        if self.waiting and self.waiting[0] <= end:
            first = max(0, self.waiting[0] - (end - duration))
        self._book_sum(powers, first)
        if self.waiting and self.waiting[0] <= end:
            self.rate, self.waiting = self.waiting[1], None
            self._book_sum(powers, duration - first)
        self.tick = end

    def pulses(self):
        booked = [sum(self.register[r][c] for r in range(RATES)) for c in range(CHANNELS)]
        energy = (booked[A_IMPORT] + booked[A_EXPORT], sum(booked[R1 : R4 + 1]))
        return [divmod(e * k, MJ_PER_KWH) for e, k in zip(energy, self.constants)]

    def values(self):
        """Everything in the fixed order of the hash."""
        for row in self.register:
            yield from row
        for row in self.phase_nj:
            yield from (e // NJ_PER_MJ for e in row)
        for row in [self.total_nj] + self.phase_nj:
            yield from (e % NJ_PER_MJ for e in row)
        for count, rest in self.pulses():
            yield count
            yield rest

    def hash(self):
        value = 0xCBF29CE484222325
        for number in self.values():
            for octet in number.to_bytes(8, "little"):
                value = (value ^ octet) * 0x100000001B3 % 2**64
        return value

    def lines(self, name):
        for r, row in enumerate(self.register):
            for c, whole in enumerate(row):
                yield f"{name} rate {r} channel {c} {whole}"
        for c, energy in enumerate(self.total_nj):
            yield f"{name} rest {c} {energy % NJ_PER_MJ}"
        for n, row in enumerate(self.phase_nj):
            for c, energy in enumerate(row):
                yield f"{name} phase {n} channel {c} {energy // NJ_PER_MJ} {energy % NJ_PER_MJ}"
        for output, (count, rest) in enumerate(self.pulses()):
            yield f"{name} pulse {output} {count} {rest}"
        yield f"{name} hash {self.hash():016x}"


START_US = 5_000_000
HOUR_US = 3_600_000_000


def signed(lcg, span):
    return lcg.below(2 * span + 1) - span


def phase_input(lcg, index):
    """One phase of interval number index; the order of the draws is part of the vector."""
    valid = lcg.below(100) >= 3
    voltage = lcg.below(280_001)
    current = lcg.below(100_001)
    if index // 60 % 10 == 9:
        span = 700  # around the no-load threshold
    elif index % 500 == 7:
        span = 1_000_000_000  # beyond what fits 32 bits as a sum
    else:
        span = 30_000_000
    p = signed(lcg, span)
    q = signed(lcg, span)
    if index % 500 == 7:
        p, q = 2 * p, 2 * q
    return (voltage, current, p, q) if valid else None


def hour_meters():
    def meter(wiring, per_phase, arithmetic):
        return Meter(wiring, per_phase, arithmetic, 500, 900, (10_000, 3_200), START_US)

    return [
        meter("4-wire", False, False),
        meter("4-wire", True, True),
        meter("3-wire", False, False),
        meter("2-wire", True, False),
        meter("4-wire", False, True),
        meter("4-wire", True, False),
    ]


def hour():
    """The hour of tests/vectors/hour.c: lines of all registers, without the closing line."""
    meters = hour_meters()
    lcg = Lcg(20_000_101)
    end, index = START_US, 0
    while end < START_US + HOUR_US:
        duration = 1_000_000 if lcg.below(8) < 5 else 1 + lcg.below(2_000_000)
        duration = min(duration, START_US + HOUR_US - end)
        if lcg.below(10) == 0:
            kind = lcg.below(4)
            if kind == 0:
                instant = 0  # from the end of the newest interval
            elif kind == 1:
                instant = end + duration  # exactly at the end of the coming interval
            else:
                instant = end + 1 + lcg.below(3_000_000)  # inside it or in a later one
            rates = [lcg.below(RATES) for _ in range(CHANNELS)]
            for m in meters:
                m.select(rates, instant)
        phases = [phase_input(lcg, index) for _ in range(PHASES)]
        end += duration
        for m in meters:
            m.interval(end, duration, phases)
        index += 1
    yield f"intervals {index}"
    for n, m in enumerate(meters):
        yield from m.lines(f"m{n}")


if __name__ == "__main__":
    print("\n".join(hour()))
