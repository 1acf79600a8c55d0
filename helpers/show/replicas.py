"""Leaders and in-sync replicas of a topic, recorded from live metadata, for `timeline.lanes`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby, pairwise

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

LEADER, IN_SYNC, BEHIND = "leader", "in sync", "not in sync"
Moment = dict[int, tuple[int, list[int]]]  # partition → (its leader or -1, brokers in sync)


class Film:
    """Asks for `topic`'s metadata every tenth of a second, in a thread, inside `with film:`.

    Entered again it goes on where it stopped: what lies between two `with` blocks takes no time on
    it. A block records two minutes at most.
    """

    def __init__(self, kafka: Mapping[str, str], topic: str) -> None:
        self.moments: list[tuple[float, Moment]] = []
        self._admin, self._topic = AdminClient({**kafka, "log_level": 0}), topic
        self._before, self._since = 0.0, None
        self._stop = threading.Event()

    def __enter__(self) -> Film:
        self._since = time.monotonic()
        self._stop.clear()
        self._thread = threading.Thread(target=self._shoot, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self.moments.append((self.now(), {}))
        self._before, self._since = self.now(), None

    def now(self) -> float:
        """Seconds of film so far."""
        return self._before + (time.monotonic() - self._since if self._since else 0.0)

    def until(self, done: Callable[[Moment], bool], seconds: float = 30.0) -> Iterator[Moment]:
        """The current moment, ten times a second, up to the first for which `done` is true.

        Raises TimeoutError, which quotes the last moment, when there is none within `seconds`.
        """
        moment, end = {}, time.monotonic() + seconds
        while not (moment and done(moment)):
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds:.0f} s; the last metadata are {moment}")
            self._stop.wait(0.1)
            moment = self.moments[-1][1] if self.moments else {}
            yield moment

    def rows(self) -> dict[str, list[tuple[float, float, str]]]:
        """For `lanes`: "partition p, broker b" → its spans (start, end, state)."""
        seen = {(p, b) for _, moment in self.moments for p in moment for b in moment[p][1]}
        return {f"partition {p}, broker {b}": self._spans(p, b) for p, b in sorted(seen)}

    def _spans(self, partition: int, broker: int) -> list[tuple[float, float, str]]:
        def state(pair) -> str:
            leader, in_sync = pair[0][1].get(partition, (None, ()))
            if leader is None:
                return ""
            return LEADER if broker == leader else IN_SYNC if broker in in_sync else BEHIND

        runs = [(name, list(run)) for name, run in groupby(pairwise(self.moments), key=state)]
        return [(run[0][0][0], run[-1][1][0], name) for name, run in runs if name]

    def _shoot(self) -> None:
        end = time.monotonic() + 120
        waiting = True
        while waiting and time.monotonic() < end:
            asked, moment = self.now(), {}
            with suppress(KafkaException):  # while no broker answers, nothing is known
                found = self._admin.list_topics(self._topic, timeout=1).topics[self._topic]
                moment = {p.id: (p.leader, sorted(p.isrs)) for p in found.partitions.values()}
            self.moments.append((asked, moment))
            waiting = not self._stop.wait(0.1)
