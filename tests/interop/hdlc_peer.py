# SPDX-License-Identifier: Apache-2.0
"""The outside client over HDLC: Gurux.DLMS for Python on a TCP port that carries the octets of a line, or on a pty.

Gurux builds and reads every frame here, from SNRM to DISC; this file moves octets and keeps those of the frames that
come in one piece.
"""

import os
import select
import socket
import termios
import tty

import peer
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import InterfaceType, RequestTypes


class TcpStream:
    """hdlc+tcp: a TCP connection, octet by octet."""

    def __init__(self, address, limit):
        self.socket = socket.create_connection(address, limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.limit = limit

    def send(self, octets):
        self.socket.sendall(octets)

    def receive(self):
        octets = self.socket.recv(65536)
        if not octets:
            raise peer.Gone("closed")
        return octets

    def close(self):
        self.socket.close()


class PtyStream:
    """hdlc: a pty or a serial device by its path."""

    def __init__(self, path, limit):
        self.line = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.line)
        termios.tcflush(self.line, termios.TCIOFLUSH)
        self.limit = limit

    def send(self, octets):
        while octets:
            octets = octets[os.write(self.line, octets):]

    def receive(self):
        if not select.select([self.line], [], [], self.limit)[0]:
            raise TimeoutError("silence")
        return os.read(self.line, 4096)

    def close(self):
        os.close(self.line)


def first_frame(octets):
    """One whole frame with its flags, and how many octets go with it; None when it is not there yet."""
    begin = octets.find(b"\x7E")
    while begin >= 0 and octets[begin + 1 : begin + 2] == b"\x7E":
        begin += 1
    if begin < 0 or len(octets) < begin + 3:
        return None
    end = begin + 2 + ((octets[begin + 1] & 0x07) << 8 | octets[begin + 2])
    return (octets[begin:end], end) if len(octets) >= end else None


def control_of(frame):
    """The control octet: behind two addresses, each of which ends with an odd octet."""
    at = 3
    for _ in range(2):
        while frame[at] & 1 == 0:
            at += 1
        at += 1
    return frame[at]


class Numbers:
    """Sequence numbers of the frames of a window. Gurux 1.0.203 loses count at the third frame of one and acknowledges
    one frame where it should all; so with windows larger than 1 it gets and gives the numbers that are counted here."""

    def __init__(self, settings):
        self.sends = self.sent = self.receives = 0
        self.gurux_checks = settings.checkFrame
        settings.checkFrame = self.check
        settings.getNextSend = self.information
        settings.getReceiverReady = self.ready

    def check(self, control, xml):
        if control & 3 == 3:
            return self.gurux_checks(control, xml)
        assert control >> 5 == self.sent, f"N(R) of {control:02X} is not {self.sent}"
        if control & 1 == 0:
            assert control >> 1 & 7 == self.receives, f"N(S) of {control:02X} is not {self.receives}"
            self.receives = (self.receives + 1) % 8
        return True

    def goes(self, control):
        """Gurux makes all frames of a request before the first is sent."""
        if control & 1 == 0:
            self.sent = ((control >> 1) + 1) % 8

    def information(self, _):
        control = self.receives << 5 | 0x10 | self.sends << 1
        self.sends = (self.sends + 1) % 8
        return control

    def ready(self):
        return self.receives << 5 | 0x11


class HdlcPeer(peer.Peer):
    """One association over one link. where: (host, port), or the path of a line."""

    def __init__(self, where, client=16, password=None, information=128, window=1, server=1, server_size=0, retries=0, **options):
        """retries: so often a frame is sent again when nothing comes within the limit."""
        super().__init__(where, client, password, **options)
        inner = self.gurux
        self.gurux = GXDLMSClient(True, client, server, inner.authentication, password, InterfaceType.HDLC)
        self.gurux.maxReceivePDUSize = inner.maxReceivePDUSize
        if server_size:
            self.gurux.serverAddressSize = server_size
        settings = self.gurux.hdlcSettings
        settings.maxInfoTX = settings.maxInfoRX = information
        settings.windowSizeTX = settings.windowSizeRX = window
        self.numbers = Numbers(self.gurux.settings) if window > 1 else None
        self.waiting = b""
        self.final = True
        self.octets_in = self.octets_out = 0
        self.retries, self.repeated = retries, 0

    def connect(self):
        kind = PtyStream if isinstance(self.address, (str, os.PathLike)) else TcpStream
        self.socket = kind(self.address, self.limit)
        try:
            self.link()
            reply = self.exchange(self.gurux.aarqRequest())
            self.gurux.parseAareResponse(reply.data)
        except BaseException:
            self.close()
            raise
        return self

    def link(self):
        reply = GXReplyData()
        self.one(self.gurux.snrmRequest(), reply)
        self.gurux.parseUAResponse(reply.data)

    def release(self):
        super().release()
        self.disconnect()

    def disconnect(self):
        frame = self.gurux.disconnectRequest()
        if frame and self.socket:
            self.one(frame, GXReplyData())

    def one(self, frame, reply):
        self.push(frame)
        while True:
            self.pull(reply)
            if reply.error:
                raise peer.Refused(reply.error)
            if reply.moreData == RequestTypes.NONE:
                return
            self.push(self.gurux.receiverReady(reply))

    def push(self, frame):
        if self.socket is None:
            raise peer.Gone("not connected")
        self.sent.append(bytes(frame))
        if self.numbers:
            self.numbers.goes(control_of(bytes(frame)))
        self.octets_out += len(bytes(frame))
        try:
            self.socket.send(bytes(frame))
        except OSError as error:
            raise peer.Gone(str(error)) from error

    def pull(self, reply):
        notify = GXReplyData()
        while True:
            found = first_frame(self.waiting)
            if found:
                self.waiting = self.waiting[found[1]:]
                self.final = control_of(found[0]) & 0x10 != 0
                self.answers += 1
                if self.gurux.getData(GXByteBuffer(found[0]), reply, notify):
                    return
                if self.final:  # of the others of a window it wants the next at once
                    raise peer.Gone(f"Gurux takes no {found[0].hex()}")
                continue
            octets = self.hear()
            self.octets_in += len(octets)
            self.waiting += octets

    def hear(self):
        """What comes next; for silence the last frame goes once more, as the standard has it."""
        for left in range(self.retries, -1, -1):
            try:
                return self.socket.receive()
            except TimeoutError as error:
                if left == 0:
                    raise peer.Gone("silence") from error
                self.repeated += 1
                self.waiting = b""
                self.socket.send(self.sent[-1])
            except OSError as error:
                raise peer.Gone(str(error)) from error
        return b""
