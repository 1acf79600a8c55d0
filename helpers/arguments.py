"""Readers of command-line words for argparse."""

from __future__ import annotations

import argparse


def number_of(kind: type, least: float = 1e-6, most: float = float("inf")):
    """A reader of finite numbers, int or float, from `least` to `most`."""

    def read(word: str):
        number = kind(word)
        if not (least <= number <= most and number < float("inf")):
            raise argparse.ArgumentTypeError(f"{word} is too small or too large")
        return number

    read.__name__ = kind.__name__  # argparse names it when a word is no number at all
    return read
