#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a meter keeps: its files fram, flash and key read as docs/storage.md and docs/storage-logs.md say, from those pages alone.

image.py DIR prints a state directory of `quadrant run` as JSON: every piece with the state of its slots, every record decoded,
every row of both logs. What does not open or contradicts itself stands in "trouble"; the exit status is 1 then, and 2 when the
memory as a whole is refused.
"""

import argparse
import datetime
import itertools
import json
import pathlib
import sys
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

T = 12  # octets of a tag
FIRST_BANK = 128
# "Record ids": every model has all of them.
LAYOUT = ((0x0101, 1024), (0x0102, 256), (0x0103, 64), (0x0104, 96), (0x0201, 256), (0x0202, 96), (0x0203, 512),
          (0x0204, 32), (0x0205, 256), (0x0206, 16), (0x0207, 96), (0x0301, 424), (0x0302, 424),
          (0xFFFF, 8))
NAMES = {0x0101: "base", 0x0102: "delta", 0x0103: "sealed", 0x0104: "checkpoint", 0x0201: "identity", 0x0202: "clock",
         0x0203: "tariff", 0x0204: "events", 0x0205: "passwords", 0x0206: "diagnosis", 0x0207: "lines",
         0x0301: "journal_head", 0x0302: "standard_head", 0xFFFF: "map"}
BLOCK, PAGE = 4096, 256
PER_BLOCK = BLOCK // PAGE
# Log: name, rows promised, octets of a row with its time, spare blocks.
LOGS = {0x0301: ("journal", 200, 38, 1), 0x0302: ("standard", 500, 24, 1)}
CHANNELS = ("A+", "A-", "R1", "R2", "R3", "R4", "S+", "S-")
EPOCH_2000 = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)


class Refused(Exception):
    """The memory as a whole is not one that can be read."""


class Malformed(Exception):
    """A piece that opens, and is not as the page says."""


def number(octets, at, size):
    return int.from_bytes(octets[at:at + size], "little")


def instant(ms):
    """UTC in ms since 2000 as text; None where the calendar ends."""
    try:
        return (EPOCH_2000 + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return None


class Cursor:
    """Takes fields off the front of a payload."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, size):
        piece = self.octets[self.at:self.at + size]
        if len(piece) != size:
            raise Malformed(f"ends at {len(self.octets)}, wanted {self.at + size} octets")
        self.at += size
        return piece

    def u(self, size):
        return int.from_bytes(self.take(size), "little")

    def s(self, size):
        return int.from_bytes(self.take(size), "little", signed=True)

    def many(self, count, size):
        return [self.u(size) for _ in range(count)]

    def version(self, wanted):
        got = self.u(1)
        if got != wanted:
            raise Malformed(f"layout {got} instead of {wanted}")

    def end(self):
        if self.at != len(self.octets):
            raise Malformed(f"{len(self.octets)} octets instead of {self.at}")


class Key:
    """AES-GCM under the device key, with the nonce of a piece."""

    def __init__(self, key):
        self.key = key

    def open(self, nonce, tag, sealed):
        """The payload, or None when the tag does not fit."""
        record, slot, epoch, sequence = nonce
        iv = record.to_bytes(2, "little") + bytes([slot, 0]) + epoch.to_bytes(4, "little") + sequence.to_bytes(4, "little")
        opener = Cipher(algorithms.AES(self.key), modes.GCM(iv, bytes(tag), min_tag_length=T)).decryptor()
        try:
            return opener.update(bytes(sealed)) + opener.finalize()
        except InvalidTag:
            return None


def up(size, step):
    return -(-size // step) * step


# --- the record store -----------------------------------------------------------------------------------------------------


class Store:
    """Superblock, redo area and slots of an FRAM; contents is {id: payload, or None when never written or lost}."""

    def __init__(self, fram, key):
        self.fram, self.key, self.trouble = fram, key, []
        self.superblock = self._superblock()
        self.blank = self.superblock["blank"]
        self._addresses()
        self.slots, self.contents, self.lost = [], {}, []
        for record, capacity in LAYOUT:
            self._record(record, capacity)
        self._blanks()
        self.redo = self._redo()

    def _copy(self, i):
        """(whole, opened fields or None) of one copy of the superblock."""
        copy = self.fram[64 * i:64 * i + 64]
        if copy[:8] != b"QDSTORE1" or number(copy, 60, 4) != zlib.crc32(copy[:60]):
            return False, None
        if number(copy, 8, 2) != 2:
            raise Refused(f"format version {number(copy, 8, 2)}")
        epoch = number(copy, 12, 4)
        if copy[10] != T:
            return True, None
        for sequence in (i, i + 2, i + 4, i + 6):
            opened = self.key.open((0, 1, epoch, sequence), copy[44:44 + T], copy[16:44])
            if opened is None:
                continue
            bank = 64 * number(opened, 26, 2)
            promise = bool(number(opened, 22, 2) & 0x8000)
            if (bank != FIRST_BANK) != bool(sequence & 2) or promise != bool(sequence & 4) or any(copy[44 + T:60]) or copy[11]:
                continue
            return True, {"epoch": epoch, "layout_version": number(opened, 0, 2), "model": opened[2:17].rstrip(b"\0").decode("ascii"),
                          "blank": opened[17], "layout_crc": number(opened, 18, 4), "records": number(opened, 22, 2) & 0x7FFF, "promise": promise,
                          "largest_group": number(opened, 24, 2), "bank": bank}
        return True, None

    def _superblock(self):
        copies = [self._copy(i) for i in range(2)]
        good = [fields for _, fields in copies if fields]
        if not good:
            raise Refused("sealed under another key" if any(whole for whole, _ in copies) else "no superblock")
        counts = max(good, key=lambda fields: fields["epoch"])
        for i, (_, fields) in enumerate(copies):
            if fields != counts:
                self.trouble.append(f"superblock copy {i} is {'not good' if fields is None else 'older'}")
        table = b"".join(n.to_bytes(2, "little") for row in LAYOUT for n in row)
        if counts["records"] != len(LAYOUT) or counts["layout_crc"] != zlib.crc32(table):
            raise Refused("another layout of records")
        return counts

    def _addresses(self):
        self.redo_room = max(self.superblock["largest_group"] + 4 * len(LAYOUT), 4 + max(size for _, size in LAYOUT))
        at = self.superblock["bank"] + up(16 + T + self.redo_room, 8)
        self.places = {}
        for record, capacity in LAYOUT:
            for slot in range(2):
                self.places[record, slot] = at
                at += up(12 + T + capacity, 8)
        self.end = at
        if at > len(self.fram):
            raise Refused(f"{len(self.fram)} octets, the bank ends at {at}")

    def _slot(self, record, slot, capacity):
        """(state, sequence, epoch, payload)"""
        at = self.places[record, slot]
        head = self.fram[at:at + 12 + T]
        if all(octet == self.blank for octet in head):
            return "blank", None, None, None
        size, sequence, epoch = number(head, 2, 2), number(head, 4, 4), number(head, 8, 4)
        if number(head, 0, 2) == record and size <= capacity:
            payload = self.key.open((record, slot, epoch, sequence), head[12:], self.fram[at + 12 + T:at + 12 + T + size])
            if payload is not None:
                return "good", sequence, epoch, payload
        return "bad", None, None, None

    def _record(self, record, capacity):
        best = None
        states = []
        for slot in range(2):
            state, sequence, epoch, payload = self._slot(record, slot, capacity)
            states.append(state)
            self.slots.append({"record": record, "slot": slot, "at": self.places[record, slot], "state": state,
                               "octets": None if payload is None else 12 + T + len(payload), "sequence": sequence, "epoch": epoch})
            if state == "bad":
                self.trouble.append(f"slot {slot} of record {record:#06x} is bad")
            if state == "good" and (best is None or sequence > best[0]):
                best = sequence, payload
        self.contents[record] = None if best is None else best[1]
        if best is None and states == ["bad", "bad"]:
            self.lost.append(record)
            self.trouble.append(f"record {record:#06x} is lost")

    def _blanks(self):
        """Blank slots of a record that the map names are lost octets."""
        if not self.superblock["promise"]:
            return
        born = self.contents[0xFFFF]
        for r, (record, _) in enumerate(LAYOUT):
            named = record == 0xFFFF or born is None or born[r // 8] >> r % 8 & 1
            if named and self.contents[record] is None and record not in self.lost:
                self.lost.append(record)
                self.trouble.append(f"record {record:#06x} is lost")

    def _redo(self):
        at = self.superblock["bank"]
        head = self.fram[at:at + 16 + T]
        if not any(head) or all(octet == self.blank for octet in head):
            return {"state": "clean"}
        size, sequence, epoch = number(head, 6, 2), number(head, 8, 4), number(head, 12, 4)
        opened = None
        if head[:4] == b"REDO" and size <= self.redo_room:
            opened = self.key.open((0, 0, epoch, sequence), head[16:], self.fram[at + 16 + T:at + 16 + T + size])
        if opened is None:
            self.trouble.append("the redo area is torn")
            return {"state": "torn"}
        entries, cursor = [], Cursor(opened)
        while cursor.at < size:
            record, length = cursor.u(2), cursor.u(2)
            self.contents[record] = cursor.take(length)
            entries.append(record)
        return {"state": "pending", "sequence": sequence, "epoch": epoch, "records": entries}


# --- contents of the records ----------------------------------------------------------------------------------------------


def flags_of(octet):
    return {"clock_valid": bool(octet & 1), "no_load": {"sum": bool(octet & 2), **{f"L{i + 1}": bool(octet & 4 << i) for i in range(3)}}}


def sealed_of(c):
    return {"current_ratio": c.many(2, 2), "voltage_ratio": c.many(2, 2), "primary": c.u(1), "pulse_constants": c.many(2, 4)}


def base_of(c):
    c.version(1)
    found = {**flags_of(c.u(1)), "number": c.u(4), "snapshot": c.u(4), "utc_ms": c.s(8), "uncertainty_ms": c.u(4),
             "rates": list(c.take(8)), "journal": c.u(4), "sealed": sealed_of(c)}
    found["pulses"] = [{"pulses": c.u(8), "begun": c.u(4)} for _ in range(2)]
    found["registers"] = [c.many(8, 8) for _ in range(12)]  # unallocated, rates 1 to 8, L1 to L3
    found["remainders"] = [c.many(8, 4) for _ in range(4)]  # sum, L1 to L3
    return found


def delta_of(c):
    c.version(2)
    flags = c.u(1)
    found = {**flags_of(flags), "with_notice": bool(flags & 32), "rates_changed": bool(flags & 64), "base": c.u(2), "snapshot": c.u(2),
             "utc_ms": c.s(6), "uncertainty_ms": c.u(3), "pulses": c.many(2, 3), "begun": c.many(2, 4)}
    moved, found["journal"] = c.u(4), c.u(1)
    channels = [i for i in range(32) if moved >> i & 1]
    rows = [(c.u(4), c.u(2)) for _ in channels]
    high = c.take((len(channels) + 1) // 2)
    found["moved"] = [{"channel": channel, "energy": energy & 0x7FFFFFFF, "remainder": low | (high[i // 2] >> 4 * (i % 2) & 15) << 16}
                      for i, (channel, (energy, low)) in enumerate(zip(channels, rows))]
    if found["rates_changed"]:
        packed = c.take(4)
        found["rates"] = [packed[i // 2] >> 4 * (i % 2) & 15 for i in range(8)]
    for row, (energy, _) in zip(found["moved"], rows):
        if energy >> 31:
            if not found["rates_changed"] or row["channel"] > 7:
                raise Malformed(f"channel {row['channel']} has no new rate")
            row["energy_new_rate"] = c.u(4)
    return found


def checkpoint_of(c):
    c.version(1)
    return {"clock_valid": bool(c.u(1)), "zero": c.u(2), "base": c.u(4), "snapshot": c.u(4), "journal": c.u(4), "utc_ms": c.s(8),
            "totals": c.many(8, 8)}


def text_of(c, room=16):
    """A field of its length and as many octets as there is room: None when it is not set."""
    size, octets = c.u(1), c.take(room)
    if size > room:
        raise Malformed(f"a text of {size} octets")
    return octets[:size].decode("latin-1") if size else None


def identity_of(c):
    c.version(1)
    return {"device_numbers": [text_of(c) for _ in range(10)], "logical_device_name": text_of(c), "electricity_number": text_of(c)}


def clock_of(c):
    c.version(1)
    return {"zone_min": c.s(2), "dst_deviation_min": c.s(1), "dst_enabled": c.u(1), "dst_begin": c.take(12).hex(),
            "dst_end": c.take(12).hex(), "sync_limit_s": c.u(2)}


def tariff_of(c):
    c.version(1)
    assignments, masks, active = c.u(1), c.u(1), c.u(1)
    found = {"active": None if active == 255 else active, "assignments": [c.many(2, 1) for _ in range(assignments)], "masks": []}
    for _ in range(masks):
        name, count = text_of(c, 8), c.u(1)
        found["masks"].append({"name": name, "registers": c.many(8, 1)[:count]})
    return found


def events_of(c):
    c.version(2)
    return {"targets": [{"last": c.u(1), "count": c.u(2)} for _ in ("standard", "fraud")], "next": c.u(4)}


def passwords_of(c):
    c.version(1)
    return {"clients": [text_of(c) for _ in range(6)]}


def diagnosis_of(c):
    c.version(1)
    return {"errors": c.u(4)}


def lines_of(c):
    c.version(1)
    hdlc = [{name: c.u(size) for name, size in (
        ("speed", 1), ("window_transmit", 1), ("window_receive", 1), ("information_transmit", 2), ("information_receive", 2),
        ("octet_ms", 2), ("inactivity_s", 2), ("device", 2))} for _ in range(3)]
    local = [{**{name: c.u(1) for name in ("mode", "default_speed", "proposed_speed", "response", "length")},
              "address": c.take(16)} for _ in range(2)]
    for port in local:
        if port["length"] > len(port["address"]):
            raise Malformed("a device address of more octets than there are")
        port["address"] = port["address"][:port["length"]]
    return {"hdlc": hdlc, "local": local, "tcp": {name: c.u(2) for name in ("port", "segment", "inactivity_s")}}


def head_of(c):
    c.version(1)
    found = {"row": c.u(1) + 4, "spares": c.u(1), "zero": c.u(1), "gap": c.u(2), "zeros": c.u(2)}
    for name in ("generation", "next", "first", "page", "epoch", "first_page", "first_row", "orderly", "newest_time", "clean", "gap_page"):
        found[name] = c.u(4)
    found["replaced"] = [{"from": c.u(4), "block": c.u(2)} for _ in range(4)][:found["spares"]]
    found["rows"] = c.take(len(c.octets) - c.at)
    if found["spares"] > 4 or len(found["rows"]) % found["row"]:
        raise Malformed(f"{found['spares']} spare blocks, {len(found['rows'])} octets of rows of {found['row']}")
    return found


def sealed_record(c):
    c.version(1)
    return sealed_of(c)


DECODERS = {0x0101: base_of, 0x0102: delta_of, 0x0103: sealed_record, 0x0104: checkpoint_of, 0x0201: identity_of, 0x0202: clock_of,
            0x0203: tariff_of, 0x0204: events_of, 0x0205: passwords_of, 0x0206: diagnosis_of, 0x0207: lines_of,
            0x0301: head_of, 0x0302: head_of, 0xFFFF: lambda c: {"written": c.many(8, 1)}}


def decode(record, payload):
    cursor = Cursor(payload)
    found = DECODERS[record](cursor)
    cursor.end()
    return found


# --- base and delta together ----------------------------------------------------------------------------------------------


def add_delta(state, base, delta):
    """What the delta says on top of its base."""
    ahead = (delta["snapshot"] - base["snapshot"]) & 0xFFFF
    if ahead > 30000:
        raise Malformed(f"delta is {ahead} snapshots ahead")
    new = delta.get("rates", base["rates"])
    state.update(clock_valid=delta["clock_valid"], no_load=delta["no_load"], utc_ms=delta["utc_ms"], rates=new,
                 uncertainty_ms=delta["uncertainty_ms"], snapshot=base["snapshot"] + ahead, journal=base["journal"] + delta["journal"],
                 pulses=[{"pulses": old["pulses"] + more, "begun": begun}
                         for old, more, begun in zip(base["pulses"], delta["pulses"], delta["begun"])])
    for row in delta["moved"]:
        of, channel = divmod(row["channel"], 8)
        state["registers"][base["rates"][channel] if of == 0 else 8 + of][channel] += row["energy"]
        state["remainders"][of][channel] = row["remainder"]
        if "energy_new_rate" in row:
            state["registers"][new[channel]][channel] += row["energy_new_rate"]


def metrology(records):
    """Registers, clock and pulses as they stand; None when the base is not there."""
    base, delta = records["base"], records["delta"]
    if base is None:
        return None
    state = {name: base[name] for name in ("clock_valid", "no_load", "utc_ms", "uncertainty_ms", "snapshot", "rates", "journal", "pulses")}
    state["registers"] = [list(bank) for bank in base["registers"]]
    state["remainders"] = [list(bank) for bank in base["remainders"]]
    counts = delta is not None and delta["base"] == base["number"] & 0xFFFF
    if counts:
        add_delta(state, base, delta)
    banks, remainders = state.pop("registers"), state.pop("remainders")
    state["from"] = "base and delta" if counts else "base"
    state["utc"] = instant(state["utc_ms"])
    state["energy_mj"] = {
        name: {"total": sum(bank[i] for bank in banks[:9]), "unallocated": banks[0][i], "rates": [bank[i] for bank in banks[1:9]],
               "phases": [bank[i] for bank in banks[9:]], "remainders_nj": [bank[i] for bank in remainders]}
        for i, name in enumerate(CHANNELS)}
    return state


# --- logs -----------------------------------------------------------------------------------------------------------------


def journal_row(c):
    row = {"sequence": c.u(4), "utc_ms": c.s(8), "old": c.s(8), "new": c.s(8), "detail": c.u(2), "lost_before": c.u(2), "code": c.u(1),
           "clock_valid": c.u(1)}
    return {**row, "utc": instant(row["utc_ms"])}


def standard_row(c):
    return {"code": c.u(1), "clock_status": c.u(1), "deviation_min": c.s(2), "caused_by": c.u(4), "detail": c.s(8), "meter_status": c.u(4)}


class Log:
    """One ring log: where its pages lie, which of them open, and its rows."""

    def __init__(self, record, flash, first_block, head, key):
        self.record, self.flash, self.key = record, flash, key
        self.name, self.promised, self.row, self.spares = LOGS[record]
        self.first_block, self.head, self.trouble = first_block, head, []
        self.per_page = (235 - T) // self.row
        self.ring = -(-self.promised // (self.per_page * PER_BLOCK)) + 2
        self.pages, self.states = {}, {"good": 0, "erased": 0, "other": 0}
        for block, i in itertools.product(range(self.ring + self.spares), range(PER_BLOCK)):
            self._page(block, i)

    @property
    def blocks(self):
        return self.ring + self.spares

    def _page(self, block, i):
        at = (self.first_block + block) * BLOCK + i * PAGE
        page = self.flash[at:at + PAGE]
        if len(page) != PAGE:
            raise Refused(f"flash ends at {len(self.flash)}")
        if all(octet == 0xFF for octet in page):
            self.states["erased"] += 1
            return
        found = self._open(page)
        if found and found["page"] % PER_BLOCK == i and (block >= self.ring or found["page"] // PER_BLOCK % self.ring == block):
            self.states["good"] += 1
            self.pages[block, found["page"]] = found
        else:
            self.states["other"] += 1

    def _open(self, page):
        size, g, epoch = page[3], number(page, 4, 4), number(page, 8, 4)
        if number(page, 0, 2) != self.record or page[2] != 1 or 12 + T + size > PAGE:
            return None
        opened = self.key.open((self.record, 2, epoch, g), page[12:12 + T], page[12 + T:12 + T + size])
        if opened is None or len(opened) != 9 + self.per_page * self.row or opened[8] + 4 != self.row:
            return None
        return {"page": g, "epoch": epoch, "generation": number(opened, 0, 4), "first": number(opened, 4, 4), "rows": opened[9:]}

    def block_of(self, g):
        """The block of page g: its place in the ring, or the spare one that replaces it."""
        block, best = g // PER_BLOCK % self.ring, None
        for i, entry in enumerate(self.head["replaced"]):
            if entry["block"] == block and entry["from"] <= g and (best is None or entry["from"] > best[0]):
                best = entry["from"], self.ring + i
        return best[1] if best else block

    def page_of(self, s):
        g = self.head["first_page"] + (s - self.head["first_row"]) // self.per_page
        return g + self.head["gap"] if self.head["gap"] and g >= self.head["gap_page"] else g

    def octets_of(self, s):
        """Row s as it is stored, or None."""
        head, r = self.head, self.row
        in_head = (s - head["first_row"]) // self.per_page * self.per_page + head["first_row"]
        held = len(head["rows"]) // r
        if s >= head["next"] - held:
            i = s - (head["next"] - held)
            return head["rows"][i * r:(i + 1) * r]
        g = self.page_of(s)
        page = self.pages.get((self.block_of(g), g))
        if page is None or page["generation"] != head["generation"] or page["first"] != in_head:
            return None
        i = s - in_head
        return page["rows"][i * r:(i + 1) * r]

    def rows(self):
        """The rows that the log shows, the oldest first."""
        head = self.head
        if head is None:
            return []
        if head["row"] != self.row or head["spares"] > self.spares:
            raise Malformed(f"{self.name}: rows of {head['row']} octets, {head['spares']} spare blocks")
        self._check_head()
        shown = []
        for s in range(max(head["first"], head["next"] - self.promised), head["next"]):
            octets = self.octets_of(s)
            if octets is None:
                self.trouble.append(f"row {s} of log {self.name} is lost")
                shown.append({"row": s, "lost": True})
                continue
            cursor = Cursor(octets)
            time = cursor.u(4)
            shown.append({"row": s, "time_s": time, "time": instant(1000 * time),
                          **(journal_row if self.record == 0x0301 else standard_row)(cursor)})
            cursor.end()
        return shown

    def _check_head(self):
        """The rows in the head are those from the beginning of the page that is being filled."""
        head = self.head
        first = head["next"] - len(head["rows"]) // head["row"]
        if (first - head["first_row"]) % self.per_page or (first < head["next"] and self.page_of(first) != head["page"]):
            self.trouble.append(f"the head of log {self.name} holds rows from {first}, and fills page {head['page']}")


# --- all of it ------------------------------------------------------------------------------------------------------------


def contents(fram, flash, key):
    """Everything that lies in the two memories, as plain data."""
    key = Key(key)
    store = Store(fram, key)
    trouble = list(store.trouble)
    records = {}
    for record, payload in store.contents.items():
        try:
            records[NAMES[record]] = None if payload is None else decode(record, payload)
        except Malformed as error:
            records[NAMES[record]] = None
            trouble.append(f"record {record:#06x}: {error}")
    logs, at = {}, 0
    for record in sorted(LOGS):
        log = Log(record, flash, at, records[LOGS[record][0] + "_head"], key)
        logs[log.name] = {"rows": log.rows(), "pages": log.states}
        trouble += log.trouble
        if log.states["other"]:
            trouble.append(f"log {log.name}: {log.states['other']} pages are neither good nor erased")
        at += log.blocks
    if at * BLOCK != len(flash):
        trouble.append(f"flash has {len(flash)} octets, the logs {at * BLOCK}")
    for head in ("journal_head", "standard_head"):
        if records[head]:
            records[head]["rows"] = len(records[head]["rows"]) // records[head]["row"]
    return {"superblock": store.superblock, "redo": store.redo, "slots": store.slots, "lost": store.lost, "records": records,
            "metrology": metrology(records), "logs": logs, "trouble": trouble}


def files(folder):
    """fram, flash and key of a state directory."""
    folder = pathlib.Path(folder)
    return (folder / "fram").read_bytes(), (folder / "flash").read_bytes(), bytes.fromhex((folder / "key").read_text().strip())


def main(arguments):
    parser = argparse.ArgumentParser(description="Prints what a state directory of quadrant run holds, as JSON.")
    parser.add_argument("folder", help="state directory")
    try:
        found = contents(*files(parser.parse_args(arguments).folder))
    except (Refused, OSError) as error:
        print(f"image.py: {error}", file=sys.stderr)
        return 2
    json.dump(found, sys.stdout, indent=1)
    print()
    return 1 if found["trouble"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
