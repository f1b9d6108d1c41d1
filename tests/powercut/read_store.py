"""Reads the image of a store, from docs/storage.md alone.

As a command:  read_store.py IMAGE ID:CAPACITY...
prints the epoch and one line per record: its id and its payload in hexadecimal, or "end" or "corrupt".
"""

import struct
import sys
import zlib
from dataclasses import dataclass

MAGIC = b"QDSTORE1"
SUPER = struct.Struct("<8sHH16sIIHHBB18sI")
SLOT = struct.Struct("<HHII")
REDO = struct.Struct("<4sHHII")


class NotAStore(Exception):
    """The image has no good superblock."""


@dataclass
class Super:
    layout_version: int
    model: str
    epoch: int
    layout_crc: int
    rows: int
    group: int
    tag: int
    blank: int


@dataclass
class Slot:
    state: str
    sequence: int = 0
    epoch: int = 0
    payload: bytes = b""


def round8(n):
    return (n + 7) // 8 * 8


def nonce(record, slot, epoch, sequence):
    return struct.pack("<HBII", record, slot, epoch, sequence)


def read_super(image):
    best = None
    for at in (0, 64):
        block = image[at:at + 64]
        magic, form, version, model, epoch, crc, rows, group, tag, blank, _, check = SUPER.unpack(block)
        if magic != MAGIC or zlib.crc32(block[:60]) != check:
            continue
        if form != 1:
            raise NotAStore(f"format version {form}")
        if best is None or epoch > best.epoch:
            best = Super(version, model.rstrip(b"\0").decode(), epoch, crc, rows, group, tag, blank)
    if best is None:
        raise NotAStore("no good superblock")
    return best


class Image:
    def __init__(self, image, layout):
        """layout: [(id, capacity)] sorted by id."""
        self.image = image
        self.layout = layout
        self.super = read_super(image)
        if self.super.layout_crc != zlib.crc32(b"".join(struct.pack("<HH", *row) for row in layout)):
            raise NotAStore("another layout")
        self.redo_size = round8(16 + self.super.tag + self.super.group + 4 * self.super.rows)
        self.redo_state, self.redo = self._read_redo()
        self.slots = {}
        at = 128 + self.redo_size
        for record, capacity in layout:
            size = round8(12 + self.super.tag + capacity)
            self.slots[record] = [self._read_slot(at + i * size, record, i, capacity) for i in (0, 1)]
            at += 2 * size
        self.end = at

    def _tag_fits(self, tag, head, payload):
        return tag == struct.pack("<I", zlib.crc32(head + payload))

    def _is_blank(self, octets):
        return octets == bytes([self.super.blank]) * len(octets)

    def _read_slot(self, at, record, number, capacity):
        head = 12 + self.super.tag
        octets = self.image[at:at + head]
        if self._is_blank(octets):
            return Slot("blank")
        found, length, sequence, epoch = SLOT.unpack(octets[:12])
        if found != record or length > capacity:
            return Slot("bad")
        payload = self.image[at + head:at + head + length]
        if not self._tag_fits(octets[12:], nonce(record, number, epoch, sequence), payload):
            return Slot("bad")
        return Slot("good", sequence, epoch, payload)

    def _read_redo(self):
        head = 16 + self.super.tag
        octets = self.image[128:128 + head]
        if octets == bytes(head) or self._is_blank(octets):
            return "clean", {}
        mark, count, length, sequence, epoch = REDO.unpack(octets[:16])
        if mark != b"REDO" or length > self.super.group + 4 * self.super.rows:
            return "torn", {}
        data = self.image[128 + head:128 + head + length]
        if not self._tag_fits(octets[16:], nonce(0, 0, epoch, sequence), data):
            return "torn", {}
        entries, at = {}, 0
        for _ in range(count):
            record, size = struct.unpack_from("<HH", data, at)
            entries[record] = data[at + 4:at + 4 + size]
            at += 4 + size
        if at != length:
            raise NotAStore("redo area with a wrong number of entries")
        return "pending", entries

    def content(self, record):
        """Payload of a record as the next mount shows it, or "end" or "corrupt"."""
        if record in self.redo:
            return self.redo[record]
        slots = self.slots[record]
        good = [slot for slot in slots if slot.state == "good"]
        if good:
            return max(good, key=lambda slot: slot.sequence).payload
        return "end" if any(slot.state == "blank" for slot in slots) else "corrupt"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    layout = [tuple(int(n, 0) for n in row.split(":")) for row in sys.argv[2:]]
    with open(sys.argv[1], "rb") as file:
        image = Image(file.read(), layout)
    print("epoch", image.super.epoch)
    for record, _ in layout:
        content = image.content(record)
        print(record, content if isinstance(content, str) else content.hex())


if __name__ == "__main__":
    main()
