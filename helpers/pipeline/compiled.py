"""`machine` as machine code: compiled once on a machine, by Numba, in a process of its own.

    compiled.prepare()            compile if it was not yet; some seconds, once
    compiled.begin()              the same, beside what goes on
    functions = compiled.load()   None: it is not there (yet), and who asks has to do without

A process that only uses it loads no compiler: 60 MB and half a second less. The code lies in the
lab's folder under a name made of all that it depends on. It is used by `llvmlite` and called
through `ctypes`, so without the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from helpers.errors import LabError
from helpers.local.paths import drop_old, home, locked

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
SOURCES = ("automaton.py", "quick_drops.py", "compiled.py")
NAMES = ("judge", "write")
PARAMETERS = {"judge": 2, "write": 4}  # all int64, as is what they return
SYMBOL = "sink_"  # before a name: `write` alone is the C library's
FOLDER = "sink"
PR_SET_PDEATHSIG = 1  # of prctl(2)
ROOT = HERE.parents[1]
COMPILE = [sys.executable, "-m", "helpers.pipeline.compiled"]
DIGEST = hashlib.sha256().digest_size


class Functions(NamedTuple):
    """`machine.judge` and `machine.write`."""

    judge: Callable[[int, int], int]
    write: Callable[[int, int, int, int], int]


@cache
def place() -> Path | None:
    """Where the code is, or will be; None on a machine for which there is no compiler."""
    made = hashlib.sha256()
    for source in [*sorted(HERE.glob("machine*.py")), *map(HERE.joinpath, SOURCES)]:
        made.update(source.read_bytes())
    try:
        for package in ("numba", "llvmlite"):
            made.update(version(package).encode())
        made.update(_processor().encode())
        return home() / FOLDER / f"{made.hexdigest()[:16]}.o"
    except (PackageNotFoundError, ImportError, OSError, LabError) as error:
        log.info("the sink goes without its quick way: %s", error)
        return None


def prepare() -> None:
    """Compile if it was not yet done. Raises LabError when it cannot be done, in one line."""
    target = place()
    if target is None or _code(target) is not None:
        return
    print("Compiling the sink's quick way, once (about 10 s)", flush=True)
    done = subprocess.run(COMPILE, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip() or "it was ended").splitlines()[-1]
        raise LabError(f"the sink's quick way could not be compiled ({why}); it works without")


def begin() -> None:
    """Let another process compile if it was not yet done; it ends with this one."""
    target = place()
    if target is None or _code(target) is not None:
        return
    log.info("compiling the quick way beside this, once")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with suppress(OSError):  # no process to be had: it goes without
        _beside.append(subprocess.Popen(COMPILE, cwd=ROOT, preexec_fn=_end_with_us, **quiet))


def _end_with_us() -> None:
    """In the child, before it becomes another program: Linux ends it when this process ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def load() -> Functions | None:
    """The functions, or None: not compiled (yet), or not for this machine."""
    for process in _beside:
        process.poll()  # so that it is gone when it has ended
    if not _found and _some() and (target := place()) is not None:
        code = _code(target)
        if code is not None:
            _found.append(_usable(code))
    return _found[0] if _found else None


def _some() -> bool:
    """Whether there is any: if not, llvmlite need not be imported to know which would do."""
    try:
        return any((home() / FOLDER).glob("*.o"))
    except (OSError, LabError):
        return False


def _code(target: Path) -> bytes | None:
    """What is in the file if it is there and whole."""
    try:
        data = target.read_bytes()
    except OSError:
        return None
    digest, code = data[:DIGEST], data[DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def _usable(code: bytes) -> Functions | None:
    try:
        return _loaded(code)
    except (RuntimeError, OSError) as error:
        log.warning("the sink's quick way is not for this machine: %s", error)
        return None


def _loaded(code: bytes) -> Functions:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _kept.append(engine)  # as long as the process: the code is its
    return Functions(
        *(_function(engine.get_function_address(SYMBOL + name), name) for name in NAMES)
    )


_kept: list = []
_beside: list[subprocess.Popen] = []
_found: list[Functions | None] = []  # what there is to say of the code, once it is there


def _function(address: int, name: str) -> Callable[..., int]:
    """Numba's convention: the result and what to tell of an error go by pointers."""
    long, pointer = ctypes.c_int64, ctypes.c_void_p
    given = [long] * PARAMETERS[name]
    call = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, *given)(address)

    def function(*addresses: int) -> int:
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        status = call(ctypes.addressof(result), ctypes.addressof(error), *addresses)
        if status:
            raise RuntimeError(f"{name} ended with status {status}")
        return result.value

    return function


def _processor() -> str:
    """This machine's, as far as code depends on it."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    return " ".join([llvm.get_process_triple(), llvm.get_host_cpu_name(), features])


def _target():
    import llvmlite.binding as llvm

    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="default",
    )


def compile_to(target: Path) -> None:
    """Compile, in this process, into a file that appears when it is whole."""
    import llvmlite.binding as llvm
    from numba import njit

    from helpers.pipeline import machine

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    whole = llvm.parse_assembly("")
    for name in NAMES:
        signature = f"int64({', '.join(['int64'] * PARAMETERS[name])})"
        bare = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
        made = njit(signature, **bare)(getattr(machine, name))
        module = llvm.parse_assembly(made.inspect_llvm(made.signatures[0]))
        own = [f for f in module.functions if not f.is_declaration]
        next(f for f in own if f"{name}B" in f.name).name = SYMBOL + name
        whole.link_in(module)
    code = _target().emit_object(whole)
    scratch = target.with_name(f".making-{secrets.token_hex(4)}")
    try:
        scratch.write_bytes(hashlib.sha256(code).digest() + code)
        os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


def main() -> int:
    """In the process that compiles: one at a time, and what is more urgent goes first."""
    os.nice(5)
    target = place()
    try:
        with locked(target.parent / ".lock", "compiling the sink's quick way"):
            for left in target.parent.glob(".making-*"):  # of a process that was killed
                left.unlink(missing_ok=True)
            drop_old(target, "*.o")
            if _code(target) is None:
                compile_to(target)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
