"""An origin whose pages say how often they were made."""

import http.server
import itertools
import sys

COUNT = itertools.count(1)


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = str(next(COUNT)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Surrogate-Key", "all page" + self.path.split("?")[0].replace("/", "-"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    # Many connections may come at once.
    request_queue_size = 256


server = Server(("127.0.0.1", 0), Page)
print(server.server_address[1], flush=True)
server.serve_forever()
