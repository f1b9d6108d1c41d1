#!/usr/bin/env python3
"""models: no model's name in src/ outside src/models, comments and file names included.

SPDX-License-Identifier: Apache-2.0
"""

import re

import gatelib

NAMES = ("st402", "a1000", "az_sts", "mini")
WORD = re.compile(r"(?<![a-z0-9])(" + "|".join(NAMES) + r")(?![a-z0-9])", re.I)


def check(root):
    problems = []
    for path in gatelib.files(root, under=("src",)):
        if path.startswith("src/models/"):
            continue
        if WORD.search(path):
            problems.append(f"{path}: a model's name in a file's name outside src/models")
        for number, line in enumerate(gatelib.read(root, path).splitlines(), 1):
            for match in WORD.finditer(line):
                problems.append(f"{path}:{number}: the model's name {match[0]} outside src/models")
    return problems, []


CASES = [
    ("a name inside models", {"src/models/mini/table.c": "/* mini */ int qd_model_mini;\n"}, None),
    ("words that only begin alike", {"src/base/a.c": "int minimum, minimal, a10001, Ministry, st4020;\n"}, None),
    ("a name in an identifier", {"src/meter/a.c": "int qd_model_st402;\n"}, "st402"),
    ("a name in a comment", {"src/cosem/a.c": "/* as the A1000 does */\n"}, "A1000"),
    ("a name in a string", {"src/app/a.c": 'const char *n = "az_sts";\n'}, "az_sts"),
    ("a name in a file's name", {"src/app/mini.c": "\n"}, "file's name"),
    ("a name outside src", {"tools/run.c": "/* mini */\n"}, None),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
