"""Answers to lesson 17's exercises. tests/notebooks puts each into the lesson and runs it."""


# exercise-1
def handle(consumer, record, send):
    try:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)
    except ConnectionError:
        consumer.acknowledge(record, AcknowledgeType.RELEASE)
    except ValueError:
        consumer.acknowledge(record, AcknowledgeType.REJECT)


# exercise-1 wrong: release-whatever-fails
def handle(consumer, record, send):  # noqa: F811
    try:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)
    except (ConnectionError, ValueError):
        consumer.acknowledge(record, AcknowledgeType.RELEASE)


# exercise-1 wrong: reject-whatever-fails
def handle(consumer, record, send):  # noqa: F811
    try:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)
    except (ConnectionError, ValueError):
        consumer.acknowledge(record, AcknowledgeType.REJECT)


# exercise-1 wrong: accept-before-the-work
def handle(consumer, record, send):  # noqa: F811
    consumer.acknowledge(record, AcknowledgeType.ACCEPT)
    try:
        send(json.loads(record.value())["mail"])
    except (ConnectionError, ValueError):
        return  # it was accepted already


# exercise-2
def careful(consumer, record, send, aside):
    if record.delivery_count() > 2:
        aside(record)
        consumer.acknowledge(record, AcknowledgeType.REJECT)
    else:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)


# exercise-2 wrong: an-except-sees-the-crash
def careful(consumer, record, send, aside):  # noqa: F811
    try:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)
    except (ConnectionError, ValueError):
        if record.delivery_count() < 2:
            consumer.acknowledge(record, AcknowledgeType.RELEASE)
        else:
            aside(record)
            consumer.acknowledge(record, AcknowledgeType.REJECT)


# exercise-2 wrong: set-aside-is-finished
def careful(consumer, record, send, aside):  # noqa: F811
    if record.delivery_count() > 2:
        aside(record)
        consumer.acknowledge(record, AcknowledgeType.RELEASE)
    else:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)


# exercise-2 wrong: the-count-begins-at-zero
def careful(consumer, record, send, aside):  # noqa: F811
    if record.delivery_count() >= 2:
        aside(record)
        consumer.acknowledge(record, AcknowledgeType.REJECT)
    else:
        send(json.loads(record.value())["mail"])
        consumer.acknowledge(record, AcknowledgeType.ACCEPT)
