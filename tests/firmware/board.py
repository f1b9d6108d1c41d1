# SPDX-License-Identifier: Apache-2.0
"""Boards in QEMU: started with sockets that nobody else can have, fed, connected, always stopped by pid.

A Board answers as a `meter.Meter` does, a BoardYard as a `meter.Yard`, so that tests written for `quadrant run` run
against an image. What a modem is on a desk is the Exchange here: a TCP listener that tells the image by the words of
memory.h who is connected.
"""

import contextlib
import datetime
import json
import mmap
import os
import pathlib
import queue
import select
import socket
import struct
import subprocess
import threading
import time

import meter as meters
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_SIZE = 0x1000000
FRAM_AT, FRAM_SIZE = 0x0, 0x8000
FLASH_AT, FLASH_SIZE = 0x10000, 0x100000
FUSES_AT, WORLD_AT, RING_AT = 0x200000, 0x201000, 0x210000
FUSE_KEY, FUSE_FACTORY, FUSE_EXIT, FUSE_HDLC = 1, 2, 4, 16
CARRIER, POWER, SEEN, HANGUP, PULSES, SEALED = 0x0, 0x8, 0x10, 0x18, 0x20, 0x28
GOOD_US, SEEN_US, KEPT_US, NOTICES = 0x2C, 0x30, 0x34, 0x38
TURN_US, TURN_MOST_US, TURNS = 0x3C, 0x40, 0x44
MAINS, BROWN_OUT = 0, 1
RING_HEAD, RING_TAIL, RING_LOST = RING_AT + 8, RING_AT + 12, RING_AT + 16
RING_SLOTS, RING_RECORDS, RECORD_SIZE = 4096, RING_AT + 0x1000, 96
CHANNELS = 2
EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)


def image(name):
    return ROOT / "build" / "cortex-m4" / "firmware" / f"{name}.elf"


def feeder():
    return ROOT / "build" / "host" / "bin" / "mps2_feeder"


class Memory:
    """The file that the board and the host share."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.new = not self.path.exists()
        if self.new:
            with self.path.open("wb") as file:
                file.truncate(FILE_SIZE)
                file.write(b"\xff" * FRAM_SIZE)
                file.seek(FLASH_AT)
                file.write(b"\xff" * FLASH_SIZE)
        with self.path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), FILE_SIZE)

    def word(self, at):
        return struct.unpack_from("<I", self.map, at)[0]

    def put(self, at, value):
        struct.pack_into("<I", self.map, at, value & 0xFFFFFFFF)

    def fuse(self, flags, serial=b"", name=b"", key=None):
        """What the factory writes. A key stays what it was."""
        old = self.map[FUSES_AT + 8 : FUSES_AT + 24]
        if key is None:
            key = old if any(old) else os.urandom(16)
        self.map[FUSES_AT : FUSES_AT + 88] = struct.pack("<4sI16sBB30s32s", b"QUFS", flags | FUSE_KEY, key, len(serial),
                                                        len(name), serial, name)


class Exchange:
    """One TCP listener in front of channels of the image: each connection gets a free one, one too many is closed."""

    def __init__(self, memory, lines):
        """lines: {channel: socket}"""
        self.memory, self.lines = memory, lines
        self.free = sorted(lines)
        self.ending = 0  # calls whose client has gone, and whose image may not have seen it yet
        self.lock = threading.Lock()
        self.running = True
        for n in self.free:
            # An even number that the image has not seen: nobody is connected.
            memory.put(WORLD_AT + CARRIER + 4 * n, (memory.word(WORLD_AT + SEEN + 4 * n) | 1) + 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while self.running:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            n = self._take()
            if n is None:
                client.close()
                continue
            threading.Thread(target=self._call, args=(n, client), daemon=True).start()

    def _take(self):
        """A free channel. A call that has just ended is noticed within some milliseconds, and gives its own back when the image has
        seen it, which takes a busy image longer."""
        begun = time.monotonic()
        while self.running:
            with self.lock:
                if self.free:
                    return self.free.pop(0)
                patience = 3.0 if self.ending else 0.5
            if time.monotonic() - begun >= patience:
                break
            time.sleep(0.001)
        return None

    def _carrier(self, n, up):
        """Tells the image, and waits until it has seen it; what it sent before belongs to nobody."""
        at = WORLD_AT + CARRIER + 4 * n
        value = self.memory.word(at) + 1
        if bool(value % 2) != up:
            value += 1
        self.memory.put(at, value)
        until = time.monotonic() + 2.0
        while self.memory.word(WORLD_AT + SEEN + 4 * n) != value and time.monotonic() < until and self.running:
            time.sleep(0.001)
        self._drain(n)
        return value

    def _drain(self, n):
        data = b""
        with contextlib.suppress(OSError):
            while select.select([self.lines[n]], [], [], 0)[0]:
                more = self.lines[n].recv(65536)
                if not more:
                    break
                data += more
        return data

    def _call(self, n, client):
        value = self._carrier(n, True)
        try:
            self._forward(n, client, value)
        except OSError:
            pass
        finally:
            with self.lock:
                self.ending += 1
            with contextlib.suppress(OSError, ValueError):
                self._carrier(n, False)
            client.close()
            with self.lock:
                self.ending -= 1
                self.free.append(n)
                self.free.sort()

    def _forward(self, n, client, value):
        line = self.lines[n]
        while self.running:
            ready = select.select([client, line], [], [], 0.005)[0]
            if client in ready:
                data = client.recv(65536)
                if not data:
                    return
                line.sendall(data)
            if line in ready:
                data = line.recv(65536)
                if not data:
                    return
                client.sendall(data)
            if not ready and self.memory.word(WORLD_AT + HANGUP + 4 * n) == value:
                client.sendall(self._drain(n))
                return

    def close(self):
        self.running = False
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Board:
    """One image in QEMU. Lines of its console are its events."""

    def __init__(self, elf, folder, load=None, utc=None, factory=False, fast=None, limit=30.0, ready=True,
                 identity=b"00000001", extra=(), flags=FUSE_EXIT, clients=None, exchange=True, shift=1,
                 deaf=False, hdlc=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.memory = Memory(self.folder / "nvm.bin")
        self.events, self._errors, self._clients = [], [], clients
        self._arrived = queue.Queue()
        self.load, self.exchange, self.lines = load, None, None
        flags |= FUSE_HDLC if hdlc else 0
        self.utc = utc or self._utc_of_last_stop() or datetime.datetime.fromisoformat(meters.START.replace("Z", "+00:00"))
        if factory:
            self.memory.fuse(flags | FUSE_FACTORY)
        else:
            self.memory.fuse(flags | FUSE_FACTORY, identity,
                             b"QDT00000" + identity)
        pairs = [socket.socketpair() for _ in range(5)]
        self.uarts = [pair[0] for pair in pairs]
        theirs = [pair[1] for pair in pairs]
        if deaf:
            for end in (theirs[3], self.uarts[3]):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.arguments = ["qemu-system-arm", "-M", "mps2-an386,memory-backend=psram", "-object",
                          f"memory-backend-file,id=psram,size=16M,mem-path={self.memory.path},share=on", "-display", "none",
                          "-monitor", "none", "-nic", "none", "-kernel", str(elf), "-device", "ds1338,address=0x68", "-rtc",
                          f"base={self.utc:%Y-%m-%dT%H:%M:%S},clock=vm", "-semihosting-config", "enable=on,target=native"]
        for n, end in enumerate(theirs):
            self.arguments += ["-chardev", f"socket,id=u{n},fd={end.fileno()}", "-serial", f"chardev:u{n}"]
        if fast is not None:
            # An instruction takes 2 ** shift ns.
            self.arguments += ["-icount", f"shift={shift},sleep=off"]
        self.arguments += list(extra)
        if exchange:
            self.exchange = Exchange(self.memory, dict(enumerate(self.uarts[:1 if hdlc else CHANNELS])))
            self.lines = Exchange(self.memory, {1: self.uarts[1]}) if hdlc else None
        self.feeder = None
        if load is not None and fast is not None:
            self.feed(str(fast))
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace",
                                        pass_fds=[end.fileno() for end in theirs])
        for end in theirs:
            end.close()
        self._readers = [threading.Thread(target=target, daemon=True)
                         for target in (self._errors_of, self._faults, self._entropy, *([] if deaf else [self._console]))]
        for reader in self._readers:
            reader.start()
        if load is not None and fast is None:
            self.feed()
        if ready:
            try:
                self.wait_event("ready", limit)
            except BaseException:
                self.kill()
                raise

    def feed(self, *count):
        utc_ms = (self.utc - EPOCH) // datetime.timedelta(milliseconds=1)
        origin = datetime.datetime.fromisoformat(meters.START.replace("Z", "+00:00"))
        self.feeder = subprocess.Popen([str(feeder()), str(self.memory.path), str(self.load), str(utc_ms),
                                        str(int((origin - EPOCH).total_seconds())), *count], stdin=subprocess.DEVNULL)

    def record(self, sequence):
        """Of a record in the ring: when it ended on the feeder's own time, and how long it was, in microseconds."""
        at = RING_RECORDS + sequence % RING_SLOTS * RECORD_SIZE
        found, _, end_us, duration_us = struct.unpack_from("<IIQI", self.memory.map, at)
        assert found == sequence
        return end_us, duration_us

    def _utc_of_last_stop(self):
        """The board's reserve: where its clock stood when it was stopped, plus the time since then."""
        path = self.folder / "clock.json"
        if not path.exists():
            return None
        kept = json.loads(path.read_text())
        return (EPOCH + datetime.timedelta(milliseconds=kept["utc_ms"])
                + datetime.timedelta(seconds=max(0.0, time.time() - kept["host"])))

    def listen(self):
        """Of a board that was started deaf: from now on its console is read."""
        self._readers.append(threading.Thread(target=self._console, daemon=True))
        self._readers[-1].start()

    # --- what the image says --------------------------------------------------------------------------------------------

    def _lines(self, uart):
        rest = b""
        while True:
            try:
                data = self.uarts[uart].recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)

    def _console(self):
        for line in self._lines(3):
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "text", "text": line}
            self.events.append(event)
            self._arrived.put(event)
        self._arrived.put(None)

    def _faults(self):
        for line in self._lines(4):
            event = {"event": "console", "text": line}
            self.events.append(event)
            self._arrived.put(event)

    def _entropy(self):
        for line in self._lines(2):
            words = line.split()
            if len(words) == 2 and words[0] == "random" and words[1].isdigit():
                with contextlib.suppress(OSError):
                    self.uarts[2].sendall(os.urandom(min(int(words[1]), 1024)))

    def _errors_of(self):
        for line in self.process.stderr:
            self._errors.append(line.rstrip("\n"))

    def stderr(self):
        return "\n".join(self._errors)

    def of(self, kind):
        return [event for event in self.events if event.get("event") == kind]

    def wait_event(self, kind, limit=30.0, skip=0):
        """The first event of this kind, or the one after `skip` of them, waited for."""
        until = time.monotonic() + limit
        while len(self.of(kind)) <= skip:
            try:
                event = self._arrived.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise meters.Failed(f"no {kind} within {limit} s: {self.events[-5:]}\n{self.stderr()}") from None
            if event is None and len(self.of(kind)) <= skip:
                self.process.wait(limit)
                raise meters.Failed(f"ended with {self.process.returncode} before {kind}: {self.events[-5:]}\n{self.stderr()}")
        return self.of(kind)[skip]

    def ask(self, word, kind=None, limit=10.0):
        """One word to the console, and its answer."""
        kind = kind or word
        seen = len(self.of(kind))
        self.uarts[3].sendall(word.encode() + b"\n")
        return self.wait_event(kind, limit, seen)

    # --- as meter.Meter -------------------------------------------------------------------------------------------------

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process.poll() is None

    @property
    def address(self):
        return self.exchange.address

    @property
    def uri(self):
        host, port = self.address
        return f"tcp://{host}:{port}"

    def clients(self):
        return self._clients

    def password(self, name):
        return self._clients[name].get("password")

    def _keep_clock(self):
        stopped = self.of("stopped") or self.of("view")
        if stopped:
            text = json.dumps({"utc_ms": stopped[-1]["utc_ms"], "host": time.time()})
            (self.folder / "clock.json").write_text(text)

    def seal(self):
        self.memory.put(WORLD_AT + SEALED, 1)

    def interrupt(self, limit=20.0):
        """A clean stop; gives the exit status."""
        if self.alive:
            self.ask("stop", "stopped", limit)
        return self.wait(limit)

    def wait(self, limit=60.0):
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise meters.Failed(f"still running after {limit} s: {self.events[-3:]}\n{self.stderr()}") from None
        self._end()
        return status

    def kill(self):
        if self.alive:
            self.process.kill()
        self.process.wait(10.0)
        self._end()

    def _end(self):
        if self.feeder:
            if self.feeder.poll() is None:
                self.feeder.kill()
            self.feeder.wait(10.0)
            self.feeder = None
        if self.lines:
            self.lines.close()
        if self.exchange:
            self.exchange.close()
            self._keep_clock()
        # They end where QEMU's ends of the lines end.
        for reader in self._readers:
            reader.join(5.0)
        for end in self.uarts:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class BoardYard(meters.Yard):
    """Boards that share a folder; the tests of `quadrant run` start them as they start meters."""

    stack = (0, 0)  # the most that any of them has used, of how much

    def __init__(self, path, folder):
        super().__init__(path, folder)
        self._rows = None

    def __exit__(self, *_):
        for board in self.meters:
            with contextlib.suppress(Exception):
                if board.alive and board.of("ready"):
                    board.ask("view", limit=2.0)
            for view in board.of("view") + board.of("stopped"):
                BoardYard.stack = max(BoardYard.stack, (view["stack_used"], view["stack"]))
        super().__exit__(*_)

    def clients(self):
        """The clients of the model with their factory passwords, as the command writes them."""
        if self._rows is None:
            state = self.folder / "clients-of-the-model"
            with meters.Yard(self.path, self.folder / "host") as yard:
                yard.folder.mkdir(exist_ok=True)
                yard.through("1s", state=state, load=meters.zero_load())
            rows = yaml.safe_load((state / "client.yaml").read_text())["clients"]
            for row in rows:
                if "password_hex" in row:
                    row["password"] = bytes.fromhex(row["password_hex"])
                elif "password" in row:
                    row["password"] = str(row["password"]).encode()
            self._rows = {row["name"]: row for row in rows}
        return self._rows

    def start(self, ready=True, limit=30.0, model="st402", name="x", load=None, speed="real", start=None, gate="call",
              extra=(), elf=None, preexec=None, fast=None, shift=1, deaf=False, hdlc=False, emulator=(), **_):
        assert speed == "real" and preexec is None
        utc = None if start is None else datetime.datetime.fromisoformat(start.replace("Z", "+00:00"))
        identity = f"{sum(name.encode()) % 100000000:08d}".encode()
        board = Board(elf or image(model if gate == "call" else f"{model}_{gate}"), self.state(name),
                      None if load is None else self.load(load), utc,
                      "--factory" in extra, fast, limit, ready, identity, clients=self.clients(), shift=shift,
                      deaf=deaf, hdlc=hdlc, extra=emulator)
        self.meters.append(board)
        return board

    def through(self, length, limit=300.0, **options):
        """A span as fast as the emulator goes: virtual time jumps over what the image sleeps."""
        seconds = int(length[:-1]) * {"s": 1, "h": 3600, "d": 86400}[length[-1]]
        board = self.start(fast=seconds, ready=True, **options)
        board.feeder.wait(limit)
        return board.interrupt()
