"""What the live tables share: colours that follow JupyterLab's theme, and a cell."""

from __future__ import annotations

from html import escape

DIM = "var(--jp-content-font-color2, #57606a)"
LINE = "border-bottom: 1px solid var(--jp-border-color2, #d0d7de)"


def cell(words: str, tag: str = "td") -> str:
    """A cell of a table on one line, its words escaped; `tag` "th" for a heading."""
    style = f"padding: 1px 10px 1px 0; text-align: left; white-space: nowrap; {LINE}"
    return f"<{tag} style='{style}'>{escape(words)}</{tag}>"
