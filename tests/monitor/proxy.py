"""Between the monitor and the stand-in: an end point that refuses, breaks off or loses answers."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
from collections import Counter
from collections.abc import Callable

THROTTLED = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
UNWELL = json.dumps({"__type": "InternalFailure", "message": "not now"}).encode()


class Proxy:
    """`way(service)` says what happens to the next request ("monitoring" or "logs"): "" passes it on;
    "throttle", "503", "500" answer so, "reset" breaks off, "lost" does it and breaks off then."""

    def __init__(self, port: int, way: Callable[[str], str]):
        self.way, self.did = way, Counter()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service = self.headers["Authorization"].split("/")[3]
                way = proxy.way(service)
                proxy.did[service, way] += 1
                if way == "throttle":
                    return self.answer(400, {}, THROTTLED)
                if way in ("503", "500"):
                    return self.answer(int(way), {}, UNWELL)
                if way != "reset":
                    inner = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    inner.request("POST", self.path, body, dict(self.headers))
                    got = inner.getresponse()
                    content = got.read()
                    inner.close()
                if way:
                    self.close_connection = True
                    return self.connection.close()
                return self.answer(got.status, dict(got.getheaders()), content)

            def answer(self, status: int, headers: dict, content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_) -> None:
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
