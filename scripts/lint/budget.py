#!/usr/bin/env python3
"""budget: the count of silenced checks stays within budget.txt, and the number in it only ever falls.

Counted: NOLINT marks, inline cppcheck suppressions, diagnostic pragmas, stretches without formatting, checks that
.clang-tidy and cppcheck.txt turn off, warnings that CMake turns off.
SPDX-License-Identifier: Apache-2.0
"""

import re
import subprocess

import gatelib

MARKS = re.compile("NOLINT(?!END)|cppcheck" + r"-suppress\b|diagnostic\s+ignored|clang" + r"-format\s+off")
PLACES = ("src", "include", "ports", "sim", "tools", "tests", "bench")
NUMBER = re.compile(r"^(\d+)\s*$", re.M)


def silenced(root):
    out = []
    for name in gatelib.files(root, ".c", ".h", under=PLACES):
        for line, text in enumerate(gatelib.read(root, name).splitlines(), 1):
            out += [f"{name}:{line}"] * len(MARKS.findall(text))
    for name in [".clang-tidy"] if (root / ".clang-tidy").exists() else []:
        out += [f"{name}: {c}" for c in re.findall(r"^\s+(-[a-z][\w.-]+)", gatelib.read(root, name), re.M)]
    if (root / "scripts/lint/cppcheck.txt").exists():
        out += [f"cppcheck.txt: {row}" for row in gatelib.rows(root / "scripts/lint/cppcheck.txt")]
    for name in gatelib.files(root, "CMakeLists.txt", ".cmake", "CMakePresets.json"):
        text = re.sub(r"#[^\n]*", "", gatelib.read(root, name))
        out += [f"{name}: {w}" for w in re.findall(r"-Wno-[\w-]+", text)]
    return out


def number(text):
    found = NUMBER.search(text)
    return int(found[1]) if found else None


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def earlier(root):
    """The numbers of the last commits and of where this branch left its upstream, as far as there are any."""
    out = []
    base = git(root, "merge-base", "HEAD", "@{upstream}").strip()
    for commit in ("HEAD", "HEAD^", base):
        if commit:
            then = number(git(root, "show", f"{commit}:scripts/lint/budget.txt"))
            if then is not None:
                out.append((commit[:12], then))
    return out


def check(root):
    path = root / "scripts" / "lint" / "budget.txt"
    limit = number(path.read_text()) if path.exists() else None
    if limit is None:
        return ["scripts/lint/budget.txt holds no number"], []
    found = silenced(root)
    problems = []
    if len(found) > limit:
        problems.append(f"{len(found)} silenced checks, at most {limit} (scripts/lint/budget.txt): mend one instead\n    "
                        + "\n    ".join(found))
    for commit, then in earlier(root):
        if limit > then:
            problems.append(f"scripts/lint/budget.txt says {limit}, at {commit} it said {then}: it only ever falls")
    return problems, [f"{len(found)} of {limit} silenced checks"]


BUDGET = {"scripts/lint/budget.txt": "# words\n1\n"}
MARK = "/* NO" + "LINT */\n"
CASES = [
    ("within the budget", {**BUDGET, "src/base/a.c": MARK}, None),
    ("one mark too many", {**BUDGET, "src/base/a.c": MARK * 2}, "2 silenced checks, at most 1"),
    ("an inline suppression too many", {**BUDGET, "sim/a.c": MARK + "/* cppcheck" "-suppress x */\n"}, "2 silenced"),
    ("a check turned off too many", {**BUDGET, ".clang-tidy": "Checks: >\n  -*,\n  -misc-a,\n  -misc-b\n"}, "2 silenced"),
    ("a warning turned off too many", {**BUDGET, "src/base/a.c": MARK, "CMakeLists.txt": "x(-Wno-shadow)\n"},
     "2 silenced"),
    ("no number", {"scripts/lint/budget.txt": "# 3\n"}, "holds no number"),
]


def history_self_test():
    """A budget that rose over a commit."""
    import tempfile
    from pathlib import Path
    with tempfile.TemporaryDirectory(prefix="gate-") as temp:
        root = Path(temp)
        git(root, "init", "-q")
        counts = []
        for limit in ("1", "1", "2"):
            gatelib.plant({"scripts/lint/budget.txt": limit + "\n"}, root)
            git(root, "add", ".")
            git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "a")
            counts.append(len(check(root)[0]))
        return counts == [0, 0, 1]


if __name__ == "__main__":
    import sys
    if sys.argv[1:] == ["--self-test"] and not history_self_test():
        print("self-test: a budget that rose was not seen")
        print("0 passed, 1 failed")
        sys.exit(1)
    gatelib.main(check, CASES)
