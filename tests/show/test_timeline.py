"""Lanes: every state gets a colour of its own, and the picture says what it is."""

import pytest

from helpers.show import timeline
from helpers.show.timeline import lanes

ROWS = {"broker 1": [(0.0, 2.0, "leader"), (2.0, 3.0, "gone")], "broker 2": [(0.0, 3.0, "in sync")]}


def test_a_picture_with_its_title():
    picture = lanes(ROWS, "Leaders", marks=[(2.0, "SIGKILL")], dots={"writes": [(1.0, "kept")]})
    assert repr(picture) == "picture: Leaders"
    png, size = picture._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert (
        size["height"] > lanes(ROWS, "Leaders")._repr_png_()[1]["height"]
    )  # a lane more, a line more


def test_fixed_colours_come_first_and_are_not_given_twice():
    blue = timeline.COLOURS[4]
    paint = timeline._paint(
        ["gone", "leader", "in sync", "gone"], {"leader": blue, "unseen": "red"}
    )
    assert list(paint) == ["leader", "gone", "in sync"]
    assert paint["leader"] == blue
    assert len(set(paint.values())) == 3


@pytest.mark.parametrize("rows", [{}, {"broker 1": []}])
def test_nothing_to_draw_is_drawn_as_nothing(rows):
    assert lanes(rows, "Nothing yet")._repr_png_()[0]
