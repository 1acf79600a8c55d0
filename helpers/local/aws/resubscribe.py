"""Subscribing the same address again: SNS does not change what is there, it says so.

Source: the error that AWS returns, "Subscription already exists with different attributes" (quoted
in localstack issue 8816); attributes that the request leaves out are not compared (localstack pull
request 9167, tested against AWS).
"""

from __future__ import annotations

import json

from ministack.services import sns


def differs(params: dict, sub: dict) -> bool:
    """Whether a Subscribe request names an attribute with another value than `sub` has."""
    number = 1
    while name := sns._p(params, f"Attributes.entry.{number}.key"):
        wanted = sns._p(params, f"Attributes.entry.{number}.value")
        if _meant(wanted) != _meant(sub["attributes"].get(name, "")):
            return True
        number += 1
    return False


def _meant(value: str) -> object:
    """A policy as the document that it is, RawMessageDelivery's True as true."""
    try:
        return json.loads(value)
    except ValueError:
        return value.lower()
