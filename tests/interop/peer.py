# SPDX-License-Identifier: Apache-2.0
"""The outside client: Gurux.DLMS for Python over a TCP socket with the wrapper.

Gurux builds and reads every APDU here; this file only moves octets and turns refusals into exceptions.
"""

import socket

from gurux_dlms import GXByteBuffer, GXDLMSClient, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, ObjectType, RequestTypes
from gurux_dlms.objects import GXDLMSObject


class Refused(Exception):
    """The meter answered with an error; code is its data-access-result or action-result."""

    def __init__(self, code):
        super().__init__(f"refused with {int(code)}")
        self.code = int(code)


class Gone(Exception):
    """No answer, or the connection was closed."""


def dotted(name):
    """"1-0:1.8.0" as Gurux writes it, "1.0.1.8.0.255"."""
    groups = name.replace("-", ".").replace(":", ".").split(".")
    return ".".join(groups if len(groups) == 6 else [*groups, "255"])


def dashed(name):
    a, b, c, d, e, f = name.split(".")
    return f"{a}-{b}:{c}.{d}.{e}.{f}"


class Peer:
    """One association of one client on its own connection."""

    def __init__(self, address, client=16, password=None, pdu=0xFFFF, limit=8.0, authentication=None):
        if authentication is None:
            authentication = Authentication.NONE if password is None else Authentication.LOW
        self.gurux = GXDLMSClient(True, client, 1, authentication, password, InterfaceType.WRAPPER)
        self.gurux.maxReceivePDUSize = pdu
        self.address, self.limit = address, limit
        self.socket = None
        self.sent = []  # every frame sent, for benches that replay them
        self.answers = 0

    def __enter__(self):
        return self.connect()

    def __exit__(self, *_):
        try:
            self.release()
        except (Gone, GXDLMSException, Refused, OSError):
            pass
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def connect(self):
        self.socket = socket.create_connection(self.address, self.limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            reply = self.exchange(self.gurux.aarqRequest())
            self.gurux.parseAareResponse(reply.data)
        except BaseException:
            self.close()
            raise
        return self

    def release(self):
        frame = self.gurux.releaseRequest()
        if frame and self.socket:
            self.exchange(frame)

    def exchange(self, frames):
        """Sends the frames of one request in turn and reads the whole answer, blocks included."""
        reply = GXReplyData()
        if isinstance(frames, (bytes, bytearray)):
            frames = [frames]
        for frame in frames:
            reply.clear()
            self.one(frame, reply)
            if reply.error:
                raise Refused(reply.error)
        return reply

    def one(self, frame, reply):
        self.push(frame)
        while True:
            self.pull(reply)
            if reply.error:
                raise Refused(reply.error)
            if reply.moreData == RequestTypes.NONE:
                return
            self.push(self.gurux.receiverReady(reply))

    def push(self, frame):
        if self.socket is None:
            raise Gone("not connected")
        self.sent.append(bytes(frame))
        try:
            self.socket.sendall(frame)
        except OSError as error:
            raise Gone(str(error)) from error

    def pull(self, reply):
        """Reads one frame into the reply."""
        notify = GXReplyData()
        buffer = GXByteBuffer()
        while True:
            try:
                octets = self.socket.recv(65536)
            except OSError as error:
                raise Gone(str(error)) from error
            if not octets:
                raise Gone("closed")
            buffer.set(octets)
            if self.gurux.getData(buffer, reply, notify):
                self.answers += 1
                return

    # --- services -------------------------------------------------------------------------------------------------------

    def object(self, class_id, name):
        item = GXDLMSClient.createObject(ObjectType(class_id)) if class_id in list(ObjectType) else GXDLMSObject(class_id)
        item.logicalName = dotted(name)
        return item

    def reply(self, class_id, name, index):
        return self.exchange(self.gurux.read(self.object(class_id, name), index))

    def raw(self, class_id, name, index):
        """The value as Gurux decodes it, without the object's own interpretation."""
        return self.reply(class_id, name, index).value

    def read(self, class_id, name, index):
        """The value as Gurux's object of that class presents it."""
        item = self.object(class_id, name)
        reply = self.exchange(self.gurux.read(item, index))
        return self.gurux.updateValue(item, index, reply.value)

    def fill(self, item, indexes):
        """Reads attributes into a Gurux object."""
        for index in indexes:
            self.gurux.updateValue(item, index, self.exchange(self.gurux.read(item, index)).value)
        return item

    def register(self, name):
        """The number in attribute 2 of a register."""
        return int(self.raw(3, name, 2))

    def registers(self, names):
        return {name: self.register(name) for name in names}

    def read_list(self, rows):
        """Values of several (class, name, attribute) in as few requests as Gurux takes."""
        items = [(self.object(c, n), a) for c, n, a in rows]
        values = []
        for frames in self.gurux.readList(items):
            reply = self.exchange(frames)
            values.extend(reply.value if isinstance(reply.value, list) else [reply.value])
        return values

    def write(self, item, index):
        self.exchange(self.gurux.write(item, index))

    def method(self, item, index, data, data_type):
        return self.exchange(self.gurux.method(item, index, data, data_type))

    def objects(self):
        """The object list of this association as Gurux objects with their rights."""
        reply = self.exchange(self.gurux.getObjectsRequest())
        return self.gurux.parseObjects(reply.data, False)


def listing(objects):
    """{(class, "1-0:1.8.0.255"): object}"""
    return {(int(item.objectType), dashed(item.logicalName)): item for item in objects}
