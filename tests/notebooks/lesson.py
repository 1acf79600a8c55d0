"""A lesson as the tests see it: its cells, code, prose, outputs, headings and links."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.run import NOTEBOOKS, ROOT

NOT_COMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}
EXCLUDING = {"nbval-ignore-output", "nbval-skip"}
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


class Lesson:
    """One notebook on disk. `root` is where its links may lead (the repository)."""

    def __init__(self, path: Path, notebook: NotebookNode | None = None):
        self.path = path
        self.name = path.stem
        self.number = path.stem[:2]
        self.notebook = notebook or nbformat.read(path, as_version=4)
        self.cells = self.notebook.cells

    @cached_property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @cached_property
    def markdown(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @cached_property
    def trees(self) -> list[ast.Module]:
        """The syntax of each code cell; a cell that is not plain Python counts as empty here."""
        return [parsed(cell.source) or ast.parse("") for cell in self.code]

    def walk(self):
        """Every syntax node of every code cell, with the cell's number from 1."""
        for number, tree in enumerate(self.trees, start=1):
            for node in ast.walk(tree):
                yield number, node

    @cached_property
    def headings(self) -> list[tuple[int, str, int]]:
        """(level, text, index of its cell) of each heading, in order."""
        return [
            (len(marks), text.strip(), index)
            for index, cell in enumerate(self.cells)
            if cell.cell_type == "markdown"
            for marks, text in re.findall(r"^(#{1,6}) (.+)$", unfenced(cell.source), re.M)
        ]

    def section(self, *titles: str) -> list[NotebookNode]:
        """The cells from the first heading that starts with one of `titles` to the next as high."""
        for at, (level, text, index) in enumerate(self.headings):
            if text.lower().startswith(tuple(title.lower() for title in titles)):
                ends = [i for lv, _, i in self.headings[at + 1 :] if lv <= level and i > index]
                return self.cells[index : ends[0] if ends else None]
        return []

    def tagged(self, tag: str) -> list[NotebookNode]:
        return [cell for cell in self.code if tag in tags(cell)]


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None for what is not plain Python (a magic, a shell line)."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def lines(cell: NotebookNode) -> int:
    """Non-blank lines, as STYLE's table measured them."""
    return sum(1 for line in cell.source.splitlines() if line.strip())


def unfenced(markdown: str) -> str:
    """Markdown without its fenced code."""
    return re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S)


def calls(tree: ast.AST) -> set[str]:
    """The last name of everything called: `admin.create_topics(...)` gives "create_topics"."""
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {f.attr for f in functions if isinstance(f, ast.Attribute)} | {
        f.id for f in functions if isinstance(f, ast.Name)
    }


def texts(cell: NotebookNode) -> list[str]:
    """What nbval compares of a cell's outputs: streams and every representation but pictures."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        for kind, value in output.get("data", {}).items():
            if kind not in NOT_COMPARED and not str(value).startswith("<Figure size"):
                found.append(str(value))
    return found


def pictures(cell: NotebookNode) -> bool:
    """Whether a cell shows a figure (an image, an SVG drawn in HTML)."""
    return any(
        kind.startswith("image/") or (kind == "text/html" and "<svg" in value)
        for output in cell.outputs
        for kind, value in output.get("data", {}).items()
    )


def prints(cell: NotebookNode) -> bool:
    return bool(cell.outputs)


def compared(cell: NotebookNode) -> bool:
    """Whether nbval checks something of this cell that a reader would call its output."""
    return bool(texts(cell)) and not EXCLUDING & set(tags(cell))


def anchors(path: Path) -> set[str]:
    """The anchors of a file: JupyterLab's for a notebook, GitHub's for Markdown."""
    if path.suffix == ".ipynb":
        return {plain(text).replace(" ", "-") for _, text, _ in Lesson(path).headings}
    if path.suffix != ".md":
        return set()
    found = re.findall(r"^#{1,6} (.+)$", unfenced(path.read_text("utf-8")), re.M)
    slugs = {re.sub(r"[^\w\- ]", "", plain(text).lower()).replace(" ", "-") for text in found}
    return slugs | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", path.read_text("utf-8")))


def plain(heading: str) -> str:
    """A heading's text without Markdown's marks."""
    return re.sub(r"[*`]", "", LINK.sub(r"\1", heading)).strip()


def broken(target: str, origin: Path) -> str:
    """Why the relative link `target` in the file `origin` leads nowhere; "" if it resolves."""
    if re.match(r"[a-z]+:", target):
        return ""
    name, _, anchor = target.partition("#")
    path = (origin.parent / name).resolve() if name else origin
    if not path.is_relative_to(ROOT) and not path.is_relative_to(origin.parent.parent):
        return f"{target} leads out of the repository"
    if not path.exists():
        return f"{target} does not exist"
    if anchor and anchor not in anchors(path):
        return f"{target}: {path.name} has no such heading"
    return ""
