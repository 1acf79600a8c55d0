"""Answers to lesson 18's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
puts_a_second = 2 * campus["partitions"]  # a plan and an object, if a batch took one second
flush_s = math.ceil(PRICES["s3 put"].month(puts_a_second * SECONDS))

# exercise-1 wrong: a-batch-is-one-request
flush_s = math.ceil(PRICES["s3 put"].month(campus["partitions"] * SECONDS))


# exercise-2
def empty_and_delete(s3, bucket):
    """Every version and every delete marker by its own id, then the bucket."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for found in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    s3.delete_bucket(Bucket=bucket)


# exercise-2 wrong: a-deleted-object-is-gone
def empty_and_delete(s3, bucket):  # noqa: F811
    """What a listing shows, by key: with versioning that frees nothing."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)
