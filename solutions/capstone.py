"""One answer to docs/capstone.md: `python -m helpers capstone solutions/capstone.py`.

Who logged in last from where is state, and it must survive a crash. Here nothing is committed: each
start reads the topic from its beginning and so builds the state anew. The object in the bucket is
the mark that an alert is settled; it is written last, so a crash repeats an alert rather than
losing it. For a topic too long to be read at each start: a compacted topic for the state, and a
transaction that writes alert, state and offset together (lesson 07).
"""

import json
import os
import signal
from datetime import datetime

import boto3
from botocore.exceptions import ClientError
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer

WINDOW_S = 30 * 60
FIELDS = ("event_id", "timestamp", "student_id", "ip")

settings = {
    name: os.environ[f"CAPSTONE_{name}"]
    for name in ("EVENTS", "ALERTS", "GROUP", "BUCKET", "NAMESPACE", "TOPIC_ARN")
}
kafka = json.loads(os.environ["CAPSTONE_KAFKA"])
s3, sns, cloudwatch = (boto3.client(name) for name in ("s3", "sns", "cloudwatch"))
producer = Producer({**kafka, "enable.idempotence": True})
last = {}
stopping = []


def login_in(record):
    """The login in a record; None for any other event and for what is no event at all."""
    try:
        event = json.loads(record.value() or b"")
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") != "login":
        return None
    return event if all(isinstance(event.get(field), str) for field in FIELDS) else None


def alert_after(login):
    """Remember the login; the alert that it raises, or None."""
    at, ip, student = datetime.fromisoformat(login["timestamp"]), login["ip"], login["student_id"]
    before, elsewhere = last.get(student, (at, ip))
    last[student] = (at, ip)
    seconds = (at - before).total_seconds()
    if elsewhere == ip or seconds > WINDOW_S:
        return None
    ips = [elsewhere, ip]
    return {
        "alert_id": login["event_id"],
        "student_id": student,
        "ips": ips,
        "seconds": round(seconds),
    }


def settled(key):
    """Whether the alert's object is there."""
    try:
        s3.head_object(Bucket=settings["BUCKET"], Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def delivered(error, _record):
    if error is not None:
        raise KafkaException(error)


def raise_alert(alert):
    """Topic, mail, metric; at last the object that says: done."""
    key, body = f"alertas/{alert['alert_id']}.json", json.dumps(alert)
    if settled(key):
        return
    producer.produce(settings["ALERTS"], body, alert["student_id"], on_delivery=delivered)
    if producer.flush(30):
        raise SystemExit("Kafka has not taken an alert within 30 s; start again when it answers")
    subject = f"Cuenta en dos sitios: {alert['student_id']}"
    sns.publish(TopicArn=settings["TOPIC_ARN"], Subject=subject, Message=body)
    point = {"MetricName": "SharedAccounts", "Value": 1, "Unit": "Count"}
    cloudwatch.put_metric_data(Namespace=settings["NAMESPACE"], MetricData=[point])
    s3.put_object(Bucket=settings["BUCKET"], Key=key, Body=body)


def from_the_beginning(consumer, partitions):
    for partition in partitions:
        partition.offset = OFFSET_BEGINNING
    consumer.assign(partitions)


signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
group = {
    "group.id": settings["GROUP"],
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
}
with Consumer({**kafka, **group}) as consumer:
    consumer.subscribe([settings["EVENTS"]], on_assign=from_the_beginning)
    while not stopping:
        record = consumer.poll(0.2)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        login = login_in(record)
        alert = alert_after(login) if login else None
        if alert:
            raise_alert(alert)
