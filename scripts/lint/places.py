#!/usr/bin/env python3
"""places: no committed file names a folder of a machine or a host of a package registry.

SPDX-License-Identifier: Apache-2.0
"""

import re

import gatelib


def check(root):
    patterns = []
    for line in gatelib.rows_raw(gatelib.DATA / "places.txt"):
        what, _, pattern = line.partition(" : ")
        patterns.append((what.strip(), re.compile(pattern.strip(), re.M)))
    problems = []
    for name in gatelib.files(root):
        data = (root / name).read_bytes()
        if b"\0" in data[:8192]:
            continue
        text = data.decode(errors="replace")
        for what, pattern in patterns:
            for match in pattern.finditer(text):
                problems.append(f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0].strip()}")
    return problems, []


CASES = [
    ("words that are fine", {"README.md": "build/work/x, ${prefix}/root/x, the root/branch, framework/\n"}, None),
    ("a folder of a machine", {"README.md": "see /wor" "k/main\n"}, "a folder of a machine"),
    ("root's home", {"scripts/a": "cd /roo" "t/x\n"}, "a folder of a machine"),
    ("somebody's home", {"a.md": "/hom" "e/ann/x\n"}, "somebody's home"),
    ("an apt source", {"scripts/a": "deb htt" "p://example.org/debian x main\n"}, "a host of a registry"),
    ("a lock file", {"package-lock.json": '{"resolved": "htt' 'ps://example.org/a.tgz"}\n'}, "a host of a registry"),
    ("a package index", {"scripts/a": "pip install --index" "-url x\n"}, "a host of a registry"),
    ("a tracker's number", {"docs/a.md": "see issu" "e #12\n"}, "a running number"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
