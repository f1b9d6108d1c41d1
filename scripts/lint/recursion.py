#!/usr/bin/env python3
"""recursion: no cycle in the call graph of src/; notes the largest frames and the deepest chain.

Reads the call graphs that gcc writes with inlining and tail calls off. Calls through pointers are not in them: a
cycle through a port, a module table or the directory is for review and for the painted stack of the firmware tests.
SPDX-License-Identifier: Apache-2.0
"""

import json
import re
from pathlib import Path

import gatelib

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"', re.M)
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', re.M)


def graph(root):
    frames, calls = {}, {}
    entries = json.loads((root / "build" / "gate" / "compile_commands.json").read_text())
    for entry in entries:
        output = re.search(r" -o (\S+)\.o ", entry["command"])
        path = Path(entry["directory"]) / (output[1] + ".ci") if output else None
        if not path or not path.exists() or "third_party" in entry["file"]:
            continue
        text = path.read_text()
        for title, label in NODE.findall(text):
            size = re.search(r"(\d+) bytes", label)
            calls.setdefault(title, set())
            if size:
                frames[title] = int(size[1])
        for source, target in EDGE.findall(text):
            if target != "__indirect_call":
                calls.setdefault(source, set()).add(target)
    return frames, calls


def short(title):
    return re.sub(r"^.*:", "", title)


def cycles_and_depth(frames, calls):
    """Cycles, and for every function the deepest sum of frames below it with the callee that makes it."""
    cycles, deepest, state = [], {}, {}
    for begin in sorted(calls):
        if begin in state:
            continue
        state[begin] = "open"
        stack = [(begin, iter(sorted(calls[begin])))]
        while stack:
            node, callees = stack[-1]
            callee = next((c for c in callees if state.get(c) != "done"), None)
            if callee is None:
                below = max(((deepest.get(c, (0,))[0], c) for c in calls.get(node, ())), default=(0, None))
                deepest[node] = (frames.get(node, 0) + below[0], below[1])
                state[node] = "done"
                stack.pop()
            elif state.get(callee) == "open":
                path = [n for n, _ in stack]
                cycles.append(path[path.index(callee):] + [callee])
            else:
                state[callee] = "open"
                stack.append((callee, iter(sorted(calls.get(callee, ())))))
    return cycles, deepest


def check(root):
    wrong = gatelib.preset(root, "gate")
    if wrong:
        return [wrong], []
    frames, calls = graph(root)
    cycles, deepest = cycles_and_depth(frames, calls)
    problems = ["recursion: " + " -> ".join(short(n) for n in cycle) for cycle in cycles]
    notes = []
    if frames and not problems:
        largest = sorted(frames.items(), key=lambda f: -f[1])[:3]
        notes.append("largest frames: " + ", ".join(f"{short(n)} {size}" for n, size in largest))
        node = max(deepest, key=lambda n: deepest[n][0])
        chain, size = [], deepest[node][0]
        while node is not None:
            chain.append(short(node))
            node = deepest.get(node, (0, None))[1]
        notes.append(f"deepest chain of direct calls: {size} octets: {' > '.join(chain)}")
    return problems, notes


A = "int qd_a(int n);\nint qd_b(int n);\n"
CASES = [
    ("calls downwards", {"src/base/a.c": A + "int qd_a(int n) { return qd_b(n) + 1; }\n",
                         "src/base/b.c": A + "int qd_b(int n) { return n; }\n"}, None),
    ("a call of itself", {"src/base/a.c": A + "int qd_a(int n) { return n ? qd_a(n - 1) * n : 1; }\n"}, "qd_a -> qd_a"),
    ("a tail call of itself", {"src/base/a.c": A + "int qd_a(int n) { return n ? qd_a(n - 1) : 1; }\n"}, "qd_a -> qd_a"),
    ("a static function of itself",
     {"src/base/a.c": A + "static int f(int n) { return n ? f(n - 1) * n : 1; }\nint qd_a(int n) { return f(n); }\n"},
     "f -> f"),
    ("a ring over two libraries", {"src/base/a.c": A + "int qd_a(int n) { return qd_b(n) + 1; }\n",
                                   "src/item/b.c": A + "int qd_b(int n) { return n ? qd_a(n) * 2 : 0; }\n"},
     "qd_a -> qd_b -> qd_a"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES, with_build=True)
