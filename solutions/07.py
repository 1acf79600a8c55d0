"""Answers to lesson 07's exercises."""

# exercise-1


def my_worker(kafka, source, output, group, last, crash_at):
    consumer = open_consumer(kafka, source, group)
    producer = Producer({**kafka, "linger.ms": 60_000})
    for batch in batches(consumer, last):
        for record in batch:
            crash_if(record, crash_at)
            event = notification_of(json.loads(record.value()))
            producer.produce(output, event.value_bytes, event.key_bytes, on_delivery=insist)
        assert producer.flush(30) == 0
        consumer.commit(asynchronous=False)
    consumer.close()


# exercise-1 wrong: produce-means-delivered


def my_worker(kafka, source, output, group, last, crash_at):  # noqa: F811
    consumer = open_consumer(kafka, source, group)
    producer = Producer({**kafka, "linger.ms": 60_000})
    for batch in batches(consumer, last):
        for record in batch:
            crash_if(record, crash_at)
            event = notification_of(json.loads(record.value()))
            producer.produce(output, event.value_bytes, event.key_bytes)
            producer.poll(0)
        consumer.commit(asynchronous=False)
    producer.flush(30)
    consumer.close()


# exercise-1 wrong: finally-runs-in-a-crash


def my_worker(kafka, source, output, group, last, crash_at):  # noqa: F811
    consumer = open_consumer(kafka, source, group)
    producer = Producer({**kafka, "linger.ms": 60_000})
    try:
        for batch in batches(consumer, last):
            for record in batch:
                crash_if(record, crash_at)
                event = notification_of(json.loads(record.value()))
                producer.produce(output, event.value_bytes, event.key_bytes)
            consumer.commit(asynchronous=False)
    finally:
        producer.flush(30)
        consumer.close()


# exercise-2


def key_of(record):
    return json.loads(record.value())["event_id"]


# exercise-2 wrong: an-offset-names-the-event


def key_of(record):  # noqa: F811
    return f"{record.topic()}/{record.partition()}/{record.offset()}"


# exercise-2 wrong: the-record-key-is-unique


def key_of(record):  # noqa: F811
    return record.key()
