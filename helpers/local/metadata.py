"""Ask a broker who is in the cluster: how everything here waits for brokers."""

from __future__ import annotations

import contextlib
import threading

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient


def known_brokers(config: dict[str, str], seconds: float = 0.4) -> list[int]:
    """The ids of the brokers in the metadata that a client with `config` is answered, else [].

    Asked in a thread: when a client is freed while Ctrl-C arrives, confluent-kafka 2.16 leaves the
    KeyboardInterrupt pending in whatever comes next (a SystemError). Python handles signals in the
    main thread only, so a client that lives and ends in another one is out of its way.
    """
    # Level 0: while a broker starts, refused connections are no news.
    quick = {"log_level": 0, "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 30}
    found: list[int] = []

    def ask() -> None:
        with contextlib.suppress(KafkaException):
            found.extend(AdminClient({**config, **quick}).list_topics(timeout=seconds).brokers)

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    asker.join()
    return found
