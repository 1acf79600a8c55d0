"""Faults of the system's commands: topics, produce, web, sink, derive, monitor, notify, infra."""

from __future__ import annotations

import socket

from tests.faults.case import Case, Scene

NO_LAB = "no shared lab is running; start one first: python -m helpers up"
LOST = "Nothing was begun."
START = "`python -m helpers up`, then the same again."
DEAD = (
    b"BOOTSTRAP_SERVERS=127.0.0.1:1\nKAFKA_API_KEY=KEY\nKAFKA_API_SECRET=SECRET\n"
    b"AWS_ACCESS_KEY_ID=AKIAX\nAWS_SECRET_ACCESS_KEY=x\n"
)
NEEDS_ARN = "arn:aws:sns:us-east-1:000000000000:nobody"


def env_file(content: bytes):
    def given(scene: Scene) -> None:
        scene.write(".env", content)

    return given


def aws_only(region: str, where: str):
    """Keys that nobody made, for `where`."""

    def given(scene: Scene) -> None:
        scene.write(".env", DEAD + f"AWS_DEFAULT_REGION={region}\n".encode())
        scene.env["AWS_ENDPOINT_URL"] = where or scene.env["FAULTS_AWS"]

    return given


def take_a_port(scene: Scene) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    scene.taken = listener  # kept open as long as the scene
    scene.words += ["--port", str(listener.getsockname()[1])]


def without_a_lab(words: str) -> Case:
    about = "The command works on the shared lab, and none runs."
    return Case("no lab", words, NO_LAB, about, START, lab=False)


def no_topic(words: str, says: str) -> Case:
    about = "The topics are not there; with `--prefix` it looks for names that begin so."
    return Case("no topic", f"{words} --prefix nobody-", says, about, "What the line says.")


CASES = [
    without_a_lab("topics"),
    without_a_lab("produce --count 1"),
    without_a_lab("web"),
    without_a_lab("sink lake"),
    without_a_lab("derive"),
    without_a_lab("monitor"),
    without_a_lab(f"notify --bucket lake --sns-topic {NEEDS_ARN}"),
    without_a_lab("infra status"),
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
    no_topic(
        "derive",
        "there is no topic nobody-estudiante-eventos; create it: python -m helpers topics "
        "--prefix nobody-",
    ),
    no_topic(
        "sink faults-lake",
        "there is no topic nobody-estudiante-eventos; create it: python -m helpers topics "
        "--prefix nobody-",
    ),
    no_topic(
        "monitor",
        "there is no topic nobody-estudiante-eventos; create it: python -m helpers topics "
        "--prefix nobody-",
    ),
    no_topic(
        f"notify --bucket faults-lake --sns-topic {NEEDS_ARN}",
        "there is no topic nobody-notificaciones; create it: python -m helpers topics "
        "--prefix nobody-",
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
    Case(
        "no bucket",
        "sink nobody-lake --prefix ok-",
        "bucket nobody-lake is gone; nothing unwritten was committed: create it, or name another",
        "It was never made, or deleted, or is another region's.",
        "Create it (`python -m helpers infra deploy` does), start the sink again: it goes on "
        "where it was.",
    ),
    Case(
        "a name that is no bucket's",
        "sink 'My Lake!' --prefix ok-",
        "'My Lake!' cannot be a bucket: 3 to 63 of a-z 0-9 . -, as in ana-lake",
        "S3 has its own rules for names.",
        "Another name.",
    ),
    Case(
        "a batch of nothing",
        "sink lake --records 0",
        "--records and --bytes are 1 or more, --age is above 0",
        "A batch has at least one record.",
        "`--records 50000` is the default.",
    ),
    Case(
        "a filter that is none",
        "sink lake --drop 'duration_s <'",
        "'duration_s <' is no filter; write it like 'duration_s < 5 # opened by mistake', with "
        "one of == != < <= > >= in, not in",
        "The rule has no value to compare with.",
        "As the line shows.",
    ),
    Case(
        "a topic of which nothing is known",
        "sink lake --topic ventas",
        "say with --schema what ventas holds: estudiante-eventos, sistema-logs, notificaciones",
        "The sink checks each record against a schema.",
        "`--schema`, as the line says.",
    ),
    Case(
        "a setting without a value",
        "derive --set retries",
        "--set takes NAME=VALUE, not retries",
        "`--set` is for settings of the Kafka client.",
        "`--set session.timeout.ms=10000`, say.",
    ),
    Case(
        "a setting that Kafka does not know",
        "sink faults-lake --prefix ok- --set retry.everything=1",
        'Kafka says: No such configuration property: "retry.everything"; look at: python -m '
        "helpers doctor",
        "A typing error; the names are those of librdkafka's CONFIGURATION.md.",
        "Correct the name.",
    ),
    Case(
        "Ctrl-C while deriving",
        "derive --prefix ok- --verbose",
        "…",
        "You stopped it; what it had taken is committed.",
        "Nothing.",
        status=0,
        prints="stopped: … records read, … notifications, 0 dead letters",
        interrupt=lambda scene: "took over" in scene.said(),
    ),
    Case(
        "an interval of nothing",
        "monitor --every 0",
        "every is a number of seconds from 1 to 3600, not 0",
        "CloudWatch's finest points are a second long.",
        "`--every 10` is the default.",
    ),
    Case(
        "days that CloudWatch does not keep",
        "monitor --retention-days 15",
        "CloudWatch Logs keeps lines for one of (1, 3, 5, 7, 14, …) days",
        "CloudWatch has a list of its own.",
        "One of the list.",
    ),
    Case(
        "nowhere to publish",
        "notify --bucket lake",
        "say with --sns-topic where to publish: the ARN of an SNS topic",
        "Without it nobody can be told.",
        "`python -m helpers infra status` prints the ARN.",
    ),
    Case(
        "no SNS topic",
        f"notify --bucket faults-lake --prefix ok- --sns-topic {NEEDS_ARN}",
        "SNS does not take messages for … (NotFound Topic does not exist: …); nothing unsettled "
        "was committed: create the SNS topic, or name another with --sns-topic",
        "It was never made, or deleted.",
        "`python -m helpers infra deploy` makes one; start again, it goes on where it was.",
    ),
    Case(
        "no bucket for the history",
        "notify --bucket nobody-lake --unsettled",
        "bucket nobody-lake is gone; nothing unwritten was committed: create it, or name another",
        "It was never made, or deleted.",
        "Name the bucket that the notifier writes to.",
    ),
    Case(
        "an event that is settled or unknown",
        "notify --bucket faults-lake --settle 0000",
        "0000 is not unsettled…",
        "Only what `--unsettled` lists can be decided by hand.",
        "`--unsettled` lists it.",
    ),
    Case(
        "a parameter without a value",
        "infra deploy --set MaxLag",
        "--set takes NAME=VALUE, such as --set MaxLag=100",
        "",
        "As the line says.",
    ),
    Case(
        "a parameter that the template has not",
        "infra deploy --set Max=1",
        "AWS: Parameters: [Max] do not exist in the template",
        "infra/README.md lists them.",
        "Correct the name. Nothing was changed.",
    ),
    Case(
        "no e-mail address",
        "infra deploy --email nobody",
        "AWS: Parameter 'Email' must be empty or one address, such as docente@example.com",
        "The template checks it before anything is made.",
        "An address.",
    ),
    Case(
        "no stack",
        "infra status",
        "",
        "It was never deployed under this prefix, or is deleted.",
        "`python -m helpers infra deploy`, perhaps with `--prefix`.",
        prints="there is no stack aula-streaming",
    ),
    Case(
        "a region that there cannot be",
        "infra status --target cloud",
        "AWS cannot be reached: Provided region_name 'us east' doesn't match a supported format.; "
        "check the network, region and keys",
        "`AWS_DEFAULT_REGION` has a typing error.",
        "`us-east-1`, say.",
        given=aws_only("us east", "http://127.0.0.1:9"),
    ),
    Case(
        "no region",
        "infra status --target cloud",
        'target="cloud" needs AWS_DEFAULT_REGION for AWS (AWS_ACCESS_KEY_ID, '
        "AWS_SECRET_ACCESS_KEY set: they go together); copy .env.example to .env and fill it in "
        '(docs/cloud.md), or use target="local"',
        "Keys alone do not say where.",
        "Add `AWS_DEFAULT_REGION`.",
        given=env_file(DEAD),
    ),
    Case(
        "AWS cannot be reached",
        "infra status --target cloud",
        'AWS cannot be reached: Could not connect to the endpoint URL: "http://127.0.0.1:9/"; '
        "check the network, region and keys",
        "No network, or a region that AWS does not have.",
        "Connect; compare `AWS_DEFAULT_REGION`.",
        given=aws_only("us-east-1", "http://127.0.0.1:9"),
    ),
    Case(
        "AWS does not know the keys",
        "infra status --target cloud",
        "AWS refused the credentials (…); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "the profile (aws sts get-caller-identity)",
        "The keys are wrong, or were deleted.",
        "New keys into `.env` (docs/cloud.md).",
        given=aws_only("us-east-1", ""),
        env={"FAULTS_AWS": "{AWS}"},
    ),
    Case(
        "no program to check",
        "capstone {T}/answer.py",
        "there is no file …/answer.py; name the program to check",
        "A typing error, or another folder.",
        "The path of your program.",
    ),
]
