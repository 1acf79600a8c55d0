"""Answers to lesson 05's exercises. tests/notebooks puts each into the lesson and runs it."""


# exercise-1
def deliver_all(producer, topic, values):
    for value in values:
        send(producer, topic, value, None, None)
    assert producer.flush(30) == 0


deliver = deliver_all


# exercise-1 wrong: a-full-queue-is-an-error-to-ignore
def deliver_a_full(producer, topic, values):
    for value in values:
        try:
            producer.produce(topic, value)
        except BufferError:
            continue
    producer.flush(30)


deliver = deliver_a_full


# exercise-1 wrong: waiting-makes-room
def deliver_waiting_makes(producer, topic, values):
    for value in values:
        for _ in range(3):
            try:
                producer.produce(topic, value)
                break
            except BufferError:
                time.sleep(0.01)
    producer.flush(30)


deliver = deliver_waiting_makes


# exercise-1 wrong: start-again-from-the-top
def deliver_start_again(producer, topic, values):
    for size in (20, len(values)):
        for value in values[:size]:
            send(producer, topic, value, None, None)
    producer.flush(30)


deliver = deliver_start_again


# exercise-1 wrong: produced-is-delivered
def deliver_produced_is(producer, topic, values):
    for value in values:
        send(producer, topic, value, None, None)


deliver = deliver_produced_is


# exercise-2
def undelivered_of(producer, topic, records):
    missing = set()

    def note(error, record):
        if error is not None:
            missing.add(record.key().decode())

    for key, value in records.items():
        try:
            producer.produce(topic, value, key, on_delivery=note)
        except KafkaException:
            missing.add(key)
        producer.poll(0)
    producer.flush(30)
    return missing


undelivered = undelivered_of


# exercise-2 wrong: errors-are-exceptions
def undelivered_errors_are(producer, topic, records):
    missing = set()
    for key, value in records.items():
        try:
            producer.produce(topic, value, key)
        except KafkaException:
            missing.add(key)
    producer.flush(30)
    return missing


undelivered = undelivered_errors_are


# exercise-2 wrong: every-error-has-a-report
from contextlib import suppress


def undelivered_every_error(producer, topic, records):
    missing = set()

    def note(error, record):
        if error is not None:
            missing.add(record.key().decode())

    for key, value in records.items():
        with suppress(KafkaException):
            producer.produce(topic, value, key, on_delivery=note)
    producer.flush(30)
    return missing


undelivered = undelivered_every_error


# exercise-2 wrong: flush-counts-the-lost


def undelivered_flush_counts(producer, topic, records):
    for key, value in records.items():
        with suppress(KafkaException):
            producer.produce(topic, value, key)
    left = producer.flush(30)
    return set(list(records)[:left])


undelivered = undelivered_flush_counts
