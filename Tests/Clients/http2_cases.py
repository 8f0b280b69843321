"""Requests in HTTP/1.1, said again in HTTP/2: both are refused, or both reach the origin.

Each case that HTTP/2 can express at all is sent in both protocols to the same listener. What a case demands
(`reject`, `accept`) holds for both; where it leaves a choice, the two choices have to be the same.
"""

import http.server
import json
import os
import re
import socket
import sys
import threading

import h2wire

PORT, ORIGIN = int(sys.argv[1]), int(sys.argv[2])
OWN = os.path.join(os.path.dirname(__file__), "request_cases.json")
SHARED = os.path.join("..", "shared", "http-cases", "requests.json")
# RFC 9113 §8.2.2: HTTP/2 has other words for it, or none.
OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"te", b"trailer", b"http2-settings"}
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SEEN = []


class Origin(http.server.BaseHTTPRequestHandler):
    """Takes whatever comes, and says that it has been here."""

    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body = b""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while count := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(count)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        SEEN.append((self.command, self.path, body))
        self.send_response(200)
        self.send_header("X-Origin", "1")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *arguments):
        """A request that was refused midway."""


def expand(message):
    """The bytes of a case; None where it depends on pauses."""
    if isinstance(message, str):
        return message.encode("latin-1")
    parts = []
    for part in message:
        if isinstance(part, str):
            parts.append(part)
        elif "repeat" in part:
            parts.append(part["repeat"] * part["n"])
        elif "numbered" in part:
            parts.append("".join(part["numbered"].replace("%d", str(at)) for at in range(part["n"])))
        else:
            return None
    return "".join(parts).encode("latin-1")


def unchunk(body):
    """The body of chunks written as everybody writes them; None for others."""
    plain = b""
    while True:
        size, mark, rest = body.partition(b"\r\n")
        if not mark or not re.fullmatch(rb"[0-9A-Fa-f]{1,6}", size):
            return None
        count = int(size, 16)
        if count == 0:
            return plain if rest == b"\r\n" else None
        if rest[count:count + 2] != b"\r\n":
            return None
        plain, body = plain + rest[:count], rest[count + 2:]


def translate(raw):
    """The fields and the body in HTTP/2; None for what cannot be said there."""
    head, mark, body = raw.partition(b"\r\n\r\n")
    if not mark or b"\n" in head.replace(b"\r\n", b""):
        return None
    line, *lines = head.split(b"\r\n")
    words = line.split(b" ")
    if len(words) != 3 or words[2] != b"HTTP/1.1":
        return None
    method, target = words[0], words[1]
    # The form for proxies and CONNECT are other things in HTTP/2, and so is an upgrade to it.
    if method in (b"CONNECT", b"PRI") or re.match(rb"[A-Za-z][A-Za-z0-9+.-]*://", target):
        return None
    fields, hosts, length, chunked = [], [], None, False
    for line in lines:
        name, colon, value = line.partition(b":")
        # A line that goes on another one's value, or blanks about a name: syntax of HTTP/1.1.
        if not colon or not name or name[:1] in b" \t" or name[-1:] in b" \t":
            return None
        name, value = name.lower(), value.strip(b" \t")
        if b"\r" in line:
            return None
        if name in OF_ONE_CONNECTION:
            return None
        if name == b"transfer-encoding":
            if value.lower() != b"chunked" or chunked:
                return None
            chunked = True
        elif name == b"host":
            hosts.append(value)
        else:
            if name == b"content-length":
                length = value
            fields.append((name, value))
    if chunked:
        if length is not None:
            return None
        body = unchunk(body)
        if body is None:
            return None
    elif length is None or not re.fullmatch(rb"[0-9]{1,9}", length):
        # What follows would be another request.
        if body and length is None:
            return None
        body = None if length is None else body
    elif len(body) != int(length):
        return None
    elif not body:
        body = None
    pseudo = [(b":method", method), (b":scheme", b"http"), (b":path", target)]
    # "No authority", in HTTP/1.1's words (RFC 9112 §3.2): URIs of http have one (RFC 9110 §4.2.1).
    if hosts == [b""]:
        return None
    if len(hosts) == 1:
        return pseudo + [(b":authority", hosts[0])] + fields, body
    return pseudo + [(b"host", host) for host in hosts] + fields, body


def over_http1(raw, method):
    """Whether it was `passed` or `refused`."""
    wire = socket.create_connection(("127.0.0.1", PORT), 10)
    data = b""
    try:
        wire.sendall(raw)
        while b"\r\n\r\n" not in data:
            more = wire.recv(65536)
            if not more:
                break
            data += more
            while data.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in data:
                data = data.partition(b"\r\n\r\n")[2]
    except TimeoutError:
        return "hangs"
    except OSError:
        pass
    finally:
        wire.close()
    return "passed" if b"\r\nx-origin:" in data.lower() else "refused"


def over_http2(fields, body):
    wire = h2wire.Connection(PORT)
    stream = wire.request(fields, body)
    answer = wire.answer(stream)
    # A refusal is of one stream: the connection goes on.
    canary = wire.request([(":method", "GET"), (":scheme", "http"), (":path", "/canary"), (":authority", "a")])
    goes_on = wire.answer(canary) is not None
    wire.close()
    if answer is None:
        verdict = "refused" if stream in wire.reset or wire.gone and wire.gone != "late" else "hangs"
    else:
        verdict = "passed" if "x-origin" in answer[0] else "refused"
    return verdict, goes_on


def judge(case):
    """What is wrong; "" for nothing, None for a case that HTTP/2 cannot say."""
    raw = expand(case["raw"]) if case.get("kind") != "cache" else None
    if raw is None or case["expect"] == "incomplete" or case.get("requests", 1) != 1:
        return None
    said = translate(raw)
    if said is None:
        return None
    fields, body = said
    del SEEN[:]
    first = over_http1(raw, fields[0][1])
    before = [seen for seen in SEEN if seen[1] != "/canary"]
    del SEEN[:]
    second, goes_on = over_http2(fields, body)
    after = [seen for seen in SEEN if seen[1] != "/canary"]
    if any("smuggled" in seen[1] for seen in after):
        return "smuggled"
    wanted = {"reject": "refused", "accept": "passed"}.get(case["expect"])
    if wanted == "passed" and case.get("may_answer_itself"):
        wanted = None
    if wanted and second != wanted:
        return "wanted %s, HTTP/2 has it %s (HTTP/1.1: %s)" % (wanted, second, first)
    if first != second:
        return "HTTP/1.1 has it %s, HTTP/2 %s" % (first, second)
    if second == "passed" and before != after:
        return "the origin saw %r over HTTP/1.1 and %r over HTTP/2" % (before, after)
    # A section of more than twice what is allowed is not read to its end, nor is a field of 64 KiB.
    sizes = [len(name) + len(value) for name, value in fields]
    if not goes_on and max(sizes) < 65536 and sum(sizes) < 131072:
        return "refused with the connection"
    return ""


server = Server(("127.0.0.1", ORIGIN), Origin)
threading.Thread(target=server.serve_forever, daemon=True).start()
cases = json.load(open(OWN))["cases"]
try:
    cases += json.load(open(SHARED))["cases"]
except FileNotFoundError:
    print("SKIPPED, the shared HTTP/1.1 cases over HTTP/2: %s is not there" % SHARED)
said, faults = 0, []
for case in cases:
    fault = judge(case)
    said += fault is not None
    if fault:
        faults.append("%s: %s" % (case["id"], fault))
print("%d HTTP/1.1 requests said in HTTP/2, %d with another verdict" % (said, len(faults)))
for fault in faults:
    print("  " + fault)
sys.exit(1 if faults else 0)
