#!/usr/bin/env python3
"""format: every C file is as clang-format-14 writes it. --write [FILE...] rewrites them.

Constant tables are exempt, so that a row may stand on a line.

SPDX-License-Identifier: Apache-2.0
"""

import subprocess
import sys

import gatelib

TOOL = "clang-format-14"


def sources(root):
    return [n for n in gatelib.files(root, ".c", ".h") if not n.endswith("_table.c") and "src/models/" not in n]


def check(root):
    names = sources(root)

    def one(name):
        done = subprocess.run([TOOL, "--style=file", "--dry-run", "-Werror", name], cwd=root, capture_output=True,
                              text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if ": error: " in line or "rror" in line]
        if done.returncode == 0:
            return []
        return [f"{lines[0].split(': ')[0] if lines else name}: not as {TOOL} writes it ({len(lines)} places); "
                "make format mends it"]

    return [p for found in gatelib.parallel(one, names) for p in found], []


CASES = [
    ("a formatted file", {".clang-format": (gatelib.ROOT / ".clang-format").read_text(),
                          "src/base/a.c": "int qd_a(int *a) {\n    return *a;\n}\n"}, None),
    ("a brace on its own line", {".clang-format": (gatelib.ROOT / ".clang-format").read_text(),
                                 "src/base/a.c": "int qd_a(int *a)\n{\n    return *a;\n}\n"}, "not as clang-format"),
    ("a line too long", {".clang-format": (gatelib.ROOT / ".clang-format").read_text(),
                         "src/base/a.h": "int qd_a(" + ", ".join(f"int a{i}" for i in range(20)) + ");\n"},
     "not as clang-format"),
]

TABLE = "const int qd_t[] = {1,\n2};\n"
CASES.append(("a constant table by hand", {**CASES[0][1], "src/base/crc_table.c": TABLE}, None))
CASES.append(("a table elsewhere by hand", {**CASES[0][1], "src/base/crc.c": TABLE}, "not as clang-format"))

if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        subprocess.run([TOOL, "--style=file", "-i", *(sys.argv[2:] or sources(gatelib.ROOT))], cwd=gatelib.ROOT,
                       check=True)
    else:
        gatelib.main(check, CASES)
