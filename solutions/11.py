"""Answers to lesson 11's exercises. tests/notebooks puts each into the lesson and runs it."""

# exercise-1
errors_alarm = {"AlarmName": lab.name("errores-web"), "Namespace": namespace}
cloudwatch.put_metric_alarm(
    **errors_alarm,
    MetricName="errores",
    Dimensions=[{"Name": web[0], "Value": web[1]}],
    Statistic="Sum",
    Period=10,
    EvaluationPeriods=3,
    DatapointsToAlarm=2,
    Threshold=10,
    ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="notBreaching",
    AlarmActions=[pages],
    OKActions=[pages],
)

# exercise-1 wrong: dimensions-are-optional
errors_alarm = {"AlarmName": lab.name("errores-web"), "Namespace": namespace}
cloudwatch.put_metric_alarm(
    **errors_alarm,
    MetricName="errores",
    Statistic="Sum",
    Period=10,
    EvaluationPeriods=3,
    DatapointsToAlarm=2,
    Threshold=10,
    ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="notBreaching",
    AlarmActions=[pages],
    OKActions=[pages],
)

# exercise-1 wrong: evaluation-periods-are-enough
errors_alarm = {"AlarmName": lab.name("errores-web"), "Namespace": namespace}
cloudwatch.put_metric_alarm(
    **errors_alarm,
    MetricName="errores",
    Dimensions=[{"Name": web[0], "Value": web[1]}],
    Statistic="Sum",
    Period=10,
    EvaluationPeriods=3,
    Threshold=10,
    ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="notBreaching",
    AlarmActions=[pages],
    OKActions=[pages],
)

# exercise-1 wrong: the-largest-count-is-the-total
errors_alarm = {"AlarmName": lab.name("errores-web"), "Namespace": namespace}
cloudwatch.put_metric_alarm(
    **errors_alarm,
    MetricName="errores",
    Dimensions=[{"Name": web[0], "Value": web[1]}],
    Statistic="Maximum",
    Period=10,
    EvaluationPeriods=3,
    DatapointsToAlarm=2,
    Threshold=10,
    ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="notBreaching",
    AlarmActions=[pages],
    OKActions=[pages],
)

# exercise-1 wrong: silence-is-always-bad
errors_alarm = {"AlarmName": lab.name("errores-web"), "Namespace": namespace}
cloudwatch.put_metric_alarm(
    **errors_alarm,
    MetricName="errores",
    Dimensions=[{"Name": web[0], "Value": web[1]}],
    Statistic="Sum",
    Period=10,
    EvaluationPeriods=3,
    DatapointsToAlarm=2,
    Threshold=10,
    ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="breaching",
    AlarmActions=[pages],
    OKActions=[pages],
)

# exercise-2
studies = mailbox(lab, "estudios")
policy = json.dumps({"tipo": ["calificacion"], "nota": [{"numeric": ["<", 5]}]})
wish = {"FilterPolicy": policy}
sns.subscribe(TopicArn=notices, Protocol="email", Endpoint=studies, Attributes=wish)
confirm(notices)

# exercise-2 wrong: a-policy-is-an-or
studies = mailbox(lab, "estudios-o")
wish = {"FilterPolicy": json.dumps({"nota": [{"numeric": ["<", 5]}]})}
sns.subscribe(TopicArn=notices, Protocol="email", Endpoint=studies, Attributes=wish)
confirm(notices)

# exercise-2 wrong: subscribed-is-confirmed
studies = mailbox(lab, "estudios-sin-confirmar")
policy = json.dumps({"tipo": ["calificacion"], "nota": [{"numeric": ["<", 5]}]})
wish = {"FilterPolicy": policy}
sns.subscribe(TopicArn=notices, Protocol="email", Endpoint=studies, Attributes=wish)

# exercise-2 wrong: a-number-is-a-word
studies = mailbox(lab, "estudios-texto")
wish = {"FilterPolicy": json.dumps({"tipo": ["calificacion"], "nota": ["<5"]})}
sns.subscribe(TopicArn=notices, Protocol="email", Endpoint=studies, Attributes=wish)
confirm(notices)
