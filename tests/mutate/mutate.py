#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mutate.py [--pick N] [--by-commit] [NAME...]: break the meter on purpose and see whether the tests notice.

Each mutant of mutants.py changes one piece of src/ in a copy of the tree under build/mutate. Only what it touches is built
again; then the unit tests and vectors run and, when they see nothing, a short part of the interop tests. A mutant that no
test kills is a hole in the tests. At least 95 of 100 must die, and none may be stale (its text is gone from the source).

--pick N --by-commit takes N of them by the hash of the commit: the short form. Names take exactly those.
"""

import argparse
import dataclasses
import hashlib
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "mutate"
TREE, OUT = WORK / "tree", WORK / "out"
COPIED = ("CMakeLists.txt", "CMakePresets.json", "cmake", "include", "src", "ports", "sim", "tools", "tests", "examples", "bench", "data")
FLAGS = "-O1"
INTEROP = ["tests/interop/test_objects.py", "tests/interop/test_blocks.py", "tests/interop/test_association.py",
           "tests/interop/test_write.py", "tests/interop/test_factory.py", "tests/interop/test_values.py"]
REQUIRED = 0.95
sys.path.insert(0, str(HERE))

from mutants import MUTANTS  # noqa: E402


@dataclasses.dataclass
class Result:
    name: str
    verdict: str  # killed, survived, stale, broken
    by: str
    seconds: float


def run(command, limit, log, environment=None):
    """Exit status; 124 after the limit, with everything that it started gone."""
    with log.open("ab") as out:
        out.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        out.flush()
        child = subprocess.Popen(list(map(str, command)), cwd=TREE, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                 env={**os.environ, **(environment or {})}, start_new_session=True)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            return 124
        finally:
            # Its own session: nothing that others started is in it.
            try:
                os.killpg(child.pid, 9)
            except ProcessLookupError:
                pass
            child.wait()


def working_tree():
    """{name: octets} of the project's files as they lie there, committed or not."""
    text = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", "--", *COPIED], cwd=ROOT, check=True,
                          capture_output=True, text=True).stdout
    return {name: (ROOT / name).read_bytes() for name in text.split("\0") if name and (ROOT / name).is_file()}


def head():
    """The same as they were committed last."""
    octets = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(octets)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive
                if member.isfile() and member.name.split("/")[0] in COPIED}


def copy(files):
    """Brings the copy up to date; files that are the same keep their time, so that little is built again."""
    for path in TREE.rglob("*"):
        name = str(path.relative_to(TREE))
        if path.is_file() and not path.is_symlink() and name not in files and "__pycache__" not in name and not name.startswith("build"):
            path.unlink()
    for name, octets in files.items():
        target = TREE / name
        if name == "cmake/QdTargets.cmake":
            octets = octets.replace(b" -Werror", b"")  # a mutant may leave something unused
        if not target.exists() or target.read_bytes() != octets:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(octets)
            target.chmod(0o755 if octets.startswith(b"#!") else 0o644)
    for name in ("third_party", "venv"):
        (TREE / "build").mkdir(parents=True, exist_ok=True)
        link = TREE / "build" / name
        if not link.is_symlink() and (ROOT / "build" / name).exists():
            link.symlink_to(ROOT / "build" / name)


def build(log):
    if not (OUT / "build.ninja").exists():
        status = run(["cmake", "-S", TREE, "-B", OUT, "-G", "Ninja", "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=Mutate",
                      f"-DCMAKE_C_FLAGS_MUTATE={FLAGS}", "-DQD_FRAME_LIMIT=OFF"], 120, log)
        if status:
            return status
    return run(["ninja", "-C", OUT, "-j", os.cpu_count() or 2], 300, log)


def hunt(log, first, without):
    """Runs the tests; the name of the part that failed, or None."""
    tests = ["ctest", "--test-dir", OUT, "-j", str(os.cpu_count() or 2), "--timeout", "30", "--stop-on-failure", "-L", "unit|vectors"]
    leave = "|".join(without.ctest) or "^$"
    if run([*tests, "-R", f"^unit/{first}/", "-E", leave, "--no-tests=ignore"], 120, log):
        return f"unit tests of {first}"
    if run([*tests, "-E", f"^unit/{first}/|{leave}"], 240, log):
        return "unit tests and vectors"
    python = ROOT / "build" / "venv" / "bin" / "python"
    program = OUT / "quadrant"
    if program.exists() and python.exists():
        marks = ["-o", "markers=long: runs in make verify only", "-m", "not long", "-k", "not that_move", "-o", f"cache_dir={WORK}/pytest"]
        marks += [word for name in without.deselect for word in ("--deselect", name)]
        if run([python, "-m", "pytest", "-x", "-q", *marks, *INTEROP], 240, log,
               {"QD_QUADRANT": str(program), "PYTHONDONTWRITEBYTECODE": "1"}):
            return "interop"
    return None


def text_of(mutant):
    path = TREE / mutant.file
    text = path.read_text() if path.exists() else ""
    return path, text


def try_mutant(mutant, without):
    began = time.monotonic()
    log = WORK / "logs" / f"{mutant.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    path, text = text_of(mutant)
    if text.count(mutant.text) != 1:
        return Result(mutant.name, "stale", f"{text.count(mutant.text)} times in {mutant.file}", 0.0)
    path.write_text(text.replace(mutant.text, mutant.replacement))
    try:
        status = build(log)
        if status:
            return Result(mutant.name, "broken", "does not build", time.monotonic() - began)
        by = hunt(log, pathlib.Path(mutant.file).parts[1], without)
        return Result(mutant.name, "killed" if by else "survived", by or "", time.monotonic() - began)
    finally:
        path.write_text(text)


def choose(words):
    if words.names:
        chosen = [mutant for mutant in MUTANTS if mutant.name in words.names]
        missing = set(words.names) - {mutant.name for mutant in chosen}
        if missing:
            sys.exit(f"mutate: no such mutant: {' '.join(sorted(missing))}")
        return chosen
    if not words.pick:
        return MUTANTS
    salt = ""
    if words.by_commit:
        salt = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    order = sorted(MUTANTS, key=lambda mutant: hashlib.sha256((salt + mutant.name).encode()).digest())
    live = [mutant for mutant in order if text_of(mutant)[1].count(mutant.text) == 1]
    return live[: words.pick]


def main():
    words = argparse.ArgumentParser(description="break the meter on purpose and see whether the tests notice")
    words.add_argument("--pick", type=int, default=0, metavar="N")
    words.add_argument("--by-commit", action="store_true")
    words.add_argument("--head", action="store_true", help="what is committed, not what lies there")
    words.add_argument("--list", action="store_true")
    words.add_argument("--ctest", action="append", default=[], metavar="REGEX", help="leave these CTest tests out")
    words.add_argument("--deselect", action="append", default=[], metavar="ID", help="leave these pytest tests out")
    words.add_argument("names", nargs="*")
    words = words.parse_args()
    if words.list:
        for mutant in MUTANTS:
            print(f"{mutant.name:28} {mutant.file:40} {mutant.description}")
        return 0
    TREE.mkdir(parents=True, exist_ok=True)
    copy(head() if words.head else working_tree())
    log = WORK / "build.log"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    if build(log):
        sys.exit(f"mutate: the tree does not build; see {log.relative_to(ROOT)}")
    whole = not words.names and not words.pick
    if whole:
        by = hunt(log, "metrology", words)
        if by:
            sys.exit(f"mutate: the tests fail without any mutant ({by}); see {log.relative_to(ROOT)}")
    print(f"unchanged tree: {time.monotonic() - began:.1f} s", flush=True)
    results = []
    for mutant in choose(words):
        result = try_mutant(mutant, words)
        results.append(result)
        print(f"{result.verdict:9} {result.seconds:6.1f} s  {mutant.name:28} {result.by or mutant.description}", flush=True)
    build(log)  # the copy is whole again
    counted = [result for result in results if result.verdict in ("killed", "survived")]
    killed = sum(result.verdict == "killed" for result in counted)
    bad = [result for result in results if result.verdict != "killed"]
    print(f"{killed} of {len(counted)} killed")
    good = bool(counted) and killed >= REQUIRED * len(counted) if whole else not [r for r in bad if r.verdict == "survived"]
    good = good and not [result for result in bad if result.verdict in ("stale", "broken")]
    failed = 0 if good else max(1, len(bad))
    print(f"{len(results) - len(bad)} passed, {failed} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
