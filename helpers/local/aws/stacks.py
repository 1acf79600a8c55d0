"""CloudFormation: properties that MiniStack drops, and faults that it lets pass.

Of a bucket it stores neither lifecycle nor tags, and it deletes one that still has objects, and a
policy that somebody still has. It subscribes any e-mail address or number, refuses an alarm on
metric math, and takes parameters that the template does not have. Sources: "AWS::S3::Bucket",
"AWS::SNS::Subscription" and "AWS::CloudWatch::Alarm" of the AWS CloudFormation Template Reference;
"DeletePolicy" of the IAM API Reference; "Delete a stack" of the AWS CloudFormation User Guide.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import iam, s3
from ministack.services.cloudformation import changesets, engine, handlers, provisioners

from helpers.local.aws import notify

Props = dict[str, object]


def install() -> None:
    """Wrap MiniStack's handlers of four resource types, and its look at parameters."""
    resources = provisioners._RESOURCE_HANDLERS
    bucket = resources["AWS::S3::Bucket"]
    bucket["create"] = _bucket_created(bucket["create"])
    bucket["update"] = _bucket_updated(bucket["update"])
    bucket["delete"] = _delete_bucket
    subscription = resources["AWS::SNS::Subscription"]
    for step in ("create", "update"):
        subscription[step] = _people_checked(
            subscription[step], new_at=1 if step == "create" else 2
        )
    policy = resources["AWS::IAM::ManagedPolicy"]
    policy["delete"] = _attached_kept(policy["delete"])
    provisioners._cw_metric_alarm_record = _math_too(provisioners._cw_metric_alarm_record)
    known_only = _known_only(engine._resolve_parameters)
    for module in (engine, handlers, changesets):
        module._resolve_parameters = known_only


def _known_only(original: Callable) -> Callable:
    """Refuse parameters that the template does not declare."""

    def resolve(template: dict, provided: list[dict], *rest):
        strange = [p["Key"] for p in provided if p.get("Key") not in template.get("Parameters", {})]
        if strange:
            raise ValueError(f"Parameters: [{', '.join(strange)}] do not exist in the template")
        return original(template, provided, *rest)

    return resolve


# -- buckets --------------------------------------------------------------------------------------


def _bucket_created(original: Callable) -> Callable:
    def create(logical_id: str, props: Props, stack_name: str):
        name, attributes = original(logical_id, props, stack_name)
        try:
            _configure(name, {}, props)
        except ValueError:
            s3._delete_bucket(name)  # what failed to be created is not there
            raise
        return name, attributes

    return create


def _bucket_updated(original: Callable) -> Callable:
    def update(physical_id: str, old: Props, new: Props, stack_name: str):
        name, attributes = original(physical_id, old, new, stack_name)
        _configure(name, old if name == physical_id else {}, new)
        return name, attributes

    return update


def _delete_bucket(physical_id: str, props: Props) -> None:
    if physical_id in s3._buckets:
        _accept(s3._delete_bucket(physical_id))


def _configure(name: str, old: Props, new: Props) -> None:
    """Put what the template says through the S3 API; what it no longer says is removed."""
    for prop, xml, put, remove in (
        (
            "LifecycleConfiguration",
            _lifecycle,
            s3._put_bucket_lifecycle,
            s3._delete_bucket_lifecycle,
        ),
        ("OwnershipControls", _ownership, s3._put_bucket_ownership_controls, None),
        ("BucketEncryption", _encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("Tags", _tags, s3._put_bucket_tagging, s3._delete_bucket_tagging),
    ):
        if new.get(prop):
            _accept(put(name, tostring(xml(new[prop]))))
        elif old.get(prop) and remove:
            _accept(remove(name))


def _accept(response: tuple) -> None:
    if response[0] >= 400:
        body = response[2].decode() if isinstance(response[2], bytes) else str(response[2])
        raise ValueError(body.partition("<Message>")[2].partition("</Message>")[0] or body)


def _tree(parent: Element, value: object, tag: str) -> None:
    """`value` as XML below `parent`: a list as repeated elements, a dict as a nested one."""
    for item in value if isinstance(value, list) else [value]:
        element = SubElement(parent, tag)
        if isinstance(item, dict):
            for name, inner in item.items():
                _tree(element, inner, name)
        else:
            element.text = str(item).lower() if isinstance(item, bool) else str(item)


def _document(tag: str, **members: object) -> Element:
    root = Element(tag, xmlns=s3.S3_NS)
    for name, value in members.items():
        _tree(root, value, name)
    return root


def _lifecycle(value: dict) -> Element:
    return _document("LifecycleConfiguration", Rule=[_rule(rule) for rule in value["Rules"]])


def _rule(rule: dict) -> dict:
    """A rule in the words of the S3 API, which are not those of the template."""
    found = {"ID": rule["Id"]} if "Id" in rule else {}
    found |= {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    expiration = {
        name: rule[source]
        for source, name in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if source in rule
    }
    if expiration:
        found["Expiration"] = expiration
    if rule.get("Transitions"):
        found["Transition"] = [
            {"Days": t["TransitionInDays"], "StorageClass": t["StorageClass"]}
            for t in rule["Transitions"]
        ]
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            found[name] = rule[name]
    return found


def _ownership(value: dict) -> Element:
    return _document("OwnershipControls", Rule=value["Rules"])


def _encryption(value: dict) -> Element:
    rules = [
        {"ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {})}
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return _document("ServerSideEncryptionConfiguration", Rule=rules)


def _tags(value: list) -> Element:
    return _document("Tagging", TagSet={"Tag": value})


# -- policies, subscriptions, alarms --------------------------------------------------------------


def _attached_kept(original: Callable) -> Callable:
    """Refuse to delete a policy that others than the template have attached."""

    def delete(arn: str, props: Props) -> None:
        by_template = sum(len(props.get(kind) or []) for kind in ("Roles", "Users", "Groups"))
        if iam._policies.get(arn, {}).get("AttachmentCount", 0) > by_template:
            raise ValueError("Cannot delete a policy attached to entities.")
        original(arn, props)

    return delete


def _people_checked(original: Callable, new_at: int) -> Callable:
    """Refuse an end point as Subscribe does; the new properties are argument `new_at`."""

    def handler(*args):
        props = args[new_at]
        refusal = notify.refusal_of(
            str(props.get("TopicArn", "")),
            str(props.get("Protocol", "")),
            str(props.get("Endpoint", "")),
        )
        if refusal:
            raise ValueError(refusal)
        return original(*args)

    return handler


def _math_too(original: Callable) -> Callable:
    def record(name: str, props: Props) -> dict:
        if not props.get("Metrics"):
            return original(name, props)
        # The alarm on a metric is made, then its metric is replaced by the queries.
        metric = {"MetricName": "-", "Namespace": "-", "Metrics": None}
        alarm = original(name, {**props, **metric})
        for member in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"):
            alarm[member] = None
        return {**alarm, "Metrics": [_typed(query) for query in props["Metrics"]]}

    return record


def _typed(query: dict) -> dict:
    """A parameter of a template arrives as text, also where the API has a number."""
    found = {**query, "ReturnData": str(query.get("ReturnData", True)).lower() == "true"}
    if stat := query.get("MetricStat"):
        found["MetricStat"] = {**stat, "Period": int(stat["Period"])}
    return found
