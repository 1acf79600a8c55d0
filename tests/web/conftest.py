"""A real Chromium for the soak tests of this folder; see also the fixtures of `tests/conftest.py`."""

from __future__ import annotations

import pytest

import helpers.web
from helpers.pipeline.topics import create_topics
from tests.web.looking import PREFIX
from tools import look


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="run `make soak`: no playwright")
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=look.CHROMIUM, args=look.FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def portal(lab, admin):
    create_topics(admin, PREFIX)
    web = helpers.web.start(lab.kafka, PREFIX, **{"delivery.timeout.ms": 3_000})
    yield web
    web.stop()


@pytest.fixture
def page(browser, portal):
    """The page, opened; nothing may be asked of another server, nothing may go wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, wrong = context.new_page(), []
    page.set_default_timeout(20_000)
    page.on(
        "request", lambda request: request.url.startswith(portal.url) or wrong.append(request.url)
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.goto(portal.url)
    page.locator("#kafka.up").wait_for()
    yield page
    context.close()
    assert [text for text in wrong if "503" not in text] == []
