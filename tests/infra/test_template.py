"""The template and the policies, read: no linter complains, and nothing promised is missing."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from cfnlint.api import ManualArgs, lint
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from helpers import infra
from helpers.config import ROOT
from helpers.pipeline.layout import plan_key
from helpers.pipeline.topics import TOPICS

REGIONS = ["us-east-1", "eu-west-1"]
FOLDER = ROOT / "infra"


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, kept as text: `!Ref X` is "X"."""


def _plain(loader, _tag, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", _plain)


@pytest.fixture(scope="module")
def template():
    return yaml.load(infra.template(), Loader)


def test_cfn_lint_has_nothing_to_say():
    found = lint(infra.template(), regions=REGIONS, config=ManualArgs(include_checks=["I"]))
    assert [str(each) for each in found] == []


@pytest.mark.soak
def test_cfn_lint_would_say_something():
    worse = infra.template().replace("RetentionInDays: !Ref RetentionDays", "RetentionInDays: 8")
    assert lint(worse, regions=REGIONS[:1])


def test_no_rule_touches_what_the_services_remember(template):
    (rule,) = template["Resources"]["Lake"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not plan_key("", "t", 0, 0).startswith(rule["Prefix"])
    assert not "historial/".startswith(rule["Prefix"])
    assert rule["Prefix"]


def test_alarms_watch_topics_that_there_are(template):
    text = infra.template()
    topics = set(re.findall(r"Name: Topic, Value: !Sub \"\$\{Prefix\}([\w-]+)\"", text))
    assert topics == set(TOPICS)
    alarms = [r for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 5
    for alarm in alarms:
        assert alarm["Properties"]["AlarmDescription"].endswith(".")
        assert alarm["Properties"]["TreatMissingData"]  # decided, not left to a default
    listed = template["Outputs"]["AlarmNames"]["Value"]
    assert len(listed[1]) == len(alarms)


def test_every_name_begins_with_the_prefix(template):
    named = [
        value
        for resource in template["Resources"].values()
        for name, value in resource["Properties"].items()
        if name.endswith("Name") and not name.startswith(("Metric", "Display"))
    ]
    assert len(named) >= 14
    assert [n for n in named if not n.startswith("${Prefix}") and n != "Events"] == []


def test_the_readme_explains_every_parameter_and_output(template):
    text = (FOLDER / "README.md").read_text("utf-8")
    names = [*template["Parameters"], *template["Outputs"]]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", ["learner-policy.json", "deployer-policy.json"])
def test_a_policy_is_one_that_aws_takes(name):
    """Shorter than a managed policy may be (6,144 characters without white space), prefix and all;
    statements with names, actions of services, resources of our own wherever AWS knows any."""
    policy = json.loads((FOLDER / name).read_text("utf-8").replace("PREFIX", "a" * 20))
    assert policy["Version"] == "2012-10-17"
    assert len(json.dumps(policy, separators=(",", ":"))) <= 6144
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in policy["Statement"]:
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action), "no wildcard, so that it is read"


# What the template does not use, so that nobody needs a right to it: permissions of CloudFormation's
# resource handlers that the deployer's policy leaves out.
NOT_USED = re.compile(
    r"s3tables:.*|firehose:.*|kms:.*|iam:PassRole|iam:GetRole|s3:REST.*"
    r"|iam:(At|De)tach(User|Group|Role)Policy"  # the template attaches its policies to nobody
    r"|s3:\w*(Abac|Cors|CORS|Analytics|Inventory|Metrics|Notification|Replication|Website)\w*"
    r"|s3:\w*(Accelerate|ObjectLock|Logging|Versioning|IntelligentTiering|MetadataTable|Acl)\w*"
    r"|s3:\w*(MetadataJournal|MetadataInventory|MetadataAnnotation|Encryption)\w*"
    r"|s3:DeleteBucketLifecycle"  # no such action: s3:PutLifecycleConfiguration is what is asked
    r"|logs:\w*(LogDelivery|IndexPolicy|BearerToken|DeletionProtection|KmsKey)\w*"
    r"|logs:(Put|Delete)(DataProtection|Resource)Policy|sns:PutDataProtectionPolicy"
)


def test_the_deployer_may_do_what_cloudformation_does_for_them(template):
    """By the resource handlers' own lists, which come with cfn-lint. Reading is needed throughout."""
    types = {resource["Type"] for resource in template["Resources"].values()}
    policy = json.loads((FOLDER / "deployer-policy.json").read_text("utf-8"))
    may = {action for statement in policy["Statement"] for action in statement["Action"]}
    lacking = set()
    for each in types:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", each).schema["handlers"]
        for step, handler in handlers.items():
            for action in handler["permissions"]:
                unused = NOT_USED.fullmatch(action) and not (
                    step == "read" and action.startswith("s3:")
                )
                if step != "list" and not unused and action not in may:
                    lacking.add((each, step, action))
    assert lacking == set()
    assert {each for each in may if NOT_USED.fullmatch(each) and ":Get" not in each} == set()
