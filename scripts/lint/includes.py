#!/usr/bin/env python3
"""includes: every #include of src, include, ports, sim and tools against the table includes.txt.

SPDX-License-Identifier: Apache-2.0
"""

import re
import sys

import gatelib

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>|(\S+))', re.M)
PLACES = ("src", "include", "ports", "sim", "tools")


def under(path, prefix):
    """Whether prefix is path, or a part of it that ends at a whole word."""
    if not path.startswith(prefix):
        return False
    return prefix.endswith("/") or len(path) == len(prefix) or path[len(prefix)] in "/._"


def load(text):
    rules = {"quote": [], "angle": []}
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"(<?)([\w/.-]+)>?\s*([=+])\s*(.*)", line)
        if not match:
            sys.exit(f"includes.txt: cannot read: {line}")
        kind = "angle" if match[1] else "quote"
        rules[kind].append((match[2], match[3], match[4].split()))
    return rules


def allowed(rules, path):
    """Names that a file may include, or None where no row holds for it."""
    best = None
    extra = []
    for place, sign, names in rules:
        if under(path, place):
            if sign == "+":
                extra += names
            elif best is None or len(place) > len(best[0]):
                best = (place, names)
    return None if best is None else best[1] + extra


def spelled(root, path, name):
    """The name of an included file as the table spells it."""
    own = path.rsplit("/", 1)[0] + "/" + name
    for candidate in (own, f"include/{name}", f"src/{name}", name):
        if (root / candidate).is_file():
            name = candidate
            break
    parts = []
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    name = "/".join(parts)
    return re.sub(r"^(src|include)/", "", name)


def room(path):
    path = re.sub(r"^(src|include)/", "", path)
    folder, _, leaf = path.rpartition("/")
    if folder == "app":
        return "app/" + re.split(r"[_.]", leaf)[0]
    if folder.startswith("app/"):
        return "/".join(folder.split("/")[:2])
    return folder + "/"


def check(root):
    rules = load((gatelib.DATA / "includes.txt").read_text())
    problems = []
    count = 0
    for path in gatelib.files(root, ".c", ".h", under=PLACES):
        text = gatelib.blank(gatelib.read(root, path), strings=False)
        for match in INCLUDE.finditer(text):
            count += 1
            line = text.count("\n", 0, match.start()) + 1
            where = f"{path}:{line}"
            if match[3]:
                problems.append(f"{where}: an include by macro cannot be checked: {match[3]}")
                continue
            kind = "quote" if match[1] else "angle"
            name = spelled(root, path, match[1]) if match[1] else match[2]
            names = allowed(rules[kind], path)
            if kind == "quote" and under(name, room(path)):
                continue
            if names is None:
                problems.append(f"{where}: no row of includes.txt holds for this place")
            elif "*" not in names and not any(under(name, n) for n in names):
                problems.append(f"{where}: {path.rsplit('/', 1)[0]} may not include {name}")
    return problems, [f"{count} includes follow the table"] if not problems else []


CASES = [
    ("a layer below", {"src/item/a.h": '#include "base/crc.h"\n#include <stdint.h>\n'}, None),
    ("an arrow up", {"src/base/a.c": '#include "item/a.h"\n'}, "src/base may not include item/a.h"),
    ("an arrow up through ..", {"src/base/a.c": '#include "../item/a.h"\n', "src/item/a.h": ""}, "may not include"),
    ("an arrow up by the whole path", {"src/base/a.c": '#include "src/item/a.h"\n', "src/item/a.h": ""},
     "may not include item/a.h"),
    ("metrology through the gate", {"src/app/tariff.c": '#include "metrology/gate.h"\n'}, None),
    ("metrology past the gate", {"src/app/tariff.c": '#include "metrology/accumulator.h"\n'}, "may not include"),
    ("a name that only begins like the gate", {"src/app/tariff.c": '#include "metrology/gate_link.h"\n'},
     "may not include"),
    ("two rooms of app", {"src/app/demand.c": '#include "app/tariff.h"\n'}, "may not include app/tariff.h"),
    ("a listed pair of rooms", {"src/app/prepay.c": '#include "app/disconnect.h"\n'}, None),
    ("the same room", {"src/app/demand_window.c": '#include "app/demand.h"\n'}, None),
    ("one face in another", {"src/cosem/a.c": '#include "panel/menu.h"\n'}, "may not include panel/menu.h"),
    ("a tool inside src", {"tools/a.c": '#include "base/crc.h"\n'}, "may not include base/crc.h"),
    ("a tool's own header", {"tools/a.c": '#include "cli.h"\n#include <stdio.h>\n', "tools/cli.h": ""}, None),
    ("a public header inside src", {"include/quadrant/a.h": '#include "base/crc.h"\n'}, "may not include"),
    ("stdio in src", {"src/base/a.c": "#include <stdio.h>\n"}, "may not include stdio.h"),
    ("BearSSL outside crypto", {"src/protocol/a.c": "#include <bearssl.h>\n"}, "may not include bearssl.h"),
    ("BearSSL in crypto", {"src/crypto/a.c": "#include <bearssl.h>\n"}, None),
    ("an include in a comment", {"src/base/a.c": '/*\n#include "item/a.h"\n*/\n'}, None),
    ("an include by macro", {"src/base/a.c": "#include QD_HEADER\n"}, "by macro"),
]

if __name__ == "__main__":
    gatelib.main(check, CASES)
