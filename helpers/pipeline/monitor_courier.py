"""A thread that brings things to AWS, so that reading never waits for it.

When AWS does not take them it tries again after pauses that double, says so once, and once when all
is well again. After `give_up_s` without any success it stops for good, with a line that says so.
"""

from __future__ import annotations

import logging
import threading
import time
from random import random

from helpers.pipeline.monitor_aws import Again, MonitorStopped, Refused

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
UNWELL = 4  # failures in a row before it is worth a line


class Courier:
    """Subclasses say what is waiting (`_waiting`) and how one piece of it is sent (`_send_one`).

    `lock` guards what waits; `_send_one` runs without it, in the courier's thread only.
    """

    def __init__(self, service: str, give_up_s: float):
        self.service, self.give_up_s = service, give_up_s
        self.failure: BaseException | None = None
        self.failures = 0  # in a row, now
        self.retries = 0  # so far; for tests and snapshots
        self.lock = threading.Condition()
        self._ill_since = 0.0
        self._closed = self._hurry = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name=service, daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def flush(self, seconds: float) -> bool:
        """Wait until all is sent, for `seconds` at most; whether it is."""
        deadline = time.monotonic() + seconds
        with self.lock:
            self._hurry = True
            self.lock.notify_all()
            done = self.lock.wait_for(
                lambda: self._idle() or self.failure is not None or not self._thread.is_alive(),
                max(0.0, deadline - time.monotonic()),
            )
            self._hurry = False
            return bool(done) and self._idle() and self.failure is None

    def close(self) -> None:
        """Send nothing more, and end the thread; a request under way may last some seconds more."""
        with self.lock:
            self._closed = True
            self.lock.notify_all()

    @property
    def trouble(self) -> str:
        """What is wrong at the moment, or nothing."""
        return self._trouble if self.failures else ""

    _trouble = ""

    def _waiting(self) -> bool:
        raise NotImplementedError

    def _send_one(self) -> None:
        raise NotImplementedError

    def _kept(self) -> str:
        """What is kept for later, in words."""
        raise NotImplementedError

    def _idle(self) -> bool:
        return not self._waiting() and not self._busy

    def _run(self) -> None:
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self._closed or self._waiting())
                if self._closed:
                    return
                self._busy = True
            try:
                self._send_one()
                self._well()
            except Again as again:
                self._ill(str(again))
            except Refused as refused:
                self.failure = MonitorStopped(f"{self.service} refuses a request: {refused}")
            except Exception as error:  # noqa: BLE001 - the monitor's loop raises it
                self.failure = error
            with self.lock:
                self._busy = False
                self.lock.notify_all()
                if self.failure is not None:
                    return
                if self.failures:
                    self._pause()

    def _pause(self) -> None:
        """Wait before the next try ("full jitter"); a flush shortens it."""
        pause = random() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self.failures)
        until = time.monotonic() + pause
        while not self._closed:
            left = until - time.monotonic()
            if self._hurry:
                left = min(left, FIRST_PAUSE_S)
                until = min(until, time.monotonic() + left)
            if left <= 0:
                return
            self.lock.wait(left)

    def _well(self) -> None:
        if self.failures >= UNWELL:
            log.warning("%s takes data again", self.service)
        self.failures = 0

    def _ill(self, trouble: str) -> None:
        now = time.monotonic()
        if not self.failures:
            self._ill_since = now
        self.failures += 1
        self.retries += 1
        self._trouble = trouble
        if self.failures == UNWELL:
            log.warning("%s takes no data (%s); %s", self.service, trouble, self._kept())
        if now - self._ill_since >= self.give_up_s:
            self.failure = MonitorStopped(
                f"{self.service} has taken no data for {self.give_up_s:g} s ({trouble}); what was "
                "not sent is not committed: start the monitor again when it is well"
            )
