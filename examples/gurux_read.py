#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Read a Quadrant meter with Gurux.DLMS for Python.

    pip install gurux-dlms
    build/host/quadrant run --wrapper 4059 &
    examples/gurux_read.py --port 4059                                   # public: clock and names
    METER_PASSWORD=... examples/gurux_read.py --port 4059 --client 17    # level 1: registers too

The password of a client is in client.yaml of the meter's state directory; it comes in by the environment so that it shows
in no list of processes. The same script reads any meter that speaks DLMS over the TCP wrapper.
"""

import argparse
import os
import socket
import sys

from gurux_dlms import GXByteBuffer, GXDLMSClient, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, RequestTypes
from gurux_dlms.objects import GXDLMSClock, GXDLMSData, GXDLMSRegister

UNITS = {27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh", 33: "A", 35: "V", 44: "Hz"}
REGISTERS = ["1-0:1.8.0", "1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0", "1-0:1.7.0", "1-0:32.7.0", "1-0:31.7.0", "1-0:14.7.0"]


class Refused(Exception):
    """The meter answered with an error."""


class Reader:
    """An association over one TCP connection."""

    def __init__(self, host, port, client, password):
        low = Authentication.LOW if password else Authentication.NONE
        self.client = GXDLMSClient(True, client, 1, low, password, InterfaceType.WRAPPER)
        self.socket = socket.create_connection((host, port), timeout=10)

    def __enter__(self):
        self.client.parseAareResponse(self.ask(self.client.aarqRequest()).data)
        return self

    def __exit__(self, *_):
        try:
            self.ask(self.client.releaseRequest())
        finally:
            self.socket.close()

    def ask(self, frames):
        """One request, all frames of its answer."""
        reply = GXReplyData()
        for frame in frames if isinstance(frames, list) else [frames]:
            reply.clear()
            self.receive(frame, reply)
            while reply.moreData != RequestTypes.NONE:
                self.receive(self.client.receiverReady(reply), reply)
        return reply

    def receive(self, frame, reply):
        self.socket.sendall(frame)
        octets = GXByteBuffer()
        while True:
            more = self.socket.recv(4096)
            if not more:
                raise Refused("the meter closed the connection")
            octets.set(more)
            if self.client.getData(octets, reply, GXReplyData()):
                break
        if reply.error:
            raise Refused(f"data-access-result {int(reply.error)}")

    def read(self, item, *attributes):
        """Fills attributes of a Gurux object from the meter."""
        for index in attributes:
            self.client.updateValue(item, index, self.ask(self.client.read(item, index)).value)
        return item


def dotted(name):
    """1-0:1.8.0 as Gurux writes it: 1.0.1.8.0.255."""
    return name.replace("-", ".").replace(":", ".") + ".255"


def show(reader, registers):
    name = reader.read(GXDLMSData("0.0.42.0.0.255"), 2).value
    print(f"{'logical device name':20} {bytes(name).decode()}")
    print(f"{'clock':20} {reader.read(GXDLMSClock(), 2).time.value.isoformat()}")
    for text in registers:
        item = reader.read(GXDLMSRegister(dotted(text)), 3, 2)  # the scaler first: Gurux applies it to the value
        print(f"{text:20} {item.value} {UNITS.get(int(item.unit), '')}")


def main():
    words = argparse.ArgumentParser(description="read clock, name and registers of a DLMS meter")
    words.add_argument("--host", default="127.0.0.1")
    words.add_argument("--port", type=int, default=4059)
    words.add_argument("--client", type=int, default=16, help="16 public, 17 level 1, 1 management")
    options = words.parse_args()
    password = os.environ.get("METER_PASSWORD")
    try:
        with Reader(options.host, options.port, options.client, password) as reader:
            show(reader, [] if options.client == 16 else REGISTERS)
    except (OSError, GXDLMSException, Refused) as error:
        print(f"gurux_read: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
