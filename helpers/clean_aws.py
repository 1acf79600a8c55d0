"""What the series creates on AWS, by prefix; see `clean`. AWS is what the environment says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

from helpers import infra
from helpers.cleanup import drop_bucket

CALL = 100  # names in one DeleteAlarms, DeleteDashboards


def pages(client: Any, call: str, members: str, **request: Any) -> Iterator[dict]:
    """The members of all pages of an answer."""
    for page in client.get_paginator(call).paginate(**request):
        yield from page.get(members, [])


class Aws:
    """The stack and what is in it, buckets, logs, alarms, dashboards, topics, users, policies."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.s3, self.logs = boto3.client("s3"), boto3.client("logs")
        self.watch, self.sns = boto3.client("cloudwatch"), boto3.client("sns")
        self.iam = boto3.client("iam")

    def kinds(self) -> Iterator[tuple]:
        """Name, find, drop of each kind: what holds others comes before them."""
        yield "stack", self._stacks, lambda _names: infra.remove(self.prefix)
        yield "composite alarm", lambda: self._alarms("CompositeAlarm"), self._drop_alarms
        yield "alarm", lambda: self._alarms("MetricAlarm"), self._drop_alarms
        yield "dashboard", self._dashboards, self._drop_dashboards
        yield "metric filter", self._filters, self._drop_filters
        yield "log group", self._groups, self._drop_groups
        yield "subscription", self._subscriptions, self._drop_subscriptions
        yield "SNS topic", self._topics, self._drop_topics
        yield "bucket", self._buckets, lambda names: [drop_bucket(self.s3, n) for n in names]
        yield "IAM user", self._users, self._drop_users
        yield "IAM policy", lambda: list(self._policies()), self._drop_policies

    def _stacks(self) -> list[str]:
        stack = infra.describe(self.prefix)
        return [stack["StackName"]] if stack else []

    def _alarms(self, kind: str) -> list[str]:
        asked = {"AlarmTypes": [kind]} | ({"AlarmNamePrefix": self.prefix} if self.prefix else {})
        found = pages(self.watch, "describe_alarms", f"{kind}s", **asked)
        return [alarm["AlarmName"] for alarm in found]

    def _drop_alarms(self, names: list[str]) -> None:
        """One by one: AWS refuses a call that names a composite alarm and others."""
        for name in names:
            self.watch.delete_alarms(AlarmNames=[name])

    def _dashboards(self) -> list[str]:
        found = pages(self.watch, "list_dashboards", "DashboardEntries")
        return self._mine(each["DashboardName"] for each in found)

    def _drop_dashboards(self, names: list[str]) -> None:
        for start in range(0, len(names), CALL):
            self.watch.delete_dashboards(DashboardNames=names[start : start + CALL])

    def _filters(self) -> list[str]:
        """`group: filter`, of the groups that are ours."""
        return [
            f"{group}: {each['filterName']}"
            for group in self._groups()
            for each in pages(
                self.logs, "describe_metric_filters", "metricFilters", logGroupName=group
            )
        ]

    def _drop_filters(self, names: list[str]) -> None:
        for group, name in (each.split(": ", 1) for each in names):
            self.logs.delete_metric_filter(logGroupName=group, filterName=name)

    def _groups(self) -> list[str]:
        asked = {"logGroupNamePrefix": self.prefix} if self.prefix else {}
        found = pages(self.logs, "describe_log_groups", "logGroups", **asked)
        return [each["logGroupName"] for each in found]

    def _drop_groups(self, names: list[str]) -> None:
        for name in names:
            self.logs.delete_log_group(logGroupName=name)

    def _subscriptions(self) -> list[str]:
        """ARNs of confirmed ones; one that nobody confirmed has none, and goes by itself."""
        found = pages(self.sns, "list_subscriptions", "Subscriptions")
        mine = [each for each in found if self._is_mine(each["TopicArn"])]
        return [m["SubscriptionArn"] for m in mine if m["SubscriptionArn"].startswith("arn:")]

    def _drop_subscriptions(self, arns: list[str]) -> None:
        for arn in arns:
            self.sns.unsubscribe(SubscriptionArn=arn)

    def _topics(self) -> list[str]:
        found = pages(self.sns, "list_topics", "Topics")
        return [each["TopicArn"] for each in found if self._is_mine(each["TopicArn"])]

    def _drop_topics(self, arns: list[str]) -> None:
        for arn in arns:
            self.sns.delete_topic(TopicArn=arn)

    def _buckets(self) -> list[str]:
        """A bucket's name has no capitals and no _; `Lab.bucket_name` changes the prefix so."""
        prefix = self.prefix.lower().replace("_", "-")
        names = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]
        return [name for name in names if name.startswith(prefix)]

    def _users(self) -> list[str]:
        return self._mine(each["UserName"] for each in pages(self.iam, "list_users", "Users"))

    def _drop_users(self, names: list[str]) -> None:
        """Keys and policies first: IAM deletes no user that has any."""
        for name in names:
            user = {"UserName": name}
            for key in pages(self.iam, "list_access_keys", "AccessKeyMetadata", **user):
                self.iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
            for own in pages(self.iam, "list_user_policies", "PolicyNames", **user):
                self.iam.delete_user_policy(**user, PolicyName=own)
            for held in pages(self.iam, "list_attached_user_policies", "AttachedPolicies", **user):
                self.iam.detach_user_policy(**user, PolicyArn=held["PolicyArn"])
            self.iam.delete_user(**user)

    def _policies(self) -> dict[str, str]:
        """Name → ARN."""
        found = pages(self.iam, "list_policies", "Policies", Scope="Local")
        mine = {each["PolicyName"]: each["Arn"] for each in found}
        return {name: arn for name, arn in mine.items() if name.startswith(self.prefix)}

    def _drop_policies(self, names: list[str]) -> None:
        arns = self._policies()
        for name in names:
            self.iam.delete_policy(PolicyArn=arns[name])

    def _mine(self, names: Iterator[str]) -> list[str]:
        return [name for name in names if name.startswith(self.prefix)]

    def _is_mine(self, arn: str) -> bool:
        return arn.split(":")[5].startswith(self.prefix)
