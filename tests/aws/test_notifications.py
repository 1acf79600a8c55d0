"""SNS: fan-out, filters, confirmation, e-mail and SMS in the local inbox, what is refused."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.aws.support import ELSEWHERE, REGION, refused, until

INVALID = "InvalidParameter"


@pytest.fixture
def topic(aws, unique):
    return aws("sns").create_topic(Name=unique)["TopicArn"]


def subscribe(aws, topic: str, protocol: str, endpoint: str, region: str = REGION, **more) -> str:
    return aws("sns", region).subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=endpoint, **more
    )["SubscriptionArn"]


def listed(aws, topic: str, region: str = REGION) -> list[str]:
    found = aws("sns", region).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [sub["SubscriptionArn"] for sub in found]


def test_envelope_filters_and_raw_delivery(aws, topic, queue, unique):
    by_attribute, by_body, raw = (queue(f"{unique}-{kind}") for kind in ("a", "b", "r"))
    policy = json.dumps({"sev": ["high"], "n": [{"numeric": [">=", 5]}]})
    subscribe(aws, topic, "sqs", by_attribute.arn, Attributes={"FilterPolicy": policy})
    policy = json.dumps({"det": {"kind": [{"prefix": "gl"}]}})
    scope = {"FilterPolicy": policy, "FilterPolicyScope": "MessageBody"}
    subscribe(aws, topic, "sqs", by_body.arn, Attributes=scope)
    subscribe(aws, topic, "sqs", raw.arn, Attributes={"RawMessageDelivery": "true"})
    for kind, number in (("glitch", 9), ("burst", 1)):
        attributes = {
            "sev": {"DataType": "String", "StringValue": "high"},
            "n": {"DataType": "Number", "StringValue": str(number)},
        }
        message = json.dumps({"det": {"kind": kind}})
        aws("sns").publish(
            TopicArn=topic, Message=message, Subject="S", MessageAttributes=attributes
        )
    assert len(until(raw.receive, 5, "raw delivery")) == 2
    assert json.loads(raw.bodies[0]) == {"det": {"kind": "glitch"}}
    assert (len(by_attribute.receive()), len(by_body.receive())) == (1, 1)
    envelope = json.loads(by_attribute.bodies[0])
    assert (envelope["Type"], envelope["Subject"]) == ("Notification", "S")
    assert envelope["TopicArn"] == topic


def test_an_http_subscriber_confirms_first(aws, topic):
    posts: list[tuple[str, dict]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.append((self.headers["x-amz-sns-message-type"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        subscribe(aws, topic, "http", f"http://127.0.0.1:{server.server_port}/hook")
        kind, body = until(lambda: posts and posts[0], 5, "the confirmation request")
        assert kind == "SubscriptionConfirmation"
        aws("sns").publish(TopicArn=topic, Message="too early")
        aws("sns").confirm_subscription(TopicArn=topic, Token=body["Token"])
        aws("sns").publish(TopicArn=topic, Message="ping")
        until(lambda: len(posts) > 1, 5, "the notification")
        assert [(k, b["Message"]) for k, b in posts[1:]] == [("Notification", "ping")]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("region", [REGION, ELSEWHERE])
def test_an_e_mail_subscriber_confirms_first(aws, inbox, unique, region):
    topic, to = aws("sns", region).create_topic(Name=unique)["TopicArn"], f"{unique}@example.com"
    assert subscribe(aws, topic, "email", to, region) == "pending confirmation"
    assert listed(aws, topic, region) == ["PendingConfirmation"]
    aws("sns", region).publish(TopicArn=topic, Message="too early")
    url = inbox.confirmation_url(to)
    with urllib.request.urlopen(url) as answer:
        assert b"ConfirmSubscriptionResult" in answer.read()
    (arn,) = listed(aws, topic, region)
    attributes = aws("sns", region).get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"
    aws("sns", region).publish(TopicArn=topic, Message="año nuevo", Subject="Saludo")
    (mail,) = inbox.wait("mail", lambda m: m["subject"] == "Saludo", 5, to=to)
    assert mail["body"].startswith("año nuevo\n")
    assert mail["to"] == to
    assert mail["received"].endswith("Z")
    assert len(inbox.mails(to)) == 2
    leave = mail["body"].split()[-1]
    urllib.request.urlopen(leave).close()
    assert listed(aws, topic, region) == []


def test_confirming_by_token(aws, topic, inbox, unique):
    to = f"{unique}@example.com"
    arn = subscribe(aws, topic, "email", to, ReturnSubscriptionArn=True)
    assert arn.startswith(topic)
    with refused(INVALID):
        aws("sns").confirm_subscription(TopicArn=topic, Token="0" * 64)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(inbox.confirmation_url(to)).query)
    answer = aws("sns").confirm_subscription(TopicArn=topic, Token=query["Token"][0])
    assert answer["SubscriptionArn"] == arn
    assert subscribe(aws, topic, "email", to) == arn


def test_subscribing_again_sends_the_mail_again(aws, topic, inbox, unique):
    to = f"{unique}@example.com"
    for _ in range(2):
        assert subscribe(aws, topic, "email", to) == "pending confirmation"
    inbox.wait("mail", 2, 5, to=to)
    assert listed(aws, topic) == ["PendingConfirmation"]


def test_subscribing_again_does_not_change_the_attributes(aws, topic, inbox, unique):
    to = f"{unique}@example.com"
    high, low = ({"FilterPolicy": json.dumps({"level": [level]})} for level in ("high", "low"))
    subscribe(aws, topic, "email", to, Attributes=high)
    urllib.request.urlopen(inbox.confirmation_url(to)).close()
    (arn,) = listed(aws, topic)
    for same in (high, {"FilterPolicy": '{ "level":["high"] }'}, {}):
        assert subscribe(aws, topic, "email", to, Attributes=same) == arn
    with refused(INVALID):
        subscribe(aws, topic, "email", to, Attributes=low)
    changed = {"AttributeName": "FilterPolicy", "AttributeValue": low["FilterPolicy"]}
    aws("sns").set_subscription_attributes(SubscriptionArn=arn, **changed)
    assert subscribe(aws, topic, "email", to, Attributes=low) == arn


def test_e_mail_filters_and_json_e_mail(aws, topic, inbox, unique):
    filtered, whole = f"f{unique}@example.com", f"j{unique}@example.com"
    policy = {"FilterPolicy": json.dumps({"level": ["high"]})}
    subscribe(aws, topic, "email", filtered, Attributes=policy)
    subscribe(aws, topic, "email-json", whole)
    for to in (filtered, whole):
        urllib.request.urlopen(inbox.confirmation_url(to)).close()
    for level in ("low", "high"):
        attributes = {"level": {"DataType": "String", "StringValue": level}}
        aws("sns").publish(TopicArn=topic, Message=level, MessageAttributes=attributes)
    mails = inbox.wait("mail", 3, 5, to=whole)
    assert [json.loads(mail["body"])["Message"] for mail in mails[1:]] == ["low", "high"]
    mails = inbox.wait("mail", 2, 5, to=filtered)
    assert [mail["body"].split("\n")[0] for mail in mails[1:]] == ["high"]
    assert mails[1]["subject"] == "AWS Notification Message"


def test_sms_direct_and_by_subscription(aws, topic, inbox):
    aws("sns").publish(PhoneNumber="+15550100201", Message="hola")
    assert [sms["body"] for sms in inbox.wait("sms", 1, 5, to="+15550100201")] == ["hola"]
    assert subscribe(aws, topic, "sms", "+15550100202").startswith(topic)
    message = json.dumps({"default": "long", "sms": "short"})
    aws("sns").publish(TopicArn=topic, Message=message, MessageStructure="json")
    (sms,) = inbox.wait("sms", 1, 5, to="+15550100202")
    assert (sms["body"], sms["subject"]) == ("short", "")


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("sms", "abc"),
        ("sms", "5550100123"),
        ("sms", "+0123456789"),
        ("sms", "+1234567890123456"),
        ("email", "ops"),
        ("email", "ops@"),
        ("email", "a@b@example.com"),
        ("email-json", "ops example.com"),
        ("http", "https://127.0.0.1/x"),
        ("https", "127.0.0.1"),
        ("sqs", "queue"),
        ("pigeon", "x"),
    ],
)
def test_bad_subscriptions_are_refused(aws, topic, protocol, endpoint):
    with refused(INVALID):
        subscribe(aws, topic, protocol, endpoint)
    assert listed(aws, topic) == []


@pytest.mark.parametrize(
    "message",
    [
        {"Subject": "x" * 101},
        {"Subject": "two\nlines"},
        {"Message": "x" * 262_145},
        {"Message": ""},
        {"TopicArn": None, "PhoneNumber": "abc"},
    ],
    ids=["long", "lines", "size", "empty", "phone"],
)
def test_bad_messages_are_refused(aws, topic, inbox, message):
    wanted = {"TopicArn": topic, "Message": "m", **message}
    with pytest.raises(aws("sns").exceptions.InvalidParameterException):
        aws("sns").publish(**{k: v for k, v in wanted.items() if v is not None})
    assert inbox.sms("abc") == []


def test_people_cannot_subscribe_to_a_fifo_topic(aws, unique):
    topic = aws("sns").create_topic(Name=f"{unique}.fifo", Attributes={"FifoTopic": "true"})
    for protocol, endpoint in (("email", "ops@example.com"), ("sms", "+15550100123")):
        with refused(INVALID):
            subscribe(aws, topic["TopicArn"], protocol, endpoint)


def test_an_unknown_topic_is_not_found(aws, topic):
    with refused("NotFound"):
        subscribe(aws, f"{topic}x", "email", "ops@example.com")


def test_the_confirmation_link_needs_its_token(stand_in, topic):
    query = urllib.parse.urlencode(
        {"Action": "ConfirmSubscription", "TopicArn": topic, "Token": "guess"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{stand_in.url}/?{query}")
    assert caught.value.code == 400
