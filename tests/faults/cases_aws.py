"""Faults of what works on AWS, too: sink, derive, monitor, notify, infra, clean, capstone."""

from __future__ import annotations

from tests.faults.case import Case, Scene
from tests.faults.provoke import DEAD, env_file, no_topic, without_a_lab

NEEDS_ARN = "arn:aws:sns:us-east-1:000000000000:nobody"


def aws_only(region: str, where: str):
    """Keys that nobody made, for `where`."""

    def given(scene: Scene) -> None:
        scene.write(".env", DEAD + f"AWS_DEFAULT_REGION={region}\n".encode())
        scene.env["AWS_ENDPOINT_URL"] = where or scene.env["FAULTS_AWS"]

    return given


CASES = [
    without_a_lab("sink lake"),
    without_a_lab("derive"),
    without_a_lab("monitor"),
    without_a_lab(f"notify --bucket lake --sns-topic {NEEDS_ARN}"),
    without_a_lab("infra status"),
    without_a_lab("clean --prefix nobody-"),
    Case(
        "everything of the account",
        "clean --target cloud",
        "without a prefix everything of the account would be deleted; say which names are yours, "
        "such as --prefix ana-",
        "On the cloud `clean` needs to know whose things it may delete.",
        "Say your prefix; nothing was deleted.",
        lab=False,
    ),
    Case(
        "nothing of yours",
        "clean --prefix nobody- --yes",
        "",
        "Nothing on Kafka, in the registry and on AWS begins with this prefix.",
        "Nothing; or look whether the prefix is yours.",
        status=0,
        prints="nothing here begins with 'nobody-'",
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
        "`--set` gives a parameter of the template its value.",
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
