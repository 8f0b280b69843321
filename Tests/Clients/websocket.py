"""An origin that echoes WebSocket messages (RFC 6455), and clients over HTTP/1.1 and HTTP/2 (RFC 8441).

    websocket.py origin             prints its port and serves
    websocket.py client PORT HOST   over plain HTTP/1.1 and HTTP/2
"""

import base64
import hashlib
import os
import socket
import socketserver
import sys

import h2wire

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE = 1, 2, 8


def accept(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def message(kind, payload, mask=None):
    size = len(payload)
    head = bytes([0x80 | kind])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    return head + mask + unmask(payload, mask)


def unmask(payload, mask):
    pad = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(payload), "big")


def parse(read):
    """One message by `read(count)`."""
    kind, size = read(2)
    masked, size = size & 0x80, size & 0x7F
    if size >= 126:
        size = int.from_bytes(read(2 if size == 126 else 8), "big")
    mask = read(4) if masked else None
    payload = read(size)
    return kind & 15, unmask(payload, mask) if mask else payload, bool(masked)


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        fields = {}
        self.rfile.readline()
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        if fields.get(b"upgrade", b"").lower() != b"websocket" or fields.get(b"sec-websocket-version") != b"13":
            self.wfile.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        key = fields[b"sec-websocket-key"]
        assert len(base64.b64decode(key)) == 16
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Protocol: echo\r\nSec-WebSocket-Accept: " + accept(key) + b"\r\n\r\n")
        while True:
            kind, payload, masked = parse(self.rfile.read)
            assert masked, "a client masks"
            self.wfile.write(message(kind, payload))
            if kind == CLOSE:
                return


class OverHTTP1:
    def __init__(self, port, host):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16))
        self.send(
            b"GET /chat HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: echo\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        assert b" 101 " in self.file.readline()
        fields = {}
        while line := self.file.readline().strip():
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        assert fields[b"sec-websocket-accept"] == accept(key)
        assert fields[b"sec-websocket-protocol"] == b"echo"

    def send(self, data):
        self.socket.sendall(data)

    def read(self, count):
        data = self.file.read(count)
        assert len(data) == count, "ended"
        return data

    def ended(self):
        return self.file.read(1) == b""


class OverHTTP2:
    def __init__(self, port, host):
        self.wire = h2wire.Connection(port)
        assert self.wire.until(lambda: self.wire.settings), "no SETTINGS"
        assert self.wire.settings.get(8) == 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL"
        self.stream = self.wire.request(
            [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/chat"),
             (":authority", host), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "echo")], ends=False)
        assert self.wire.until(lambda: self.stream in self.wire.heads or self.stream in self.wire.reset)
        fields = dict(self.wire.heads[self.stream][0])
        assert fields[":status"] == "200", fields
        assert fields["sec-websocket-protocol"] == "echo"
        assert "sec-websocket-accept" not in fields and "upgrade" not in fields, fields

    def send(self, data):
        self.wire.upload(self.stream, data, ends=False)

    def read(self, count):
        bodies = self.wire.bodies
        assert self.wire.until(lambda: len(bodies.get(self.stream, b"")) >= count), self.wire.gone
        data, bodies[self.stream] = bodies[self.stream][:count], bodies[self.stream][count:]
        return data

    def ended(self):
        return self.wire.until(lambda: self.stream in self.wire.ended or self.stream in self.wire.reset)


def converse(kind, port, host):
    wire = kind(port, host)
    for payload in (b"", b"hello", "gr\u00fc\u00df".encode(), os.urandom(300), os.urandom(70_000)):
        for piece in (BINARY, TEXT):
            if piece == TEXT and len(payload) > 200:
                continue
            wire.send(message(piece, payload, os.urandom(4)))
            assert parse(wire.read) == (piece, payload, False)
    for at in range(200):
        wire.send(message(TEXT, b"%d" % at, os.urandom(4)))
    for at in range(200):
        assert parse(wire.read)[1] == b"%d" % at
    wire.send(message(CLOSE, b"\x03\xe8", os.urandom(4)))
    assert parse(wire.read)[0] == CLOSE
    assert wire.ended()


if sys.argv[1] == "origin":
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, request_queue_size = True, 64

    server = Server(("127.0.0.1", 0), Echo)
    print(server.server_address[1], flush=True)
    server.serve_forever()
else:
    for kind in (OverHTTP1, OverHTTP2):
        converse(kind, int(sys.argv[2]), sys.argv[3])
    print("WebSocket echo over HTTP/1.1 and HTTP/2")
