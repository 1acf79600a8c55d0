"""The slides in Chromium: offline, by keyboard, on paper, and inside JupyterLab."""

from __future__ import annotations

import re

import pytest

from helpers.run import ROOT
from tools import look
from tools.slides import deck, export, notebooks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]
DECKS = notebooks()
each_deck = pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
NOW = "() => [...document.querySelectorAll('.slide')].findIndex(s => s.matches('.now')) + 1"
# Whatever sticks out of the slide, or lies over its footer.
STICKS_OUT = """() => {
  const slide = document.querySelector('.slide.now');
  const room = slide.getBoundingClientRect();
  const end = slide.querySelector('footer').getBoundingClientRect().top + 1;
  return [...slide.querySelectorAll('header *, .body *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.bottom > end || box.right > room.right || box.top < room.top);
  }).map(e => `${e.tagName}: ${e.textContent.slice(0, 40)}`);
}"""
# The smallest letters, as a share of the slide's height.
SMALLEST = """() => {
  const slide = document.querySelector('.slide.now');
  const height = slide.getBoundingClientRect().height;
  const words = [...slide.querySelectorAll('.body *')].filter(
    e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
      && !['style', 'title'].includes(e.tagName.toLowerCase()));
  return Math.min(...words.map(e => {
    const scale = e.ownerSVGElement ? e.getScreenCTM().a : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale / height;
  }));
}"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="run `make soak`: no playwright")
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=look.CHROMIUM, args=look.FLAGS)
        yield started
        started.close()


@pytest.fixture
def opened(browser, path, tmp_path):
    """The exported page in a browser without a network, and what it asked for but itself."""
    address = export(path, tmp_path).as_uri()
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(address)
    yield page, [url for url in asked if url != address], asked
    context.close()


@each_deck
def test_it_works_offline_by_keyboard(opened, path):
    page, _, asked = opened
    total = page.locator(".slide").count()
    assert total == len(deck.slides(deck.nbformat.read(path, 4)))
    for key, where in [
        *[("ArrowRight", 2), (" ", 3), ("PageDown", 4), ("ArrowLeft", 3), ("PageUp", 2)],
        *[("End", total), ("ArrowRight", total), ("Home", 1), ("ArrowLeft", 1), ("Enter", 2)],
        ("Shift+ ", 1),
    ]:
        page.keyboard.press(key)
        assert page.evaluate(NOW) == where, key
    page.keyboard.press("n")
    assert page.locator(".slide.now + .notes").is_visible()
    page.keyboard.press("n")
    page.locator("#forward").click()
    page.reload()
    assert page.evaluate(NOW) == 2, "a reload keeps the place"
    assert {url.partition("#")[0] for url in asked} == {page.url.partition("#")[0]}


@each_deck
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1024, 768), (2560, 1080)])
def test_nothing_is_cut_off_and_all_is_large_enough(opened, path, size):
    page = opened[0]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    smallest = {}
    for number in range(1, page.locator(".slide").count() + 1):
        assert page.evaluate(NOW) == number
        assert page.evaluate(STICKS_OUT) == [], f"slide {number}"
        smallest[number] = page.evaluate(SMALLEST)
        page.keyboard.press("ArrowRight")
    # 1/48 of the height: 22 px on a 1080p projector, and only sources are so small.
    print({number: round(1 / share) for number, share in smallest.items()})
    assert min(smallest.values()) > 1 / 48


@each_deck
def test_a_slide_is_a_page_on_paper(opened, path):
    page = opened[0]
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == page.locator(".slide").count()


@each_deck
def test_it_presents_in_jupyterlab(browser, path):
    look.OUT.mkdir(parents=True, exist_ok=True)
    with look.jupyter(dark=False) as (base, token):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{base}/lab?token={token}&reset")
        page.wait_for_function("() => window.jupyterapp?.restored")
        page.evaluate(look.OPEN, [str(path.relative_to(ROOT))])
        page.evaluate(look.RUN)
        state = page.evaluate(look.STATE)
        assert state["failed"] == 0
        assert state["run"] == state["code"]
        frame = page.locator("iframe[srcdoc]").last
        inside = frame.content_frame
        inside.locator(".slide.now").click(position={"x": 60, "y": 20})
        page.keyboard.press("ArrowRight")
        assert inside.locator("body").evaluate(NOW) == 2
        page.keyboard.press("f")
        page.wait_for_function("() => document.fullscreenElement?.tagName === 'IFRAME'")
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)  # full screen is laid out before the picture
        page.screenshot(path=look.OUT / f"{path.stem}.png")
        assert inside.locator("body").evaluate(NOW) == 3
        page.evaluate("() => window.looked_at.sessionContext.shutdown()")
        page.close()
    assert [url for url in asked if not url.startswith((base, "data:", "blob:", "about:"))] == []
