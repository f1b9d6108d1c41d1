# SPDX-License-Identifier: Apache-2.0
"""A virtual meter as a child process: started on free loopback ports, read by its JSON lines, always stopped by pid."""

import contextlib
import datetime
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = "2026-01-01T00:00:00Z"
CLIENTS = {"public": 16, "management": 1, "level1": 17, "level2": 18, "level3": 19, "preestablished": 102}


def program():
    """build/host/quadrant, or the one that QD_QUADRANT names (the mutation run brings its own)."""
    path = pathlib.Path(os.environ.get("QD_QUADRANT", "build/host/quadrant"))
    return path if path.is_absolute() else ROOT / path


class Failed(AssertionError):
    """The process ended, or did not get ready in time."""


class Meter:
    """One `quadrant run`. Lines of its standard output that are JSON objects are its events."""

    def __init__(self, arguments, limit=30.0, ready=True, environment=None, preexec=None):
        self.arguments = [str(word) for word in arguments]
        self.events = []
        self.errors = []
        self._arrived = queue.Queue()
        self.process = subprocess.Popen(
            self.arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            errors="replace", env={**os.environ, **(environment or {})}, preexec_fn=preexec, restore_signals=preexec is None)
        self._readers = [threading.Thread(target=self._read_out, daemon=True),
                         threading.Thread(target=self._read_err, daemon=True)]
        for reader in self._readers:
            reader.start()
        if ready:
            try:
                self.wait_event("ready", limit)
            except Failed:
                self.kill()
                raise

    def _read_out(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "text", "text": line.rstrip("\n")}
            self.events.append(event)
            self._arrived.put(event)
        self._arrived.put(None)

    def _read_err(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process.poll() is None

    def stderr(self):
        return "\n".join(self.errors)

    def wait_event(self, kind, limit=30.0):
        """The first event of this kind, waited for."""
        for event in list(self.events):
            if event.get("event") == kind:
                return event
        until = time.monotonic() + limit
        while True:
            try:
                event = self._arrived.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no {kind} within {limit} s: {' '.join(self.arguments)}\n{self.stderr()}") from None
            if event is None:
                self.process.wait(limit)
                for reader in self._readers:
                    reader.join(1.0)
                raise Failed(f"ended with {self.process.returncode} before {kind}: {' '.join(self.arguments)}\n"
                             f"{self.stderr()}\n{self.events}")
            if event.get("event") == kind:
                return event

    def of(self, kind):
        return [event for event in self.events if event.get("event") == kind]

    def addresses(self):
        """All host and port pairs of DLMS wrapper ports, in the order printed."""
        found = []
        for event in self.of("port"):
            match = re.search(r"(?<![+\w])tcp://([^:/?\s]+):(\d+)", json.dumps(event))
            if match:
                found.append((match[1], int(match[2])))
        return found

    def clients(self):
        """client.yaml of the state directory: {name: row}, passwords as octets."""
        state = pathlib.Path(self.arguments[self.arguments.index("--state") + 1])
        rows = yaml.safe_load((state / "client.yaml").read_text())["clients"]
        for row in rows:
            if "password_hex" in row:
                row["password"] = bytes.fromhex(row["password_hex"])
            elif "password" in row:
                row["password"] = str(row["password"]).encode()
        return {row["name"]: row for row in rows}

    def password(self, name):
        return self.clients()[name].get("password")

    @property
    def address(self):
        addresses = self.addresses()
        if not addresses:
            raise Failed(f"no wrapper port among {self.events}")
        return addresses[0]

    @property
    def uri(self):
        host, port = self.address
        return f"tcp://{host}:{port}"

    def interrupt(self, limit=20.0, sign=signal.SIGINT):
        """As Ctrl-C does; returns the exit status."""
        if self.alive:
            self.process.send_signal(sign)
        return self.wait(limit)

    def wait(self, limit=60.0):
        """Waits for the end of the process; gives its exit status."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"still running after {limit} s: {' '.join(self.arguments)}\n{self.stderr()}") from None
        for reader in self._readers:
            reader.join(5.0)
        return status

    def seal(self):
        """Closes the factory of a running meter for good."""
        state = pathlib.Path(self.arguments[self.arguments.index("--state") + 1])
        status, _, err = quadrant("poke", state, "seal")
        if status == 2:
            status, _, err = quadrant("poke", state.name, "seal", environment={"QUADRANT_STATE_HOME": str(state.parent)})
        assert status == 0, err

    def kill(self):
        """Power off without notice, as far as a process goes."""
        if self.alive:
            self.process.kill()
        self.process.wait(10.0)
        for reader in self._readers:
            reader.join(5.0)

    def stopped(self):
        """The stop events of a process that ended by itself or by interrupt."""
        return self.of("stopped")


class Yard:
    """Meters that share a folder of states and load files."""

    def __init__(self, path, folder):
        self.path = path
        self.folder = pathlib.Path(folder)
        self.meters = []
        self._loads = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for meter in self.meters:
            with contextlib.suppress(Exception):
                if meter.alive:
                    meter.process.terminate()
                    meter.process.wait(5.0)
            meter.kill()

    def load(self, text):
        """A load file with this text; a path goes through as it is."""
        if isinstance(text, os.PathLike):
            return text
        self._loads += 1
        path = self.folder / f"load{self._loads}.csv"
        path.write_text(text)
        return path

    def state(self, name="x"):
        return self.folder / name

    def command(self, model="st402", name="x", load=None, speed="real", start=None, length=None, gate="call", wrapper=0,
                extra=(), state=None):
        words = [self.path, "run", model, "--name", name, "--state", self.state(name) if state is None else state]
        if load is not None:
            words += ["--load", self.load(load)]
        words += ["--wrapper", wrapper, "--bind", "127.0.0.1"]
        words += ["--speed", speed]
        # A state goes on from where it stopped; only a new one is told when to begin.
        if start is None and not (self.state(name) if state is None else pathlib.Path(state)).exists():
            start = START
        if start is not None:
            words += ["--start", start]
        if length is not None:
            words += ["--for", length]
        if gate != "call":
            words += ["--gate", gate]
        return words + list(extra) + ["--json"]

    def start(self, ready=True, limit=30.0, preexec=None, **options):
        meter = Meter(self.command(**options), ready=ready, limit=limit, preexec=preexec)
        self.meters.append(meter)
        return meter

    def through(self, length, limit=120.0, **options):
        """Runs a span as fast as it goes and waits for its end. The process must end well."""
        options.setdefault("speed", "max")
        meter = self.start(ready=False, length=length, **options)
        status = meter.wait(limit)
        if status:
            raise Failed(f"ended with {status}: {' '.join(meter.arguments)}\n{meter.stderr()}")
        return meter


def quadrant(*words, limit=30.0, environment=None, password=None):
    """One call of the command; gives status, standard output, standard error."""
    env = {**os.environ, **(environment or {})}
    env.pop("QUADRANT_PASSWORD", None)
    if password is not None:
        env["QUADRANT_PASSWORD"] = password
    done = subprocess.run([str(program()), *map(str, words)], capture_output=True, text=True, errors="replace",
                          timeout=limit, env=env, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def instant(seconds):
    """So many seconds after START, as --start takes it."""
    return (datetime.datetime.fromisoformat(START) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def zero_load(volts=230):
    """Live mains, no current."""
    return constant_load(volts, 0, 0, 0)


COLUMNS = "u1_v,u2_v,u3_v,i1_a,i2_a,i3_a,p1_w,p2_w,p3_w,q1_var,q2_var,q3_var,f_hz"


def constant_load(volts, amperes, watts, vars_):
    """The same in all three phases for ever: two equal rows, for a loop needs a step."""
    row = ",".join([str(volts)] * 3 + [str(amperes)] * 3 + [str(watts)] * 3 + [str(vars_)] * 3 + ["50"])
    return f"# constant\nt_s,{COLUMNS}\n0,{row}\n60,{row}\n"
