"""Faults of what works on Kafka alone: topics, produce, web."""

from __future__ import annotations

import socket

from tests.faults.case import Case, Scene
from tests.faults.provoke import DEAD, env_file, no_topic, without_a_lab

LOST = "Nothing was begun."


def take_a_port(scene: Scene) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    scene.taken = listener  # kept open as long as the scene
    scene.words += ["--port", str(listener.getsockname()[1])]


CASES = [
    without_a_lab("topics"),
    without_a_lab("produce --count 1"),
    without_a_lab("web"),
    no_topic(
        "produce --count 1",
        "no topic nobody-estudiante-eventos and nobody-sistema-logs here, or your key may not "
        "see it; create it: python -m helpers topics --prefix nobody-",
    ),
    no_topic(
        "web",
        "no topic nobody-estudiante-eventos, nobody-sistema-logs, nobody-notificaciones here, or "
        "your key may not see it; create it: python -m helpers topics --prefix nobody-",
    ),
    Case(
        "no .env",
        "topics --target cloud",
        'target="cloud" needs BOOTSTRAP_SERVERS, KAFKA_API_KEY, KAFKA_API_SECRET for Kafka; '
        'copy .env.example to .env and fill it in (docs/cloud.md), or use target="local"',
        "`--target cloud` is for accounts of your own.",
        "As the line says.",
    ),
    Case(
        "half of .env",
        "topics --target cloud",
        'target="cloud" needs KAFKA_API_KEY, KAFKA_API_SECRET for Kafka (BOOTSTRAP_SERVERS set: '
        "they go together); copy .env.example to .env and fill it in (docs/cloud.md), or use "
        'target="local"',
        "Some variables are set, the named ones are not.",
        "Fill in those.",
        given=env_file(b"BOOTSTRAP_SERVERS=127.0.0.1:1\nKAFKA_API_KEY=\n"),
    ),
    Case(
        ".env is no text",
        "topics --target cloud",
        "cannot read …/.env: …; it must be a UTF-8 text file you may read",
        "A word processor saved it, say.",
        "Copy `.env.example` again and edit it with JupyterLab.",
        given=env_file(b"X=\xff\xfe\n"),
    ),
    Case(
        "nobody at the cloud's address",
        "topics --target cloud",
        "nothing answers at 127.0.0.1:1 within 12 s (…); check BOOTSTRAP_SERVERS and that the "
        "network lets port 1 through",
        "A wrong address, or a network that lets only web pages through.",
        "Compare it with the cluster's settings; try another network.",
        given=env_file(DEAD),
    ),
    Case(
        "a prefix that no topic can have",
        "topics --prefix 'my topics'",
        "'my topics' cannot be a prefix: at most 40 of A-Z a-z 0-9 . _ - and first a letter or "
        "digit, such as ana-",
        "Kafka allows these letters only.",
        "`--prefix my-`, say.",
    ),
    Case(
        "a negative rate",
        "produce --rate -1",
        "python -m helpers produce: error: argument --rate: -1 is too small or too large",
        "Events a second are above 0.",
        "`--rate 50`, say.",
        status=2,
    ),
    Case(
        "a negative seed",
        "produce --seed -1",
        "python -m helpers produce: error: argument --seed: -1 is too small or too large",
        "The seed is 0 or more.",
        "`--seed 7`, say.",
        status=2,
    ),
    Case(
        "nobody at that address",
        "produce --bootstrap 127.0.0.1:1 --count 1",
        "nobody answers at 127.0.0.1:1 within 10 s; look whether it is up: python -m helpers "
        "doctor",
        "No broker listens there.",
        LOST + " Correct the address, or start the broker.",
    ),
    Case(
        "a file that cannot be written",
        "produce --bootstrap {B} --prefix ok- --count 1 --acks-file {T}/no/acks",
        "cannot write …/no/acks: No such file or directory; name another file",
        "The folder is not there, or not yours.",
        LOST + " Name another file.",
    ),
    Case(
        "the disk fills up",
        "produce --bootstrap {B} --prefix ok- --rate 1000 --count 300 --acks-file /dev/full",
        "cannot write /dev/full: No space left on device; stopped",
        "The file could not grow. Events that were sent are in Kafka; the summary counts them.",
        "Free some space.",
        prints=None,
    ),
    Case(
        "Ctrl-C while producing",
        "produce --bootstrap {B} --prefix ok- --rate 100 --acks-file {T}/acks",
        "",
        "You stopped it; it waited for the last answers and prints what became of all events.",
        "Nothing.",
        status=130,
        prints=None,
        interrupt=lambda scene: (
            (scene.path / "acks").exists() and (scene.path / "acks").stat().st_size > 500
        ),
    ),
    Case(
        "a port that is taken",
        "web --prefix ok-",
        "cannot listen on port … of 127.0.0.1 (Address already in use); choose another with "
        "--port, or leave it out and get a free one",
        "Another program has it.",
        "Leave `--port` out.",
        given=take_a_port,
    ),
    Case(
        "a port that there is not",
        "web --prefix ok- --port 70000",
        "cannot listen on port 70000 of 127.0.0.1 (…); choose another with --port, or leave it "
        "out and get a free one",
        "Ports end at 65535.",
        "Leave `--port` out.",
    ),
]
