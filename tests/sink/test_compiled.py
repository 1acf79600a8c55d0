"""The sink's quick way as machine code: made once, whole or not at all, and never in the way."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from helpers.config import ROOT
from helpers.errors import LabError
from helpers.pipeline import compiled
from helpers.pipeline.automaton import DEAD, Automata
from helpers.pipeline.quick import Quick
from helpers.pipeline.writers import JsonLines

PATTERNS = [
    '"(?:web|movil|tablet)"',
    "(?:(?:0|[1-9][0-9]{0,3})(?:[.][0-9]{1,6})?|10(?:[.]0{1,6})?)",
    "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:[.](?:25[0-5]|2[0-4][0-9]|[1-9]?[0-9])){3}",
    "[a-z]{2,}",
    "ab*c?(d|e)+",
    r"[^\x00-\x1f]{1,4}",
]
SEEDS = ['"web"', "10.00", "1.22.255.0", "abc", "abbcded", "9.5", "0.333", ""]


def accepted(tables, state: int, text: bytes) -> bool:
    sorts, follows, accepting, width = tables
    state *= width
    for byte in text:
        state = int(follows[state + int(sorts[byte])])
        if state == DEAD:
            return False
    return bool(accepting[state])


def test_an_automaton_says_what_re_says():
    automata, dice = Automata(), random.Random(1)
    starts = {pattern: automata.add(pattern) for pattern in PATTERNS}
    tables, yes = automata.tables(), 0
    for _ in range(4000):
        text = list(dice.choice(SEEDS))
        for _ in range(dice.randrange(3)):
            at = dice.randrange(len(text) + 1)
            text[at : at + dice.randrange(2)] = dice.choice(["", "0", "1", "a", "d", ".", '"', "5"])
        text = "".join(text)
        for pattern, start in starts.items():
            verdict = re.fullmatch(pattern, text) is not None
            assert accepted(tables, start, text.encode()) == verdict, (pattern, text)
            yes += verdict
    assert yes > 1000


@pytest.mark.parametrize("pattern", [r"\w", "a(?=b)", "(a)\\1", "^a", "ñ{2}€"])
def test_what_an_automaton_does_not_know(pattern):
    with pytest.raises(ValueError, match=r"not known|no byte"):
        Automata().add(pattern)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty home, and nothing loaded."""
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    monkeypatch.setattr(compiled, "_found", [])
    compiled.place.cache_clear()
    yield tmp_path
    compiled.place.cache_clear()


def test_without_it_nothing_is_loaded(elsewhere):
    assert compiled.load() is None


def test_a_damaged_one_is_not_used_and_made_anew(elsewhere):
    compiled.place().parent.mkdir()
    compiled.place().write_bytes(bytes(5000))
    assert compiled.load() is None
    compiled.prepare()
    assert compiled.load() is not None


def test_a_home_that_cannot_be_made(elsewhere, monkeypatch):
    monkeypatch.setenv("AWS_CONFLUENT_HOME", "/proc/nohome")
    assert compiled.load() is None
    compiled.begin()
    compiled.prepare()
    assert not Quick("estudiante-eventos", [], None, 1000).usable


def test_lines_that_could_not_be_compressed_are_not_left_out(monkeypatch):
    writer, line = JsonLines(), b"x" * 100_000
    writer.write(line, 1)
    monkeypatch.setattr(writer, "_gzip", None)
    failing = Failing()
    writer._gzip = failing
    writer.write(line, 1)
    writer.write(line, 1)
    with pytest.raises(MemoryError):
        writer.finish()


class Failing:
    """A compressor that fails once."""

    def __init__(self):
        self.calls = 0

    def compress(self, text):
        self.calls += 1
        if self.calls == 1:
            raise MemoryError
        return b""

    def flush(self):
        return b""


def test_no_compiler_for_this_machine(elsewhere, monkeypatch):
    def missing(name):
        raise compiled.PackageNotFoundError(name)

    monkeypatch.setattr(compiled, "version", missing)
    compiled.prepare()
    compiled.begin()
    assert compiled.load() is None
    assert not list(elsewhere.iterdir())


def test_a_folder_that_cannot_be_written(elsewhere):
    (elsewhere / "sink").write_text("a file")
    with pytest.raises(
        LabError, match=r"^the sink's quick way could not be compiled \(cannot .*\)"
    ):
        compiled.prepare()


@pytest.mark.soak
def test_compiled_once_beside_and_gone_with_its_parent(elsewhere):
    program = "from helpers.pipeline import compiled; import time; compiled.begin(); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (children := _children(parent.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while not list(elsewhere.glob("sink/.lock")):  # it is at it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while any(os.path.exists(f"/proc/{pid}") for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not list(elsewhere.glob("sink/*.o"))
    compiled.prepare()
    assert compiled.load() is not None


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as told:
        return [int(child) for child in told.read().split()]
