"""Who is told: invented addresses on a local lab, the learner's own on the cloud."""

from __future__ import annotations

import pytest

from helpers.errors import LabError
from helpers.lab import Lab
from helpers.local.aws.notify import ADDRESS, E164
from helpers.pipeline.recipients import mailbox, phone


@pytest.mark.parametrize("prefix", ["", "ana-", "grupo-b-"])
def test_local_addresses_are_what_sns_takes(prefix):
    lab = Lab("local", prefix)
    assert mailbox(lab, "guardia") == f"{prefix}guardia@example.com"
    assert ADDRESS.fullmatch(mailbox(lab, "guardia"))
    assert E164.fullmatch(phone(lab))


def test_two_learners_have_two_phones():
    assert phone(Lab("local", "ana-")) != phone(Lab("local", "luis-"))


def test_on_the_cloud_they_are_the_learners_own(monkeypatch):
    monkeypatch.setenv("ALERT_EMAIL", "ana@example.org")
    monkeypatch.setenv("ALERT_PHONE", "+34600000000")
    lab = Lab("cloud", "ana-")
    assert mailbox(lab, "guardia") == "ana+ana-guardia@example.org"
    assert phone(lab) == "+34600000000"


def test_a_missing_address_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFLUENT_ENV", str(tmp_path / "none"))
    for name in ("ALERT_EMAIL", "ALERT_PHONE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(LabError, match="ALERT_EMAIL"):
        mailbox(Lab("cloud", ""), "guardia")
    with pytest.raises(LabError, match="ALERT_PHONE"):
        phone(Lab("cloud", ""))
