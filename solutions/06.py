"""Answers to lesson 06's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
settings = {"enable.auto.offset.store": False}


def step(consumer, handle):
    record = consumer.poll(1)
    if record is None:
        return
    if record.error():
        raise KafkaException(record.error())
    handle(record)
    consumer.store_offsets(message=record)


# exercise-1 wrong: auto-commit-commits-what-is-done
settings = {"enable.auto.commit": True}


def step(consumer, handle):  # noqa: F811
    record = consumer.poll(1)
    if record is not None and record.error() is None:
        handle(record)


# exercise-1 wrong: an-offset-is-the-last-one-read
settings = {"enable.auto.commit": False}


def step(consumer, handle):  # noqa: F811
    record = consumer.poll(1)
    if record is not None and record.error() is None:
        handle(record)
        done = TopicPartition(record.topic(), record.partition(), record.offset())
        consumer.commit(offsets=[done], asynchronous=False)


# exercise-1 wrong: commit-first-to-be-sure
settings = {"enable.auto.commit": False}


def step(consumer, handle):  # noqa: F811
    record = consumer.poll(1)
    if record is not None and record.error() is None:
        consumer.commit(message=record, asynchronous=False)
        handle(record)


# exercise-2
def rewind(group, topic, moment):
    numbers = admin.list_topics(topic, timeout=10).topics[topic].partitions
    asked = [TopicPartition(topic, number, moment) for number in numbers]
    with Consumer({**reader, "group.id": group}) as consumer:
        places = consumer.offsets_for_times(asked, timeout=30)
    moved = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
    assert not any(place.error for place in moved[group].result(30).topic_partitions)


# exercise-2 wrong: seek-moves-the-group
def rewind(group, topic, moment):  # noqa: F811
    asked = [TopicPartition(topic, number, moment) for number in range(6)]
    with Consumer({**reader, "group.id": group}) as consumer:
        places = consumer.offsets_for_times(asked, timeout=30)
        consumer.assign(places)
        for place in places:
            consumer.seek(place)


# exercise-2 wrong: earliest-rewinds-a-group
def rewind(group, topic, moment):  # noqa: F811
    with Consumer({**lab.kafka, "group.id": group, "auto.offset.reset": "earliest"}) as consumer:
        consumer.subscribe([topic])
        consumer.poll(1)


# exercise-2 wrong: one-offset-for-all-partitions
def rewind(group, topic, moment):  # noqa: F811
    with Consumer({**reader, "group.id": group}) as consumer:
        [first] = consumer.offsets_for_times([TopicPartition(topic, 0, moment)], timeout=30)
    places = [TopicPartition(topic, number, first.offset) for number in range(6)]
    admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])[group].result(
        30
    )
