"""Faults of what lessons call: start_lab, checks, generator, cleanup. Each prints what it caught."""

from __future__ import annotations

from tests.faults.case import Case

TRY = """from helpers.errors import LabError
from helpers.lab import start_lab
try:
    {0}
except LabError as error:
    print(*error._render_traceback_())
"""


def call(name: str, code: str, says: str, happened: str, do: str, **more) -> Case:
    """Code in a try: what a cell shows is the line, and not a traceback."""
    shown = f"LabError: {says}"
    more = {"status": 0, "prints": shown, "lab": False, "python": True, **more}
    return Case(name, TRY.replace("{0}", code), "", happened, do, **more)


CASES = [
    call(
        "a target that there is not",
        "start_lab('mars')",
        'target is "local" or "cloud", not \'mars\'',
        "The first cell says where the lesson runs.",
        'target = "local"',
    ),
    call(
        "too many brokers",
        "start_lab(brokers=9)",
        "brokers is a number from 1 to 5, not 9: each takes 350 MB",
        "A laptop holds five at most.",
        "Three are enough for every lesson.",
    ),
    call(
        "a prefix that no topic can have",
        "start_lab(prefix='josé ')",
        "'josé ' cannot be a prefix: at most 40 of A-Z a-z 0-9 . _ - and first a letter or "
        "digit, such as ana-",
        "Topics, groups and buckets begin with it.",
        'prefix = "jose-"',
    ),
    call(
        "the cloud without .env",
        "start_lab('cloud', aws=True)",
        'target="cloud" needs BOOTSTRAP_SERVERS, KAFKA_API_KEY, KAFKA_API_SECRET for Kafka; '
        'copy .env.example to .env and fill it in (docs/cloud.md), or use target="local"',
        "Accounts of your own are needed for that.",
        'Fill in `.env` (docs/cloud.md), or target = "local".',
    ),
    call(
        "a bucket's name without AWS",
        "start_lab(quiet=True).bucket_name('lake')",
        "start_lab(aws=True) first: a bucket's name contains the AWS account",
        "The lab was started without AWS.",
        "`start_lab(aws=True)`.",
        lab=True,
    ),
    call(
        "no network, first start",
        "start_lab(own=True)",
        "no network: cannot fetch … (ConnectionError); connect once (or use a kit, see README and "
        "docs/install.md) and run the same again",
        "Kafka is downloaded once, 45 MB.",
        "Connect, or use a kit (docs/install.md); run the cell again.",
        prints="Fetching kafka, once: … files, … MB, into …\nLabError: no network: cannot fetch "
        "… (ConnectionError); connect once (or use a kit, see README and docs/install.md) and run "
        "the same again",
        env={"AWS_CONFLUENT_HOME": "{T}/home", "AWS_CONFLUENT_MAVEN": "http://127.0.0.1:9"},
    ),
    Case(
        "an answer of the wrong kind",
        "from helpers.exercises import check\ncheck('02.2', 5, topic='t', kafka={})",
        "",
        "The check of an exercise never stops the lesson: it says what it could not do.",
        "Read the task again: it says of what kind the answer is.",
        status=0,
        prints="❌ the answer could not be checked: TypeError: 'int' object is not iterable",
        lab=False,
        python=True,
    ),
    Case(
        "an exercise that was not tried",
        "from helpers.exercises import check\ncheck('02.2', None, topic='t', kafka={})",
        "",
        "The cell is as it came.",
        "Try it.",
        status=0,
        prints="⬜ not answered yet: pair = two student ids, for instance ('E100000', 'E100001')",
        lab=False,
        python=True,
    ),
    Case(
        "a bad seed",
        "from helpers.pipeline.events import generate\n"
        "try:\n    generate(-1)\nexcept ValueError as error:\n    print(error)",
        "",
        "The generator refuses at once what it cannot use.",
        "A seed of 0 or more.",
        status=0,
        prints="seed must be …",
        lab=False,
        python=True,
    ),
    Case(
        "a topic that is gone already",
        "from confluent_kafka.admin import AdminClient\n"
        "from helpers.cleanup import drop_topics\nfrom helpers.lab import start_lab\n"
        "print(drop_topics(AdminClient(start_lab(quiet=True).kafka), 'nobody-topic'))",
        "",
        "Cleaning up twice is no error: it says what it really removed, here nothing.",
        "Nothing.",
        status=0,
        prints="[]",
        python=True,
    ),
]
