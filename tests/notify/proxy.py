"""Between Notify and the stand-in: spoils some of the Publish requests and lets all else pass."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Callable
from contextlib import contextmanager

CODES = {"429": "Throttled", "400": "InvalidParameter", "503": "ServiceUnavailable"}


class Proxy:
    """`ways` is called for each Publish and says how to spoil it: "" (not), an HTTP status,
    "reset" (never passed on), "lost" (passed on, its answer is not)."""

    def __init__(self, port: int, ways: Callable[[], str]):
        self.spoilt, proxy = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                way = ways() if b"Action=Publish" in body else ""
                proxy.spoilt += [way] * bool(way)
                if way.isdigit():
                    code = CODES.get(way, "InternalFailure")
                    told = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
                    return self.answer(int(way), {}, told.encode())
                if way != "reset":
                    inner = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    inner.request(self.command, self.path, body, dict(self.headers))
                    got = inner.getresponse()
                    content = got.read()
                    inner.close()
                if way:
                    self.close_connection = True
                    return self.connection.close()
                return self.answer(got.status, dict(got.getheaders()), content)

            do_GET = do_PUT = do_HEAD = do_POST = serve

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

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}"}


@contextmanager
def proxy(rig, ways: Callable[[], str]):
    made = Proxy(int(rig.servers.aws["AWS_ENDPOINT_URL"].rsplit(":", 1)[1]), ways)
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
