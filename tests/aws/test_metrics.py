"""CloudWatch metrics: statistics, percentiles, dimensions."""

from __future__ import annotations

import urllib.parse
from datetime import timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.aws.metric_support import START, metric, query, statistics, store, window
from tests.aws.support import ELSEWHERE, REGION, put, refused


@pytest.fixture
def latencies(aws, unique):
    """1 to 100, within one minute."""
    data = [
        {
            "MetricName": "lat",
            "Timestamp": START + timedelta(seconds=i % 50),
            "Value": float(i),
            "Unit": "Milliseconds",
        }
        for i in range(1, 101)
    ]
    aws("cloudwatch").put_metric_data(Namespace=unique, MetricData=data)
    return aws("cloudwatch"), unique


def test_statistics(latencies):
    names = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
    (point,) = statistics(*latencies, "lat", *names)
    assert [point[name] for name in names] == [50.5, 5050, 1, 100, 100]
    assert (point["Timestamp"], point["Unit"]) == (START, "Milliseconds")


def test_percentiles(latencies):
    (point,) = statistics(*latencies, "lat", ExtendedStatistics=["p50", "p90", "p99"])
    found = point["ExtendedStatistics"]
    assert found == pytest.approx({"p50": 50.5, "p90": 90, "p99": 99}, abs=1)


def test_get_metric_data_by_period_and_order(latencies):
    cloudwatch, space = latencies
    late = {"MetricName": "lat", "Timestamp": START + timedelta(seconds=61), "Value": 7}
    cloudwatch.put_metric_data(Namespace=space, MetricData=[late])
    more = {**window(3), "ScanBy": "TimestampAscending"}
    (result,) = query(cloudwatch, metric("lat", space, "p99"), **more)
    assert result["Values"] == pytest.approx([99, 7], abs=1)
    assert result["Timestamps"] == [START, START + timedelta(minutes=1)]
    (result,) = query(cloudwatch, metric("lat", space, "p99"), **window(3))
    assert result["Timestamps"][0] > result["Timestamps"][1], "newest first unless asked otherwise"
    assert result["Label"] == "lat"


def test_statistic_sets_and_value_arrays(aws, unique):
    sums = {"SampleCount": 4, "Sum": 40, "Minimum": 5, "Maximum": 20}
    data = [
        {"MetricName": "set", "Timestamp": START, "StatisticValues": sums},
        {"MetricName": "array", "Timestamp": START, "Values": [1, 10], "Counts": [9, 1]},
    ]
    aws("cloudwatch").put_metric_data(Namespace=unique, MetricData=data)
    names = ("Average", "SampleCount", "Maximum")
    (a,), (b,) = (statistics(aws("cloudwatch"), unique, m, *names) for m in ("set", "array"))
    assert [a[name] for name in names] == [10, 4, 20]
    assert [b[name] for name in names] == pytest.approx([1.9, 10, 10])


def test_every_set_of_dimensions_is_a_metric_of_its_own(aws, unique):
    cloudwatch = aws("cloudwatch")
    for host, value in (("a", 1), ("b", 9)):
        put(cloudwatch, unique, "load", value, START.timestamp(), Host=host)

    def total(**dimensions: str) -> list[float]:
        named = [{"Name": k, "Value": v} for k, v in dimensions.items()]
        found = statistics(cloudwatch, unique, "load", "Sum", Dimensions=named)
        source = {"Namespace": unique, "MetricName": "load", "Dimensions": named}
        (result,) = query(
            cloudwatch, {"Id": "q", "MetricStat": {"Metric": source, "Period": 60, "Stat": "Sum"}}
        )
        sums = [point["Sum"] for point in found]
        assert result["Values"] == sums
        return sums

    assert (total(Host="a"), total(Host="b")) == ([1], [9])
    assert total() == [], "without dimensions is another metric, not the sum of all"
    assert total(Host="a", Zone="1") == []
    listed = cloudwatch.list_metrics(
        Namespace=unique, MetricName="load", Dimensions=[{"Name": "Host", "Value": "b"}]
    )["Metrics"]
    assert [m["Dimensions"] for m in listed] == [[{"Name": "Host", "Value": "b"}]]


def test_regions_are_isolated(aws, unique):
    store(aws("cloudwatch"), unique, m=1)
    assert aws("cloudwatch").list_metrics(Namespace=unique)["Metrics"]
    assert aws("cloudwatch", ELSEWHERE).list_metrics(Namespace=unique)["Metrics"] == []


def test_standard_resolution_keeps_minutes_high_resolution_seconds(aws, unique):
    moment = START + timedelta(seconds=34)
    for name, resolution in (("coarse", 60), ("fine", 1)):
        datum = {"MetricName": name, "Value": 1, "StorageResolution": resolution}
        aws("cloudwatch").put_metric_data(
            Namespace=unique, MetricData=[{**datum, "Timestamp": moment}]
        )
    (coarse,) = statistics(aws("cloudwatch"), unique, "coarse", "Sum", Period=1)
    (fine,) = statistics(aws("cloudwatch"), unique, "fine", "Sum", Period=1)
    assert (coarse["Timestamp"], fine["Timestamp"]) == (START, moment)


def test_too_many_datapoints_are_refused(aws, unique):
    day = {"StartTime": START - timedelta(days=1, minutes=1), "EndTime": START}
    with refused("InvalidParameterCombination", message="1,441 datapoints"):
        statistics(aws("cloudwatch"), unique, "m", "Sum", **day)
    with refused("InvalidParameterValue"):
        statistics(aws("cloudwatch"), unique, "m", "Sum", Period=7)
    with refused("ValidationError"):
        statistics(aws("cloudwatch"), unique, "m", "Sum", StartTime=START, EndTime=START)


def test_older_clients_speak_the_query_protocol(stand_in, aws, unique):
    """The AWS CLI of today sends forms and reads XML where boto3 sends and reads CBOR."""

    def call(action: str, **form: str) -> tuple[int, str]:
        body = urllib.parse.urlencode({"Action": action, "Version": "2010-08-01", **form})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        request = AWSRequest("POST", stand_in.url + "/", headers, body)
        credentials = Credentials(stand_in.key, stand_in.secret)
        SigV4Auth(credentials, "monitoring", REGION).add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        return answer.status_code, answer.text

    data = {
        "MetricData.member.1.MetricName": "m",
        "MetricData.member.1.Value": "4",
        "MetricData.member.1.Timestamp": START.isoformat(),
        "MetricData.member.1.Dimensions.member.1.Name": "Host",
        "MetricData.member.1.Dimensions.member.1.Value": "a",
    }
    assert call("PutMetricData", Namespace=unique, **data)[0] == 200
    host = [{"Name": "Host", "Value": "a"}]
    found = statistics(aws("cloudwatch"), unique, "m", "Sum", Dimensions=host)
    assert [point["Sum"] for point in found] == [4]
    status, text = call("PutMetricData", Namespace="AWS/X", **data)
    assert (status, "<Code>InvalidParameterValue</Code>" in text) == (400, True)
    status, text = call(
        "GetMetricStatistics",
        **{
            "Namespace": unique,
            "MetricName": "m",
            "Dimensions.member.1.Name": "Host",
            "Dimensions.member.1.Value": "a",
            "StartTime": START.isoformat(),
            "EndTime": (START + timedelta(minutes=1)).isoformat(),
            "Period": "60",
            "Statistics.member.1": "Sum",
        },
    )
    assert status == 200
    assert "<Sum>4.0</Sum>" in text
    alarm = {
        "AlarmName": unique,
        "Namespace": unique,
        "MetricName": "m",
        "Statistic": "Sum",
        "EvaluationPeriods": "1",
        "Threshold": "1",
        "ComparisonOperator": "GreaterThanThreshold",
    }
    status, text = call("PutMetricAlarm", **alarm, Period="7")
    assert (status, "<Code>ValidationError</Code>" in text) == (400, True)
    assert call("PutMetricAlarm", **alarm, Period="60")[0] == 200
    assert aws("cloudwatch").describe_alarms(AlarmNames=[unique])["MetricAlarms"]
