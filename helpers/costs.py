"""Prices, each with the page that is right and the copy in which it was read. No bill is asked.

In USD; of AWS in us-east-1, of Confluent Cloud for a Basic cluster on AWS. They differ by region
and they change: whoever needs certainty opens `page`, or asks `confluent billing price list`.
docs/cloud.md has the same numbers in words.
"""

from __future__ import annotations

from dataclasses import dataclass

HOURS = 730  # of a month, as AWS and Confluent count
GB = 2**30  # a "GB" of Confluent Cloud's bill is a gibibyte (billing dimensions); S3's as well
UNIT_MB_S, UNIT_PARTITIONS = 5, 30  # what one eCKU of a Basic cluster admits (cluster types)

CONFLUENT = "https://www.confluent.io/pricing/"
CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
S3 = "https://aws.amazon.com/s3/pricing/"
SNS = "https://aws.amazon.com/sns/pricing/"
PRIVATELINK = "https://aws.amazon.com/privatelink/pricing/"
MSK = "https://aws.amazon.com/msk/pricing/"


@dataclass(frozen=True)
class Price:
    """USD for one `unit`; the first `free` units of a month cost nothing.

    `page` is the provider's own page. `copy` is where the number was read, `on` the date of that
    copy, or the day on which it was looked up when it names none.
    """

    usd: float
    unit: str
    page: str
    copy: str
    on: str
    free: float = 0.0

    def month(self, amount: float) -> float:
        """USD for so many units in a month."""
        return max(0.0, amount - self.free) * self.usd


_BASIC = (CONFLUENT, "https://github.com/api-evangelist/confluent-the-data-streaming-platform")
_METRICS = (CLOUDWATCH, "https://signoz.io/guides/cloudwatch-pricing")
_CALLS = (CLOUDWATCH, "https://github.com/nishinoshake/aws-rough/issues/37")
_ALARMS = (CLOUDWATCH, "https://github.com/vreutova/infracost-idem-support/pull/2")
_LOGS = (
    CLOUDWATCH,
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
_S3 = (
    S3,
    "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
)
_SNS = (SNS, "https://www.factualminds.com/blog/amazon-sns-pricing-publishes-fanout-protocols/")
_LINK = (PRIVATELINK, "https://awsnegotiations.com/privatelink-cost-analysis.html")
_MSK = (MSK, "https://gist.github.com/EverettBerry/d24aa940ad43c313803248cea6366682")

PRICES: dict[str, Price] = {
    "kafka in": Price(0.05, "GB", *_BASIC, "2026-09-05"),
    "kafka out": Price(0.05, "GB", *_BASIC, "2026-09-05"),
    "kafka kept": Price(0.08, "GB and month", *_BASIC, "2026-09-05"),
    # The first eCKU is free, hence the free hours.
    "kafka capacity": Price(0.14, "eCKU and hour", *_BASIC, "2026-09-05", free=HOURS),
    "s3 put": Price(0.005 / 1000, "PUT or LIST", *_S3, "2026-11-24"),
    "s3 get": Price(0.0004 / 1000, "GET", *_S3, "2026-11-24"),
    "s3 kept": Price(0.023, "GB and month", *_S3, "2026-11-24"),
    "metrics": Price(0.30, "metric and month", *_METRICS, "2026-02-15", free=10),
    "metric calls": Price(0.01 / 1000, "call", *_CALLS, "2022-04-29", free=1_000_000),
    "alarms": Price(0.10, "alarm, metric and month", *_ALARMS, "2026-11-24", free=10),
    "fast alarms": Price(0.30, "alarm, metric and month", *_ALARMS, "2026-11-24"),
    "dashboards": Price(3.00, "dashboard and month", *_LOGS, "2026-06-13", free=3),
    "logs in": Price(0.50, "GB", *_LOGS, "2026-06-13", free=5),
    "logs kept": Price(0.03, "GB and month", *_ALARMS, "2026-11-24", free=5),
    "logs read": Price(0.005, "GB", *_ALARMS, "2026-11-24", free=5),
    "mails": Price(2.00 / 100_000, "mail", *_SNS, "2026-06-13", free=1000),
    "private hour": Price(0.01, "endpoint, zone and hour", *_LINK, "2026-05-01"),
    "private data": Price(0.01, "GB", *_LINK, "2026-05-01"),
    "msk serverless": Price(0.75, "cluster and hour", *_MSK, "2022-10-03"),
}
