# SPDX-License-Identifier: Apache-2.0
"""A meter that deviates: a proxy between the conformance suite and a good meter that alters one thing.

Each deviation names the purposes that must turn red because of it; `none` alters nothing and none must. A liberty is
the contrary: it is not what the good meter does, the standard leaves it open, and the purposes it names stay as they are.
The frames are taken apart here, with code of its own.
"""

import socket
import threading


def crc(octets):
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return (value ^ 0xFFFF).to_bytes(2, "little")


def address_end(body, at):
    while at < len(body) - 1 and not body[at] & 1:
        at += 1
    return at + 1


class Hdlc:
    """Cuts a stream into frames; a frame is [format, destination, source, control, information]."""

    def __init__(self):
        self.heard = b""

    def feed(self, octets):
        self.heard += octets
        found = []
        while True:
            start = self.heard.find(b"\x7e")
            if start < 0:
                found.append(self.heard)
                self.heard = b""
                return [part for part in found if part]
            while self.heard[start + 1:start + 2] == b"\x7e":
                start += 1
            if start:
                found.append(self.heard[:start])
                self.heard = self.heard[start:]
            if len(self.heard) < 3:
                return [part for part in found if part]
            length = (self.heard[1] & 7) << 8 | self.heard[2]
            if len(self.heard) < length + 2:
                return [part for part in found if part]
            found.append(self.heard[:length + 2])
            self.heard = self.heard[length + 2:]

    @staticmethod
    def take(frame):
        body = frame[1:-1]
        if len(body) < 7 or frame[:1] != b"\x7e" or frame[-1:] != b"\x7e" or body[-2:] != crc(body[:-2]):
            return None
        to = address_end(body, 2)
        source = address_end(body, to)
        head = source + 1
        info = body[head + 2:-2] if len(body) > head + 2 else b""
        return [body[0] & 0xF8, body[2:to], body[to:source], body[source], info]

    @staticmethod
    def make(fields):
        kind, to, source, control, info = fields
        length = 2 + len(to) + len(source) + 3 + (len(info) + 2 if info else 0)
        head = bytes([kind | length >> 8, length & 0xFF]) + to + source + bytes([control])
        body = head + crc(head) + info if info else head
        return b"\x7e" + body + crc(body) + b"\x7e"


class Wrapper:
    """Cuts a stream into WPDU."""

    def __init__(self):
        self.heard = b""

    def feed(self, octets):
        self.heard += octets
        found = []
        while len(self.heard) >= 8:
            length = int.from_bytes(self.heard[6:8], "big")
            if len(self.heard) < 8 + length:
                break
            found.append(self.heard[:8 + length])
            self.heard = self.heard[8 + length:]
        return found


# --- what deviates: functions of a whole frame as octets; None: it is lost -------------------------------------------------

def on_apdu(alter):
    """Alters the APDU of a WPDU."""
    def act(frame):
        apdu = alter(frame[8:])
        return frame[:6] + len(apdu).to_bytes(2, "big") + apdu
    return act


def replace(old, new, head=b""):
    return on_apdu(lambda apdu: apdu.replace(old, new, 1) if apdu.startswith(head) else apdu)


def answer(head, alter):
    """Alters APDUs that begin with head."""
    return on_apdu(lambda apdu: alter(apdu) if apdu.startswith(head) else apdu)


def on_fields(alter):
    """Alters a good HDLC frame."""
    def act(frame):
        fields = Hdlc.take(frame)
        changed = alter(fields) if fields else None
        return frame if fields is None else Hdlc.make(changed) if changed else None
    return act


def mend(frame):
    """Whatever check sequences a frame has become right: the meter accepts wrong ones."""
    body = frame[1:-1]
    if len(body) < 7 or frame[:1] != b"\x7e":
        return frame
    to = address_end(body, 2)
    head = address_end(body, to) + 1
    if len(body) > head + 2:
        body = body[:head] + crc(body[:head]) + body[head + 2:]
    return b"\x7e" + body[:-2] + crc(body[:-2]) + b"\x7e"


def fields_if(test, **new):
    names = ("kind", "to", "source", "control", "info")

    def alter(fields):
        if test(fields):
            for name, value in new.items():
                at = names.index(name)
                fields[at] = value(fields[at]) if callable(value) else value
        return fields
    return on_fields(alter)


def unnumbered_information(fields):
    return fields[3] & 0xEF == 0x03


HEX = bytes.fromhex


# --- what needs a memory: pairs of functions, requests and answers, each on APDUs; AARQ begins afresh -----------------------

def lost_answer_of_many(every):
    """One GET response of so many is lost."""
    count = 0

    def from_meter(frame):
        nonlocal count
        count += frame[8:9] == b"\xc4"
        return None if frame[8:9] == b"\xc4" and count % every == 0 else frame
    return None, from_meter


def rights_never_come_back():
    """Behind an AARQ with GET alone, all others are taken for the same."""
    narrow = False

    def to_meter(apdu):
        nonlocal narrow
        at = apdu.find(HEX("5f1f0400"))
        if apdu[:1] != b"\x60" or at < 0:
            return apdu
        narrow = narrow or apdu[at + 4:at + 7] == HEX("000010")
        return apdu[:at + 4] + HEX("000010") + apdu[at + 7:] if narrow else apdu
    return on_apdu(to_meter), None


def never_freed():
    """The first SET in blocks has the room for ever."""
    taken = 0

    def from_meter(apdu):
        nonlocal taken
        if apdu[:2] != HEX("c502"):
            return apdu
        taken += 1
        return apdu if taken == 1 else HEX("c503") + apdu[2:3] + b"\x02" + apdu[3:7]
    return None, on_apdu(from_meter)


def spoilt_by_priority():
    """The next block behind an answer of high priority has another octet."""
    spoilt = False

    def from_meter(apdu):
        nonlocal spoilt
        if apdu[:3] == HEX("c401c2"):
            spoilt = True
        elif spoilt and apdu[:3] == HEX("c40241"):
            spoilt = False
            return apdu[:-1] + bytes([apdu[-1] ^ 1])
        return apdu
    return None, on_apdu(from_meter)


def blocks_as_they_come():
    """The blocks of a request are counted, whatever their numbers."""
    count = 0

    def to_meter(apdu):
        nonlocal count
        if apdu[:1] in (b"\x60", b"\xc1"):
            count = 0
        if apdu[:1] != b"\xe0" or len(apdu) < 8:
            return apdu
        count += 1
        return apdu[:2] + count.to_bytes(2, "big") + apdu[4:]
    return on_apdu(to_meter), None


def written_twice():
    """A last block that comes again has the whole request done again."""
    parts, whole = {}, None

    def to_meter(apdu):
        nonlocal whole
        if apdu[:1] == b"\x60":
            parts.clear()
            whole = None
        if apdu[:1] != b"\xe0" or len(apdu) < 8:
            return apdu
        number = int.from_bytes(apdu[2:4], "big")
        if apdu[1] & 0x80 and whole is not None:
            return b"\xe0\x81\0\1\0\0" + bytes([len(whole)]) + whole
        parts[number] = apdu[7:]
        if apdu[1] & 0x80:
            whole = b"".join(parts[n] for n in sorted(parts))
        return apdu
    return on_apdu(to_meter), None


def first_block_goes_on():
    """A first block like the last one is passed over: its sender is told how far the other request had come."""
    first = None

    def to_meter(apdu):
        nonlocal first
        if apdu[:1] == b"\x60":
            first = None
        if apdu[:1] != b"\xe0" or apdu[2:4] != b"\0\1" or apdu[1] & 0x80:
            return apdu
        if apdu[6:] == first:
            return HEX("e0810002000000")
        first = apdu[6:]
        return apdu
    return on_apdu(to_meter), None


def services_of_all():
    """All services are served, whatever was agreed."""
    asked = b""

    def to_meter(apdu):
        nonlocal asked
        at = apdu.find(HEX("5f1f0400")) + 4
        if apdu[:1] != b"\x60" or at < 4:
            return apdu
        asked = apdu[at:at + 3]
        return apdu[:at] + HEX("20fe5d") + apdu[at + 3:]

    def from_meter(apdu):
        at = apdu.find(HEX("5f1f0400")) + 4
        if apdu[:1] != b"\x61" or at < 4:
            return apdu
        return apdu[:at] + bytes(a & b for a, b in zip(asked, apdu[at:at + 3])) + apdu[at + 3:]
    return on_apdu(to_meter), on_apdu(from_meter)


# name: (framing, purposes that must be red, what happens to requests, what happens to answers)
DEVIATIONS = {
    "none": ("wrapper", "", None, None),
    "ports-not-exchanged": ("wrapper", "Q_WRP_01", None, lambda f: f[:2] + f[4:6] + f[2:4] + f[6:]),
    "any-destination": ("wrapper", "Q_WRP_03", lambda f: f[:4] + b"\0\1" + f[6:], lambda f: f),
    "wildcards-are-kept": ("wrapper", "Q_AL_45", None,
                           answer(HEX("c401c100090c"), lambda a: a[:6] + HEX("ffff") + a[8:])),
    "selection-ignored": ("wrapper", "Q_COSEM_7_RANGE_2,Q_COSEM_7_ENTRY_1,Q_COSEM_7_ENTRY_4",
                          on_apdu(lambda a: a[:12] + b"\0" if a[:2] + a[3:5] == HEX("c0010007") and a[12:13] == b"\1" else a),
                          None),
    "empty-answers": ("wrapper", "Q_AL_22", None, on_apdu(lambda a: b"" if a[-2:] == HEX("0110") else a)),
    "pdu-one-octet-too-long": ("wrapper", "Q_WRP_13,APPL_OPEN_1/2", None,
                               answer(b"\xc4", lambda a: a + b"\0")),
    "length-one-too-small": ("wrapper", "Q_WRP_13", None,
                             lambda f: f[:6] + (len(f) - 9).to_bytes(2, "big") + f[8:] if f[8:9] == b"\xc4" else f),
    "context-ignored": ("wrapper", "APPL_OPEN_5/2,APPL_OPEN_5/3",
                        on_apdu(lambda a: a.replace(HEX("6085740508017f"), HEX("60857405080101"))
                                .replace(HEX("60857405080102"), HEX("60857405080101"))), None),
    "wrong-diagnostic": ("wrapper", "APPL_OPEN_5/2", None,
                         replace(HEX("a305a103020102"), HEX("a305a10302010b"), b"\x61")),
    "version-error-as-size-error": ("wrapper", "APPL_OPEN_12/1", None,
                                    replace(HEX("0e010601"), HEX("0e010603"), b"\x61")),
    "more-services-than-declared": ("wrapper", "APPL_OPEN_13/1,APPL_OPEN_13/2", None,
                                    on_apdu(lambda a: a.replace(HEX("065f1f0400") + a[-7:-4], HEX("065f1f0400ffffff"))
                                            if a[:1] == b"\x61" and b"\x08\x00\x06" in a else a)),
    "small-pdu-accepted": ("wrapper", "APPL_OPEN_14/2", replace(HEX("7e1f000b"), HEX("7e1fffff"), b"\x60"), None),
    "pdu-size-ignored": ("wrapper", "APPL_OPEN_14/3,Q_AL_18",
                         on_apdu(lambda a: a[:-2] + b"\xff\xff" if a[:1] == b"\x60" else a), None),
    "password-not-asked": ("wrapper", "APPL_OPEN_7/7", None,
                           on_apdu(lambda a: HEX("6129a109060760857405080101a203020100a305a103020100be10040e0800065f1f0400"
                                                 "00121d01800007") if HEX("a305a10302010d") in a else a)),
    "invoke-id-not-echoed": ("wrapper", "Q_AL_01", None,
                             answer(b"\xc4", lambda a: a[:2] + b"\xc1" + a[3:])),
    "block-number-off-by-one": ("wrapper", "Q_AL_20,Q_AL_21", None,
                                answer(HEX("c402"), lambda a: a[:4] + (int.from_bytes(a[4:8], "big") + 1)
                                       .to_bytes(4, "big") + a[8:])),
    "last-block-not-said": ("wrapper", "Q_AL_20", None,
                            answer(HEX("c402c101"), lambda a: a[:3] + b"\0" + a[4:])),
    "undefined-object-is-null": ("wrapper", "APPL_DATA_LN_N1/3", None,
                                 answer(HEX("c401c10104"), lambda a: HEX("c401c10000"))),
    "class-not-compared": ("wrapper", "Q_AL_11", replace(HEX("00030000010000ff"), HEX("00080000010000ff"), b"\xc0"), None),
    "list-in-another-order": ("wrapper", "Q_AL_17", None,
                              answer(HEX("c403c103"), lambda a: a[:4] + HEX("0104") + a[4:].replace(HEX("0104"), b"", 1))),
    "released-and-alive": ("wrapper", "APPL_REL_P1/2", lambda f: None if f[8:9] == b"\x62" else f, None),
    "rlre-with-another-reason": ("wrapper", "APPL_REL_P1/2", None, replace(HEX("800100"), HEX("800101"), b"\x63")),
    "confirmed-when-unconfirmed": ("wrapper", "Q_AL_43,NEG_APDU_UNCONFIRMED_NOT_NEGOTIATED,NEG_APDU_UNCONFIRMED_NO_ASSOCIATION",
                                   on_apdu(lambda a: a[:2] + bytes([a[2] | 0x40]) + a[3:]
                                           if a[:1] in (b"\xc0", b"\xc1", b"\xc3") and len(a) > 3 else a), None),
    "type-error-as-success": ("wrapper", "Q_AL_14", None, replace(HEX("c501c10c"), HEX("c501c100"), b"\xc5")),
    "exception-as-silence-of-get": ("wrapper", "APPL_DATA_LN_N1/1", None,
                                    lambda f: None if f[8:9] == b"\xd8" else f),
    "scaler-of-another-type": ("wrapper", "COSEM_3_0/1", None,
                               on_apdu(lambda a: a[:6] + HEX("11") + a[7:] if a[:1] == b"\xc4" and a[3:7] == HEX("0002020f")
                                       and len(a) == 10 else a)),
    "services-not-negotiated": ("wrapper", "APPL_DATA_LN_N4,APPL_DATA_LN_N4/2,APPL_DATA_LN_N4/3,Q_AL_02",
                                *services_of_all()),
    "rights-never-come-back": ("wrapper", "Q_AL_02", *rights_never_come_back()),
    "unknown-choice-of-set-as-success": ("wrapper", "APPL_DATA_LN_N3/1", None,
                                         answer(b"\xd8", lambda a: HEX("c501c100"))),
    "second-block-of-a-list-altered": ("wrapper", "Q_AL_16,Q_AL_18",
                                       on_apdu(lambda a: a[:-2] + b"\0\x40" if a[:1] == b"\x60" else a),
                                       answer(HEX("c402"), lambda a: a[:-1] + bytes([a[-1] ^ 1])
                                              if a[4:8] == HEX("00000002") else a)),
    "one-answer-of-many-lost": ("wrapper", "NEG_WRP_FLOOD", *lost_answer_of_many(150)),
    "block-of-set-acknowledged-twice": ("wrapper", "Q_AL_27", None, lambda f: f + f if f[8:10] == HEX("c502") else f),
    "room-of-set-never-freed": ("wrapper", "Q_AL_27", *never_freed()),
    "priority-ends-a-transfer": ("wrapper", "Q_AL_44,Q_AL_44/2",
                                 on_apdu(lambda a: a[:2] + bytes([a[2] & 0x7F]) + a[3:] if a[:2] in (b"\xc0\1", b"\xc1\1") else a),
                                 answer(HEX("c401"), lambda a: a[:2] + bytes([a[2] | 0x80]) + a[3:] if a[2] & 15 == 2 else a)),
    "priority-spoils-a-transfer": ("wrapper", "Q_AL_44", *spoilt_by_priority()),
    "priority-ends-general-blocks": ("wrapper", "Q_AL_44/3",
                                     on_apdu(lambda a: HEX("e0c00001000000") if a[:3] == HEX("c00182") else a), None),
    "general-blocks-as-they-come": ("wrapper", "Q_AL_46,Q_AL_46/2,Q_AL_47", *blocks_as_they_come()),
    "general-blocks-done-twice": ("wrapper", "Q_AL_47", *written_twice()),
    "first-general-block-goes-on": ("wrapper", "Q_AL_48", *first_block_goes_on()),
    "general-answer-said-once": ("wrapper", "Q_AL_49,Q_AL_49/2",
                                 lambda f: None if f[8:] == HEX("e0810002000000") else f, None),
    "hdlc-none": ("hdlc", "", None, None),
    "wrong-hcs-accepted": ("hdlc", "HDLC_FRAME_N7", mend, None),
    "wrong-fcs-accepted": ("hdlc", "HDLC_FRAME_N8", mend, None),
    "wrong-fcs-sent": ("hdlc", "HDLC_FRAME_P1/1,HDLC_FRAME_P1/2", None,
                       lambda f: f[:-2] + bytes([f[-2] ^ 1]) + f[-1:] if (Hdlc.take(f) or [0] * 5)[3] == 0x73 else f),
    "wrong-nr": ("hdlc", "HDLC_INFO_P1/1", None,
                 fields_if(lambda f: f[3] & 0x1F == 0x10, control=lambda c: c ^ 0x20)),
    "wrong-ns": ("hdlc", "HDLC_INFO_P1/1,Q_HDLC_12", None,
                 fields_if(lambda f: not f[3] & 1, control=lambda c: c ^ 0x02)),
    "ua-for-dm": ("hdlc", "HDLC_FRAME_P1/4", None, fields_if(lambda f: f[3] == 0x1F, control=0x73)),
    "no-frmr": ("hdlc", "HDLC_FRAME_N5/1", None, on_fields(lambda f: None if f[3] == 0x97 else f)),
    "frmr-without-reason": ("hdlc", "HDLC_FRAME_N5/1", None,
                            fields_if(lambda f: f[3] == 0x97, info=lambda i: i[:2] + b"\0")),
    "answers-ui": ("hdlc", "Q_HDLC_10", fields_if(unnumbered_information, control=0x32), None),
    "answers-another-device": ("hdlc", "HDLC_ADDRESS_N4/2",
                               fields_if(lambda f: f[1] == HEX("0225"), to=HEX("0223")), None),
    "answers-another-logical-device": ("hdlc", "HDLC_ADDRESS_N4/1",
                                       fields_if(lambda f: f[1] == HEX("0423"), to=HEX("0223")), None),
    "answers-all-stations": ("hdlc", "HDLC_ADDRESS_N4/3",
                             fields_if(lambda f: f[1] == HEX("feff"), to=HEX("0223")), None),
    "source-not-mine": ("hdlc", "HDLC_FRAME_P1/1", None, fields_if(lambda f: f[3] == 0x73, source=HEX("0225"))),
    "poll-not-needed": ("hdlc", "Q_HDLC_06", fields_if(lambda f: f[3] == 0x01, control=0x11), None),
    "llc-not-looked-at": ("hdlc", "Q_HDLC_16",
                          fields_if(lambda f: not f[3] & 1 and len(f[4]) > 3, info=lambda i: HEX("e6e600") + i[3:]), None),
    "parameters-beyond-the-proposal": ("hdlc", "HDLC_NDM2NRM_P2/1", None,
                                       fields_if(lambda f: f[3] == 0x73 and len(f[4]) > 8,
                                                 info=lambda i: i[:-1] + b"\x07")),
}

CLOSE = b"close"  # instead of a frame: both sides of the connection end


def stateless(to_meter, from_meter):
    return lambda: (to_meter, from_meter)


def second_aarq_ignored():
    """AARQ in an open association is lost: no state of a server says what becomes of it."""
    open_now = []

    def to_meter(frame):
        if frame[8:9] == b"\x62":
            open_now.clear()
        return None if frame[8:9] == b"\x60" and open_now else frame

    def from_meter(frame):
        if frame[8:9] == b"\x61" and HEX("a203020100") in frame:
            open_now.append(True)
        return frame

    return to_meter, from_meter


def transfer_is_exclusive():
    """Behind the first block of a list nothing is served but its next ones."""
    begun = []

    def to_meter(frame):
        return None if begun and frame[8:10] == HEX("c001") else frame

    def from_meter(frame):
        if frame[8:10] == HEX("c402") and frame[11:12] == b"\0":
            begun.append(True)
        return frame

    return to_meter, from_meter


def class_0_is_answered():
    """GET and SET of service class 0 are served as confirmed ones, and answered under the octet that they came with."""
    asked = []

    def to_meter(frame):
        if frame[8:9] in (b"\xc0", b"\xc1") and not frame[10] & 0x40:
            asked.append(frame[10])
            return frame[:10] + bytes([frame[10] | 0x40]) + frame[11:]
        return frame

    def from_meter(frame):
        return frame[:10] + bytes([asked.pop(0)]) + frame[11:] if asked and frame[8:9] in (b"\xc4", b"\xc5") else frame

    return to_meter, from_meter


def close_on(test):
    """The connection ends in place of what the meter would do with, or send as, such a frame."""
    return lambda frame: CLOSE if test(frame) else frame


# name: (framing, purposes that must not be red, what gives both functions for a connection)
LIBERTIES = {
    "acse-version-said": ("wrapper", "APPL_OPEN_1/1,APPL_OPEN_6/1,APPL_OPEN_7/7",
                          stateless(None, answer(b"\x61", lambda a: b"\x61" + bytes([a[1] + 4]) + HEX("80020780") + a[2:]))),
    "second-aarq-ignored": ("wrapper", "APPL_OPEN_7/8,APPL_OPEN_8,APPL_OPEN_12/2,APPL_OPEN_13/1,Q_WRP_01,Q_WRP_04,Q_WRP_09",
                            second_aarq_ignored),
    "closes-without-association": ("wrapper", "APPL_IDLE_N1,APPL_OPEN_1/3,APPL_OPEN_7/1,APPL_OPEN_7/2,APPL_OPEN_7/7,"
                                   "APPL_REL_P1/2,Q_AL_03,Q_WRP_09",
                                   stateless(None, close_on(lambda f: f[8:11] == HEX("d80102")))),
    "closes-at-unknown-ports": ("wrapper", "Q_WRP_03", stateless(close_on(lambda f: f[4:6] != HEX("0001")), None)),
    "secret-wants-authenticated-apdus": ("wrapper", "COSEM_15_1/1,COSEM_15_1/2,COSEM_15_1/4", stateless(
        None, answer(HEX("c4"), lambda a: a.replace(HEX("02030f07160002"), HEX("02030f07160602"))
                     .replace(HEX("02030f07160000"), HEX("02030f07160600"))))),
    "list-ends-before-another-request": ("wrapper", "Q_AL_18", transfer_is_exclusive),
    "wildcards-are-completed": ("wrapper", "Q_AL_45",
                                stateless(None, answer(HEX("c501c1fa"), lambda a: HEX("c501c100")))),
    "cut-value-is-a-refused-value": ("wrapper", "APPL_DATA_LN_N3/3",
                                     stateless(None, answer(HEX("d80103"), lambda a: HEX("c501c1fa")))),
    "class-0-is-answered": ("wrapper", "Q_AL_01,Q_AL_43", class_0_is_answered),
    "closes-at-length-0": ("wrapper", "Q_WRP_06", stateless(close_on(lambda f: len(f) == 8), None)),
}


class Proxy:
    """One deviation or liberty between the suite and a meter; connections come and go."""

    def __init__(self, name, meter):
        if name in LIBERTIES:
            self.framing, _, self.make = LIBERTIES[name]
        else:
            self.framing, _, *functions = DEVIATIONS[name]
            self.make = stateless(*functions)
        self.meter = meter
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False
        self.listener.close()

    @property
    def uri(self):
        return f"{'hdlc+' if self.framing == 'hdlc' else ''}tcp://127.0.0.1:{self.port}"

    def _accept(self):
        while self.open:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.meter)
            except OSError:
                return
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            to_meter, from_meter = self.make()
            threading.Thread(target=self._pump, args=(near, far, to_meter), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, from_meter), daemon=True).start()

    def _pump(self, source, target, alter):
        cutter = (Hdlc if self.framing == "hdlc" else Wrapper)() if alter else None
        try:
            while True:
                octets = source.recv(65536)
                if not octets:
                    break
                if not self._hand_on(cutter.feed(octets) if cutter else [octets], target, alter):
                    break
        except OSError:
            pass
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def _hand_on(frames, target, alter):
        for frame in frames:
            changed = alter(frame) if alter else frame
            if changed is CLOSE:
                return False
            if changed:
                target.sendall(changed)
        return True
