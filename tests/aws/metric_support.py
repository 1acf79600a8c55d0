"""Put and ask CloudWatch metrics within one known minute."""

from __future__ import annotations

from datetime import timedelta

from tests.aws.support import now

START = now().replace(second=0, microsecond=0) - timedelta(minutes=30)


def window(minutes: int = 1) -> dict:
    return {"StartTime": START, "EndTime": START + timedelta(minutes=minutes)}


def store(cloudwatch, namespace: str, **values: float) -> None:
    data = [{"MetricName": k, "Value": v, "Timestamp": START} for k, v in values.items()]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def statistics(cloudwatch, namespace: str, metric: str, *stats: str, **more) -> list[dict]:
    chosen = {"Statistics": list(stats)} if stats else {}
    wanted = {**window(), "Period": 60, **chosen, **more}
    answer = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName=metric, **wanted)
    return answer["Datapoints"]


def metric(name: str, namespace: str, stat: str = "Sum", **more) -> dict:
    source = {"Namespace": namespace, "MetricName": name}
    return {"Id": name, "MetricStat": {"Metric": source, "Period": 60, "Stat": stat}, **more}


def query(cloudwatch, *queries: dict, **more) -> list[dict]:
    wanted = {**window(), **more}
    return cloudwatch.get_metric_data(MetricDataQueries=list(queries), **wanted)[
        "MetricDataResults"
    ]
