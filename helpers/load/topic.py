"""The topic of a load test: made for it, and deleted with all that was sent."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.errors import LabError

ANSWER_S = 12
CLIENT = ("bootstrap.servers", "client.id", "security.", "sasl.", "ssl.", "socket.", "broker.")


class Topic:
    """A topic that is not there yet; `made` is the time in which it is."""

    def __init__(self, settings: dict[str, Any], name: str | None) -> None:
        self.name = name or f"load-{secrets.token_hex(4)}"
        shared = {k: v for k, v in settings.items() if k.startswith(CLIENT)}
        self._heard: list[str] = []
        self._servers = settings["bootstrap.servers"]
        told = {**shared, "log_level": 0, "error_cb": self._hear}
        try:
            self._admin = AdminClient(told)
        except KafkaException as error:
            raise LabError(f"the client does not take that: {error.args[0].str()}") from error

    def _hear(self, error) -> None:
        self._heard.append(error.str())

    def brokers(self) -> list[str]:
        """The hosts to which the cluster sends its clients: not always the one that was asked.

        Raises LabError when nobody answers, or when the topic is there already: a load test writes
        to no topic that is somebody's.
        """
        try:
            known = self._admin.list_topics(timeout=ANSWER_S)
        except KafkaException as error:
            self._admin.poll(0)  # what the client had to say
            why = f" ({self._heard[-1]})" if self._heard else ""
            raise LabError(
                f"nobody answers at {self._servers} within {ANSWER_S} s{why}; look whether it is up"
            ) from error
        if self.name in known.topics:
            raise LabError(f"topic {self.name} is there already; a load test makes its own")
        return [broker.host for broker in known.brokers.values()]

    @contextlib.contextmanager
    def made(self, partitions: int, keep: bool) -> Iterator[None]:
        """Create it (as many copies as the cluster does by default), and delete it at the end."""
        wanted = NewTopic(self.name, num_partitions=partitions, replication_factor=-1)
        try:
            self._admin.create_topics([wanted])[self.name].result(ANSWER_S)
        except KafkaException as error:
            raise LabError(f"cannot create {self.name}: {error.args[0].str()}") from error
        try:
            yield
        finally:
            if keep:
                print(f"kept: topic {self.name}", file=sys.stderr)
            else:
                self._delete()

    def _delete(self) -> None:
        try:
            self._admin.delete_topics([self.name])[self.name].result(ANSWER_S)
        except (KafkaException, TimeoutError) as error:
            why = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
            print(f"topic {self.name} is still there ({why}): delete it", file=sys.stderr)
