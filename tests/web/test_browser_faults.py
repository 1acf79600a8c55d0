"""The page in trouble, in Chromium: no broker, no portal, pages that have no business with it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers.local.process import wait_until
from tests.web.looking import PREFIX
from tools import look

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]


def test_no_broker_is_said_and_nothing_claims_success(page, lab):
    broker = lab.brokers[1]
    broker.kill()
    try:
        page.get_by_text("Kafka no responde: lo que hagas").wait_for()
        assert page.locator("#kafka").inner_text() == "Kafka no responde"
        page.get_by_role("button", name="Provocar error").click()
        told = page.locator("#error .result.bad")
        told.wait_for()
        assert "Sin confirmar" in told.inner_text()
        assert page.locator("#error .result.good").count() == 0
    finally:
        broker.start()
    page.locator("#kafka.up").wait_for()
    page.get_by_role("button", name="Reintentar el mismo evento").click()
    page.locator("#error .result.good").wait_for()
    assert page.locator("#alert").inner_text() == ""


def test_the_page_comes_back_when_the_portal_does(browser, lab, portal):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "helpers", "web", "--port", str(port), "--prefix", PREFIX]
    argv += ["--bootstrap", lab.kafka["bootstrap.servers"]]
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    servers = []

    def serve() -> None:
        servers.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        assert servers[-1].stdout.readline().startswith("The portal: ")

    try:
        serve()
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator("#kafka.up").wait_for()
        servers[0].kill()
        page.get_by_text("El portal no responde; la página").wait_for()
        serve()
        page.locator("#kafka.up").wait_for()
        assert page.locator("#alert").inner_text() == ""
    finally:
        context.close()
        for server in servers:
            server.kill()
            server.wait()


def test_a_local_page_may_frame_it_and_another_may_not(browser, portal):
    class Frame(BaseHTTPRequestHandler):
        def do_GET(self):
            body = (
                f"<!doctype html><iframe src='{portal.url}' width=900 height=700></iframe>".encode()
            )
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Frame)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rule = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    other = browser.browser_type.launch(executable_path=look.CHROMIUM, args=[*look.FLAGS, rule])
    try:
        page = other.new_page()
        for host in ("127.0.0.1", "localhost"):
            page.goto(f"http://{host}:{server.server_port}/")
            inside = page.frame_locator("iframe")
            inside.locator("#kafka.up").wait_for()
            inside.get_by_role("button", name="Provocar error").click()
            inside.locator("#error .result.good").wait_for()
        page.goto(f"http://evil.example:{server.server_port}/")
        assert wait_until(lambda: len(page.frames) == 2, 10)
        page.wait_for_timeout(500)
        assert page.frame_locator("iframe").locator("h1").filter(has_text="Portal").count() == 0
        rebound = page.goto(portal.url.replace("127.0.0.1", "evil.example"))
        assert rebound.status == 421
    finally:
        other.close()
        server.shutdown()
        server.server_close()
