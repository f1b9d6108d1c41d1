#!/usr/bin/env python3
"""tidy: clang-tidy-14 with .clang-tidy over all C code but tests.

A file whose text, headers, flags and configuration are as when it last passed is not read again: the stamps lie in
build/lint/tidy.
SPDX-License-Identifier: Apache-2.0
"""

import hashlib
import subprocess

import gatelib

PLACES = ("src/", "ports/", "sim/", "tools/")


def fingerprint(root, name, arguments):
    done = subprocess.run(["clang-14", "-MM", *arguments, name], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    digest = hashlib.sha256((root / ".clang-tidy").read_bytes() + " ".join(arguments).encode())
    for path in done.stdout.replace("\\\n", " ").split(":", 1)[1].split():
        digest.update((root / path).read_bytes())
    return digest.hexdigest()


def check(root):
    wrong = gatelib.preset(root, "host", "help")
    if wrong:
        return [wrong], []
    entries = [e for e in gatelib.compile_commands(root) if e[0].startswith(PLACES)]
    stamps = root / "build" / "lint" / "tidy"
    stamps.mkdir(parents=True, exist_ok=True)
    old = {p.name for p in stamps.iterdir()}

    def one(entry):
        name, arguments = entry
        arguments = [a for a in arguments if not a.startswith(("-Wframe", "-Werror"))]
        stamp = fingerprint(root, name, arguments)
        if stamp in old:
            return stamp, []
        done = subprocess.run(["clang-tidy-14", "--quiet", "--use-color=0", name, "--", *arguments], cwd=root,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return None, [(done.stdout or done.stderr).replace(f"{root.resolve()}/", "").strip()]
        if stamp:
            (stamps / stamp).touch()
        return stamp, []

    results = gatelib.parallel(one, entries)
    fresh = {stamp for stamp, _ in results}
    for stale in old - fresh:
        (stamps / stale).unlink()
    whole = [p for _, found in results for p in found]
    problems = [line for text in whole for line in text.splitlines() if ": error: " in line] or whole
    if whole:
        log = root / "build" / "lint" / "tidy.log"
        log.write_text("\n".join(whole) + "\n")
        problems.append("how each comes about: build/lint/tidy.log")
    return problems, [f"{len(entries)} files, {len(fresh - old - {None})} of them read anew"] if not problems else []


CASES = [
    ("clean code", {"src/base/a.c": "int qd_a(int a);\nint qd_a(int a) {\n    return a;\n}\n"}, None),
    ("a null pointer followed",
     {"src/base/a.c": "int qd_a(int a);\nint qd_a(int a) {\n    const int *p = 0;\n    return a > 3 ? *p : a;\n}\n"},
     "clang-analyzer-core.NullDereference"),
    ("a loop variable too small",
     {"src/base/a.c": "int qd_a(int n);\nint qd_a(int n) {\n    int s = 0;\n"
                      "    for (unsigned char i = 0; i < n; i++) {\n        s += i;\n    }\n    return s;\n}\n"},
     "bugprone-too-small-loop-variable"),
    ("a macro without parentheses", {"src/base/a.h": "#define QD_TWICE(a) a * 2\n",
                                     "src/base/a.c": "#include \"base/a.h\"\nint qd_a(int a);\n"
                                                     "int qd_a(int a) {\n    return QD_TWICE(a);\n}\n"},
     "bugprone-macro-parentheses"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES, with_build=True)
