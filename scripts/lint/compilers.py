#!/usr/bin/env python3
"""compilers: all C code passes gcc and clang with every warning an error. gcc builds it, clang reads it.

SPDX-License-Identifier: Apache-2.0
"""

import subprocess

import gatelib

GCC_ONLY = ("-fcallgraph-info", "-Wframe-larger-than")


def check(root):
    wrong = gatelib.preset(root, "host")
    if wrong:
        return [wrong], []
    entries = gatelib.compile_commands(root)

    def one(entry):
        name, arguments = entry
        arguments = [a for a in arguments if not a.startswith(GCC_ONLY)]
        done = subprocess.run(["clang-14", "-fsyntax-only", "-fno-color-diagnostics", *arguments, name], cwd=root,
                              capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [done.stderr.strip()]

    problems = [p for found in gatelib.parallel(one, entries) for p in found]
    return problems, [f"{len(entries)} files pass gcc and clang"] if not problems else []


CASES = [
    ("clean code", {"src/base/a.c": "int qd_a(int a);\nint qd_a(int a) {\n    return a;\n}\n"}, None),
    ("a narrowing, for gcc", {"src/base/a.c": "char qd_a(int a);\nchar qd_a(int a) {\n    return a;\n}\n"},
     "Wconversion"),
    ("a self-assignment, for clang",
     {"src/base/a.c": "int qd_a(int a);\nint qd_a(int a) {\n    a = a;\n    return a;\n}\n"}, "Wself-assign"),
    ("a large frame", {"src/base/a.c": "void qd_b(char *p);\nvoid qd_a(void);\nvoid qd_a(void) {\n"
                                       "    char c[600];\n    qd_b(c);\n}\n"}, "frame-larger-than"),
    ("a hosted header's function undeclared", {"tools/a.c": "int main(void) {\n    return puts(\"a\");\n}\n"},
     "implicit"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES, with_build=True)
