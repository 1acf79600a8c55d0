"""Write the slides as HTML that works offline: build/slides/NAME.html, one file each.

python tools/slides.py               export what the notebooks hold
python tools/slides.py --refresh     first execute them in place
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
SLIDES = ROOT / "docs" / "slides"
OUT = ROOT / "build" / "slides"
KEPT = {"tags", "slideshow", "jupyter"}


def load(name: str) -> ModuleType:
    """A module of docs/slides, which notebooks there import by its bare name."""
    spec = importlib.util.spec_from_file_location(f"slides_{name}", SLIDES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


deck = load("deck")


def notebooks() -> list[Path]:
    return sorted(SLIDES.glob("*_[a-z][a-z].ipynb"))


def refresh(path: Path) -> None:
    """Execute a notebook in place; the frame that it shows is not kept, it would hold all twice."""
    from helpers.run import new_client
    from tools.refresh import KERNELSPEC, LANGUAGE

    notebook = nbformat.read(path, as_version=4)
    client = new_client(notebook, seconds=120, folder=SLIDES)
    client.record_timing = False
    client.execute()
    notebook.metadata = NotebookNode(kernelspec=KERNELSPEC, language_info=LANGUAGE)
    for cell in notebook.cells:
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in KEPT})
        for output in cell.get("outputs", []):
            if "<iframe" in output.get("data", {}).get("text/html", ""):
                del output.data["text/html"]
    nbformat.write(notebook, path)


def export(path: Path, folder: Path = OUT) -> Path:
    """One HTML file of one notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{path.stem}.html"
    written.write_text(deck.page(path), "utf-8")
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refresh", action="store_true", help="execute the notebooks first")
    args = parser.parse_args()
    for path in notebooks():
        if args.refresh:
            refresh(path)
        written = export(path)
        print(f"{written.relative_to(ROOT)}  {written.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
