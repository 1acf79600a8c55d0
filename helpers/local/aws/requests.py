"""CloudWatch's three wire protocols (CBOR, JSON, Query): a plain dict in, a plain dict out."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from ministack.services import cloudwatch as cw


class Refused(ValueError):  # a ValueError fails a resource of CloudFormation
    """AWS would refuse this request with this error code and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def request_of(params: dict, body: dict, is_cbor: bool, is_json: bool) -> dict:
    """The request's members; numbers of the Query protocol stay strings."""
    return dict(body) if is_cbor or is_json else _nested(params)


def _nested(params: dict) -> dict:
    """`{"A.member.1.B": ["x"]}` as `{"A": [{"B": "x"}]}`, the Query protocol's lists undone."""
    tree: dict = {}
    for name in params:
        parts = re.sub(r"\.member\.(\d+)", r".#\1", name).split(".")
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = cw._p(params, name)
    return _listed(tree)


def _listed(node):
    if not isinstance(node, dict):
        return node
    if node and all(key.startswith("#") for key in node):
        return [_listed(node[key]) for key in sorted(node, key=lambda key: int(key[1:]))]
    return {key: _listed(value) for key, value in node.items()}


def _xml(value) -> str:
    if isinstance(value, dict):
        return "".join(f"<{k}>{_xml(v)}</{k}>" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(str(value))


def answering(action: str, work: Callable[[dict], dict], times: Callable[[dict], dict]):
    """A MiniStack handler of `action` that answers with `work(request)`.

    `times` turns the answer's timestamps into CBOR's.
    """

    def handler(params, body, is_cbor, is_json=False):
        try:
            answer = work(request_of(params, body, is_cbor, is_json))
        except Refused as refusal:
            return error(refusal, is_cbor, is_json)
        if is_cbor:
            return cw._cbor_ok(times(answer))
        if is_json:
            return cw._json_ok(answer)
        inner = f"<{action}Result>{_xml(answer)}</{action}Result>" if answer else ""
        return cw._xml(200, f"{action}Response", inner)

    return handler


def checked(handler, check: Callable[[dict], None]):
    """MiniStack's `handler`, run only for requests that `check` does not refuse."""

    @functools.wraps(handler)
    def guarded(params, body, is_cbor, is_json=False):
        try:
            check(request_of(params, body, is_cbor, is_json))
            return handler(params, body, is_cbor, is_json)
        except Refused as refusal:
            return error(refusal, is_cbor, is_json)

    return guarded


def error(refusal: Refused, is_cbor: bool, is_json: bool):
    """`refusal` as a response of the request's protocol."""
    return cw._error(refusal.code, str(refusal), refusal.status, use_json=is_json, use_cbor=is_cbor)
