"""Reads ring logs from an image of the flash and the payloads of their heads, from docs/storage-logs.md alone."""

import struct
import zlib
from dataclasses import dataclass

FIELDS = struct.Struct("<BBBBHH11I")
PAGE = struct.Struct("<HBBII")
INNER = struct.Struct("<IIB")
PAGE_SIZE = 256
FIELDS_SIZE = 76


@dataclass
class Layout:
    log: int
    row_size: int  # without the time
    rows: int
    spares: int


class Head:
    def __init__(self, octets):
        (layout, self.row_size, spares, _, self.gap, _, self.generation, self.next, self.first, self.page, self.epoch,
         self.base_page, self.base_row, self.orderly, self.newest, self.clean, self.gap_at) = FIELDS.unpack(octets[:FIELDS.size])
        assert layout == 1
        self.spares = [struct.unpack_from("<IH", octets, FIELDS.size + 6 * i) for i in range(spares)]
        self.rows = octets[FIELDS_SIZE:]


class Log:
    def __init__(self, flash, offset, block_size, tag, layout, head):
        self.flash, self.offset, self.block_size, self.tag, self.layout, self.head = flash, offset, block_size, tag, layout, head
        self.pages = block_size // PAGE_SIZE
        self.ring = -(-layout.rows // (self.page_rows(layout.row_size + 4) * self.pages)) + 2
        self.row = head.row_size + 4

    @property
    def size(self):
        return (self.ring + self.layout.spares) * self.block_size

    def page_rows(self, row):
        return (235 - self.tag) // row

    def address(self, page):
        block = page // self.pages % self.ring
        found = [(first, spare) for spare, (first, replaced) in enumerate(self.head.spares) if replaced == block and first <= page]
        if found:
            block = self.ring + max(found)[1]
        return self.offset + block * self.block_size + page % self.pages * PAGE_SIZE

    def open(self, at):
        """(number, generation, first row, row size, rows) of the page there, or None."""
        octets = self.flash[at:at + PAGE_SIZE]
        log, layout, length, number, epoch = PAGE.unpack(octets[:PAGE.size])
        tag = octets[12:16]
        sealed = octets[12 + self.tag:12 + self.tag + length]
        nonce = struct.pack("<HBII", log, 2, epoch, number)
        if log != self.layout.log or layout != 1 or zlib.crc32(nonce + sealed) != int.from_bytes(tag, "little"):
            return None
        generation, first, row_size = INNER.unpack(sealed[:INNER.size])
        return number, generation, first, row_size, sealed[INNER.size:]

    def page_of(self, row):
        page = self.head.base_page + (row - self.head.base_row) // self.page_rows(self.row)
        return page + (self.head.gap if self.head.gap and page >= self.head.gap_at else 0)

    def octets_of(self, row):
        """Time and payload of a row of the head's generation, or None."""
        per_page = self.page_rows(self.row)
        page = self.page_of(row)
        if page >= self.head.page:
            at = row - (self.head.next - len(self.head.rows) // self.row)
            octets = self.head.rows
        else:
            opened = self.open(self.address(page))
            at = (row - self.head.base_row) % per_page
            if opened is None or opened[:4] != (page, self.head.generation, row - at, self.head.row_size):
                return None
            octets = opened[4]
        octets = octets[at * self.row:(at + 1) * self.row]
        return int.from_bytes(octets[:4], "little"), octets[4:]

    def shown(self):
        first = max(self.head.first, self.head.next - self.layout.rows)
        return range(first, self.head.next)
