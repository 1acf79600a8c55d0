"""What CloudWatch refuses in requests about metrics, with its error codes.

Sources: "PutMetricData", "MetricDatum", "Dimension", "GetMetricData" and "GetMetricStatistics" of
the Amazon CloudWatch API Reference; "CloudWatch service quotas" of the User Guide.
"""

from __future__ import annotations

import math
import re

from ministack.services import cloudwatch as cw

from helpers.local.aws.requests import Refused

MAX_DATA, MAX_DIMENSIONS, MAX_VALUES = 1000, 30, 150
LARGEST = 2.0**360
PAST, FUTURE = 14 * 86400, 2 * 3600  # seconds that a timestamp may lie back or ahead
MAX_DATAPOINTS = 1440
NAMESPACE = re.compile(r"[A-Za-z0-9._/#\- ]{1,255}")
STATISTICS = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{0,10})?|100)")
ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
SIZES = ["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"]
SIZES += [size.replace("byte", "bit").replace("Byte", "Bit") for size in SIZES]
RATES = [f"{unit}/Second" for unit in [*SIZES, "Count"]]
UNITS = {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None", *SIZES, *RATES}


def _invalid(message: str) -> Refused:
    return Refused("InvalidParameterValue", message)


def _bad_value(value: object, name: str) -> Refused:
    return _invalid(f"The value {value} for parameter {name} is invalid.")


def _too_long(name: str, limit: int) -> Refused:
    return _invalid(f"The collection {name} must not have a size greater than {limit}.")


def checked_put(request: dict, now: float) -> tuple[str, list[dict]]:
    """The namespace and the data of a PutMetricData request that AWS would accept at `now`."""
    namespace, data = request.get("Namespace"), request.get("MetricData")
    if not namespace:
        raise Refused("MissingParameter", "The parameter Namespace is required.")
    if namespace.startswith("AWS/") or not NAMESPACE.fullmatch(namespace):
        raise _bad_value(namespace, "Namespace")
    if not data and not request.get("EntityMetricData"):
        raise Refused("MissingParameter", "The parameter MetricData is required.")
    data = data or []
    if len(data) > MAX_DATA:
        raise _too_long("MetricData", MAX_DATA)
    for index, datum in enumerate(data, 1):
        check_datum(datum, f"MetricData.member.{index}", now)
    return namespace, data


def check_datum(datum: dict, where: str, now: float) -> None:
    """Refuse a MetricDatum that AWS would refuse."""
    name = datum.get("MetricName")
    if not name:
        raise Refused("MissingParameter", f"The parameter {where}.MetricName is required.")
    if len(name) > 255:
        raise _bad_value(name, f"{where}.MetricName")
    _check_dimensions(datum.get("Dimensions") or [], f"{where}.Dimensions")
    _check_values(datum, where)
    unit = datum.get("Unit")
    if unit and unit not in UNITS:
        raise _bad_value(unit, f"{where}.Unit")
    if int(datum.get("StorageResolution", 60)) not in (1, 60):
        raise _bad_value(datum["StorageResolution"], f"{where}.StorageResolution")
    stamp = cw._parse_ts(datum.get("Timestamp"))
    if stamp is not None and stamp < now - PAST:
        raise _invalid(
            f"The parameter {where}.Timestamp must specify a time no more than two weeks in the "
            "past."
        )
    if stamp is not None and stamp > now + FUTURE:
        raise _invalid(
            f"The parameter {where}.Timestamp must specify a time no more than two hours in the "
            "future."
        )


def _check_dimensions(dimensions: list[dict], where: str) -> None:
    if len(dimensions) > MAX_DIMENSIONS:
        raise _too_long(where, MAX_DIMENSIONS)
    for index, dimension in enumerate(dimensions, 1):
        name, value = dimension.get("Name") or "", dimension.get("Value") or ""
        for member, text, limit in (("Name", name, 255), ("Value", value, 1024)):
            if not text.strip() or len(text) > limit or not text.isascii():
                raise _bad_value(text, f"{where}.member.{index}.{member}")
        if name.startswith(":"):
            raise _bad_value(name, f"{where}.member.{index}.Name")


def _check_values(datum: dict, where: str) -> None:
    kinds = [k for k in ("Value", "Values", "StatisticValues") if datum.get(k) not in (None, [])]
    if not kinds:
        raise Refused(
            "MissingParameter",
            f"One of {where}.Value, {where}.Values or {where}.StatisticValues is required.",
        )
    if len(kinds) > 1:
        raise Refused(
            "InvalidParameterCombination",
            f"The parameters {where}.{kinds[0]} and {where}.{kinds[1]} are mutually exclusive and "
            "you have specified both.",
        )
    values, counts = datum.get("Values") or [], datum.get("Counts") or []
    for name, members in (("Values", values), ("Counts", counts)):
        if len(members) > MAX_VALUES:
            raise _too_long(f"{where}.{name}", MAX_VALUES)
    if counts and len(counts) != len(values):
        raise _invalid(
            f"The parameters {where}.Values and {where}.Counts must be of the same size."
        )
    numbers = {f"Values.member.{i}": value for i, value in enumerate(values, 1)}
    numbers |= {f"Counts.member.{i}": count for i, count in enumerate(counts, 1)}
    numbers |= {f"StatisticValues.{k}": v for k, v in (datum.get("StatisticValues") or {}).items()}
    if datum.get("Value") is not None:
        numbers["Value"] = datum["Value"]
    for member, number in numbers.items():
        number = float(number)
        if not math.isfinite(number) or abs(number) > LARGEST:
            raise _bad_value(number, f"{where}.{member}")


def checked_period(period: object, name: str, code: str = "InvalidParameterValue") -> int:
    """A period of GetMetricStatistics or GetMetricData, in seconds."""
    number = int(period or 0)
    if number < 1 or (number not in (1, 5, 10, 20, 30) and number % 60):
        message = f"The parameter {name} must be 1, 5, 10, 20, 30 or a multiple of 60."
        raise Refused(code, message)
    return number


def checked_statistics(stats: list[str]) -> None:
    """Refuse a statistic that the stand-in does not compute, rather than answer with another."""
    for stat in stats:
        if stat not in STATISTICS and not PERCENTILE.fullmatch(stat):
            raise _bad_value(stat, "Statistic")


def refuse_too_many_datapoints(start: float, end: float, period: int) -> None:
    """GetMetricStatistics returns at most 1,440 data points."""
    requested = math.ceil((end - start) / period)
    if requested > MAX_DATAPOINTS:
        raise Refused(
            "InvalidParameterCombination",
            f"You have requested up to {requested:,} datapoints, which exceeds the limit of "
            f"{MAX_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )


def checked_queries(queries: list[dict]) -> None:
    """Refuse MetricDataQueries that AWS would refuse."""
    seen: set[str] = set()
    if len(queries) > 500:
        raise Refused("ValidationError", "The collection MetricDataQueries must not exceed 500.")
    for query in queries:
        name = query.get("Id") or ""
        if not ID.fullmatch(name):
            raise Refused("ValidationError", f"Invalid metrics list: the id '{name}' is invalid.")
        if name in seen:
            raise Refused("ValidationError", f"Invalid metrics list: duplicate id '{name}'.")
        seen.add(name)
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            raise Refused(
                "ValidationError",
                f"Invalid metrics list: '{name}' needs either an Expression or a MetricStat.",
            )
        if query.get("MetricStat"):
            period = query["MetricStat"].get("Period")
            checked_period(period, f"{name}.MetricStat.Period", "ValidationError")
            checked_statistics([query["MetricStat"].get("Stat") or ""])
