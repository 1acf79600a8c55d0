"""The demo's dashboard shows what is in Kafka and on AWS, says what is wrong, and ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import boto3
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from helpers.checks.topic import fresh
from helpers.lab import start_lab
from helpers.local.process import wait_until
from helpers.show.dashboard import Dashboard, alarm, sparkline

TOPICS = ["estudiante-eventos", "sistema-logs"]
LATENCY = {"Namespace": "Tablero", "MetricName": "Latency", "Dimensions": []}
SECONDS = 30


@pytest.fixture(scope="module")
def campus():
    """A broker and an AWS with two topics, a bucket and an alarm."""
    lab = start_lab(aws=True, own=True)
    admin = AdminClient(lab.kafka)
    for topic in TOPICS:
        fresh(admin, topic, 2)
    bucket = lab.bucket_name("tablero")
    boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="tablero-lento",
        Namespace="Tablero",
        MetricName="Latency",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    yield SimpleNamespace(lab=lab, bucket=bucket)
    lab.stop()


@pytest.fixture
def board(campus):
    board = Dashboard(
        campus.lab.kafka,
        TOPICS,
        groups={"reader": TOPICS[0]},
        bucket=campus.bucket,
        folder="topic=",
        latency=LATENCY,
        alarms="tablero-",
        inbox=campus.lab.inbox,
        seconds=60,
    )
    yield board
    board.stop()


def shown(board: Dashboard) -> str:
    """What it says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", board.value))


def test_shows_records_lag_objects_alarms_and_latency(campus, board):
    with Producer(campus.lab.kafka) as producer:
        for number in range(20):
            value = b'{"type": "login", "device": "web <b>"}'
            producer.produce(TOPICS[0], key=f"E{number:06d}", value=value)
        producer.produce(TOPICS[1], key=b"notas", value=b"not json")
    with Consumer({**campus.lab.kafka, "group.id": "reader"}) as reader:
        reader.commit(offsets=[TopicPartition(TOPICS[0], 0, 0)], asynchronous=False)
    boto3.client("s3").put_object(
        Bucket=campus.bucket, Key="topic=a/a+0+one.jsonl.gz", Body=b"12345"
    )
    boto3.client("s3").put_object(Bucket=campus.bucket, Key="_plans/one", Body=b"1")
    point = {"MetricName": "Latency", "Timestamp": datetime.now(UTC), "Unit": "Milliseconds"}
    data = [{**point, "Values": [10.0, 90.0], "Counts": [98.0, 2.0], "StorageResolution": 1}]
    boto3.client("cloudwatch").put_metric_data(Namespace="Tablero", MetricData=data)

    wanted = (
        "estudiante-eventos · 20",
        "sistema-logs · 1",
        "Objetos en S3 · 1",
        "0+one.jsonl.gz 5 B",
    )
    wanted += ("tablero-lento", "not json", "web <b>".replace("<", "&lt;").replace(">", "&gt;"))
    wanted += ("Retraso de reader 20", "10 / 90 ms")
    assert wait_until(lambda: all(word in shown(board) for word in wanted), SECONDS), shown(board)
    assert wait_until(lambda: max(board.topics.rates) > 0, SECONDS)
    assert "_plans" not in shown(board)
    assert repr(board) == "the dashboard of the demo: run this cell to see it"


def test_a_bucket_that_is_gone_is_said_and_the_rest_goes_on(campus, board):
    board.cloud._bucket = campus.lab.bucket_name("nobody")
    assert wait_until(lambda: "NoSuchBucket" in shown(board), SECONDS), shown(board)
    board.cloud._bucket = campus.bucket
    assert wait_until(lambda: "NoSuchBucket" not in shown(board), SECONDS), shown(board)


def test_a_new_one_ends_the_old_and_its_time_ends_it(campus, board):
    settings = {"groups": {}, "bucket": campus.bucket, "latency": LATENCY, "alarms": "tablero-"}
    second = Dashboard(campus.lab.kafka, TOPICS, **settings, seconds=1)
    assert not board._thread.is_alive()
    assert wait_until(lambda: "detenido" in shown(second), SECONDS)
    assert not second.topics.is_alive()
    assert not second.cloud.is_alive()


def test_an_alarm_is_told_by_sign_word_and_colour():
    told = alarm("a<b", "ALARM")
    assert "▲ ALARM" in told
    assert "a&lt;b" in told


def test_a_curve_ends_at_its_right_edge_and_is_named():
    drawn = sparkline([0, 5, 10], "#000000", "Mensajes")
    assert "aria-label='Mensajes, último minuto'" in drawn
    points = re.search(r"points='([^']*)'", drawn)[1].split()
    assert [point.split(",")[1] for point in points] == ["32.0", "17.0", "2.0"]
    assert points[-1].startswith("180.0")
