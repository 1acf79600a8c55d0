# Answers to lesson 12. Each section replaces the cell tagged with its name.

# exercise-1
exam = {
    "AlarmName": lab.name("examen"),
    "Namespace": namespace,
    "MetricName": "Processed",
    "Dimensions": [{"Name": "Topic", "Value": events}, {"Name": "Type", "Value": "login"}],
    "Statistic": "Sum",
    "Period": 10,
    "EvaluationPeriods": 1,
    "Threshold": 20,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [avisos],
}
cloudwatch.put_metric_alarm(**exam)

# exercise-1 wrong: one-dimension-is-enough
exam = {
    "AlarmName": lab.name("examen"),
    "Namespace": namespace,
    "MetricName": "Processed",
    "Dimensions": [{"Name": "Type", "Value": "login"}],
    "Statistic": "Sum",
    "Period": 10,
    "EvaluationPeriods": 1,
    "Threshold": 20,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [avisos],
}
cloudwatch.put_metric_alarm(**exam)

# exercise-1 wrong: an-average-counts
exam = {
    "AlarmName": lab.name("examen"),
    "Namespace": namespace,
    "MetricName": "Processed",
    "Dimensions": [{"Name": "Topic", "Value": events}, {"Name": "Type", "Value": "login"}],
    "Statistic": "Average",
    "Period": 10,
    "EvaluationPeriods": 1,
    "Threshold": 20,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [avisos],
}
cloudwatch.put_metric_alarm(**exam)
