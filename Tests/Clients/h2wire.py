"""HTTP/2, frame by frame, as a client that may say what no library would."""

import socket
import ssl
import struct

import hpack

DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Connection:
    """What came stands in `heads` (lists of pairs, one for each section), `bodies`, `ended`, `reset`."""

    def __init__(self, port, tls=False, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.decoder = hpack.Decoder(max_header_list_size=1 << 20)
        self.input, self.next = b"", 1
        self.heads, self.bodies, self.ended, self.reset, self.settings = {}, {}, set(), {}, {}
        self.gone = None
        self.room, self.rooms = 65535, {}
        window = struct.pack(">HI", 4, 1 << 30)
        self.send(PREFACE + frame(SETTINGS, 0, 0, window) + frame(WINDOW, 0, 0, struct.pack(">I", 1 << 30)))

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            self.gone = self.gone or "closed"

    def request(self, fields, body=None, ends=True):
        """Literal fields without Huffman codes or table: every byte goes as it is said."""
        block = b"".join(b"\0" + self.text(name) + self.text(value) for name, value in fields)
        stream, self.next = self.next, self.next + 2
        bare = body is None and ends
        first, rest = block[:16384], block[16384:]
        out = frame(HEADERS, (0 if rest else 4) | (1 if bare else 0), stream, first)
        while rest:
            piece, rest = rest[:16384], rest[16384:]
            out += frame(9, 0 if rest else 4, stream, piece)
        self.rooms[stream] = self.settings.get(4, 65535)
        # What fits leaves with the head.
        early = body is not None and len(body) <= min(self.room, self.rooms[stream])
        if early:
            out += self.data(stream, body, ends)
            self.spend(stream, len(body))
        self.send(out)
        if body is not None and not early:
            self.upload(stream, body, ends)
        return stream

    def spend(self, stream, count):
        self.room -= count
        self.rooms[stream] -= count

    def upload(self, stream, body, ends):
        """As the windows allow."""
        while body:
            if not self.until(lambda: min(self.room, self.rooms[stream]) > 0 or stream in self.reset):
                return
            if stream in self.reset:
                return
            count = min(self.room, self.rooms[stream], len(body))
            self.send(self.data(stream, body[:count], ends and count == len(body)))
            self.spend(stream, count)
            body = body[count:]

    @staticmethod
    def text(text):
        text = text if isinstance(text, bytes) else text.encode("latin-1")
        count = len(text)
        if count < 127:
            return bytes([count]) + text
        head, count = b"\x7f", count - 127
        while count > 127:
            head, count = head + bytes([count & 127 | 128]), count >> 7
        return head + bytes([count]) + text

    @staticmethod
    def data(stream, body, ends):
        pieces = [body[start:start + 16384] for start in range(0, len(body), 16384)] or [b""]
        last = len(pieces) - 1
        return b"".join(frame(DATA, 1 if ends and at == last else 0, stream, piece) for at, piece in enumerate(pieces))

    def read(self):
        """One frame; False at the end."""
        try:
            while len(self.input) < 9 or len(self.input) < 9 + int.from_bytes(self.input[:3], "big"):
                more = self.socket.recv(65536)
                if not more:
                    raise ConnectionError
                self.input += more
        except OSError as fault:
            self.gone = self.gone or ("late" if isinstance(fault, TimeoutError) else "closed")
            return False
        count = int.from_bytes(self.input[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.input[3:9])
        payload, self.input = self.input[9:9 + count], self.input[9 + count:]
        self.take(kind, flags, stream & 0x7FFFFFFF, payload)
        return True

    def take(self, kind, flags, stream, payload):
        if kind == HEADERS:
            assert flags & 4, "CONTINUATION is not expected here"
            self.heads.setdefault(stream, []).append(self.decoder.decode(payload))
        elif kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + payload
        elif kind == RST:
            self.reset[stream] = struct.unpack(">I", payload)[0]
        elif kind == SETTINGS and not flags & 1:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack(">HI", payload[at:at + 6])
                if key == 4:
                    for known in self.rooms:
                        self.rooms[known] += value - self.settings.get(4, 65535)
                self.settings[key] = value
            self.send(frame(SETTINGS, 1, 0))
        elif kind == WINDOW and stream == 0:
            self.room += struct.unpack(">I", payload)[0]
        elif kind == WINDOW and stream in self.rooms:
            self.rooms[stream] += struct.unpack(">I", payload)[0]
        elif kind == PING and not flags & 1:
            self.send(frame(PING, 1, 0, payload))
        elif kind == GOAWAY:
            self.gone = "GOAWAY %d" % struct.unpack(">I", payload[4:8])[0]
        if kind in (HEADERS, DATA) and flags & 1:
            self.ended.add(stream)

    def until(self, holds):
        while not holds():
            if not self.read():
                return False
        return True

    def answer(self, stream):
        """The final head as a dictionary and the body; None where there is none."""
        self.until(lambda: stream in self.ended or stream in self.reset)
        for head in self.heads.get(stream, []):
            fields = dict(head)
            if not fields.get(":status", "1").startswith("1"):
                return fields, self.bodies.get(stream, b"")
        return None

    def close(self):
        self.socket.close()
