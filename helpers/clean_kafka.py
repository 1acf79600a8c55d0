"""What the series creates in Kafka and in a schema registry, by prefix; see `clean`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
    UserScramCredentialDeletion,
)
from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

from helpers.cleanup import drop_groups, drop_subjects, drop_topics
from helpers.errors import LabError
from helpers.local.process import wait_until

SECONDS = 30
OF_GROUP = 8  # Kafka's ConfigSource of what is set at a group; the client has no name for it
DEAD = "dlq."  # share groups insist on it: a dead letter queue of ana- is dlq.ana-…


class Kafka:
    """Topics, groups, ACLs and SCRAM users of a prefix."""

    def __init__(self, kafka: dict[str, str], prefix: str, scram: bool) -> None:
        self.prefix, self.scram = prefix, scram
        self.admin = AdminClient({**kafka, "log_level": 0})

    def kinds(self) -> Iterator[tuple]:
        """Name, find, drop of each kind."""
        yield "group", self._groups, self._drop_groups
        yield "topic", self._topics, lambda names: drop_topics(self.admin, *names)
        yield "ACL", lambda: [str_of(acl) for acl in self._acls()], self._drop_acls
        if self.scram:
            yield "SCRAM user", self._users, self._drop_users

    def _topics(self) -> list[str]:
        """Names that begin with the prefix, and with `dlq.` before it; Kafka's own are not ours."""
        listed = self.admin.list_topics(timeout=SECONDS).topics
        ours = [name for name in listed if not name.startswith("__")]
        return [name for name in ours if name.removeprefix(DEAD).startswith(self.prefix)]

    def _groups(self) -> list[str]:
        """Of all types: `list_consumer_groups` knows no share groups, the older call does."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            listed = self.admin.list_groups(timeout=SECONDS)
        return [group.id for group in listed if group.id.startswith(self.prefix)]

    def _drop_groups(self, names: list[str]) -> None:
        """Consumer groups, then share groups, whose settings outlive them and go first."""
        share = sorted(set(names) - set(self._consumer_groups()))
        drop_groups(self.admin, *(set(names) - set(share)))
        for name in share:
            self._reset(name)
            self.admin.delete_consumer_groups([name])[name].result(SECONDS)

    def _consumer_groups(self) -> list[str]:
        listed = self.admin.list_consumer_groups(request_timeout=SECONDS).result()
        return [group.group_id for group in listed.valid]

    def _reset(self, group: str) -> None:
        resource = ConfigResource(ResourceType.GROUP, group)
        settings = self.admin.describe_configs([resource])[resource].result(SECONDS)
        own = [each.name for each in settings.values() if each.source == OF_GROUP]
        if not own:
            return
        delete = AlterConfigOpType.DELETE
        changes = [ConfigEntry(name, "", incremental_operation=delete) for name in own]
        change = ConfigResource(ResourceType.GROUP, group, incremental_configs=changes)
        self.admin.incremental_alter_configs([change])[change].result(SECONDS)

    def _acls(self) -> list:
        """Rules about resources that begin with the prefix.

        Raises LabError without the right to ask: the client (2.16.0) would answer that there are
        none.
        """
        about = self.admin.describe_cluster(include_authorized_operations=True).result(SECONDS)
        if AclOperation.DESCRIBE not in (about.authorized_operations or ()):
            raise LabError("the key has no right to list them: describe on the cluster")
        every = AclBindingFilter(
            ResourceType.ANY,
            None,
            ResourcePatternType.ANY,
            None,
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        found = self.admin.describe_acls(every).result(SECONDS)
        return [acl for acl in found if acl.name.startswith(self.prefix)]

    def _drop_acls(self, _names: list[str]) -> None:
        """Each rule by itself: a filter by prefix would match more than was listed."""
        exact = [
            AclBindingFilter(
                acl.restype,
                acl.name,
                acl.resource_pattern_type,
                acl.principal,
                acl.host,
                acl.operation,
                acl.permission_type,
            )
            for acl in self._acls()
        ]
        if exact:
            for future in self.admin.delete_acls(exact).values():
                future.result(SECONDS)
            # The controller has deleted them; the broker that answers hears of it a moment later.
            wait_until(lambda: not self._acls(), SECONDS)

    def _users(self) -> list[str]:
        """Names of users with SCRAM credentials."""
        found = self.admin.describe_user_scram_credentials().result(SECONDS)
        return [name for name in found if name.startswith(self.prefix)]

    def _drop_users(self, names: list[str]) -> None:
        """All credentials of these users."""
        told = self.admin.describe_user_scram_credentials(names)
        for name in names:
            for info in told[name].result(SECONDS).scram_credential_infos:
                gone = [UserScramCredentialDeletion(name, info.mechanism)]
                self.admin.alter_user_scram_credentials(gone)[name].result(SECONDS)
        wait_until(lambda: set(names).isdisjoint(self._users()), SECONDS)  # as for rules


def str_of(acl) -> str:
    """A rule in a few words."""
    return f"{acl.principal} {acl.operation.name} {acl.restype.name} {acl.name}"


class Subjects:
    """Subjects of a registry, those that are only marked as deleted too."""

    def __init__(self, registry: dict, prefix: str) -> None:
        self.prefix = prefix
        self.client = SchemaRegistryClient(registry)

    def kinds(self) -> Iterator[tuple]:
        """Name, find, drop."""
        yield "subject", self._subjects, self._drop

    def _subjects(self) -> list[str]:
        """Also what was deleted softly: it can be brought back, so it is not gone."""
        found = self.client.get_subjects(deleted=True)
        return [name for name in found if name.startswith(self.prefix)]

    def _drop(self, names: list[str]) -> None:
        """For good. One that another refers to is refused until that one is gone."""
        waiting = list(names)
        while waiting:
            refused = []
            for name in waiting:
                try:
                    drop_subjects(self.client, name)
                except SchemaRegistryError:
                    if len(waiting) == 1:
                        raise
                    refused.append(name)
            if len(refused) == len(waiting):
                drop_subjects(self.client, refused[0])  # raises why
            waiting = refused
