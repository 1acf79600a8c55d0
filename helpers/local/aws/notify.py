"""SNS: e-mail and SMS really arrive (in the local inbox), and only where they should.

Sources: "Subscribe", "ConfirmSubscription" and "Publish" of the Amazon SNS API Reference;
"Email notifications" and "Mobile text messaging" of the Amazon SNS Developer Guide.
"""

from __future__ import annotations

import json
import re
import secrets
from urllib.parse import urlencode

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import request_scope
from ministack.services import sns

from helpers.local.aws import resubscribe
from helpers.local.aws.mail import Post

MAIL = ("email", "email-json")
PROTOCOLS = {*MAIL, "sms", "sqs", "lambda", "http", "https", "application", "firehose"}
E164 = re.compile(r"\+[1-9]\d{6,14}")  # ITU-T E.164: at most 15 digits, no leading zero
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
_post: Post


def install(post: Post) -> None:
    """Wrap MiniStack's SNS; messages to people go to `post`."""
    global _post
    _post = post
    for name, wrapper in (
        ("_error", _error),
        ("_subscribe", _subscribe),
        ("_confirm_subscription", _in_scope_of("TopicArn")),
        ("_unsubscribe", _in_scope_of("SubscriptionArn")),
        ("_list_subscriptions", _hiding_pending),
        ("_list_subscriptions_by_topic", _hiding_pending),
        ("_get_subscription_attributes", _settled),
        ("_get_topic_attributes", _settled),
        ("_publish", _publish),
        ("_fanout", _fanout),
    ):
        setattr(sns, name, wrapper(getattr(sns, name)))


def ask_for_confirmations() -> None:
    """Send the confirmation mail of e-mail subscriptions that did not come through Subscribe.

    CloudFormation writes its subscriptions straight into MiniStack's store.
    """
    for (account, region, _), topic in sns._topics.all_items():
        with request_scope(account, region):
            _settle(topic)


def _settle(topic: dict) -> None:
    for sub in topic["subscriptions"]:
        if sub["protocol"] in MAIL and "asked" not in sub:
            sub.update(confirmed=False, token=secrets.token_hex(48), asked=True)
            sub["attributes"].update(
                SubscriptionArn=sub["arn"],
                TopicArn=topic["arn"],
                Protocol=sub["protocol"],
                Endpoint=sub["endpoint"],
                Owner=sub["owner"],
                PendingConfirmation="true",
                ConfirmationWasAuthenticated="false",
            )
            sns._refresh_subscription_counts(topic)
            _ask(topic, sub)


def _link(action: str, **query: str) -> str:
    return f"http://{sns._HOST}:{sns._PORT}/?" + urlencode({"Action": action, **query})


def _ask(topic: dict, sub: dict) -> None:
    link = _link("ConfirmSubscription", TopicArn=topic["arn"], Token=sub["token"])
    body = (
        f"You have chosen to subscribe to the topic:\n{topic['arn']}\n\n"
        "To confirm this subscription, click or visit the link below "
        f"(If this was in error no action is necessary):\n{link}\n"
    )
    _post.mail(sub["endpoint"], "AWS Notification - Subscription Confirmation", body)


def _error(original):
    # boto3's exceptions.InvalidParameterException is chosen by AWS's code, InvalidParameter.
    def error(code, message, status):
        return original(
            code.replace("InvalidParameterException", "InvalidParameter"), message, status
        )

    return error


def _invalid(reason: str):
    return sns._error("InvalidParameter", f"Invalid parameter: {reason}", 400)


def refusal_of(topic_arn: str, protocol: str, endpoint: str) -> str | None:
    """Why AWS would not subscribe this end point, in its words; None if it would."""
    if protocol not in PROTOCOLS:
        return f"Invalid parameter: Does not support this protocol string: {protocol}"
    if topic_arn.endswith(".fifo") and protocol in (*MAIL, "sms", "http", "https"):
        return f"Invalid parameter: Invalid protocol type: {protocol}"
    if protocol == "sms" and not E164.fullmatch(re.sub(r"[\s().-]", "", endpoint)):
        return f"Invalid parameter: Invalid SMS endpoint: {endpoint}"
    if protocol in MAIL and not ADDRESS.fullmatch(endpoint):
        return "Invalid parameter: Email address"
    if protocol in ("http", "https") and not endpoint.startswith(f"{protocol}://"):
        return "Invalid parameter: Endpoint must match the specified protocol"
    return None


def _refusal_of_subscription(params: dict):
    members = (sns._p(params, name) for name in ("TopicArn", "Protocol", "Endpoint"))
    refusal = refusal_of(*members)
    return sns._error("InvalidParameter", refusal, 400) if refusal else None


def _subscribe(original):
    def subscribe(params):
        topic, unknown = sns._get_topic(sns._p(params, "TopicArn"), "sns:Subscribe")
        if unknown or (refusal := _refusal_of_subscription(params)):
            return unknown or refusal
        protocol, endpoint = sns._p(params, "Protocol"), sns._p(params, "Endpoint")

        def existing() -> dict | None:
            same = (protocol, endpoint)
            subs = topic["subscriptions"]
            return next((s for s in subs if (s["protocol"], s["endpoint"]) == same), None)

        again = existing()
        if again and resubscribe.differs(params, again):
            return _invalid(
                "Attributes Reason: Subscription already exists with different attributes"
            )
        response = original(params)
        sub = existing()
        if protocol not in MAIL or response[0] != 200:
            return response
        if again is None or "asked" not in sub:
            _settle(topic)
        elif not sub["confirmed"]:
            _ask(topic, sub)
        wants_arn = sns._p(params, "ReturnSubscriptionArn") == "true"
        shown = sub["arn"] if sub["confirmed"] or wants_arn else "pending confirmation"
        arn = f"<SubscriptionArn>{shown}</SubscriptionArn>"
        return sns._xml(200, "SubscribeResponse", f"<SubscribeResult>{arn}</SubscribeResult>")

    return subscribe


def _in_scope_of(parameter: str):
    """The link in a mail carries no signature, so the topic's region must come from its ARN."""

    def wrapper(original):
        def handler(params):
            arn = sns._p(params, parameter)
            try:
                spec = parse_arn(arn)
            except ArnParseError:
                return _invalid(f"{parameter} Reason: {arn!r} is not an ARN")
            with request_scope(spec.account_id, spec.region):
                return original(params)

        return handler

    return wrapper


def _settled(original):
    def handler(params):
        for topic in sns._topics.values():
            _settle(topic)
        return original(params)

    return handler


def _hiding_pending(original):
    def listing(params):
        for topic in sns._topics.values():
            _settle(topic)
        status, headers, body = original(params)
        for topic in sns._topics.values():
            for sub in topic["subscriptions"]:
                if not sub["confirmed"]:
                    body = body.replace(f">{sub['arn']}<".encode(), b">PendingConfirmation<")
        return status, headers, body

    return listing


def _publish(original):
    def publish(params):
        phone, subject = sns._p(params, "PhoneNumber"), sns._p(params, "Subject")
        if not sns._p(params, "Message"):
            return _invalid("Empty message")
        if len(subject) > 100 or re.search(r"[\x00-\x1f]", subject):
            return _invalid("Subject")
        if phone and not E164.fullmatch(phone):
            return _invalid(f"PhoneNumber Reason: {phone} is not valid to publish to")
        response = original(params)
        if phone and response[0] == 200:
            _post.sms(phone, sns._p(params, "Message"))
        return response

    return publish


def _fanout(original):
    def fanout(
        topic_arn, msg_id, message, subject, message_structure="", message_attributes=None, **fifo
    ):
        topic = sns._topic_by_arn_any_scope(topic_arn)
        if topic is None:
            return
        _settle(topic)
        original(topic_arn, msg_id, message, subject, message_structure, message_attributes, **fifo)
        for sub in list(topic["subscriptions"]):
            if sub["confirmed"] and sub["protocol"] in (*MAIL, "sms"):
                text = sns._resolve_message_for_protocol(
                    message, message_structure, sub["protocol"]
                )
                if sns._matches_filter_policy(sub, message_attributes or {}, text):
                    _deliver(topic, sub, msg_id, text, subject, message_attributes or {})

    return fanout


def _deliver(topic, sub, msg_id, text, subject, attributes) -> None:
    to, protocol = sub["endpoint"], sub["protocol"]
    if protocol == "sms":
        _post.sms(to, text)
        return
    if protocol == "email-json":
        envelope = sns._build_envelope(topic["arn"], msg_id, text, subject, attributes, raw=False)
        body = json.dumps(json.loads(envelope), indent=2)
    else:
        link = _link("Unsubscribe", SubscriptionArn=sub["arn"])
        body = (
            f"{text}\n\n--\nIf you wish to stop receiving notifications from this topic, please "
            f"click or visit the link below to unsubscribe:\n{link}\n"
        )
    sender = topic["attributes"].get("DisplayName") or "AWS Notifications"
    _post.mail(to, subject or "AWS Notification Message", body, sender)
