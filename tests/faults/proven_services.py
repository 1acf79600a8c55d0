"""Faults of the services that tests elsewhere provoke: a broker killed, S3 that refuses."""

from __future__ import annotations

from tests.faults.case import Proven as P

GOES_ON = "Start it again when that is mended: it goes on where it was, nothing is missing."
PROVEN = [
    P(
        "produce, topics, web, sink …",
        "the cloud refuses the API key",
        "… is there but refused the API key (…); check KAFKA_API_KEY and KAFKA_API_SECRET (a new "
        "key needs a minute to be known)",
        "Key and secret do not belong together, or were deleted.",
        "A new key into `.env` (docs/cloud.md).",
        "tests/test_produce.py::test_on_the_cloud_a_wrong_secret_is_one_line",
    ),
    P(
        "produce, topics, web, sink …",
        "a certificate that is not trusted",
        "… did not agree on TLS: …; on Confluent Cloud leave KAFKA_CA_LOCATION empty, elsewhere it "
        "names the authority's PEM file",
        "`KAFKA_CA_LOCATION` names the wrong file, or something in between reads along.",
        "As the line says.",
        "tests/lab/test_configuration.py::test_a_certificate_that_is_not_trusted",
    ),
    P(
        "produce",
        "the broker goes away",
        "… events failed…; they may be in Kafka or not",
        "The summary counts what was acknowledged; only that is certain.",
        "Start the broker; send what failed again: the events have an id.",
        "tests/test_produce.py::test_a_broker_that_goes_away_is_said_and_counted",
    ),
    P(
        "produce",
        "more than the machine can send",
        "could not keep to … events a second: up to … s late; send fewer, or start a second "
        "process",
        "One process has an end.",
        "As the line says.",
        "tests/test_produce.py::test_a_schedule_that_cannot_be_kept_is_said",
    ),
    P(
        "sink",
        "a malformed record",
        "dlq.cause",
        "It goes to the topic of dead letters, with where it was and why; the rest goes on.",
        "Read the dead letters; lesson 12 shows how.",
        "tests/sink/test_faults.py::test_dead_letters_say_where_they_are_from",
        elsewhere=True,
    ),
    P(
        "sink",
        "S3 does not work",
        "S3 did not take … … in … tries (…); nothing unwritten was committed: start the sink again "
        "when S3 is well",
        "Throttled, out of order or out of reach for half a minute.",
        GOES_ON,
        "tests/sink/test_faults.py::test_a_limit_to_retries_and_nothing_committed",
    ),
    P(
        "sink",
        "rights are missing",
        "access denied to … in bucket …; nothing unwritten was committed: the sink needs "
        "s3:PutObject, s3:GetObject and s3:ListBucket there",
        "The keys' policy does not allow it.",
        "The policy that `infra deploy` makes for the sink. " + GOES_ON,
        "tests/sink/test_faults.py::test_access_denied_under_iam",
    ),
    P(
        "sink",
        "wrong keys",
        "AWS does not know these credentials: …",
        "The keys are wrong or expired.",
        "New keys. " + GOES_ON,
        "tests/sink/test_faults.py::test_wrong_keys",
    ),
    P(
        "sink",
        "a topic made anew",
        "partition … of … gave offset …, and the bucket has all before …: was the topic deleted "
        "and made anew? Give the sink another prefix for it",
        "Its offsets begin again, and names in the bucket come from offsets.",
        "`--folder`, as the line says.",
        "tests/sink/test_lanes.py::test_a_topic_made_anew_is_refused",
    ),
    P(
        "sink",
        "the process is killed",
        "",
        "The next one finishes what was begun: every record once.",
        "Start it again.",
        "tests/sink/test_kills.py::test_sigkill_at_random_points",
        elsewhere=True,
    ),
    P(
        "derive",
        "a mark that is none",
        "dlq.cause",
        "It goes to the dead letters; the rest goes on.",
        "Read the dead letters.",
        "tests/notify/test_derive.py::test_dead_letters_and_the_rest_goes_on",
        elsewhere=True,
    ),
    P(
        "monitor",
        "rights are missing",
        "access denied: the monitor needs …; what was not sent is not committed either",
        "The line names the permission.",
        "The policy that `infra deploy` makes for the monitor. " + GOES_ON,
        "tests/monitor/test_faults.py::test_metrics_denied",
    ),
    P(
        "monitor",
        "CloudWatch is away for long",
        "… has taken no data for … s (…); what was not sent is not committed: start the monitor "
        "again when it is well",
        "After an hour it gives up (`--give-up`).",
        GOES_ON,
        "tests/monitor/test_keeping.py::test_it_gives_up_after_a_while",
    ),
    P(
        "notify",
        "SNS answers nothing, three times",
        "… notifications in a row were perhaps sent and perhaps not (…); see notify --unsettled, "
        "and start it again when SNS is well",
        "Nobody can know whether a message without an answer was sent.",
        "`--unsettled` lists them: `--settle` or `--resend` each.",
        "tests/notify/test_sns_faults.py::test_an_outage_costs_three_and_a_person_hears_of_them",
    ),
    P(
        "infra",
        "a bucket that is not empty",
        "… holds … objects, so nothing was deleted",
        "Data are not deleted by accident.",
        "`infra delete --empty` deletes them, too.",
        "tests/infra/test_command.py::test_a_stack_from_the_command_line",
        elsewhere=True,
    ),
    P(
        "web",
        "a click while Kafka is away",
        "puede estar guardado o no",
        "The page says that nothing is certain; a second click is the same event.",
        "Click again when the page says that Kafka is back.",
        "tests/web/test_faults.py::test_no_broker_is_no_success_and_a_retry_is_the_same_event",
        elsewhere=True,
    ),
    P(
        "web",
        "a body that is no request",
        "La petición no es JSON bien formado",
        "Another program than the page sent it; no record was made.",
        "Send what the page sends.",
        "tests/web/test_portal.py::test_bodies_that_are_no_request",
    ),
    P(
        "capstone",
        "a program that stops by itself",
        "it ended by itself: …",
        "Its last line follows.",
        "Mend that, check again.",
        "tests/test_capstone.py::test_a_wrong_answer_is_found",
    ),
]
