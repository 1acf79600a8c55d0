"""The one exception that a learner should ever see from the helpers."""

from __future__ import annotations


class LabError(RuntimeError):
    """Something in the learner's surroundings is off: one line says what and what to do next.

    Raised instead of the underlying error, which stays attached as `__cause__` for the curious.
    In a notebook and on the command line only the line is shown, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: show the line, not thirty frames of helpers."""
        return [f"LabError: {self}"]
