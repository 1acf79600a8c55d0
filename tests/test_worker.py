"""Functions in a process of their own: what goes along, how it ends, and that nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.local.process import wait_until
from helpers.run import ROOT, new_client

HEAD = "import json, os, signal, sys, time\nimport helpers.worker as worker\n"
WAITS = """
    def wait(note):
        open(note, "w").write(str(os.getpid()))
        while True:
            time.sleep(0.1)
"""


@pytest.fixture
def lesson(tmp_path):
    """Start code as the main module of a new process, as a kernel's cells are."""
    started = []
    (tmp_path / "scratch").mkdir()

    def start(code: str) -> subprocess.Popen:
        script = tmp_path / "lesson.py"
        script.write_text(HEAD + textwrap.dedent(code))
        scratch = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "scratch")}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(
            subprocess.Popen([sys.executable, script], env={**os.environ, **scratch}, **pipes)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    assert list((tmp_path / "scratch").iterdir()) == []


def said(process: subprocess.Popen) -> list:
    """What it printed, line by line as JSON; it must have ended well."""
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in out.splitlines()]


def pid_in(note: Path) -> int:
    assert wait_until(lambda: note.exists() and note.read_text(), 30)
    return int(note.read_text())


def test_takes_along_what_the_function_uses(lesson):
    code = """
        from collections import Counter
        from confluent_kafka import TopicPartition
        LIMIT = 3
        def fall(n):
            return n if n < LIMIT else fall(n - LIMIT)
        def work(numbers):
            print(json.dumps(Counter(fall(n) for n in numbers)))
            print(json.dumps([open.__name__, TopicPartition("t", 1).topic]))
        print(json.dumps(worker.run(work, numbers=[1, 4, 5])))
    """
    assert said(lesson(code)) == [[0, [{"1": 2, "2": 1}, ["open", "t"]], ""]]


def test_shows_the_program_that_runs(lesson):
    code = """
        LIMIT = 3
        def small(n):
            return n < LIMIT
        def work(n):
            print(json.dumps(small(n)))
        print(json.dumps(worker.source(work)))
    """
    [program] = said(lesson(code))
    assert program.index("LIMIT = 3") < program.index("def small") < program.index("def work")
    assert program.splitlines()[0] in ("import json", "LIMIT = 3")
    assert "worker" not in program


def test_runs_from_the_cells_of_a_notebook():
    cells = [
        HEAD + "import tempfile",
        "def twice(n):\n    return 2 * n",
        "def work(n):\n    print(json.dumps(twice(n)))",
        "def twice(n):\n    return 3 * n",  # a cell that was run again, changed
        "ended = worker.run(work, n=7)\nassert ended == (0, [21], ''), ended",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    new_client(notebook).execute()


def test_a_killed_process_has_said_what_it_said(lesson):
    code = """
        def work(n):
            print(json.dumps(n))
            os.kill(os.getpid(), signal.SIGKILL)
        print(json.dumps(worker.run(work, n=5)))
    """
    assert said(lesson(code)) == [[-signal.SIGKILL, [5], ""]]


def test_an_error_of_the_function_is_handed_back(lesson):
    code = """
        def work():
            raise ValueError("no marks today")
        print(json.dumps(worker.run(work)))
    """
    [[status, printed, errors]] = said(lesson(code))
    assert (status, printed) == (1, [])
    assert errors.rstrip().endswith("ValueError: no marks today")


def test_arguments_are_not_on_the_command_line(lesson):
    code = """
        def work(secret):
            own = [open(f"/proc/self/{name}").read() for name in ("cmdline", "environ")]
            print(json.dumps([secret in text for text in own]))
        print(json.dumps(worker.run(work, secret="s3cr3t-of-the-cloud").printed))
    """
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    assert said(lesson(code)) == [[[False, False]]]


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ("thing = object()\ndef work():\n    print(thing)", "thing cannot go to another process"),
        ("work = lambda: 1", "cannot go to another process"),
        (
            "def outer(n):\n    def work():\n        print(n)\n    return work\nwork = outer(1)",
            "work",
        ),
    ],
)
def test_says_what_cannot_go_along(lesson, definition, complaint):
    code = f"""
{definition}
try:
    worker.run(work)
except worker.LabError as error:
    print(json.dumps(str(error)))
"""
    [line] = said(lesson(code))
    assert complaint in line
    assert "\n" not in line


def test_a_time_limit(lesson, tmp_path):
    note = tmp_path / "pid"
    code = f"""
        try:
            worker.run(wait, seconds=1.5, note={str(note)!r})
        except worker.LabError as error:
            print(json.dumps(str(error)))
    """
    [line] = said(lesson(textwrap.dedent(WAITS) + textwrap.dedent(code)))
    assert line.startswith("wait had not ended after 1.5 s and was killed; ")
    assert not psutil.pid_exists(pid_in(note))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("alone", [False, True], ids=["system", "pipe alone"])
def test_dies_with_the_one_that_started_it(lesson, tmp_path, number, alone):
    """`alone`: it tells Linux not to kill it with its parent, so only the pipe's end can."""
    note = tmp_path / "pid"
    waits = WAITS
    if alone and sys.platform == "linux":
        forget = "import ctypes; ctypes.CDLL(None).prctl(1, 0)"
        waits = WAITS.replace("while True", f"{forget}\n        while True")
    kernel = lesson(textwrap.dedent(waits) + f"worker.run(wait, note={str(note)!r})\n")
    pid = pid_in(note)
    assert psutil.Process(pid).is_running()
    kernel.send_signal(number)
    assert wait_until(lambda: not psutil.pid_exists(pid), 10)


def test_ends_when_the_parent_is_gone_before_it_begins():
    """The pipe is open, but the parent is not the one that the job names."""
    job = {"path": sys.path, "parent": 1, "source": "def work(): print(1)", "call": "work"}
    code = "import helpers.worker as w; w.work({**json.loads(sys.argv[1]), 'arguments': {}})"
    command = [sys.executable, "-c", f"import json, sys; {code}", json.dumps(job)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")


GREETS = """
    def greet(name):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print(json.dumps(name), flush=True)
        while True:
            time.sleep(0.1)

    def told(greeter):
        while not greeter.printed:
            time.sleep(0.02)
        return greeter.printed
"""


def test_one_in_the_background_is_read_stopped_and_killed(lesson):
    code = """
    one, two = worker.start(greet, name="Ana"), worker.start(greet, name="Luis")
    print(json.dumps([told(one), told(two), one.alive, repr(two)]))
    print(json.dumps([one.stop().status, two.kill().status, one.alive, two.alive]))
    """
    first, last = said(lesson(GREETS + code))
    assert first == [["Ana"], ["Luis"], True, "greet, working"]
    assert last == [7, -signal.SIGKILL, False, False]


def test_one_in_the_background_dies_with_its_parent(lesson, tmp_path):
    note = tmp_path / "note"
    process = lesson(WAITS + f"    worker.start(wait, note={str(note)!r}).wait(60)")
    pid = pid_in(note)
    process.kill()
    assert wait_until(lambda: not psutil.pid_exists(pid), 5)


def test_one_that_nobody_holds_any_more_ends(lesson):
    code = """
    service = worker.start(greet, name="Ana")
    told(service)
    pid = service._child.pid
    service = worker.start(greet, name="Luis")  # the cell was run again
    print(json.dumps([os.path.exists(f"/proc/{pid}"), told(service), service.kill().status]))
    """
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    assert said(lesson(GREETS + code)) == [[False, ["Luis"], -signal.SIGKILL]]
