"""What people are told: the limits of subject and SMS, the accents, the attributes."""

from __future__ import annotations

import json

import pytest

from helpers.pipeline.events import notification_from
from helpers.pipeline.notify_sns import Publisher
from helpers.pipeline.notify_texts import GSM, Notice, of_error, of_mark
from tests.notify.rig import errors, marks


def hold(notice: Notice) -> None:
    assert notice.subject.isascii()
    assert notice.subject.isprintable()
    assert 0 < len(notice.subject) < 100
    assert notice.subject[0] != " "
    assert 0 < len(notice.sms) <= 160
    assert set(notice.sms) <= GSM
    assert notice == Notice.from_dict(json.loads(json.dumps(notice.to_dict())))
    assert len(notice.attributes) <= 10  # more, and raw delivery to a queue drops the message


def test_every_notice_keeps_the_limits():
    for mark in marks():
        hold(of_mark(notification_from(mark).value))
    for error in errors():
        hold(of_error(error.value, 17))


def test_accents():
    mark = next(m for m in marks() if m.value["course"] == "etica-clinica")
    notice = of_mark(notification_from(mark).value)
    assert notice.subject == "Nueva calificacion en Etica Clinica"
    assert "Asignatura: Ética Clínica" in notice.body
    assert notice.sms.startswith("Ética Clinica. ")  # É is in the GSM alphabet, í is not
    assert f"Referencia: {mark.value['event_id']}" in notice.body


@pytest.mark.parametrize(
    "message",
    ["x" * 200, "ñ" * 200, "日本" * 100, "a\u0000b\u0007\nc", "cómo\u0301 \U0001f600", "[{€~"],
)
def test_hostile_texts(message):
    error = {**errors()[0].value, "message": message}
    hold(of_error(error))
    body = of_error(error).body
    assert all(line.isprintable() for line in body.split("\n"))
    notification = {**notification_from(marks()[0]).value, "message": message, "subject": message}
    hold(of_mark(notification))


def test_the_request_and_its_attributes():
    notice = of_error(errors()[0].value, 3)
    sns = Publisher("arn:aws:sns:us-east-1:000000000000:t", region_name="us-east-1")
    request = sns.request(notice)
    texts = json.loads(request["Message"])
    assert texts["sms"] == notice.sms
    assert "Desde el aviso anterior, sin enviar: 3" in texts["email"]
    channels = request["MessageAttributes"]["channels"]
    assert channels == {"DataType": "String.Array", "StringValue": '["email", "sms"]'}
    assert request["MessageAttributes"]["severity"]["StringValue"] == "CRITICAL"


def test_a_day_in_no_calendar():
    with pytest.raises(ValueError, match="day is out of range"):
        of_error({**errors()[0].value, "timestamp": "2026-02-30T08:00:00.000Z"})
