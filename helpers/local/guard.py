"""The guard: a tiny process that owns a lab's servers and takes them down when the lab's owner is
gone.

Run as `python -I -S guard.py RUN_DIR OWNER_PID` by helpers.local.process. Only the standard
library, so that it starts in 30 ms. It starts every server itself, as told by JSON lines on its
standard input, so there is never a server without a guard. When the input closes or the owner's pid
is gone (even by SIGKILL: the operating system closes the pipe), it kills all it started and removes
the run directory.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys

TICK = 0.2  # seconds between two looks at the owner and the children
PR_SET_PDEATHSIG = 1


def die_with_guard():
    """In the child, before exec: Linux itself kills it if even the guard is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Guard:
    def __init__(self, run, owner):
        self.run, self.owner = run, owner
        self.children = {}

    def spawn(self, name, argv, env, log, cwd):
        with open(log, "ab") as out:
            child = subprocess.Popen(
                argv,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group: killed with all it may have forked
                preexec_fn=die_with_guard if sys.platform == "linux" else None,
            )
        self.children[name] = child
        return {"pid": child.pid}

    def signal(self, name, number):
        """Send a signal to a child that still runs: not reaped yet, so the pid is its own."""
        child = self.children[name]
        if child.poll() is None:
            os.killpg(child.pid, number)
        return {}

    def wait(self, name, seconds):
        """Wait until a child has ended; its return code, or None when the time is up."""
        try:
            return {"code": self.children[name].wait(seconds)}
        except subprocess.TimeoutExpired:
            return {"code": None}

    def state(self):
        return {name: child.poll() for name, child in self.children.items()}

    def end(self):
        """Kill everything, then remove the run directory: nothing of a lab is kept."""
        alive = [c for c in self.children.values() if c.poll() is None]
        for child in self.children.values():
            send(child.pid, signal.SIGKILL)  # also what an ended server may have forked
        for child in alive:
            child.wait()
        shutil.rmtree(self.run, ignore_errors=True)

    def serve(self):
        """Answer requests until the owner closes the pipe or dies."""
        buffer = b""
        while os.getppid() == self.owner:
            for child in self.children.values():
                child.poll()  # reap, so that a killed broker does not stay as a zombie
            if not select.select([0], [], [], TICK)[0]:
                continue
            data = os.read(0, 1 << 16)
            if not data:
                return
            buffer += data
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                request = json.loads(line)
                op = request.pop("op")
                if op == "end":
                    return
                print(json.dumps(self.answer(op, request)), flush=True)

    def answer(self, op, request):
        try:
            return getattr(self, op)(**request)
        except Exception as error:  # noqa: BLE001 - reported to the owner, which raises it there
            return {"error": f"{type(error).__name__}: {error}"}


def send(pid, number):
    """Signal a whole process group; it may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def main():
    run, owner = sys.argv[1], int(sys.argv[2])
    held = open(  # noqa: SIM115 - held until the process ends
        os.path.join(run, "guard.lock"), "a"
    )
    fcntl.flock(held, fcntl.LOCK_EX)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # The owner decides when it is over, not a Ctrl-C. A handler, not SIG_IGN: that one would be
        # inherited by the servers, and a JVM that inherits it never hears SIGTERM.
        signal.signal(number, lambda *_: None)
    guard = Guard(run, owner)
    try:
        print(json.dumps({"ready": os.getpid()}), flush=True)
        guard.serve()
    except BrokenPipeError:
        pass  # the owner died between asking and reading the answer
    finally:
        guard.end()


if __name__ == "__main__":
    main()
