#!/usr/bin/env python3
"""lengths: functions of at most 100 lines, code files of at most 1000. Files that are constant tables are exempt.

Notes what is beyond what the design aims at: 60 and 600.
SPDX-License-Identifier: Apache-2.0
"""

import ast
import re

import gatelib

FUNCTION = (60, 100)
FILE = (600, 1000)
PLACES = ("src", "include", "ports", "sim", "tools", "tests", "bench", "scripts")


def exempt(path):
    return path.endswith("_table.c") or path.startswith("src/models/")


def c_functions(text):
    """(name, first line, lines) of the functions that a C text defines."""
    text = gatelib.blank(text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M)
    depth = 0
    start = 0
    opened = None
    out = []
    for match in re.finditer(r"[{};]", text):
        token, at = match[0], match.start()
        if token == "{":
            if depth == 0:
                head = text[start:at].rstrip()
                opened = None
                if head.endswith(")"):
                    name = re.search(r"([A-Za-z_]\w*)\s*\(", head)
                    first = start + len(text[start:at]) - len(text[start:at].lstrip())
                    opened = (name[1] if name else "?", first)
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == 0:
                if opened:
                    line = text.count("\n", 0, opened[1]) + 1
                    out.append((opened[0], line, text.count("\n", 0, at) + 2 - line))
                    opened = None
                start = at + 1
        elif depth == 0:
            start = at + 1
    return out


def python_functions(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.name, n.lineno, n.end_lineno - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)]


def check(root):
    problems, long_functions, long_files = [], [], []
    for path in gatelib.files(root, under=PLACES):
        text = gatelib.read(root, path)
        if path.endswith((".c", ".h")):
            functions = c_functions(text)
        elif path.endswith(".py") or re.match(r"#!.*python", text):
            functions = python_functions(text)
        else:
            continue
        lines = text.count("\n")
        if not exempt(path):
            if lines > FILE[1]:
                problems.append(f"{path}: {lines} lines, at most {FILE[1]}")
            elif lines > FILE[0]:
                long_files.append(f"{path} ({lines})")
        for name, line, length in functions:
            if length > FUNCTION[1]:
                problems.append(f"{path}:{line}: {name} has {length} lines, at most {FUNCTION[1]}")
            elif length > FUNCTION[0]:
                long_functions.append(f"{path}:{line} {name} ({length})")
    notes = [f"beyond {FILE[0]} lines: {f}" for f in long_files]
    notes += [f"beyond {FUNCTION[0]} lines: {f}" for f in long_functions]
    return problems, notes


def function(lines, head="static int f(int a,\n             int b) {"):
    return head + "\n" + "    g(\"}\"); /* { */\n" * (lines - head.count("\n") - 2) + "}\n"


CASES = [
    ("a function of 100 lines", {"src/base/a.c": "struct s { int x; };\n" + function(100)}, None),
    ("a function of 101 lines", {"src/base/a.c": "int z;\n\n" + function(101)}, "f has 101 lines"),
    ("a long function in a tool", {"tools/a.c": function(101)}, "f has 101 lines"),
    ("a file of 1000 lines", {"src/base/a.c": "int a;\n" * 1000}, None),
    ("a file of 1001 lines", {"src/base/a.c": "int a;\n" * 1001}, "1001 lines"),
    ("a long constant table", {"src/protocol/crc_table.c": "int a;\n" * 1001, "src/models/x/y.c": "\n" * 1001}, None),
    ("a long header", {"include/quadrant/a.h": "int a;\n" * 1001}, "1001 lines"),
    ("a long Python file", {"tests/models/a.py": "a = 1\n" * 1001}, "1001 lines"),
    ("a long Python function", {"scripts/a": "#!/usr/bin/env python3\ndef f():\n" + "    a = 1\n" * 101}, "f has"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
