"""Notify: marks and grave errors to people, by SNS as e-mail and SMS, with a history in S3.

    Notify(Settings(bucket="lake", sns_topic="arn:aws:sns:..."), lab.kafka).run()

Marks come from `notificaciones` (see `derive`); errors from `sistema-logs` itself, as a record in
`notificaciones` is about a student.

**What is promised: at most one notification for one event**, whatever is killed, shared out anew or
read again: it is claimed in S3 before it is published (see `notify_history`). Not promised: that
there is one. Whoever dies between claim and history, or gets no answer from SNS, leaves an event of
which nobody knows; it is listed by `python -m helpers notify --unsettled`, for a person to decide.
Exactly once cannot be had: SNS's standard topics take no idempotency key, and a mail cannot be
looked up. Beyond SNS's answer it is AWS's promise that counts: standard topics deliver at least
once, so that, rarely, one publish arrives twice.

A flood does not page anybody a thousand times: about each service there is one page in a window of
`quiet_s` (by the errors' own time; after a crash perhaps a second); the others are counted, and
kept in the history as suppressed. And no process sends more than `per_second`.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from helpers.pipeline.dead_letters import DeadLetters
from helpers.pipeline.derive_records import dead_letter
from helpers.pipeline.events import NOTIFICATIONS, SYSTEM_LOGS
from helpers.pipeline.membership import Membership
from helpers.pipeline.notify_history import Bucket, History
from helpers.pipeline.notify_records import Records
from helpers.pipeline.notify_settings import Settings
from helpers.pipeline.notify_sns import NotifyStopped, Publisher, Refused, Unknown, publish
from helpers.pipeline.notify_texts import LEVELS, Notice, of_error, of_mark
from helpers.pipeline.process import Poison
from helpers.pipeline.store import SinkStopped

__all__ = ["Notify", "NotifyStopped", "Settings"]

log = logging.getLogger(__name__)

DOUBTS = 3  # publishes in a row of which nobody knows whether they were taken; then it is over
REMEMBERED = 10_000  # services with their last window
STOPPING = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


class Notify:
    """One process's share of the work. `run` returns after `stop`, or raises NotifyStopped.

    `done` counts events: sent, suppressed, repeated (claimed before), perhaps (sent or not), dead.
    """

    def __init__(
        self,
        settings: Settings,
        kafka: dict[str, str],
        bucket: Bucket | None = None,
        publisher: Publisher | None = None,
    ):
        self.settings, self._kafka = settings, kafka
        self.history = History(bucket or Bucket(settings.bucket), settings.folder)
        self.publisher = publisher or Publisher(settings.sns_topic)
        self.done: Counter[str] = Counter()
        self._topics = {settings.notifications: NOTIFICATIONS, settings.logs: SYSTEM_LOGS}
        self._records = Records(self._topics)
        self._grave = LEVELS[LEVELS.index(settings.min_severity) :]
        self._letters: dict[str, DeadLetters] = {}
        self._member = Membership()
        self._windows: dict[str, int] = {}  # by service: when somebody was paged last
        self._held: Counter[str] = Counter()  # by service: suppressed since then
        self._doubts = 0
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to settle what it has taken and return. May be called by a signal handler."""
        self._stopping = True
        self.publisher.close()

    def run(self) -> None:
        """Work until `stop`. Raises NotifyStopped, with one line that says why, when it cannot."""
        try:
            self._prepare()
            self._work()
        except SinkStopped as error:  # S3, or the dead letters; both write for the sink as well
            raise NotifyStopped(str(error).replace("the sink", "notify")) from None
        except KafkaException as failure:
            self._trouble(failure.args[0], always=True)

    def _work(self) -> None:
        self._consumer = Consumer(self.settings.consumer(self._kafka))
        try:
            self._consumer.subscribe(
                list(self._topics),
                on_assign=self._assigned,
                on_revoke=lambda _, found: log.info("gave up %s", _names(found)),
            )
            while not self._stopping:
                message = self._consumer.poll(0.5)
                if message is None:
                    continue
                if message.error() is not None:
                    self._trouble(message.error())
                elif self._settle(message):
                    with contextlib.suppress(KafkaException):  # no longer ours: read again
                        self._consumer.store_offsets(message=message)
        finally:
            self._consumer.close()  # commits what is stored

    def _prepare(self) -> None:
        try:
            self.publisher.check()
        except Refused as error:
            raise self._stopped(str(error)) from None
        self.history.check()
        settings = self.settings
        name = settings.instance and f"{settings.group}-{settings.instance}"
        for topic in self._topics:
            self._letters[topic] = DeadLetters(self._kafka, f"{topic}-dlq", name)
            self._letters[topic].prepare(topic)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._member.joined(consumer)
        log.info("took over %s", _names(partitions))

    def _trouble(self, error: KafkaError, always: bool = False) -> None:
        if always or error.fatal() or error.code() in STOPPING:
            raise NotifyStopped(f"Kafka: {error.str()}; nothing unsettled was committed")
        log.warning("Kafka: %s", error.str())

    # -- one record ---------------------------------------------------------------------------

    def _settle(self, message: Message) -> bool:
        """Do what a record asks for; whether it needs not be read again."""
        try:
            event = self._records.read(message.topic(), message.key(), message.value())
            if event["type"] == "error":
                return event["level"] not in self._grave or self._page(event)
            return self._send(of_mark(event))
        except Poison as poison:
            return self._bury(message, poison)

    def _page(self, error: dict[str, Any]) -> bool:
        """Send the notice about an error, unless its service had one in the same window."""
        notice = of_error(error, self._held[error["service"]])
        if not self.settings.quiet_s:
            return self._send(notice)
        window = int(notice.at_ms // (self.settings.quiet_s * 1000))
        service = notice.source
        if self._windows.get(service) == window or self.history.paged(service, window):
            if self.history.claim(of_error(error), suppressed=True) is None:
                self.done["repeated"] += 1
                return True
            self.history.settled(of_error(error), "suppressed")
            self.done["suppressed"] += 1
            self._held[service] += 1
            return True
        before = self.done["sent"]
        settled = self._send(notice)
        if self.done["sent"] > before:
            self.history.page(notice, window)
            if len(self._windows) >= REMEMBERED:
                self._windows.clear()
                self._held.clear()
            self._windows[service] = window
            del self._held[service]
        return settled

    def _send(self, notice: Notice) -> bool:
        """Claim, publish, write down. Raises NotifyStopped when SNS is not to be had."""
        claim = self.history.claim(notice)
        if claim is None:
            self.done["repeated"] += 1
            return True
        begun = time.monotonic()
        try:
            publish(self.history, self.publisher, claim)
        except Unknown as error:
            self._doubt(notice, str(error))
        except Refused as error:
            if self._stopping:
                return False
            raise self._stopped(str(error)) from None
        else:
            self._doubts = 0
            self.done["sent"] += 1
            log.info("sent %s %s", notice.type, notice.event_id)
        while (
            not self._stopping
            and (left := begun + 1 / self.settings.per_second - time.monotonic()) > 0
        ):
            time.sleep(min(left, 0.1))
        return True

    def _doubt(self, notice: Notice, why: str) -> None:
        """Perhaps it was sent: leave it to a person, and go on only if SNS answers."""
        self.done["perhaps"] += 1
        self._doubts += 1
        log.warning("%s was perhaps sent, see --unsettled: %s", notice.event_id, why)
        try:
            self.publisher.check()
        except Refused as error:
            raise self._stopped(str(error)) from None
        if self._doubts >= DOUBTS:
            raise NotifyStopped(
                f"{self._doubts} notifications in a row were perhaps sent and perhaps not ({why}); "
                "see notify --unsettled, and start it again when SNS is well"
            )

    def _stopped(self, why: str) -> NotifyStopped:
        topic = self.settings.sns_topic
        advice = "start it again when SNS is well"
        if "NotFound" in why:
            advice = "create the SNS topic, or name another with --sns-topic"
        elif "Authorization" in why or "AccessDenied" in why:
            advice = "it needs sns:Publish and sns:GetTopicAttributes on that topic"
        return NotifyStopped(
            f"SNS does not take messages for {topic} ({why}); "
            f"nothing unsettled was committed: {advice}"
        )

    def _bury(self, message: Message, poison: Poison) -> bool:
        """To the dead letters, together with its offset; if the group is moving, read it again."""
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        letter, _ = dead_letter(message, poison, self.settings.group)
        ends = {partition: offset + 1}
        if self._letters[topic].write([(partition, letter)], topic, ends, self._member):
            self.done["dead"] += 1
            return True
        with contextlib.suppress(KafkaException):  # no longer ours
            self._consumer.seek(TopicPartition(topic, partition, offset))
        return False


def _names(partitions: list[TopicPartition]) -> list[str]:
    return sorted(f"{p.topic}/{p.partition}" for p in partitions)
