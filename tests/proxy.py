"""Between a service and the local AWS: an end point that refuses, breaks off or loses answers."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """What a service asked."""

    method: str
    headers: Mapping[str, str]
    body: bytes


class Proxy:
    """`way(request)` says what happens to each request: "" passes it on, "reset" breaks off, "lost"
    does it and breaks off then; any other word is answered with `refuse(word)`: status, body."""

    def __init__(
        self,
        port: int,
        way: Callable[[Request], str],
        refuse: Callable[[str], tuple[int, bytes]],
    ):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                what = way(Request(self.command, self.headers, body))
                if what not in ("", "reset", "lost"):
                    status, told = refuse(what)
                    return self.answer(status, {}, told)
                if what != "reset":
                    inner = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    inner.request(self.command, self.path, body, dict(self.headers))
                    got = inner.getresponse()
                    content = got.read()
                    inner.close()
                if what:
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


def port_of(aws: Mapping[str, str]) -> int:
    """The port of the local AWS that these AWS_* variables name."""
    return int(aws["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
