"""Answers to lesson 15's exercise. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
PASSED = """
insert into passed values (:course, 1) on conflict (course) do update set n = n + 1
"""


def count_passed(database, record):
    event = json.loads(record.value())
    with database:
        new = database.execute("insert or ignore into seen values (:event_id)", event).rowcount
        if new and event["type"] == "calificacion" and event["grade"] >= 5:
            database.execute(PASSED, event)


# exercise-1 wrong: every-delivery-counts
def count_passed(database, record):  # noqa: F811
    event = json.loads(record.value())
    with database:
        if event["type"] == "calificacion" and event["grade"] >= 5:
            database.execute(PASSED, event)


# exercise-1 wrong: the-offset-names-the-event
def count_passed(database, record):  # noqa: F811
    event = json.loads(record.value())
    place = [f"{record.partition()}-{record.offset()}"]
    with database:
        new = database.execute("insert or ignore into seen values (?)", place).rowcount
        if new and event["type"] == "calificacion" and event["grade"] >= 5:
            database.execute(PASSED, event)
