"""Answers to lesson 03's exercises."""

# exercise-1
settings = {"cleanup.policy": "compact", "segment.ms": str(12 * 3600 * 1000)}

# exercise-1 wrong: compact-cleans-everything
settings = {"cleanup.policy": "compact"}

# exercise-1 wrong: retention-keeps-the-latest
settings = {"cleanup.policy": "delete", "retention.ms": "-1", "segment.ms": "3600000"}

# exercise-2


def count_records(data):
    return sum(header.records for _, header in batches(data))


# exercise-2 wrong: offsets-have-no-gaps


def count_records(data):  # noqa: F811
    return sum(header.last_offset_delta + 1 for _, header in batches(data))


# exercise-2 wrong: a-batch-is-a-record


def count_records(data):  # noqa: F811
    return len(list(batches(data)))
