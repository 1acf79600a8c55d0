"""Open lessons in a real JupyterLab in headless Chromium, run them, save what a learner sees.

`python tools/look.py 02 [--no-run] [--dark] [--width 1280]` writes build/look/02-00.png, 02-01.png,
...: one picture a screenful; `all` looks at every lesson. Needs requirements-browser.lock and a
Chromium (Debian's, or CHROMIUM=/path/to/it). `make soak` uses it too: the exit status is 1 when a
cell failed, a cell was not run, or a widget did not draw.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.local.process import listening, wait_until

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "look"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# A first visit would ask about news and, for each notebook, about a kernel.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"autoStartDefaultKernel": True},
}
OPEN = """async ([path]) => {
  const app = window.jupyterapp;
  await app.restored;
  const args = {path, factory: 'Notebook', kernel: {name: 'python3'}};
  const panel = await app.commands.execute('docmanager:open', args);
  await panel.revealed;
  await panel.context.ready;
  await panel.sessionContext.ready;
  window.looked_at = panel;
}"""
RUN = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
STATE = """() => {
  const cells = [...window.looked_at.content.model.cells].filter(c => c.type === 'code');
  const failed = c => c.outputs.toJSON().some(o => o.output_type === 'error');
  return {code: cells.length, run: cells.filter(c => c.executionCount).length,
          failed: cells.filter(failed).length};
}"""

# An open notebook goes on drawing when another one is in front.
CLOSE = """async () => {
  await window.looked_at.sessionContext.shutdown();
  window.looked_at.dispose();
}"""


@contextmanager
def jupyter(dark: bool):
    """A JupyterLab of our own on 127.0.0.1; yields its address and token."""
    token = secrets.token_hex(8)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--port={port}"]
    argv += ["--ip=127.0.0.1", f"--IdentityProvider.token={token}", f"--notebook-dir={ROOT}"]
    argv += ["--allow-root", "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True"]
    with tempfile.TemporaryDirectory() as folder, (OUT / f"jupyter-{port}.log").open("wb") as log:
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        settings = {**SETTINGS, "apputils-extension/themes": {"theme": theme}}
        for name, values in settings.items():
            path = Path(folder, "@jupyterlab", f"{name}.jupyterlab-settings")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        places = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
        env = {**os.environ, **dict.fromkeys(places, folder), "PYTHONFAULTHANDLER": "1"}
        server = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            if not wait_until(lambda: listening(port), 60):
                raise SystemExit(f"JupyterLab did not start; see {log.name}")
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            ended(server, log.name)


def ended(server: subprocess.Popen, log: str) -> None:
    """Wait for JupyterLab's end; one that hangs (seen once) leaves its stacks in its log.

    How JupyterLab stops is not ours to judge, so this is told and no failure. Its kernels watch
    their parent and end with it.
    """
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGABRT)  # PYTHONFAULTHANDLER writes down where it stands
        server.wait(30)
        print(f"JupyterLab did not stop within 60 s of SIGTERM; see {log}", file=sys.stderr)


def look(page, notebook: Path, run: bool, keep: bool) -> dict[str, int]:
    """Open one notebook, run it if asked, scroll through it; how many cells ran, failed and so on.

    `keep` says whether a picture is taken of each screenful.
    """
    page.evaluate(OPEN, [str(notebook.relative_to(ROOT))])
    if run:
        page.evaluate(RUN)
    page.wait_for_timeout(1500)  # pictures and widgets are drawn after the last cell has ended
    screens, broken = 0, 0
    for screens in scrolled(page, 300 if keep else 100):
        # Only what is on the screen is drawn, so broken ones are looked for there.
        broken = max(broken, page.get_by_text("Error displaying widget").count())
        if keep:
            page.screenshot(path=OUT / f"{notebook.name[:2]}-{screens:02}.png")
    state = {**page.evaluate(STATE), "broken widgets": broken, "screens": screens + 1}
    page.evaluate(CLOSE)
    return state


def scrolled(page, ms: int) -> Iterator[int]:
    """Scroll through the notebook; yields each screenful's number `ms` milliseconds later."""
    scroller = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer").first
    scroller.evaluate("e => e.scrollTop = 0")
    for number in range(80):
        page.wait_for_timeout(ms)  # it is drawn meanwhile
        yield number
        before = scroller.evaluate("e => e.scrollTop")
        scroller.evaluate("e => e.scrollTop += e.clientHeight - 60")
        if scroller.evaluate("e => e.scrollTop") <= before:
            break


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="+", help="numbers such as 02 or 0[0-6], or all")
    parser.add_argument("--no-run", action="store_true", help="show the committed outputs")
    parser.add_argument("--no-pictures", action="store_true", help="only count what went wrong")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1000)
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    OUT.mkdir(parents=True, exist_ok=True)
    patterns = ["[0-9][0-9]"] if args.lessons == ["all"] else args.lessons
    notebooks = sorted(path for p in patterns for path in ROOT.glob(f"notebooks/{p}_*.ipynb"))
    good = bool(notebooks)
    with jupyter(args.dark) as (base, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": args.width, "height": args.height})
        page.set_default_timeout(300_000)
        page.goto(f"{base}/lab?token={token}&reset")
        page.wait_for_function("() => window.jupyterapp?.restored")
        for notebook in notebooks:
            for old in OUT.glob(f"{notebook.name[:2]}-*.png"):
                old.unlink()
            state = look(page, notebook, not args.no_run, not args.no_pictures)
            print(notebook.name, ", ".join(f"{v} {k}" for k, v in state.items()), flush=True)
            missed = state["code"] - state["run"]
            good = good and not (missed or state["failed"] or state["broken widgets"])
        browser.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
