# SPDX-License-Identifier: Apache-2.0
"""Octets by hand: TCP wrapper frames, A-XDR data and xDLMS APDUs, for what a well-behaved client never sends.

Written from the standard's productions, for the tests alone; the well-behaved client is Gurux (peer.py).
"""

import contextlib
import socket
import struct

RESULT = {0: "success", 1: "hardware-fault", 2: "temporary-failure", 3: "read-write-denied", 4: "object-undefined",
          9: "object-class-inconsistent", 11: "object-unavailable", 12: "type-unmatched", 13: "scope-of-access-violated",
          14: "data-block-unavailable", 15: "long-get-aborted", 16: "no-long-get", 17: "long-set-aborted",
          18: "no-long-set", 19: "data-block-number-invalid", 250: "other"}
TYPES = {"null-data": 0, "array": 1, "structure": 2, "boolean": 3, "bit-string": 4, "double-long": 5,
         "double-long-unsigned": 6, "octet-string": 9, "visible-string": 10, "utf8-string": 12, "bcd": 13,
         "integer": 15, "long": 16, "unsigned": 17, "long-unsigned": 18, "long64": 20, "long64-unsigned": 21, "enum": 22}
NUMBERS = {3: (1, False), 5: (4, True), 6: (4, False), 13: (1, False), 15: (1, True), 16: (2, True), 17: (1, False),
           18: (2, False), 20: (8, True), 21: (8, False), 22: (1, False)}
CONFORMANCE_ALL = 0x007E1F


class Malformed(Exception):
    pass


# --- A-XDR ---------------------------------------------------------------------------------------------------------------

def length_of(octets, at):
    first = octets[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 4 or at + 1 + count > len(octets):
        raise Malformed("length")
    return int.from_bytes(octets[at + 1 : at + 1 + count], "big"), at + 1 + count


def length_octets(count):
    if count < 0x80:
        return bytes([count])
    body = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def decode(octets, at=0):
    """One element: ((tag, value), next position); value of array and structure is a list of such pairs."""
    if at >= len(octets):
        raise Malformed("cut")
    tag, at = octets[at], at + 1
    if tag == 0:
        return (tag, None), at
    if tag in (1, 2):
        count, at = length_of(octets, at)
        items = []
        for _ in range(count):
            item, at = decode(octets, at)
            items.append(item)
        return (tag, items), at
    if tag in NUMBERS:
        size, signed = NUMBERS[tag]
        if at + size > len(octets):
            raise Malformed("cut")
        return (tag, int.from_bytes(octets[at : at + size], "big", signed=signed)), at + size
    if tag in (4, 9, 10, 12):
        count, at = length_of(octets, at)
        size = (count + 7) // 8 if tag == 4 else count
        if at + size > len(octets):
            raise Malformed("cut")
        return (tag, bytes(octets[at : at + size])), at + size
    raise Malformed(f"tag {tag}")


def whole(octets):
    """One element and nothing behind it."""
    element, end = decode(octets)
    if end != len(octets):
        raise Malformed(f"{len(octets) - end} octets behind the element")
    return element


def plain(element):
    """Values without tags."""
    tag, value = element
    return [plain(item) for item in value] if tag in (1, 2) else value


def number(name, value):
    tag = TYPES[name]
    size, signed = NUMBERS[tag]
    return bytes([tag]) + int(value).to_bytes(size, "big", signed=signed)


def string(octets, name="octet-string"):
    return bytes([TYPES[name]]) + length_octets(len(octets)) + bytes(octets)


def structure(*parts):
    return bytes([2]) + length_octets(len(parts)) + b"".join(parts)


def array(*parts):
    return bytes([1]) + length_octets(len(parts)) + b"".join(parts)


# --- OBIS ----------------------------------------------------------------------------------------------------------------

def obis(text):
    """"1-0:1.8.0" or "1-0:1.8.0.255" as six octets."""
    head, _, tail = text.partition(":")
    groups = head.split("-") + tail.split(".")
    if len(groups) == 5:
        groups.append("255")
    return bytes(int(group) for group in groups)


def name(octets):
    a, b, c, d, e, f = octets
    return f"{a}-{b}:{c}.{d}.{e}.{f}"


# --- xDLMS ---------------------------------------------------------------------------------------------------------------

def descriptor(class_id, logical_name, index):
    return struct.pack(">H", class_id) + obis(logical_name) + bytes([index & 0xFF])


def get(class_id, logical_name, index, invoke=0xC1, selection=b"\x00"):
    return bytes([0xC0, 1, invoke]) + descriptor(class_id, logical_name, index) + selection


def get_next(block, invoke=0xC1):
    return bytes([0xC0, 2, invoke]) + struct.pack(">I", block)


def get_list(rows, invoke=0xC1):
    return bytes([0xC0, 3, invoke]) + length_octets(len(rows)) + b"".join(descriptor(*row) + b"\x00" for row in rows)


def set_(class_id, logical_name, index, data, invoke=0xC1):
    return bytes([0xC1, 1, invoke]) + descriptor(class_id, logical_name, index) + b"\x00" + data


def set_list(rows, invoke=0xC1):
    return (bytes([0xC1, 4, invoke]) + length_octets(len(rows)) + b"".join(descriptor(*row[:3]) + b"\x00" for row in rows)
            + length_octets(len(rows)) + b"".join(row[3] for row in rows))


def action(class_id, logical_name, index, data=None, invoke=0xC1):
    tail = b"\x00" if data is None else b"\x01" + data
    return bytes([0xC3, 1, invoke]) + descriptor(class_id, logical_name, index) + tail


def aarq(password=None, mechanism=None, context=1, version=6, pdu=0xFFFF, conformance=CONFORMANCE_ALL, before=b"",
         extra=b"", initiate=None):
    fields = before + b"\xa1\x09\x06\x07\x60\x85\x74\x05\x08\x01" + bytes([context]) + extra
    if mechanism is None and password is not None:
        mechanism = 1
    if mechanism:
        fields += b"\x8a\x02\x07\x80\x8b\x07\x60\x85\x74\x05\x08\x02" + bytes([mechanism])
    if password is not None:
        fields += b"\xac" + length_octets(2 + len(password)) + b"\x80" + length_octets(len(password)) + password
    if initiate is None:
        initiate = (b"\x01\x00\x00\x00" + bytes([version]) + b"\x5f\x1f\x04\x00" + conformance.to_bytes(3, "big")
                    + struct.pack(">H", pdu))
    fields += b"\xbe" + length_octets(2 + len(initiate)) + b"\x04" + length_octets(len(initiate)) + initiate
    return b"\x60" + length_octets(len(fields)) + fields


RLRQ = bytes.fromhex("6203800100")


class Aare:
    """An AARE taken apart: result, diagnostic, and what its user information says."""

    def __init__(self, octets):
        if not octets or octets[0] != 0x61:
            raise Malformed(f"no AARE: {octets.hex()}")
        size, at = length_of(octets, 1)
        if at + size != len(octets):
            raise Malformed("length of the AARE")
        self.fields = {}
        while at < len(octets):
            tag = octets[at]
            size, at = length_of(octets, at + 1)
            self.fields[tag] = octets[at : at + size]
            at += size
        self.context = self.fields[0xA1][-1]
        self.result = self.fields[0xA2][-1]
        self.source = self.fields[0xA3][0] - 0xA0  # 1 service user, 2 service provider
        self.diagnostic = self.fields[0xA3][-1]
        self.user = b""
        if 0xBE in self.fields:
            size, at = length_of(self.fields[0xBE], 1)
            self.user = self.fields[0xBE][at : at + size]
        self.conformance = self.pdu = self.vaa = None
        if self.user[:1] == b"\x08":
            at = 2 + (1 if self.user[1] else 0)
            self.version = self.user[at]
            self.conformance = int.from_bytes(self.user[at + 5 : at + 8], "big")
            self.pdu, self.vaa = struct.unpack(">HH", self.user[at + 8 : at + 12])


class Get:
    """A GET response, taken apart."""

    def __init__(self, octets):
        if len(octets) < 4 or octets[0] != 0xC4:
            raise Malformed(f"no GET response: {octets.hex()}")
        self.kind, self.invoke = octets[1], octets[2]
        self.result, self.data, self.last, self.block = None, None, True, None
        if self.kind == 1:
            if octets[3] == 0:
                self.result, self.data = 0, octets[4:]
            else:
                if octets[3] != 1 or len(octets) != 5:
                    raise Malformed(f"GET response: {octets.hex()}")
                self.result = octets[4]
        elif self.kind == 2:
            self.last, self.block = bool(octets[3]), int.from_bytes(octets[4:8], "big")
            if octets[8] == 0:
                size, at = length_of(octets, 9)
                if at + size != len(octets):
                    raise Malformed("length of a block")
                self.result, self.data = 0, octets[at:]
            else:
                self.result = octets[9]
        elif self.kind == 3:
            count, at = length_of(octets, 3)
            self.items = []
            for _ in range(count):
                if octets[at] == 0:
                    element, at = decode(octets, at + 1)
                    self.items.append((0, element))
                else:
                    self.items.append((octets[at + 1], None))
                    at += 2
            if at != len(octets):
                raise Malformed("octets behind the list")
        else:
            raise Malformed(f"GET response {self.kind}")


def set_result(octets):
    if len(octets) != 4 or octets[0] != 0xC5 or octets[1] != 1:
        raise Malformed(f"no SET response: {octets.hex()}")
    return octets[3]


def action_result(octets):
    """Result and returned data of an ACTION response."""
    if len(octets) < 5 or octets[0] != 0xC7 or octets[1] != 1:
        raise Malformed(f"no ACTION response: {octets.hex()}")
    return octets[3], octets[6:] if octets[4] and octets[5] == 0 else None


# --- transport -----------------------------------------------------------------------------------------------------------

def frame(apdu, client=16, server=1, version=1, length=None):
    return struct.pack(">HHHH", version, client, server, len(apdu) if length is None else length) + apdu


class Closed(Exception):
    """The other side closed the connection."""


class Silent(Exception):
    """No answer in time."""


class Line:
    """One TCP connection; many clients may use it side by side."""

    def __init__(self, address, limit=5.0):
        self.limit = limit
        self.socket = socket.create_connection(address, limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError as error:
            raise Closed(str(error)) from error

    def receive(self, limit=None):
        """The next frame: source, destination, APDU."""
        self.socket.settimeout(self.limit if limit is None else limit)
        while True:
            if len(self.buffer) >= 8:
                version, source, destination, size = struct.unpack(">HHHH", self.buffer[:8])
                if version != 1:
                    raise Malformed(f"wrapper version {version}")
                if len(self.buffer) >= 8 + size:
                    apdu, self.buffer = self.buffer[8 : 8 + size], self.buffer[8 + size :]
                    return source, destination, apdu
            try:
                more = self.socket.recv(65536)
            except TimeoutError as error:
                raise Silent from error
            except OSError as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed
            self.buffer += more

    def ask(self, apdu, client=16, server=1, limit=None):
        """One APDU there, one back; the addresses of the answer must be the turned ones."""
        self.send(frame(apdu, client, server))
        source, destination, answer = self.receive(limit)
        assert (source, destination) == (server, client)
        return answer

    def silent(self, octets, limit=0.4):
        """Nothing comes back, be the connection closed or not."""
        try:
            self.send(octets)
            answer = self.receive(limit)
        except (Silent, Closed):
            return True
        raise AssertionError(f"answered {answer[2].hex()}")

    def associate(self, client=16, password=None, **options):
        aare = Aare(self.ask(aarq(password, **options), client))
        assert aare.result == 0, f"refused with {aare.diagnostic}"
        return aare

    def release(self, client=16):
        answer = self.ask(RLRQ, client)
        assert answer[:1] == b"\x63"
        return answer

    def get(self, class_id, logical_name, index, client=16):
        """(result, element): one GET, blocks joined."""
        answer = Get(self.ask(get(class_id, logical_name, index), client))
        if answer.kind == 1:
            return answer.result, whole(answer.data) if answer.result == 0 else None
        data = answer.data or b""
        while not answer.last:
            answer = Get(self.ask(get_next(answer.block), client))
            assert answer.kind == 2
            data += answer.data or b""
        return answer.result, whole(data) if answer.result == 0 else None

    def set(self, class_id, logical_name, index, data, client=16):
        return set_result(self.ask(set_(class_id, logical_name, index, data), client))

    def act(self, class_id, logical_name, index, data=None, client=16):
        return action_result(self.ask(action(class_id, logical_name, index, data), client))[0]
