#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/run.py [NAME...]: what the meter costs, in instructions where it can be; writes docs/benchmarks.md.

Instructions are those of the whole server process under callgrind, as the difference between a long and a short run, so
that start and stop fall out. The client stands outside and replays octets that Gurux.DLMS recorded. Times are ratios
within one run, or information only. With names only those figures are taken and nothing is written.
"""

import contextlib
import datetime
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / "build" / "venv"
if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
    if not (VENV / "bin" / "python").exists():
        sys.exit("bench: build/venv is missing: run scripts/bootstrap test")
    os.execv(VENV / "bin" / "python", [str(VENV / "bin" / "python"), *sys.argv])
sys.path.insert(0, str(ROOT / "tests" / "interop"))

import meter as meters  # noqa: E402
import peer as peers  # noqa: E402

NATIVE = ROOT / "build" / "bench"
SHORT, LONG = 1000, 11000
HOUSE = ROOT / "data" / "loads" / "house_january_3ph_pv.csv"
FAILED = "**missed**"


class Bench:
    """Everything that the figures share: the built helpers, the recorded octets, a folder for states."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.program = meters.program()
        self.number = 0
        NATIVE.mkdir(parents=True, exist_ok=True)
        self.replay = self.compile("replay")
        self.echo = self.compile("echo", *subprocess.run(["pkg-config", "--cflags", "--libs", "libuv"], check=True,
                                                         capture_output=True, text=True).stdout.split())
        self.load = self.folder / "load.csv"
        self.load.write_text(meters.constant_load(230, 5, 1000, 400))
        self.record()

    def compile(self, name, *flags):
        source, target = ROOT / "bench" / "native" / f"{name}.c", NATIVE / name
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", target, source, *flags], check=True)
        return target

    def words(self, *options):
        self.number += 1
        return [str(self.program), "run", "st402", "--name", "bench", "--state", str(self.folder / f"state{self.number}"),
                "--load", str(self.load), "--start", meters.START, "--json", *map(str, options)]

    def serve(self, *prefix):
        """A meter at real speed, maybe under a tool."""
        return meters.Meter([*map(str, prefix), *self.words("--wrapper", 0, "--speed", "real")], limit=120)

    def record(self):
        """Octets as Gurux sends them: an association, a plain GET of a register, a release."""
        meter = self.serve()
        try:
            with peers.Peer(meter.address, 17, meter.password("level1")) as peer:
                peer.register("1-0:1.8.0")
                association, get = peer.sent
                peer.release()
                release = peer.sent[-1]
        finally:
            meter.interrupt()
        for name, frames in (("none", []), ("associate", [association]), ("get", [get]), ("session", [association, release])):
            (self.folder / name).write_bytes(b"".join(frames))

    def play(self, port, setup, loop, count):
        """Nanoseconds that count rounds took; each answer of the first round must be a good one."""
        done = subprocess.run([self.replay, str(port), self.folder / setup, self.folder / loop, str(count)], check=True,
                              capture_output=True, text=True, timeout=600)
        lines = done.stdout.split("\n")
        return int(re.search(r"ns (\d+)", done.stdout)[1]), [line for line in lines if re.fullmatch("[0-9a-f]+", line)]

    def callgrind(self):
        return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.folder}/callgrind.out.%p"]

    def collected(self, text):
        found = re.search(r"Collected : (\d+)", text)
        if not found:
            raise SystemExit(f"bench: valgrind collected nothing:\n{text}")
        return int(found[1])


def good_get(answers):
    return len(answers) == 1 and answers[0].startswith("c401") and answers[0][6:8] == "00"


def good_session(answers):
    return len(answers) == 2 and "a203020100" in answers[0] and answers[1].startswith("63")


def per_request(bench, setup, loop, good):
    """Instructions of the whole server per round."""
    totals = []
    for count in (SHORT, LONG):
        meter = bench.serve(*bench.callgrind())
        _, answers = bench.play(meter.address[1], setup, loop, count)
        if not good(answers):
            raise SystemExit(f"bench: unexpected answers {answers}")
        meter.interrupt(60)
        totals.append(bench.collected(meter.stderr()))
    return (totals[1] - totals[0]) / (LONG - SHORT)


@contextlib.contextmanager
def echo_server(bench, *prefix):
    with subprocess.Popen([*map(str, prefix), bench.echo], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child, int(child.stdout.readline())
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()


def figure_get(bench):
    return per_request(bench, "associate", "get", good_get), 3000, "instructions", "plain GET of a register, whole server"


def figure_session(bench):
    return per_request(bench, "none", "session", good_session), 10000, "instructions", "AARQ with password and RLRQ, whole server"


def figure_echo(bench):
    totals = []
    for count in (SHORT, LONG):
        with echo_server(bench, *bench.callgrind()) as (child, port):
            bench.play(port, "none", "get", count)
            child.send_signal(signal.SIGINT)
            totals.append(bench.collected(child.communicate(timeout=60)[1]))
    return (totals[1] - totals[0]) / (LONG - SHORT), None, "instructions", "echo of the same octets by a bare libuv server"


def figure_ratio(bench):
    """GETs per second of the meter by those of the echo, rounds of both in turn."""
    rounds, best = 20000, {}
    meter = bench.serve()
    try:
        with echo_server(bench) as (_, port):
            for _ in range(3):
                ns, answers = bench.play(meter.address[1], "associate", "get", rounds)
                assert good_get(answers)
                best["meter"] = min(ns, best.get("meter", ns))
                ns, _ = bench.play(port, "none", "get", rounds)
                best["echo"] = min(ns, best.get("echo", ns))
    finally:
        meter.interrupt()
    figure_ratio.rates = {name: rounds / ns * 1e9 for name, ns in best.items()}
    note = f"GET/s by echo/s, same run ({figure_ratio.rates['meter']:,.0f} by {figure_ratio.rates['echo']:,.0f})"
    return best["echo"] / best["meter"], -0.6, "ratio", note


def figure_step(bench):
    """Between two boundaries of the clock: nothing is due but metering and its commit."""
    totals = []
    for seconds in (100, 800):
        done = subprocess.run([*bench.callgrind(), *bench.words("--speed", "max", "--for", f"{seconds}s")], capture_output=True,
                              text=True, timeout=600, check=True)
        totals.append(bench.collected(done.stderr))
    return (totals[1] - totals[0]) / 700, 5000, "instructions", "one second of the whole meter with its commit, nothing due"


def figure_month(bench):
    load = HOUSE if HOUSE.exists() else bench.load
    words = bench.words("--speed", "max", "--for", "30d")
    words[words.index("--load") + 1] = str(load)
    begin = time.monotonic()
    subprocess.run(words, check=True, capture_output=True, timeout=600)
    return time.monotonic() - begin, 10, "seconds", f"30 days of {load.name if load is HOUSE else 'a constant load'} at --speed max; information"


def figure_size(_):
    program = meters.program().parent / "bin" / "bench_size"
    text = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"^st402 memory (\d+)", text, re.M)[1]), 24 * 1024, "octets", "memory of one st402"


def gcm_figure(direction, engine, length, target):
    what = f"AES-128-GCM, {direction} {length:,} octets, {'as this processor does it' if engine == 'best' else 'constant-time C'}"

    def figure(bench):
        program = meters.program().parent / "bin" / "bench_gcm"
        totals = []
        for count in (100, 600):
            done = subprocess.run([*bench.callgrind(), program, direction, engine, str(length), str(count)], check=True,
                                  capture_output=True, text=True, timeout=600)
            totals.append(bench.collected(done.stderr))
        return (totals[1] - totals[0]) / 500, target, "instructions", what

    return figure


def program_of(name):
    return meters.program().parent / "bin" / name


def figure_commit(bench):
    """Of an ordinary second, sealed and read back, on a memory that is an array."""
    totals = []
    for count in (100, 600):
        done = subprocess.run([*bench.callgrind(), "--toggle-collect=qd_door_commit", "--toggle-collect=qd_txn_commit",
                               program_of("bench_store"), "commit",
                               str(count)], check=True, capture_output=True, text=True, timeout=600)
        totals.append(bench.collected(done.stderr))
    return (totals[1] - totals[0]) / 500, 4000, "instructions", "commit of one second of metrology, sealed and read back"


def figure_mount(_):
    done = subprocess.run([program_of("bench_store"), "mount", "20"], check=True, capture_output=True, text=True, timeout=600)
    return int(re.search(r"mount (\d+) us", done.stdout)[1]) / 1e6, 0.05, "seconds", "start of an st402 whose event log has gone round; information"


def apart(profile):
    """Instructions of the tests' own functions in a callgrind profile: the model that makes the rows, the array that is the line."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", profile], check=True, capture_output=True, text=True).stdout
    own = re.findall(r"^ *([\d,]+) \([^)]*\)  (\S*/tests/(?:support|unit)/\S*):\S", text, re.M)
    if "PROGRAM TOTALS" not in text or not own:
        raise SystemExit("bench: callgrind_annotate names no functions of the tests")
    return sum(int(count.replace(",", "")) for count, _ in own)


def table_figure(what, counts, rows, note):
    """Of the server alone, per row: the difference between a long reading and a short one, without the tests' own functions."""
    def figure(bench):
        totals, whole = [], []
        profile = bench.folder / "callgrind.table"
        for count in counts:
            done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--toggle-collect=qd_meter_step",
                                   program_of("bench_profile"), what, str(count)], check=True, capture_output=True, text=True, timeout=600)
            whole.append(bench.collected(done.stderr))
            totals.append(whole[-1] - apart(profile))
        per = (counts[1] - counts[0]) * rows
        return (totals[1] - totals[0]) / per, 600, "instructions", f"{note} ({(whole[1] - whole[0]) / per:,.0f} with the tests' own functions)"

    return figure


def figure_ring(_):
    done = subprocess.run([program_of("bench_profile"), "ring", "20"], check=True, capture_output=True, text=True, timeout=600)
    return int(re.search(r"ring (\d+) us", done.stdout)[1]) / 1000, 60, "ms", "5,760 rows of 10 columns through wrapper and C client, one core"


def wear(pattern):
    """One figure of twenty years of a profile of ten channels every five minutes, and of events."""
    if not hasattr(wear, "text"):
        wear.text = subprocess.run([program_of("powercut_wear")], check=True, capture_output=True, text=True, timeout=600).stdout
    return float(re.search(pattern, wear.text)[1].replace(",", ""))


WEAR = {"wear-flash": (r"programmed, ([\d.]+) per octet", None, "ratio", "octets programmed into flash per octet of rows, 20 years"),
        "wear-fram": (r"FRAM: (\d+) octets", None, "octets", "octets programmed into FRAM per row of a log"),
        "wear-erases": (r"profile: \d+ blocks, erases per block \d+ to (\d+)", 5000, "erases",
                        "of the block with the most after 20 years of a 5-minute profile of ten channels")}

FIGURES = {"get": figure_get, "session": figure_session, "echo": figure_echo, "ratio": figure_ratio, "step": figure_step,
           "month": figure_month, "size": figure_size, "commit": figure_commit, "mount": figure_mount,
           "row": table_figure("rows", (1000, 5000), 1, "a row of 10 columns of a profile in memory, server alone, APDU of 832"),
           "object": table_figure("objects", (3, 13), 204, "a row of the object list with its rights, server alone"), "ring": figure_ring}
for _name, (_pattern, *_rest) in WEAR.items():
    FIGURES[_name] = lambda _, pattern=_pattern, rest=tuple(_rest): (wear(pattern), *rest)
LINE = {"line-day": ("128 1", r"day (\d+) ms", 10000, "ms", "a day of 15-minute rows of 10 columns at 9600 bit/s, information 128, window 1, line time"),
        "line-share": ("128 1", r"share (\d+) percent", -80, "percent", "of the octets from the meter that are rows, information 128, window 1"),
        "line-day-7": ("2030 7", r"day (\d+) ms", None, "ms", "the same day with information 2030, window 7"),
        "line-share-7": ("2030 7", r"share (\d+) percent", None, "percent", "the same share with information 2030, window 7")}


def line_figure(words, pattern):
    done = subprocess.run([program_of("bench_line"), *words.split()], check=True, capture_output=True, text=True, timeout=600)
    return int(re.search(pattern, done.stdout)[1])


for _name, (_words, _pattern, *_rest) in LINE.items():
    FIGURES[_name] = lambda _, words=_words, pattern=_pattern, rest=tuple(_rest): (line_figure(words, pattern), *rest)


def figure_four(_):
    done = subprocess.run([program_of("bench_line"), "four"], check=True, capture_output=True, text=True, timeout=600)
    alone, four = map(int, re.search(r"alone (\d+) us, four (\d+) us", done.stdout).groups())
    return four / alone, 1.2, "ratio", "longest answer of four channels that are busy at once against one alone, meter time"


FIGURES["line-four"] = figure_four
GCM_TARGETS = {("seal", "best", 150): 1500, ("open", "best", 150): 1500}
for _engine in ("best", "portable"):
    for _length in (64, 150, 256, 1024):
        for _direction in ("seal", "open"):
            _name = f"{_direction}-{_length}" + ("" if _engine == "best" else "-c")
            FIGURES[_name] = gcm_figure(_direction, _engine, _length, GCM_TARGETS.get((_direction, _engine, _length)))


def judge(value, target):
    """A positive target is a ceiling, a negative one a floor."""
    if target is None:
        return ""
    return "ok" if (value <= target if target > 0 else value >= -target) else FAILED


def number(value, unit):
    return f"{value:.5f}" if value < 0.1 and unit == "seconds" else f"{value:.2f}" if unit in ("ratio", "seconds", "ms") else f"{value:,.0f}"


def limit(target, unit):
    if target is None:
        return "-"
    return f"at most {number(target, unit)}" if target > 0 else f"at least {number(-target, unit)}"


def say(*command):
    with contextlib.suppress(OSError):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""
    return ""


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def write(rows):
    commit = say("git", "rev-parse", "--short=12", "HEAD")
    if say("git", "status", "--porcelain", "--untracked-files=no"):
        commit += " with changes not committed"
    lines = ["# Benchmarks", "", "Written by `make bench`. Instructions are counted by callgrind for the whole server process, libraries included,",
             f"as the difference between {LONG:,} and {SHORT:,} requests of an outside client that replays what Gurux.DLMS sent; they do not depend",
             "on the machine's mood. Ratios compare two servers in the same run. Times are information.", "",
             f"- date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC", f"- commit: {commit}",
             f"- machine: {processor()}, {os.cpu_count()} cores; {say('gcc', '--version')}; {say('valgrind', '--version')}", "",
             "| figure | is | value | target | |", "|---|---|---:|---:|---|"]
    for name, (value, target, unit, what) in rows.items():
        lines.append(f"| {name} | {what} | {number(value, unit)} {unit} | {limit(target, unit)} | {judge(value, target)} |")
    lines += ["", "`bench/run.py NAME` takes one figure again.", ""]
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines))


def main():
    names = sys.argv[1:] or list(FIGURES)
    unknown = set(names) - set(FIGURES)
    if unknown:
        sys.exit(f"bench: no such figure: {' '.join(sorted(unknown))}; there are {' '.join(FIGURES)}")
    folder = tempfile.mkdtemp(prefix="quadrant-bench-")
    rows = {}
    try:
        bench = Bench(folder)
        for name in names:
            rows[name] = value, target, unit, what = FIGURES[name](bench)
            print(f"{name:11} {number(value, unit):>10} {unit:12} {limit(target, unit):18} {judge(value, target).strip('*'):6} {what}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not sys.argv[1:]:
        write(rows)
        print("written: docs/benchmarks.md")
    missed = [name for name, (value, target, unit, _) in rows.items() if judge(value, target) == FAILED and unit != "seconds"]
    print(f"{len(rows) - len(missed)} passed, {len(missed)} failed")
    return 6 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
