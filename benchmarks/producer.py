"""How fast can this machine be loaded, and what does measuring cost? As JSON.

`python -m benchmarks.producer [--records 600000] [--rounds 3] [--pairs 9] [--size 200]`

In turn, each into a topic of its own on one local broker, with the same settings:

- `produce`, `produce_batch`: bare loops of these calls that count the delivery reports.
- `generator`: helpers.load's open loop with a schedule that no broker keeps up with.
- `producer_performance`: Kafka's own Java tool, from start to end, and after its first third
  (`_warm`), when Java has compiled what it runs.

The order turns from round to round; the medians count. Then the generator and the bare loop of the
same calls alternate, `--pairs` times with half the records: the median of the ratios counts.
`cpu_us` is processor time of the thread that sends, for each record: it hardly depends on what else
the machine does.
"""

from __future__ import annotations

import argparse
import gc
import json
import secrets
import statistics
import time
from collections.abc import Callable

import numpy as np
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.load import constant, open_loop
from helpers.load.machine import machine, versions
from helpers.load.peer import producer_performance
from helpers.load.values import MOST, Values
from helpers.local import prepare
from helpers.local.kafka import Cluster
from helpers.local.process import Guard

PARTITIONS = 6
# Both clients know these names; what they do not name differs: librdkafka's batch.size is a million
# bytes, Java's 16,384; Java's producer is idempotent unless told otherwise.
SAME = {"acks": "all", "enable.idempotence": "true", "linger.ms": "5", "batch.size": "131072"}
FASTER = 5_000_000  # records a second: more than any broker here takes
Row = dict[str, float]


def counting() -> tuple[Callable, Callable]:
    """A delivery report that counts, and a function that says how many were acknowledged and how
    many failed: the least that a loop must do to know what it has achieved."""
    good = bad = 0

    def done(error, _message) -> None:
        nonlocal good, bad
        if error is None:
            good += 1
        else:
            bad += 1

    return done, lambda: (good, bad)


class Bench:
    """The contenders, against one broker."""

    def __init__(self, kafka: dict, records: int, size: int) -> None:
        self.kafka, self.records, self.size = kafka, records, size
        self._settings = {**kafka, **SAME, "log_level": 0}
        self._admin = AdminClient(kafka)

    def run(self, name: str) -> Row:
        """One contender, in a new topic that is gone afterwards."""
        topic = f"bench-{secrets.token_hex(4)}"
        self._admin.create_topics([NewTopic(topic, PARTITIONS)])[topic].result(30)
        gc.collect()
        try:
            return getattr(self, name)(topic)
        finally:
            self._admin.delete_topics([topic])[topic].result(30)

    def _timed(self, topic: str, loop: Callable) -> Row:
        """Time a loop, from the first call to the last report."""
        producer, (report, counted) = Producer(self._settings), counting()
        producer.list_topics(timeout=10)
        producer.list_topics(topic, timeout=10)
        messages = Values(self.size).messages(0, np.zeros(MOST))
        busy, began = time.thread_time(), time.perf_counter()
        loop(producer, topic, messages, report)
        producer.flush(120)
        took, busy = time.perf_counter() - began, time.thread_time() - busy
        good, bad = counted()
        if good != self.records or bad:
            raise SystemExit(f"{good} of {self.records} records acknowledged, {bad} failed")
        return {"rate": good / took, "cpu_us": busy / good * 1e6}

    def produce(self, topic: str) -> Row:
        def loop(producer, topic, messages, report) -> None:
            value, send, poll = messages[0]["value"], producer.produce, producer.poll
            for number in range(self.records):
                while True:
                    try:
                        send(topic, value, on_delivery=report)
                        break
                    except BufferError:
                        poll(0.01)
                if not number % MOST:
                    poll(0)

        return self._timed(topic, loop)

    def produce_batch(self, topic: str) -> Row:
        def loop(producer, topic, messages, report) -> None:
            left = self.records
            while left:
                part = messages[:left]
                taken = producer.produce_batch(topic, part, on_delivery=report)
                left -= taken
                if taken == len(part):
                    producer.poll(0)
                else:
                    for message in part:
                        message.pop("_error", None)
                    producer.poll(0.01)

        return self._timed(topic, loop)

    def generator(self, topic: str) -> Row:
        producer = Producer(self._settings)
        schedule = constant(FASTER, self.records / FASTER)
        busy = time.thread_time()
        found = open_loop(producer, topic, schedule, self.size, drain=120)
        busy = time.thread_time() - busy
        if found.acknowledged != self.records:
            raise SystemExit(f"{found.acknowledged} of {self.records} records acknowledged")
        return {"rate": found.rate, "cpu_us": busy / self.records * 1e6}

    def producer_performance(self, topic: str) -> Row:
        servers, warm = self.kafka["bootstrap.servers"], self.records // 3
        whole, steady = producer_performance(
            servers, topic, self.records, self.size, SAME, warmup=warm
        )
        return {"rate": whole.rate, "warm_rate": steady.rate}


ORDER = ("produce_batch", "generator", "produce", "producer_performance")


def compare(kafka: dict, records: int, rounds: int, pairs: int, size: int) -> dict:
    """All contenders, `rounds` times."""
    bench = Bench(kafka, records, size)
    found: dict[str, list[Row]] = {name: [] for name in ORDER}
    Bench(kafka, records // 5, size).run("generator")  # the broker has compiled its part
    for number in range(rounds):
        for name in ORDER if number % 2 else reversed(ORDER):
            found[name].append(bench.run(name))
    rate = {name: statistics.median(row["rate"] for row in rows) for name, rows in found.items()}
    warm = statistics.median(row["warm_rate"] for row in found["producer_performance"])
    peer = rate["producer_performance"]
    half = Bench(kafka, records // 2, size)
    both: dict[str, list[Row]] = {"generator": [], "produce_batch": []}
    for number in range(pairs):
        for name in both if number % 2 else reversed(both):
            both[name].append(half.run(name))
    of_bare = [a["rate"] / b["rate"] for a, b in zip(*both.values(), strict=True)]
    cpu = {n: statistics.median(row["cpu_us"] for row in rows) for n, rows in both.items()}
    cpu["produce"] = statistics.median(row["cpu_us"] for row in found["produce"])
    return {
        "records": records,
        "bytes": size,
        "rounds": rounds,
        "settings": SAME,
        "rate": {name: round(n) for name, n in {**rate, "producer_performance_warm": warm}.items()},
        "times_producer_performance": {n: round(rate[n] / peer, 2) for n in ORDER[:3]},
        "times_producer_performance_warm": {n: round(rate[n] / warm, 2) for n in ORDER[:3]},
        "generator_of_bare": round(statistics.median(of_bare), 3),
        "generator_of_bare_each": [round(ratio, 2) for ratio in of_bare],
        "cpu_us": {name: round(micros, 3) for name, micros in cpu.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--size", type=int, default=200)
    args = parser.parse_args()
    prepare.kafka_ready()
    guard = Guard()
    try:
        cluster = Cluster(guard)
        cluster.start()
        result = compare(cluster.client(), args.records, args.rounds, args.pairs, args.size)
    finally:
        guard.end()
    print(json.dumps({**result, "versions": versions(), "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
