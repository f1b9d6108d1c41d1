#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the loads of data/loads from the measured house in data/loads/source.

house_january.csv         the measurement in the load format: one phase
house_january_3ph_pv.csv  three phases and a PV roof, derived

Without arguments both files are written; --check compares them with what would be written and ends with 1
when they differ. Nothing but the tree is read, and the clouds come from a seeded generator: the same files
come out everywhere.
"""

import csv
import math
import sys
from pathlib import Path

LOADS = Path(__file__).resolve().parent.parent / "data" / "loads"
SOURCE = LOADS / "source" / "uci_house_2007-01.csv"

LICENCE = """\
# SPDX-License-Identifier: CC-BY-4.0
# Source: G. Hebrail, A. Berard (EDF R&D), "Individual Household Electric Power Consumption", UCI Machine
# Learning Repository, doi:10.24432/C58K54, CC BY 4.0; see source/. Changed by scripts/derive_load.py.
# One house in Sceaux (France), January 2007, means of one minute. t_s = 0 is 2007-01-01 00:00 by the local
# wall clock of the source. Two minutes are missing in the source and are empty here.
"""

ONE_PHASE = """\
# As measured: one phase, P, Q, U and I. Only derived: the sign of Q, which the source does not have, is
# taken as inductive throughout.
"""

THREE_PHASES = """\
# DERIVED: the house has one phase and no roof. What was made up:
# - phases: L3 feeds water heater and air conditioner (sub-meter 3) and 20 % of what has no sub-meter, L2
#   kitchen and laundry (sub-meters 1 and 2) and 30 %, L1 the other 50 %; Q is split as P is;
# - voltages: the measured one, lowered by 0.15 ohm times what a phase carries above the mean current;
# - PV: 6 kW peak on a roof facing south at 35 degrees, 48.8 degrees north, clear-sky curve times clouds from
#   a seeded generator, in equal parts on three phases; its Q follows the voltage (up to a fifth of its P,
#   capacitive below 241 V, inductive above);
# - currents: apparent power over voltage; frequency: a slow seeded walk around 50 Hz.
# P below zero is export.
"""


class Lcg:
    """Knuth's MMIX generator, upper 31 bits."""

    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) / 2**31


LATITUDE = math.radians(48.8)
TILT = math.radians(35)
SOLAR_NOON_MIN = 12 * 60 + 57  # by the wall clock of Sceaux (CET) in January
PEAK_W = 6000
PERFORMANCE = 0.85


def clear_sky_w(minute):
    """Power of the roof under a clear sky in minute of January."""
    day = minute // 1440 + 1
    declination = math.radians(-23.44) * math.cos(2 * math.pi * (day + 10) / 365)
    hour_angle = math.radians((minute % 1440 + 0.5 - SOLAR_NOON_MIN) / 4)
    sin_height = math.sin(LATITUDE) * math.sin(declination) + math.cos(LATITUDE) * math.cos(declination) * math.cos(
        hour_angle
    )
    if sin_height <= 0.01:
        return 0.0
    # On a roof that leans south the sun stands as if the roof lay flat that much further south.
    slanted = math.sin(LATITUDE - TILT) * math.sin(declination) + math.cos(LATITUDE - TILT) * math.cos(
        declination
    ) * math.cos(hour_angle)
    air_mass = 1 / sin_height
    beam = 1353 * 0.7 ** (air_mass**0.678)
    return PEAK_W * PERFORMANCE * (beam * max(slanted, 0.0) + 0.1 * beam * sin_height) / 1000


def clouds(minutes):
    """A factor per minute: a clearness of the day, and passing clouds every ten minutes, joined by lines."""
    lcg = Lcg(2007)
    days = [0.15 + 0.85 * lcg.unit() for _ in range(minutes // 1440 + 2)]
    knots = []
    for k in range(minutes // 10 + 2):
        clear = days[k // 144]
        knots.append(min(1.0, clear * (0.6 + 0.5 * lcg.unit())))
    for m in range(minutes):
        part = m % 10 / 10
        yield knots[m // 10] * (1 - part) + knots[m // 10 + 1] * part


def frequencies(minutes):
    lcg = Lcg(50)
    mhz = 0.0
    for _ in range(minutes):
        mhz = 0.95 * mhz + 12 * (lcg.unit() - 0.5)
        yield 50 + mhz / 1000


def text(value, decimals):
    """Plain decimal without needless zeros and without a negative zero."""
    out = f"{value:.{decimals}f}"
    if "." in out:
        out = out.rstrip("0").rstrip(".")
    return "0" if out == "-0" else out


def one_phase(rows):
    yield "t_s,u1_v,i1_a,p1_w,q1_var"
    for m, row in enumerate(rows):
        if row["P_kW"] == "":
            yield f"{60 * m},,,,"
        else:
            p, q = float(row["P_kW"]) * 1000, float(row["Q_kvar"]) * 1000
            yield f"{60 * m},{row['U_V']},{row['I_A']},{text(p, 0)},{text(q, 0)}"


def split(row):
    """P, Q and U of the three phases before the roof."""
    p = float(row["P_kW"]) * 1000
    q = float(row["Q_kvar"]) * 1000
    sub = [float(row[f"sub{n}_Wh"]) * 60 for n in (1, 2, 3)]
    rest = max(p - sum(sub), 0.0)
    power = [0.5 * rest, 0.3 * rest + sub[0] + sub[1], 0.2 * rest + sub[2]]
    share = [x / p if p > 0 else 1 / 3 for x in power]
    u = float(row["U_V"])
    mean = p / u / 3
    volts = [u - 0.15 * (x / u - mean) for x in power]
    return power, [q * s for s in share], volts


def three_phases(rows):
    names = [f"{c}{n}_{unit}" for c, unit in (("u", "v"), ("i", "a"), ("p", "w"), ("q", "var")) for n in (1, 2, 3)]
    yield ",".join(["t_s"] + names + ["f_hz"])
    series = zip(rows, clouds(len(rows)), frequencies(len(rows)))
    for m, (row, cloud, f) in enumerate(series):
        if row["P_kW"] == "":
            yield f"{60 * m}" + "," * 13
            continue
        power, reactive, volts = split(row)
        roof = clear_sky_w(m) * cloud / 3
        cells = ([], [], [], [])
        for p, q, u in zip(power, reactive, volts):
            p = round(p - roof)
            q = round(q + roof * max(-0.2, min(0.2, (u - 241) / 25)))
            cells[0].append(text(u, 2))
            cells[1].append(text(math.hypot(p, q) / u, 2))
            cells[2].append(text(p, 0))
            cells[3].append(text(q, 0))
        yield ",".join([str(60 * m)] + [c for group in cells for c in group] + [text(f, 3)])


def outputs():
    with SOURCE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    yield "house_january.csv", LICENCE + ONE_PHASE, one_phase(rows)
    yield "house_january_3ph_pv.csv", LICENCE + THREE_PHASES, three_phases(rows)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: derive_load.py [--check]")
    differ = 0
    for name, head, lines in outputs():
        content = head + "\n".join(lines) + "\n"
        path = LOADS / name
        if not check:
            path.write_text(content)
            print(f"{path.relative_to(LOADS.parent.parent)}: {len(content)} octets")
        elif not path.exists() or path.read_text() != content:
            print(f"{name} is not what derive_load.py writes; run it without arguments")
            differ = 1
    return differ


if __name__ == "__main__":
    sys.exit(main())
