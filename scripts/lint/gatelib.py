"""What the gates share: the list of files, the self-test, the closing line.

A gate is a script with check(root) -> (problems, notes) and a list of cases for its self-test. A case plants files in
an empty tree and says which words the gate must complain with, or None where it must stay silent.
SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(__file__).resolve().parent


def files(root, *suffixes, under=()):
    """Files of the tree, tracked or about to be, as relative POSIX paths, sorted."""
    if (root / ".git").exists():
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True,
                             check=True).stdout.decode()
        names = [n for n in out.split("\0") if n and (root / n).is_file()]
    else:
        names = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
        names = [n for n in names if not n.startswith(("build/", ".git/")) and "__pycache__" not in n]
    if suffixes:
        names = [n for n in names if n.endswith(suffixes)]
    if under:
        names = [n for n in names if n.startswith(tuple(u.rstrip("/") + "/" for u in under))]
    return sorted(set(names))


def read(root, name):
    return (root / name).read_text(encoding="utf-8", errors="replace")


def rows(path):
    """Lines of a data file without comments and blanks."""
    out = []
    for line in path.read_text().splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            out.append(line)
    return out


def rows_raw(path):
    """Lines of a data file whose rows may hold a #."""
    return [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def blank(text, comments=True, strings=True):
    """C text with comments and the insides of strings turned to spaces; lines stay where they are."""
    def hide(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token) if comments else token
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1] if strings else token
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', hide, text, flags=re.S)


def parallel(function, items):
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        return list(pool.map(function, items))


def preset(root, name, *targets):
    """Configure and build a preset of the tree, as the Makefile does. Returns '' or what went wrong."""
    done = subprocess.run([str(root / "scripts" / "preset"), name, *targets], cwd=root, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout or f"preset {name} cannot be built"


def compile_commands(root, name="host"):
    """(file, arguments without compiler and output) of the tree's own sources."""
    if not (root / "build" / name / "compile_commands.json").exists():
        preset(root, name, "help")
    entries = json.loads((root / "build" / name / "compile_commands.json").read_text())
    out = []
    for entry in entries:
        path = Path(entry["file"])
        if "third_party" in path.parts or not path.exists():
            continue
        arguments = entry["command"].split()[1:]
        keep = []
        skip = False
        for argument in arguments:
            if skip or argument in ("-c",):
                skip = False
            elif argument == "-o":
                skip = True
            elif argument.startswith(("-flto", "-ffat-lto")):
                pass  # gcc's own; the gates read each file by itself
            elif argument != entry["file"]:
                keep.append(argument.replace('\\"', '"'))
        out.append((path.resolve().relative_to(root.resolve()).as_posix(), keep))
    return sorted({name: (name, keep) for name, keep in out}.values())


def plant(tree, root):
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def plant_build(root):
    """The build description of this tree, so that a planted tree is built by the same rules."""
    for name in ("CMakeLists.txt", "CMakePresets.json", ".clang-tidy", ".clang-format"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "cmake", root / "cmake")
    (root / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "preset", root / "scripts" / "preset")


def self_test(check, cases, with_build):
    passed = failed = 0
    for title, tree, expected in cases:
        with tempfile.TemporaryDirectory(prefix="gate-") as temp:
            root = Path(temp)
            if with_build:
                plant_build(root)
            plant(tree, root)
            problems, _ = check(root)
        text = "\n".join(problems)
        good = not problems if expected is None else expected in text
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"self-test: {title}: expected {expected or 'silence'!r}, got {text or 'silence'!r}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main(check, cases, with_build=False):
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test(check, cases, with_build))
    problems, notes = check(ROOT)
    for note in notes:
        print(f"note: {note}")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
