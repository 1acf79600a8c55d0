"""SEARCH expressions of metric math: which metrics match.

Source: "CloudWatch search expression syntax" of the Amazon CloudWatch User Guide. Known are the
schema in braces, Namespace/MetricName/dimension terms, bare words, and AND between terms.
"""

from __future__ import annotations

import re

from ministack.services import cloudwatch as cw

LIMIT = 500  # metrics that one search returns at most
TERM = re.compile(r'(?:"([^"]+)"|([\w.:/-]+))\s*=\s*(?:"([^"]*)"|(\S+))|"([^"]*)"|(\S+)')


def matching(text: str) -> list[tuple[str, dict]]:
    """(label, metric) of every metric that the search `text` names, by label.

    Raises:
        ValueError: the text is no search expression that is known here.
    """
    found = re.fullmatch(r"\s*(?:\{([^}]*)\})?(.*)", text, re.DOTALL)
    schema = [part.strip().strip('"') for part in (found.group(1) or "").split(",") if part.strip()]
    terms = []
    for name, bare_name, value, bare_value, phrase, word in TERM.findall(found.group(2)):
        if word in ("OR", "NOT") or "(" in word:
            raise ValueError(f"SEARCH with {word} is not available in the local stand-in")
        if word != "AND":
            terms.append((name or bare_name, value or bare_value or phrase or word))
    matches = []
    for (namespace, metric, _), points in cw._metrics.items():
        dimensions = points[0]["Dimensions"] if points else {}
        if schema and (namespace != schema[0] or set(dimensions) != set(schema[1:])):
            continue
        if all(_holds(term, namespace, metric, dimensions) for term in terms):
            label = " ".join(dimensions.values()) or metric
            named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
            found_metric = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
            matches.append((label, found_metric))
    return sorted(matches, key=lambda match: match[0])[:LIMIT]


def _holds(term: tuple[str, str], namespace: str, metric: str, dimensions: dict) -> bool:
    name, value = term
    if name:
        known = {"Namespace": namespace, "MetricName": metric, **dimensions}
        return known.get(name) == value
    words = re.split(r"\W+", " ".join([metric, *dimensions.values(), *dimensions]).lower())
    return all(part in words for part in re.split(r"\W+", value.lower()) if part)
