#!/usr/bin/env python3
"""link: what the libraries of src/ call beyond themselves lies in the allow-list link.txt.

Each library is linked partially as a whole; for base, metrology and sts what stays undefined may come from the
libraries of their row only: the evidence that the legally relevant part stands apart. No heap, clock, stdio or libm
function can get into src/ either, for none of them is in the list.
SPDX-License-Identifier: Apache-2.0
"""

import fnmatch
import subprocess
import tempfile

import gatelib


def nm(path, option):
    out = subprocess.run(["nm", "-P", option, str(path)], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in out.splitlines() if len(line.split()) >= 2}


def load():
    table, common = {}, []
    for line in gatelib.rows(gatelib.DATA / "link.txt"):
        if line.startswith("common "):
            common += line.split()[1:]
        else:
            name, _, names = line.partition(":")
            table[name.strip()] = names.split()
    return table, common


def check(root):
    wrong = gatelib.preset(root, "gate")
    if wrong:
        return [wrong], []
    table, common = load()
    archives = {a.stem[len("libqd_"):]: a for a in sorted((root / "build" / "gate").glob("libqd_*.a"))}
    archives = {n: a for n, a in archives.items() if any((root / "src" / n).rglob("*.c"))}
    defined, undefined = {}, {}
    with tempfile.TemporaryDirectory(prefix="gate-") as temp:
        for name, archive in archives.items():
            whole = f"{temp}/{name}.o"
            subprocess.run(["ld", "-r", "-o", whole, "--whole-archive", str(archive)], check=True)
            defined[name] = nm(whole, "--defined-only")
            undefined[name] = nm(whole, "-u")
    problems, notes = [], []
    for name in archives:
        row = table.get(name, table["*"])
        libraries = list(archives) if "*" in row else [r for r in row if r in archives]
        reachable = set().union(*[defined[library] for library in libraries])
        patterns = common + [r for r in row if r != "*"]
        for symbol in sorted(undefined[name] - reachable):
            if any(fnmatch.fnmatchcase(symbol, pattern) for pattern in patterns):
                continue
            owner = [n for n in archives if symbol in defined[n]]
            whose = f" of {owner[0]}" if owner else ""
            problems.append(f"libqd_{name}: calls {symbol}{whose}, which scripts/lint/link.txt does not allow it")
        if name in table and not problems:
            notes.append(f"libqd_{name} stands on {' '.join(row) or 'nothing'}: {len(undefined[name])} names from outside")
    return problems, notes


BASE = "unsigned qd_b(unsigned a);\nunsigned qd_b(unsigned a) { return a + 1u; }\n"
USE = "unsigned {f}(unsigned a);\nunsigned qd_m(unsigned a);\nunsigned qd_m(unsigned a) {{ return {f}(a); }}\n"
CASES = [
    ("metrology on base", {"src/base/b.c": BASE, "src/metrology/m.c": USE.format(f="qd_b")}, None),
    ("metrology on app", {"src/app/b.c": BASE, "src/metrology/m.c": USE.format(f="qd_b")}, "calls qd_b of app"),
    ("base on metrology", {"src/metrology/b.c": BASE, "src/base/m.c": USE.format(f="qd_b")}, "calls qd_b of metrology"),
    ("app on metrology", {"src/metrology/b.c": BASE, "src/app/m.c": USE.format(f="qd_b")}, None),
    ("a name of nobody", {"src/app/m.c": USE.format(f="qd_b")}, "calls qd_b,"),
    ("the heap", {"src/store/m.c": "#include <stdlib.h>\nvoid *qd_m(void);\nvoid *qd_m(void) { return malloc(4); }\n"},
     "calls malloc"),
    ("the clock", {"src/app/m.c": "#include <time.h>\nlong qd_m(void);\nlong qd_m(void) { return (long)time(0); }\n"},
     "calls time"),
    ("libm", {"src/metrology/m.c": USE.replace("unsigned", "double").format(f="sin")}, "calls sin"),
    ("memcpy", {"src/base/m.c": "#include <string.h>\nvoid qd_m(void *a, const void *b, size_t n);\n"
                                "void qd_m(void *a, const void *b, size_t n) { memcpy(a, b, n); }\n"}, None),
]

if __name__ == "__main__":
    gatelib.main(check, CASES, with_build=True)
