#!/usr/bin/env python3
"""cppcheck: warnings, performance and portability over all C code but tests; cppcheck.txt lists what it may not say.

SPDX-License-Identifier: Apache-2.0
"""

import os
import subprocess

import gatelib

PLACES = ("src/", "ports/", "sim/", "tools/")


def check(root):
    names = [n for n in gatelib.files(root, ".c") if n.startswith(PLACES)]
    if not names:
        return [], []
    cache = root / "build" / "lint" / "cppcheck"
    cache.mkdir(parents=True, exist_ok=True)
    command = ["cppcheck", "--quiet", "--enable=warning,performance,portability", "--std=c11", "--inline-suppr",
               "--error-exitcode=1", "--platform=unix64", f"-j{os.cpu_count() or 2}", f"--cppcheck-build-dir={cache}",
               "--template={file}:{line}: {severity}: {message} [{id}]", "-Iinclude", "-Isrc", "-Itools", "-Isim",
               "-D__GNUC__=12", "-D__linux__"]
    command += [f"--suppress={row}" for row in gatelib.rows(gatelib.DATA / "cppcheck.txt")]
    done = subprocess.run([*command, *names], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return [], [f"{len(names)} files"]
    return [(done.stderr + done.stdout).strip()], []


CASES = [
    ("clean code", {"src/base/a.c": "int qd_a(int a);\nint qd_a(int a) {\n    return a;\n}\n"}, None),
    ("an index beyond", {"src/base/a.c": "int qd_a(void);\nint qd_a(void) {\n    int a[2] = {1, 2};\n"
                                         "    return a[2];\n}\n"}, "arrayIndexOutOfBounds"),
    ("a variable never set", {"src/base/a.c": "int qd_a(void);\nint qd_a(void) {\n    int a;\n    return a;\n}\n"},
     "uninitvar"),
    ("a division by zero", {"sim/a.c": "int qd_a(int b);\nint qd_a(int b) {\n    return b / 0;\n}\n"}, "zerodiv"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
