"""`python -m helpers derive` and `notify`: their words, and what a person does by hand."""

from __future__ import annotations

import argparse

import pytest

from helpers.errors import LabError
from helpers.pipeline import derive_command, notify_command, service
from helpers.pipeline.notify_texts import of_mark
from tests.notify.rig import marks


def words(command, text: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(text.split())


@pytest.fixture
def here(rig, monkeypatch):
    """The lab of these tests in place of the shared one."""
    for name in ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION"):
        monkeypatch.setenv(f"AWS_{name}", rig.servers.aws[f"AWS_{name}"])
    monkeypatch.setattr(service, "kafka", lambda args, aws: rig.servers.kafka)
    return rig


def test_notify_without_a_topic():
    with pytest.raises(LabError, match="say with --sns-topic where to publish"):
        notify_command.main(words(notify_command, "--bucket b"))


def test_words_that_cannot_be():
    with pytest.raises(LabError, match="--set takes NAME=VALUE, not x"):
        derive_command.main(words(derive_command, "--set x"))
    with pytest.raises(SystemExit):
        words(notify_command, "--bucket b --unsettled --resend x")


def test_a_person_decides(here, capsys):
    """Of three that were perhaps sent one had arrived, one is sent now, one stays undecided."""
    rig, heard, history = here, here.queue(), here.history()
    notices = [of_mark(n.value) for n in rig.notifications(marks(3))]
    for notice in notices:
        assert history.claim(notice) is not None
    base = f"--bucket {rig.bucket} --sns-topic {rig.arn}"
    run = lambda more: notify_command.main(words(notify_command, f"{base} {more}"))  # noqa: E731
    assert run("--unsettled") == 0
    assert capsys.readouterr().out.startswith("0 unsettled")  # younger than a minute
    run("--unsettled --older-than 0")
    out = capsys.readouterr().out
    assert all(f"{notice.event_id}  perhaps sent" in out for notice in notices)
    run(f"--settle {notices[0].event_id}")
    run(f"--resend {notices[1].event_id}")
    capsys.readouterr()
    run("--unsettled --older-than 0")
    out = capsys.readouterr().out
    assert notices[2].event_id in out
    assert "1 unsettled; decide with" in out
    assert heard() == {notices[1].event_id: 1}
    with pytest.raises(LabError, match="is not unsettled"):
        run(f"--resend {notices[1].event_id}")


def test_derive_and_notify_as_commands(here, capsys, monkeypatch):
    """Both to the end, told to stop as soon as there is nothing left."""
    from helpers.pipeline import derive, notify

    rig = here
    prefix = f"{rig.name}-"
    rig.produce(rig.source, marks(5))
    heard = rig.queue()
    for owner in (derive.Derive, notify.Notify):
        stop_when(owner, monkeypatch)
    derive_command.main(words(derive_command, f"--prefix {prefix}"))
    base = f"--bucket {rig.bucket} --sns-topic {rig.arn} --prefix {prefix} --per-second 100"
    notify_command.main(words(notify_command, base))
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "stopped: 5 records read, 5 notifications, 0 dead letters",
        "stopped: 5 sent",
    ]
    assert heard().total() == 5


def stop_when(owner: type, monkeypatch) -> None:
    """Let it stop by itself after five."""
    step = "_transact" if owner.__name__ == "Derive" else "_send"
    original = getattr(owner, step)

    def wrapped(self, *args):
        result = original(self, *args)
        if (self.read if step == "_transact" else self.done.total()) >= 5:
            self.stop()
        return result

    monkeypatch.setattr(owner, step, wrapped)
