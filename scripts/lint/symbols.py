#!/usr/bin/env python3
"""symbols: no mutable file-scope or static local object in src/: all state lives in memory that the caller gives.

Reads objects built without PIE, where constant tables of addresses are read-only data.
SPDX-License-Identifier: Apache-2.0
"""

import subprocess

import gatelib

KINDS = {"b": "zeroed", "d": "initialised", "c": "common", "g": "small", "s": "small"}


def check(root):
    wrong = gatelib.preset(root, "gate")
    if wrong:
        return [wrong], []
    problems, count = [], 0
    for archive in sorted((root / "build" / "gate").glob("libqd_*.a")):
        if not any((root / "src" / archive.stem[len("libqd_"):]).rglob("*.c")):
            continue
        out = subprocess.run(["nm", "-A", "-P", "--defined-only", str(archive)], capture_output=True, text=True,
                             check=True).stdout
        for line in out.splitlines():
            where, name, kind = line.split()[:3]
            count += 1
            if kind.lower() in KINDS:
                member = where.rsplit("[", 1)[-1].rstrip("]:").removesuffix(".o")
                problems.append(f"{archive.stem[3:]}, {member}: {name} is mutable {KINDS[kind.lower()]} data")
    return problems, [f"{count} symbols, none of them mutable data"] if not problems else []


CASES = [
    ("a constant table of addresses",
     {"src/base/a.c": "int qd_a(void);\nint qd_a(void) { return 1; }\n"
                      "typedef int (*qd_f)(void);\nextern const qd_f qd_t[1];\nconst qd_f qd_t[1] = {qd_a};\n"}, None),
    ("an initialised object", {"src/base/a.c": "extern int qd_a;\nint qd_a = 3;\n"}, "qd_a is mutable initialised"),
    ("a zeroed static object",
     {"src/app/a.c": "static int n;\nint qd_a(void);\nint qd_a(void) { return ++n; }\n"}, "n is mutable zeroed"),
    ("a static local object",
     {"src/app/a.c": "int qd_a(void);\nint qd_a(void) {\n    static int n = 7;\n    return ++n;\n}\n"}, "is mutable init"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES, with_build=True)
