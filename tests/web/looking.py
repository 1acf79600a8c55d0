"""What is asked of the page in a browser, and how it is clicked."""

from __future__ import annotations

import re

PREFIX = "b-"  # of the topics
WIDE = "[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
SMALL = """[...document.querySelectorAll('button, select, summary, input:not([type=radio])')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).length"""
# Text that stands out too little from what is behind it: WCAG 2.2, success criterion 1.4.3 (AA).
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const colour = rgb(getComputedStyle(e).backgroundColor);
    if (colour[3] === 255) return colour;
  } return [255, 255, 255]; };
  const shown = e => e.offsetParent && !e.closest(':disabled, .hidden, .skip');
  const written = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(e => shown(e) && written(e)).map(e => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    return [Math.round(100 * (a + .05) / (b + .05)) / 100, e.tagName, e.textContent.slice(0, 30)];
  }).filter(([ratio]) => ratio < 4.5);
}"""
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return {name: (e.textContent || e.name || e.id).trim(), id: e.id || e.name, tag: e.tagName,
          seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2};
}"""


def click(page, form: str, button: str) -> str:
    page.get_by_role("button", name=button, exact=True).click()
    # A login and a logout are told in the card that takes the other's place.
    place = {"login": "logout", "logout": "login"}.get(form, form)
    told = page.locator(f"#{place} .result.good")
    told.wait_for()
    return told.inner_text()


def told_place(text: str) -> tuple[str, int, int]:
    topic, partition, offset = re.search(
        r"(\S+) · partición (\d+) · offset ([\d.]+)", text
    ).groups()
    return topic, int(partition), int(offset.replace(".", ""))
