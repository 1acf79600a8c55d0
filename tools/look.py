"""Open lessons in a real JupyterLab in headless Chromium, run them, and save what a learner sees.

`python tools/look.py 02 [--no-run] [--theme dark] [--width 1280]` writes build/look/02-00.png,
02-01.png, ...: one picture per screenful. Needs requirements-browser.lock and Debian's chromium (or
CHROMIUM=/path/to/it). Also used by `make soak`, which fails when a cell shows an error or a widget
does not draw.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from helpers.local.process import PORTS, listening, wait_until  # noqa: E402

OUT = ROOT / "build" / "look"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@contextmanager
def jupyter(token: str = ""):
    """A JupyterLab of our own on 127.0.0.1; yields its address with the token."""
    token = token or secrets.token_hex(8)
    port = next(p for p in PORTS if not listening(p))
    argv = [sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--port={port}"]
    argv += ["--ip=127.0.0.1", f"--IdentityProvider.token={token}", f"--notebook-dir={ROOT}"]
    argv += ["--allow-root", "--LabApp.news_url=", "--ServerApp.port_retries=0"]
    with tempfile.TemporaryDirectory() as settings, (OUT / "jupyter.log").open("wb") as log:
        env = {**os.environ, "JUPYTER_CONFIG_DIR": settings, "JUPYTERLAB_SETTINGS_DIR": settings}
        env["JUPYTERLAB_WORKSPACES_DIR"] = settings
        server = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            if not wait_until(lambda: listening(port), 60):
                raise SystemExit(f"JupyterLab did not start; see {OUT / 'jupyter.log'}")
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            server.wait(30)


def look(page, base: str, token: str, notebook: Path, run: bool, seconds: int) -> list[Path]:
    """Open one notebook, run it if asked, walk down it and take pictures; return their paths."""
    page.goto(f"{base}/lab/tree/{notebook.relative_to(ROOT)}?token={token}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    kernel = page.locator(".jp-Notebook-ExecutionIndicator")
    kernel.wait_for(timeout=60_000)
    if run:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        # The indicator says how many cells were executed; idle again means done.
        page.wait_for_function(
            "() => document.querySelector('.jp-Notebook-ExecutionIndicator')"
            "?.dataset.status === 'idle'"
            " && !document.querySelector('.jp-Notebook .jp-InputArea-prompt[data-x]')"
            " && ![...document.querySelectorAll('.jp-InputPrompt')]"
            ".some(p => p.textContent.includes('[*]'))",
            timeout=seconds * 1000,
        )
    return pictures(page, notebook.name[:2])


def pictures(page, name: str) -> list[Path]:
    """Scroll through the notebook a screenful at a time."""
    scroller = page.locator(".jp-WindowedPanel-outer").first
    scroller.evaluate("e => e.scrollTop = 0")
    taken = []
    while True:
        page.wait_for_timeout(400)  # let the lazily drawn cells of this screenful appear
        path = OUT / f"{name}-{len(taken):02}.png"
        page.screenshot(path=path)
        taken.append(path)
        before = scroller.evaluate("e => e.scrollTop")
        scroller.evaluate("e => e.scrollTop += e.clientHeight - 60")
        if scroller.evaluate("e => e.scrollTop") <= before or len(taken) > 60:
            return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="+")
    parser.add_argument("--no-run", action="store_true", help="show the committed outputs")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=240, help="limit for one lesson")
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    OUT.mkdir(parents=True, exist_ok=True)
    problems = 0
    with jupyter() as (base, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": args.width, "height": args.height})
        wanted = args.lessons if args.lessons != ["all"] else ["[0-9][0-9]"]
        for notebook in sorted(p for w in wanted for p in ROOT.glob(f"notebooks/{w}_*.ipynb")):
            lesson = notebook.name[:2]
            for old in OUT.glob(f"{lesson}-*.png"):
                old.unlink()
            taken = look(page, base, token, notebook, not args.no_run, args.seconds)
            broken = page.locator(".jp-RenderedText[data-mime-type*='error']").count()
            broken += page.get_by_text("Error displaying widget").count()
            problems += broken
            print(f"{notebook.name}: {len(taken)} pictures in {OUT}, {broken} errors on the page")
        browser.close()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
