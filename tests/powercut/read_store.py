"""Reads the image of a store, from docs/storage.md alone.

As a command:  read_store.py [--key HEX] IMAGE ID:CAPACITY...
prints the epoch and one line per record: its id and its payload in hexadecimal, or "end" or "corrupt".
"""

import struct
import sys
import zlib
from dataclasses import dataclass

MAGIC = b"QDSTORE1"
SUPER = struct.Struct("<8sHBBI28s16sI")
OPENED = struct.Struct("<H15sBIHHH")
SLOT = struct.Struct("<HHII")
REDO = struct.Struct("<4sHHII")
BANK_UNIT = 64


class NotAStore(Exception):
    """The image has no good superblock."""


class Corrupt(Exception):
    """A tag does not fit."""


def crc_open(record, slot, epoch, sequence, sealed, tag):
    if tag != struct.pack("<I", zlib.crc32(struct.pack("<HBII", record, slot, epoch, sequence) + sealed)):
        raise Corrupt
    return sealed


def gcm_open(key):
    """The same with AES-GCM under this key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def opened(record, slot, epoch, sequence, sealed, tag):
        iv = struct.pack("<HBBII", record, slot, 0, epoch, sequence)
        mode = modes.GCM(iv, tag, min_tag_length=len(tag))
        decryptor = Cipher(algorithms.AES(key), mode).decryptor()
        try:
            return decryptor.update(sealed) + decryptor.finalize()
        except InvalidTag:
            raise Corrupt from None

    return opened


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
    bank: int


@dataclass
class Slot:
    state: str
    sequence: int = 0
    epoch: int = 0
    payload: bytes = b""


def round8(n):
    return (n + 7) // 8 * 8


def read_super(image, unseal):
    best, whole = None, False
    for copy in (0, 1):
        block = image[copy * 64:copy * 64 + 64]
        magic, form, tag, _, epoch, sealed, tag_field, check = SUPER.unpack(block)
        if magic != MAGIC or zlib.crc32(block[:60]) != check:
            continue
        if form != 2:
            raise NotAStore(f"format version {form}")
        whole = True
        for first in (0, 2):
            try:
                opened = unseal(0, 1, epoch, copy + first, sealed, tag_field[:tag])
            except Corrupt:
                continue
            version, model, blank, crc, rows, group, bank = OPENED.unpack(opened)
            if best is None or epoch > best.epoch:
                name = model.rstrip(b"\0").decode()
                best = Super(version, name, epoch, crc, rows, group, tag, blank, bank * BANK_UNIT)
    if best is None:
        raise NotAStore("another device's" if whole else "no whole superblock")
    return best


class Image:
    def __init__(self, image, layout, unseal=crc_open):
        """layout: [(id, capacity)] sorted by id."""
        self.image = image
        self.layout = layout
        self.unseal = unseal
        self.super = read_super(image, unseal)
        if self.super.layout_crc != zlib.crc32(b"".join(struct.pack("<HH", *row) for row in layout)):
            raise NotAStore("another layout")
        self.redo_data = max(self.super.group + 4 * self.super.rows, 4 + max(c for _, c in layout))
        self.redo_size = round8(16 + self.super.tag + self.redo_data)
        self.redo_state, self.redo = self._read_redo()
        self.slots = {}
        at = self.super.bank + self.redo_size
        for record, capacity in layout:
            size = round8(12 + self.super.tag + capacity)
            self.slots[record] = [self._read_slot(at + i * size, record, i, capacity) for i in (0, 1)]
            at += 2 * size
        self.end = at

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
        sealed = self.image[at + head:at + head + length]
        try:
            payload = self.unseal(record, number, epoch, sequence, sealed, octets[12:])
        except Corrupt:
            return Slot("bad")
        return Slot("good", sequence, epoch, payload)

    def _read_redo(self):
        head = 16 + self.super.tag
        bank = self.super.bank
        octets = self.image[bank:bank + head]
        if octets == bytes(head) or self._is_blank(octets):
            return "clean", {}
        mark, _, length, sequence, epoch = REDO.unpack(octets[:16])
        if mark != b"REDO" or length > self.redo_data:
            return "torn", {}
        try:
            data = self.unseal(0, 0, epoch, sequence, self.image[bank + head:bank + head + length], octets[16:])
        except Corrupt:
            return "torn", {}
        entries, at = {}, 0
        while at < length:
            record, size = struct.unpack_from("<HH", data, at)
            entries[record] = data[at + 4:at + 4 + size]
            at += 4 + size
        if at != length:
            raise NotAStore("redo area with a wrong length")
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
    args, unseal = sys.argv[1:], crc_open
    if len(args) > 1 and args[0] == "--key":
        unseal = gcm_open(bytes.fromhex(args[1]))
        args = args[2:]
    if not args:
        sys.exit(__doc__)
    layout = [tuple(int(n, 0) for n in row.split(":")) for row in args[1:]]
    with open(args[0], "rb") as file:
        image = Image(file.read(), layout, unseal)
    print("epoch", image.super.epoch)
    for record, _ in layout:
        content = image.content(record)
        print(record, content if isinstance(content, str) else content.hex())


if __name__ == "__main__":
    main()
