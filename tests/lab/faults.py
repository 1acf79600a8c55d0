"""What every fault must come to: one line."""

from __future__ import annotations

import pytest


def one_line(error: pytest.ExceptionInfo) -> str:
    """The error's text, which must be one readable line."""
    text = str(error.value)
    assert "\n" not in text, text
    assert len(text) < 500, text
    return text
