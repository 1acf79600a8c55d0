"""Delete everything that the series can create under a prefix, and ask each service what is left.

A `Sweep` knows the kinds of things in an order in which they can be deleted: groups before topics,
a stack before what is in it, an alarm of alarms before the alarms that it looks at. Metrics are
not among them (nobody can delete one; they expire and cost nothing), and transactional ids neither
(Kafka forgets them by itself).

What begins with `ana-` is yours; `ana-maria-` begins with it, too, hence the list that comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException

from helpers.clean_aws import Aws
from helpers.clean_kafka import Kafka, Subjects
from helpers.errors import LabError

Found = dict[str, list[str]]
NOT_ASKED = (KafkaException, ClientError, BotoCoreError, LabError)


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its name, a function that lists, one that deletes what was listed."""

    name: str
    find: Callable[[], list[str]]
    drop: Callable[[list[str]], None]


@dataclass
class Sweep:
    """Kafka, the registry, AWS: each only if it is given. AWS is what the environment says.

    `prefix` is in front of all names. `unasked` says, after `find`, which kinds could not be
    listed, and why: a key without the right to list ACLs, say. `scram` asks for SCRAM users, too:
    only with a key that may (a refusal of that question corrupts the client's memory, 2.16.0), and
    so never on Confluent Cloud, which has none.
    """

    prefix: str
    kafka: dict[str, str] | None = None
    registry: dict | None = None
    aws: bool = False
    scram: bool = False
    unasked: dict[str, str] = field(default_factory=dict)

    def kinds(self) -> Iterator[Kind]:
        """What to look for, in the order in which it can be deleted."""
        if self.kafka:
            yield from (Kind(*each) for each in Kafka(self.kafka, self.prefix, self.scram).kinds())
        if self.registry:
            yield from (Kind(*each) for each in Subjects(self.registry, self.prefix).kinds())
        if self.aws:
            yield from (Kind(*each) for each in Aws(self.prefix).kinds())

    def find(self) -> Found:
        """Kind → names of what is there now; kinds of which there is nothing are left out."""
        self.unasked.clear()
        found = {}
        for kind in self.kinds():
            if names := self._ask(kind):
                found[kind.name] = names
        return found

    def delete(self) -> Found:
        """Delete all that there is; return what there was. A stack takes its parts with it.

        Raises:
            LabError: something could not be deleted; says what and why.
        """
        gone = {}
        for kind in self.kinds():
            if not (names := self._ask(kind)):
                continue
            try:
                kind.drop(names)
            except NOT_ASKED as error:
                raise LabError(f"{kind.name} {', '.join(names)}: {why(error)}") from error
            gone[kind.name] = names
        return gone

    def _ask(self, kind: Kind) -> list[str]:
        try:
            return sorted(kind.find())
        except NOT_ASKED as error:
            self.unasked[kind.name] = why(error)
            return []


def why(error: Exception) -> str:
    """The reason in a line."""
    if isinstance(error, KafkaException):
        return error.args[0].str()
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"]
    return str(error)
