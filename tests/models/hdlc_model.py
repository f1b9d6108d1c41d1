# SPDX-License-Identifier: Apache-2.0
"""A primary station of an HDLC link (IEC 62056-46) that is written from the clause and shares no code with the meter, on a line
that loses, repeats and spoils frames both ways. Whatever the line does, the APDUs are the same.

Losses are played by the station itself, so nobody has to wait: what it loses it does not send, or does not look at.
"""

import random
import socket

FLAG = 0x7E


def fcs(octets):
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return ((crc ^ 0xFFFF) & 0xFFFF).to_bytes(2, "little")


def frame(destination, source, control, information=b"", more=False):
    head = destination + source + bytes([control])
    length = 2 + len(head) + (2 + len(information) if information else 0) + 2
    octets = (0xA000 | (0x0800 if more else 0) | length).to_bytes(2, "big") + head
    if information:
        octets += fcs(octets) + information
    return bytes([FLAG]) + octets + fcs(octets) + bytes([FLAG])


class Broken(Exception):
    """The meter said what no station may say."""


class Station:
    def __init__(self, where, seed, information, window, client=16, server=b"\x02\x23", trouble=0.0):
        self.random = random.Random(seed)
        self.socket = socket.create_connection(where)
        self.socket.settimeout(5)
        self.buffer = b""
        self.client, self.server, self.trouble = bytes([client << 1 | 1]), server, trouble
        self.lost = 0
        self.connect(information, window)

    def close(self):
        self.write(0x53)
        answers = self.read()
        self.socket.close()
        if answers[-1][0] != 0x73:
            raise Broken(f"DISC is answered with {answers}")

    def connect(self, information, window):
        width = 1 if information < 256 else 2
        size = bytes([width]) + information.to_bytes(width, "big")
        group = b"\x05" + size + b"\x06" + size + b"\x07\x04" + window.to_bytes(4, "big") + b"\x08\x04" + window.to_bytes(4, "big")
        self.write(0x93, b"\x81\x80" + bytes([len(group)]) + group)
        ((control, answer, _),) = self.read()
        if control != 0x73:
            raise Broken(f"SNRM is answered with {control:02X}")
        agreed, at = {}, 3
        while at < len(answer):
            agreed[answer[at]] = int.from_bytes(answer[at + 2:at + 2 + answer[at + 1]], "big")
            at += 2 + answer[at + 1]
        # The meter's words: what it sends, what it takes.
        self.take, self.give = agreed[5], agreed[6]
        self.take_window, self.give_window = agreed[7], agreed[8]
        if not (32 <= self.take <= information and 32 <= self.give <= information and 1 <= self.take_window <= window and
                1 <= self.give_window <= window):
            raise Broken(f"agreed {agreed}")
        self.send = self.receive = 0

    def write(self, control, information=b"", more=False):
        self.socket.sendall(frame(self.server, self.client, control, information, more))

    def happens(self, share=1.0):
        hit = self.random.random() < self.trouble * share
        self.lost += hit
        return hit

    def noise(self):
        """Things that a line may carry and that must not matter."""
        kind = self.random.randrange(5)
        if kind == 0:
            self.socket.sendall(bytes([FLAG]) * self.random.randrange(1, 9))
        elif kind == 1:  # a frame with a wrong FCS
            spoilt = bytearray(frame(self.server, self.client, 0x11))
            spoilt[-2] ^= 1 << self.random.randrange(8)
            self.socket.sendall(spoilt)
        elif kind == 2:  # a neighbour's
            self.socket.sendall(frame(b"\x02\x25", self.client, 0x93))
        elif kind == 3:  # nobody answers all-station
            self.socket.sendall(frame(b"\xFE\xFF", self.client, 0x93))
        else:  # a response, heard back
            self.socket.sendall(frame(self.client, self.server, 0x73))

    def read(self):
        """Frames up to the one with F: [(control, information, more)]."""
        frames = []
        while not frames or not frames[-1][0] & 0x10:
            frames.append(self.read_one())
        return frames

    def read_one(self):
        while True:
            self.buffer = self.buffer.lstrip(bytes([FLAG]))
            if len(self.buffer) >= 2:
                length = int.from_bytes(self.buffer[:2], "big") & 0x7FF
                if len(self.buffer) > length:
                    break
            received = self.socket.recv(4096)
            if not received:
                raise Broken("the meter closed the line")
            self.buffer += received
        octets, self.buffer = self.buffer[:length], self.buffer[length:]
        head = 2 + len(self.client) + len(self.server) + 1
        if octets[0] & 0xF0 != 0xA0 or self.buffer[0] != FLAG or fcs(octets[:-2]) != octets[-2:]:
            raise Broken(f"no frame: {octets.hex()}")
        if octets[2:head - 1] != self.client + self.server:
            raise Broken(f"addresses: {octets.hex()}")
        information = octets[head + 2:-2] if len(octets) > head + 2 else b""
        if information and fcs(octets[:head]) != octets[head:head + 2]:
            raise Broken(f"HCS: {octets.hex()}")
        return octets[head - 1], information, bool(octets[0] & 8)

    def pieces(self, apdu):
        """An APDU in segments of any length that was agreed."""
        rest, cut = b"\xE6\xE6\x00" + apdu, []
        while rest:
            size = self.random.randrange(1, self.give + 1) if self.trouble and len(rest) < 200 else self.give
            cut.append(rest[:size])
            rest = rest[size:]
        return cut

    def poll(self):
        """Asks for what there is; now and then says first that it is not ready."""
        if self.happens(0.3):
            self.write(self.receive << 5 | 0x15)
            for control, information, _ in self.read():
                if information or control & 0x0F not in (1, 5):
                    raise Broken(f"{control:02X} to a station that is not ready")
        self.write(self.receive << 5 | 0x11)

    def request(self, apdu):
        """The answer, LLC taken away; b"": none."""
        segments, first = self.pieces(apdu), self.send
        self.put(segments, first, 0)
        answer, whole = b"", False
        for _ in range(2000):
            frames = self.read()
            for control, information, more in frames:
                if control & 0x0F in (1, 5):
                    acknowledged = control >> 5
                elif control & 1:
                    raise Broken(f"control {control:02X}")
                else:
                    acknowledged = control >> 5
                    if len(information) > self.take:
                        raise Broken(f"{len(information)} octets where {self.take} were agreed")
                    if control >> 1 & 7 == self.receive and not whole and not self.happens():
                        self.receive = (self.receive + 1) % 8
                        answer += information
                        whole = not more
            if len([1 for control, _, _ in frames if not control & 1]) > self.take_window:
                raise Broken("more frames than the window")
            taken = (acknowledged - first) % 8
            done = self.done + taken if taken <= self.outstanding else None
            if done is None:
                raise Broken(f"N(R) {acknowledged} outside of what was sent")
            if done < len(segments):
                if answer:
                    raise Broken("an answer before the request was whole")
                first = (first + taken) % 8
                self.put(segments, first, done)
                continue
            self.send = acknowledged
            self.outstanding, self.done, first = 0, done, acknowledged
            if whole:
                if answer[:3] != b"\xE6\xE7\x00":
                    raise Broken(f"LLC {answer[:3].hex()}")
                return answer[3:]
            if not answer and not any(not control & 1 for control, _, _ in frames):
                if frames[-1][0] & 0x0F == 1 and not self.waits:
                    return b""
                self.waits = False
            if self.happens(0.5):
                self.noise()
            self.waits = True
            self.poll()
        raise Broken("no end")

    def put(self, segments, first, done):
        """Segments from `done` on, as many as the window has; some of them are lost on their way. The last one polls; when
        it is lost, RR does."""
        self.done, self.waits = done, True
        count = min(self.give_window, len(segments) - done, self.random.randrange(1, 8) if self.trouble else 7)
        polled = False
        for n in range(count):
            last = n == count - 1
            control = self.receive << 5 | (first + n) % 8 << 1 | (0x10 if last else 0)
            if self.happens():
                continue
            for _ in range(2 if not last and self.happens(0.5) else 1):  # and some come twice
                self.write(control, segments[done + n], done + n < len(segments) - 1)
            polled = polled or last
        self.outstanding = count
        if not polled:
            self.write(self.receive << 5 | 0x11)
