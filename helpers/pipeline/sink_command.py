"""`python -m helpers sink`: the S3 sink as a process. Several of one group share the work."""

from __future__ import annotations

import argparse
import ctypes
import gc

from helpers.errors import LabError
from helpers.pipeline.batch import Limits
from helpers.pipeline.filters import drop
from helpers.pipeline.process import MAX_BYTES
from helpers.pipeline.s3_sink import Sink
from helpers.pipeline.schemas import TOPICS
from helpers.pipeline.service import kafka, log_lines, need_topics, overrides, until_signal
from helpers.pipeline.sink_settings import Settings

EXAMPLE = 'a filter such as "duration_s < 5 # opened by mistake"; may be repeated'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add, usual = parser.add_argument, Limits()
    add("bucket")
    add("--topic", default="estudiante-eventos", help="without the prefix of --prefix")
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="a student's own topics and groups on a shared cluster")
    add("--folder", default="", metavar="KEY/", help="in front of all keys in the bucket")
    add("--schema", choices=tuple(TOPICS), help="default: the topic's")
    add("--format", choices=("json", "parquet"), default="json")
    add("--group", default="s3-sink")
    add("--instance", metavar="ID", help="group.instance.id: back at once after a kill")
    add("--records", type=int, default=usual.records, help="flush at multiples of this offset")
    add("--bytes", type=int, default=usual.bytes, help="flush after so many bytes of JSON")
    add("--age", type=float, default=usual.age_s, metavar="S", help="flush after so many seconds")
    add("--drop", action="append", default=[], metavar="RULE", help=EXAMPLE)
    add("--roster", metavar="TOPIC", help="enrich from this compacted topic of students")
    add("--dead-letters", metavar="TOPIC", help="default: the topic's name with -dlq")
    add("--max-bytes", type=int, default=MAX_BYTES, help="longer records are dead letters")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for the consumer")
    add("--verbose", action="store_true", help="a line for every batch")


ARENA_MAX = -8  # of mallopt(3)
COLLECT_AFTER = 20_000  # objects more than there were; a call of the client makes thousands


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C, then upload and commit what was read. Exit status 0 or 1."""
    log_lines(args.verbose)
    told, where = settings(args), kafka(args, aws=True)
    need_topics(where, told.topic)
    sink = run(told, where)
    print(f"stopped: {sink.stored} records in {args.bucket} since the start")
    return 0


def _few_arenas(most: int) -> None:
    """glibc gives threads heaps of their own, and each keeps what it once had: 15 MB and more.

    Two are quicker than one: the client's thread makes the records that ours frees.
    """
    if hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(ARENA_MAX, most)


def _lean_arrow() -> None:
    """Arrow's usual pool keeps 80 MB for later; jemalloc is not built in everywhere."""
    import pyarrow as pa

    try:
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    except NotImplementedError:
        pa.set_memory_pool(pa.system_memory_pool())


def run(settings: Settings, kafka: dict[str, str]) -> Sink:
    """Run a sink until SIGTERM or SIGINT (a second one ends the process as a kill would).

    Raises SinkStopped when it cannot go on.
    """
    parquet = settings.format == "parquet"
    _few_arenas(1 if parquet else 2)
    if parquet:
        _lean_arrow()
    sink = Sink(settings, kafka)
    sink.runs.begin()
    gc.freeze()  # what is there stays: the collector need not look through it again
    gc.set_threshold(COLLECT_AFTER)  # else it looks at the same messages many times
    return until_signal(sink)


def settings(args: argparse.Namespace) -> Settings:
    """The command line as `Settings`. Raises LabError for a value that cannot be."""
    try:
        limits = Limits(args.records, args.bytes, args.age)
    except ValueError:
        raise LabError("--records and --bytes are 1 or more, --age is above 0") from None
    if not args.schema and args.topic not in TOPICS:
        raise LabError(f"say with --schema what {args.topic} holds: {', '.join(TOPICS)}")
    return Settings(
        topic=args.prefix + args.topic,
        bucket=args.bucket,
        prefix=args.folder,
        schema=args.schema or args.topic,
        group=args.prefix + args.group,
        instance=args.instance,
        format=args.format,
        limits=limits,
        drops=tuple(map(drop, args.drop)),
        roster=args.roster and args.prefix + args.roster,
        dead_letters=args.dead_letters and args.prefix + args.dead_letters,
        max_bytes=args.max_bytes,
        kafka=overrides(args.set),
    )
