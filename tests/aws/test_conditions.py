"""IAM: policies see a request as AWS shows it to them: namespace, transport, log group."""

from __future__ import annotations

import json

import pytest

from tests.aws.support import event, refused


@pytest.fixture
def allowed(aws, stand_in, unique):
    """allowed(statement) is client(service) of a user who may do only that."""

    def user(*statements: dict):
        iam, number = aws("iam"), len(made)
        name = f"{unique}-{number}"
        made.append(name)
        iam.create_user(UserName=name)
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **s} for s in statements],
        }
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = (key["AccessKeyId"], key["SecretAccessKey"])
        return lambda service: stand_in.client(service, keys=keys)

    made: list[str] = []
    return user


def test_metrics_can_be_kept_to_a_namespace(allowed, unique):
    watch = allowed(
        {
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": unique}},
        }
    )("cloudwatch")
    few, many = ([{"MetricName": f"m{i}", "Value": i} for i in range(n)] for n in (1, 900))
    for data in (few, many):  # boto3 compresses long requests
        watch.put_metric_data(Namespace=unique, MetricData=data)
        for other in (f"{unique}2", unique[:-1], unique.upper()):
            with refused("AccessDeniedException"):
                watch.put_metric_data(Namespace=other, MetricData=data)
    with refused("AccessDeniedException"):
        watch.list_metrics()


def test_loopback_counts_as_an_encrypted_connection(aws, allowed, unique):
    bucket, s3 = f"bucket-{unique}", aws("s3")
    s3.create_bucket(Bucket=bucket)
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
    policy = {"Version": "2012-10-17", "Statement": [{**deny, "Condition": plain}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    user = allowed({"Action": "s3:PutObject", "Resource": everything[1]})("s3")
    user.put_object(Bucket=bucket, Key="k", Body=b"1")
    policy["Statement"][0]["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with refused("AccessDenied", status=403):
        user.put_object(Bucket=bucket, Key="k", Body=b"2")


def test_a_log_groups_own_arn_names_its_streams(aws, allowed, unique):
    """`arn`, which ends in `:*`, and a stream's; the plain ARN is for tags only."""
    logs, name = aws("logs"), f"/{unique}"
    for group in (name, f"{name}2"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    arn = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["arn"]
    assert arn.endswith(f":log-group:{name}:*")
    writing = ["logs:CreateLogStream", "logs:PutLogEvents"]
    line = {"logStreamName": "s", "logEvents": [event(0)]}

    mine = allowed({"Action": writing, "Resource": arn})("logs")
    mine.create_log_stream(logGroupName=name, logStreamName="t")
    mine.put_log_events(logGroupName=name, **line)
    with refused("AccessDeniedException"):
        mine.put_log_events(logGroupName=f"{name}2", **line)
    one = allowed({"Action": writing, "Resource": f"{arn[:-2]}:log-stream:s"})("logs")
    one.put_log_events(logGroupName=name, **line)
    with refused("AccessDeniedException"):
        one.create_log_stream(logGroupName=name, logStreamName="u")
    plain = allowed({"Action": [*writing, "logs:ListTagsForResource"], "Resource": arn[:-2]})
    with refused("AccessDeniedException"):
        plain("logs").put_log_events(logGroupName=name, **line)
    assert plain("logs").list_tags_for_resource(resourceArn=arn[:-2])["tags"] == {}


def test_an_alarm_is_heard_only_where_the_topics_policy_lets_it(aws, inbox, unique):
    sns, watch, number = aws("sns"), aws("cloudwatch"), "+15550100123"
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=number)
    watch.put_metric_alarm(
        AlarmName=unique,
        Namespace=unique,
        MetricName="m",
        Statistic="Sum",
        Period=86400,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[topic],
    )

    def go_off() -> str:
        for state in ("OK", "ALARM"):
            watch.set_alarm_state(AlarmName=unique, StateValue=state, StateReason="tried")
        told = watch.describe_alarm_history(AlarmName=unique, HistoryItemType="Action")
        return told["AlarmHistoryItems"][0]["HistorySummary"].split()[0]

    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    anybody = {**statement, "Principal": {"AWS": "*"}}
    service = {**statement, "Principal": {"Service": "cloudwatch.amazonaws.com"}}
    of = lambda name: {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:*:alarm:{name}"}}  # noqa: E731
    answers = [go_off()]  # a new topic's policy lets its own account's services publish
    for one in (
        {**service, "Condition": of(unique)},
        {**service, "Condition": of("another")},
        {**statement, "Principal": {"Service": "s3.amazonaws.com"}},
        {**anybody, "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [one]})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        answers.append(go_off())
    assert answers == ["Successfully", "Successfully", "Failed", "Failed", "Successfully"]
    assert len(inbox.sms(number)) == 3


def test_each_alarm_and_dashboard_of_a_request_needs_the_right(aws, allowed, unique):
    watch, body = aws("cloudwatch"), '{"widgets": []}'
    names = [f"{unique}-mine", f"{unique}-yours"]
    for name in names:
        watch.put_dashboard(DashboardName=name, DashboardBody=body)
    right = {
        "Action": ["cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards"],
        "Resource": [
            f"arn:aws:cloudwatch:*:*:alarm:{names[0]}",
            f"arn:aws:cloudwatch::*:dashboard/{names[0]}",
        ],
    }
    user = allowed(right)("cloudwatch")
    for wanted in (names, names[1:]):
        with refused("AccessDeniedException"):
            user.delete_dashboards(DashboardNames=wanted)
        with refused("AccessDeniedException"):
            user.delete_alarms(AlarmNames=wanted)
    user.delete_dashboards(DashboardNames=names[:1])
    user.delete_alarms(AlarmNames=names[:1])
    left = watch.list_dashboards(DashboardNamePrefix=unique)["DashboardEntries"]
    assert [each["DashboardName"] for each in left] == names[1:]
