# SPDX-License-Identifier: Apache-2.0
"""What the ST402 shall show on its first face: objects, units, types and rights, written from its public documents.

The table is data of these tests; nothing here is read from the firmware.
"""

# Obis of energies per tariff: C group, unit, type of the value.
ENERGY = {1: (30, 6), 2: (30, 6), 5: (32, 6), 6: (32, 6), 7: (32, 6), 8: (32, 6), 9: (31, 6), 10: (31, 6), 15: (30, 6),
          16: (30, 5)}
ENERGY_TOTAL_ONLY = {3: (32, 6), 4: (32, 6), 21: (30, 6), 22: (30, 6), 41: (30, 6), 42: (30, 6), 61: (30, 6), 62: (30, 6)}
RATES = 8

# C group of x.7.0: unit, scaler, type of the value.
INSTANT = {1: (27, 0, 6), 2: (27, 0, 6), 3: (29, 0, 6), 4: (29, 0, 6), 9: (28, 0, 6), 10: (28, 0, 6), 13: (255, -3, 16),
           14: (44, -3, 18), 15: (27, 0, 6), 16: (27, 0, 5), 90: (33, -3, 6)}
for base in (20, 40, 60):
    INSTANT.update({base + 1: (27, 0, 6), base + 2: (27, 0, 6), base + 3: (29, 0, 6), base + 4: (29, 0, 6),
                    base + 9: (28, 0, 6), base + 11: (33, -3, 6), base + 12: (35, -1, 18), base + 13: (255, -3, 16),
                    base + 14: (44, -3, 18)})
ANGLES = {10: (8, -1, 16), 20: (8, -1, 16), 40: (8, -1, 16), 51: (8, -1, 16), 62: (8, -1, 16)}

# Everything that the public client sees: class and name.
PUBLIC = {(8, "0-0:1.0.0.255"), (15, "0-0:40.0.0.255"), (15, "0-0:40.0.2.255"), (17, "0-0:41.0.0.255"),
          (1, "0-0:42.0.0.255"), (1, "0-0:96.1.0.255"), (1, "1-0:0.2.0.255"), (1, "1-1:0.2.0.255")}
# Seen by the public client once there are keys to count for.
PUBLIC_LATER = {(1, f"0-0:43.1.{e}.255") for e in range(5)}

CLOCK = "0-0:1.0.0"
LDN = "0-0:42.0.0"
SERIAL = "0-0:96.1.0"
SCRIPTS = "0-0:10.0.100"
ACTIVATION = "0-0:14.0.1"
ASSOCIATION = "0-0:40.0.0"
SAPS = "0-0:41.0.0"

IDENTITY = {(1, SERIAL + ".255"), (1, LDN + ".255"), (1, "1-0:0.2.0.255"), (1, "1-1:0.2.0.255"), (1, "1-0:0.0.0.255")}
OTHER = {(8, CLOCK + ".255"), (9, SCRIPTS + ".255"), (6, ACTIVATION + ".255"), (17, SAPS + ".255"),
         *((15, f"0-0:40.0.{e}.255") for e in range(7))}


def energies():
    """{name: (unit, scaler, type)} of all energy registers."""
    rows = {}
    for c, (unit, kind) in ENERGY.items():
        for e in range(RATES + 1):
            rows[f"1-0:{c}.8.{e}.255"] = (unit, 0, kind)
    for c, (unit, kind) in ENERGY_TOTAL_ONLY.items():
        rows[f"1-0:{c}.8.0.255"] = (unit, 0, kind)
    return rows


def instants():
    rows = {f"1-0:{c}.7.0.255": row for c, row in INSTANT.items()}
    rows.update({f"1-0:81.7.{e}.255": row for e, row in ANGLES.items()})
    return rows


def registers():
    return {**energies(), **instants()}


# Number of attributes and methods of the classes of this meter.
ATTRIBUTES = {1: 2, 3: 3, 6: 4, 7: 8, 8: 9, 9: 2, 15: 9, 17: 2, 19: 9, 23: 9, 41: 6}
METHODS = {1: 0, 3: 1, 6: 3, 7: 2, 8: 6, 9: 1, 15: 4, 17: 1, 19: 0, 23: 0, 41: 0}
VERSIONS = {1: 0, 3: 0, 6: 0, 7: 1, 8: 0, 9: 0, 15: 1, 17: 0, 19: 1, 23: 1, 41: 0}

# Types that each attribute may have, as A-XDR tags; None: any.
TYPES = {
    1: {2: None},
    3: {2: None, 3: {2}},
    6: {2: {1}, 3: {1}, 4: {9}},
    7: {2: {1}, 3: {1}, 4: {6}, 5: {22}, 6: {2}, 7: {6}, 8: {6}},
    8: {2: {9}, 3: {16}, 4: {17}, 5: {9}, 6: {9}, 7: {15}, 8: {3}, 9: {22}},
    9: {2: {1}},
    15: {2: {1}, 3: {2}, 4: {2, 9}, 5: {2}, 6: {2, 9}, 8: {22}, 9: {9}},
    17: {2: {1}},
    19: {2: {22}, 3: {22}, 4: {22}, 5: {22}, 6: {9}, 7: {9}, 8: {9}, 9: {9}},
    23: {2: {22}, 3: {17}, 4: {17}, 5: {18}, 6: {18}, 7: {18}, 8: {18}, 9: {18}},
    41: {2: {18}, 3: {9}, 4: {18}, 5: {17}, 6: {18}},
}
SECRET = {(15, 7)}

# No-load threshold of the sum of three phases, from the sheet of the meter: see docs of the model.
NO_LOAD_ENTER_MW = 2000
NO_LOAD_LEAVE_MW = 2300
