"""Answers to lesson 08's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
my_schema = with_field(mark_schema, name="feedback", type="string", default="")
my_schema = with_field(my_schema, name="label", type="string", default="")

# exercise-1 wrong: nullable-means-optional
my_schema = with_field(mark_schema, name="feedback", type=["null", "string"])
my_schema = with_field(my_schema, name="label", type=["null", "string"])

# exercise-1 wrong: an-alias-works-both-ways
my_schema = edited(mark_schema, "title", name="label", aliases=["title"], default="")
my_schema = with_field(my_schema, name="feedback", type="string", default="")

# exercise-1 wrong: a-default-makes-a-rename-safe
my_schema = edited(mark_schema, "title", name="label", default="")
my_schema = with_field(my_schema, name="feedback", type="string", default="")


# exercise-2
def is_to_blame(error):
    if isinstance(error, SchemaRegistryError):
        return error.http_status_code == 404
    return not isinstance(error, httpx2.TransportError)


belongs_in_dlq = is_to_blame


# exercise-2 wrong: every-error-is-the-records-fault
def always(error):
    return True


belongs_in_dlq = always


# exercise-2 wrong: only-the-librarys-own-error
def serialization_only(error):
    return isinstance(error, SerializationError)


belongs_in_dlq = serialization_only


# exercise-2 wrong: an-answer-from-the-registry-is-final
def unless_unreachable(error):
    return not isinstance(error, httpx2.TransportError)


belongs_in_dlq = unless_unreachable
