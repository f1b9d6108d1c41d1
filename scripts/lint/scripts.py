#!/usr/bin/env python3
"""scripts: shell scripts parse, Python files compile, and what has a #! line may be run.

SPDX-License-Identifier: Apache-2.0
"""

import os
import re
import subprocess

import gatelib


def check(root):
    problems, shells, pythons = [], 0, 0
    for name in gatelib.files(root):
        path = root / name
        with path.open("rb") as file:
            first = file.readline(200).decode(errors="replace")
        if not first.startswith("#!"):
            if not name.endswith((".py", ".sh")):
                continue
        elif not os.access(path, os.X_OK):
            problems.append(f"{name}: begins with #! and has no run bit")
        shell = re.match(r"#!.*\b(sh|bash|dash)\b", first)
        if shell or name.endswith(".sh"):
            shells += 1
            done = subprocess.run([shell[1] if shell else "sh", "-n", str(path)], capture_output=True, text=True,
                                  check=False)
            if done.returncode:
                problems.append(done.stderr.replace(f"{root}/", "").strip())
        elif name.endswith(".py") or "python" in first:
            pythons += 1
            try:
                compile(path.read_text(), name, "exec")
            except (SyntaxError, ValueError) as wrong:
                problems.append(f"{name}: {wrong}")
    return problems, [f"{shells} shell scripts, {pythons} Python files"] if not problems else []


CASES = [
    ("clean files", {"scripts/a.sh": "true\n", "tests/a.py": "a = 1\n"}, None),
    ("a shell script that does not parse", {"scripts/a.sh": "if true; then\n"}, "a.sh"),
    ("a Python file that does not compile", {"tests/a.py": "def f(:\n"}, "a.py"),
    ("a script without run bit", {"scripts/a": "#!/bin/sh\ntrue\n"}, "no run bit"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
