"""Answers to lesson 10's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
turn = new_run()
pairs = sorted(Counter(float(f"{wait:.3g}") for wait in waits).items())
data = []
for start in range(0, len(pairs), 150):
    numbers, times = zip(*pairs[start : start + 150], strict=True)
    point = {"MetricName": "exercise", "Timestamp": minute, "Dimensions": dimensions(run=turn)}
    data.append({**point, "Values": list(numbers), "Counts": list(times)})
for batch in batches(data):
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=batch)

# exercise-1 wrong: two-digits-are-enough
turn = new_run()
publish(*distribution("exercise", waits, minute, run=turn))

# exercise-1 wrong: a-statistic-set-has-percentiles
turn = new_run()
summary = {"SampleCount": len(waits), "Sum": sum(waits)}
summary |= {"Minimum": min(waits), "Maximum": max(waits)}
point = {"MetricName": "exercise", "Timestamp": minute, "Dimensions": dimensions(run=turn)}
point["StatisticValues"] = summary
cloudwatch.put_metric_data(Namespace=namespace, MetricData=[point])

# exercise-1 wrong: averages-of-batches-will-do
turn = new_run()
point = {"MetricName": "exercise", "Timestamp": minute, "Dimensions": dimensions(run=turn)}
data = []
for start in range(0, len(waits), 100):
    some = waits[start : start + 100]
    data.append({**point, "Values": [sum(some) / len(some)], "Counts": [len(some)]})
cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

# exercise-1 wrong: different-values-are-enough
turn = new_run()
different = sorted({float(f"{wait:.3g}") for wait in waits})
point = {"MetricName": "exercise", "Timestamp": minute, "Dimensions": dimensions(run=turn)}
data = [
    {**point, "Values": different[start : start + 150]} for start in range(0, len(different), 150)
]
cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

# exercise-2
pattern_at_night = '{ (($.level = "ERROR") || ($.level = "CRITICAL")) && ($.code >= 500) }'

# exercise-2 wrong: a-word-is-a-field
pattern_at_night = "?ERROR ?CRITICAL"

# exercise-2 wrong: the-code-says-it-all
pattern_at_night = "{ $.code >= 500 }"

# exercise-2 wrong: or-is-for-both
pattern_at_night = '{ ($.level = "ERROR") || (($.level = "CRITICAL") && ($.code >= 500)) }'
