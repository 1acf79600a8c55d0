"""The one door: `lab = start_lab()` and Kafka, a schema registry and AWS are there.

On `target="local"` they are started as processes of this machine; on `target="cloud"` they are
yours, as `.env` names them. Either way what comes back is plain configuration for the real clients.
"""

from __future__ import annotations

import atexit
import os

import boto3

from helpers import config
from helpers.errors import LabError
from helpers.local import cloudcheck, room, shared
from helpers.local.kafka import Broker, Cluster
from helpers.local.process import Guard, Service

TARGETS = ("local", "cloud")
SHOWN = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
_current: Lab | None = None


class Lab:
    """What a lesson runs on. Plain attributes:

    kafka: configuration for `confluent_kafka` clients, for instance `Producer(lab.kafka)`.
    kafka_app: the same for an API key that has no rights yet; empty unless local and `secure`.
    registry: configuration for `SchemaRegistryClient`; None unless asked for.
    aws: the AWS_* variables, exported already: `boto3.client("s3")` works; None unless asked for.
    brokers: {1: Broker, ...} to kill, stop, pause, start; empty on the cloud and on a shared lab.
    inbox: the e-mails and SMS that the local SNS delivered; None on the cloud.
    """

    def __init__(self, target: str, prefix: str) -> None:
        self.target, self.prefix = target, prefix
        self.kafka: dict[str, str] = {}
        self.kafka_app: dict[str, str] = {}
        self.registry: dict | None = None
        self.aws: dict[str, str] | None = None
        self.inbox = None
        self.brokers: dict[int, Broker] = {}
        self.rows: list[tuple[str, str, str, str]] = []
        self._guard: Guard | None = None
        self._cluster: Cluster | None = None
        self._services: dict[str, Service] = {}
        self._account = ""

    def __repr__(self) -> str:
        return f"Lab(target={self.target!r}, prefix={self.prefix!r})"

    @property
    def is_local(self) -> bool:
        """Whether Kafka and AWS are processes of this machine."""
        return self.target == "local"

    @property
    def changed_settings(self) -> dict[str, tuple[str, str, str]]:
        """Broker settings that the lab changed: name → (here, Kafka's default, why)."""
        return self._cluster.changed() if self._cluster else {}

    def name(self, base: str) -> str:
        """`prefix` + `base`, for your topics, groups, subjects, log groups, namespaces, alarms."""
        return f"{self.prefix}{base}"

    def bucket_name(self, base: str) -> str:
        """A bucket name of yours: S3's names are shared by all of AWS, hence the account in it."""
        if not self._account:
            raise LabError("start_lab(aws=True) first: a bucket's name contains the AWS account")
        return f"{self.prefix}{base}-{self._account}".lower().replace("_", "-")

    def only_local(self, what: str) -> bool:
        """Whether the lab's brokers are processes of ours; if not, say what is left out and why."""
        if not self.brokers:
            print(f"Only on a local lab of your own: {what}. Read on, or run with target='local'.")
        return bool(self.brokers)

    def show(self) -> None:
        """Print what runs (process, port, version, memory) and the configuration, masked."""
        print(f"{'process':<12}{'where':<24}{'version':<18}{'memory':>8}")
        for name, where, version, memory in self._rows():
            print(f"{name:<12}{where:<24}{version:<18}{memory:>8}")
        for name, value in config.masked(self.kafka).items():
            print(f"  {name}={value}")
        shown = {name: self.aws[name] for name in SHOWN if name in self.aws} if self.aws else {}
        for name, value in config.masked(shown).items():
            print(f"  {name}={value}")

    def _rows(self):
        for service in self._services.values():
            memory = f"{service.memory_mb():.0f} MB"
            yield service.name, f"127.0.0.1:{service.port}", service.version, memory
        yield from self.rows

    def stop(self) -> None:
        """End the lab: its processes, data and directory. On the cloud there is nothing to end."""
        global _current
        self._restore()
        if self._guard:
            self._guard.end()
            print("the lab has ended: no process and no file of it is left")
        if _current is self:
            _current = None

    # -- starting -----------------------------------------------------------------------------

    def _start(self, kafka: bool, registry: bool, aws: bool, size: int, secure: bool, extra: dict):
        self._guard = self._guard or Guard()
        if kafka and not self._cluster:
            room.check(size)
            from helpers.local import prepare

            prepare.kafka_ready()
            self._cluster = Cluster(self._guard, size, secure, extra)
            self.brokers = self._cluster.brokers
            self.kafka, self.kafka_app = self._cluster.client(), self._cluster.app()
        if registry and not self.registry:
            from helpers.local import registry as apicurio

            self._services["registry"] = service = apicurio.service(self._guard)
            self.registry = apicurio.client(service.port)
        if aws and not self.aws:
            from helpers.local.aws import lab as stand_in

            self._services["aws"], self.aws, self.inbox = stand_in.service(self._guard)
            self._account = stand_in.ACCOUNT
        # Started together, then waited for together: the slowest decides.
        fresh = [s for s in self._services.values() if s.pid is None]
        for service in fresh:
            service.launch()
        if kafka and "broker-1" not in self._services:
            self._cluster.start()
            brokers = {f"broker-{n}": b.service for n, b in self.brokers.items()}
            self._services = {**brokers, **self._services}
        for service in fresh:
            service.wait_ready()
        self._export()

    def _export(self) -> None:
        """Set the AWS_* variables; what they were is kept in `config.hidden`, for `stop`."""
        for name, value in (self.aws or {}).items():
            config.hidden.setdefault(name, os.environ.get(name))
            os.environ[name] = value
        if self.aws:
            boto3.setup_default_session()  # the old one would keep the keys of an earlier lab

    def _restore(self) -> None:
        for name, value in config.hidden.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if config.hidden:
            boto3.setup_default_session()
        config.hidden.clear()

    def _connect(self, kafka: bool, registry: bool, aws: bool) -> None:
        """The cloud: read the configuration, and ask each service once whether it lets us in."""
        if kafka:
            self.kafka = config.cloud_kafka()
            self.rows.append(cloudcheck.kafka(self.kafka))
        if registry:
            self.registry = config.cloud_registry()
            self.rows.append(cloudcheck.registry(self.registry))
        if aws:
            self.aws = config.cloud_aws()
            self._export()
            self._account, row = cloudcheck.aws()
            self.rows.append(row)

    def _attach(self, state: dict, registry: bool, aws: bool) -> None:
        """A lab that `python -m helpers up` keeps running, perhaps for a whole class."""
        self.kafka, self.rows = state["kafka"], [tuple(row) for row in state["rows"]]
        if registry:
            self.registry = state["registry"]
        if aws:
            from helpers.local.aws import lab as stand_in

            self.aws, self._account = state["aws"], stand_in.ACCOUNT
            self.inbox = stand_in.inbox_at(state["run"])
            self._export()


def start_lab(
    target: str = "local",
    prefix: str = "",
    *,
    kafka: bool = True,
    registry: bool = False,
    aws: bool = False,
    brokers: int = 1,
    secure: bool = False,
    own: bool = False,
    broker_config: dict[str, str] | None = None,
    quiet: bool = False,
) -> Lab:
    """Start, or find, what a lesson needs; print what runs; return the `Lab`.

    Called again with the same arguments it returns the same lab; with more (`aws=True`) it adds to
    it. `own=True` never uses a shared lab: for lessons that kill or reconfigure brokers. Several
    `brokers`, `secure` or a `broker_config` imply it.

    Raises:
        LabError: one line that says what is wrong and what to do next.
    """
    global _current
    if target not in TARGETS:
        raise LabError(f'target is "local" or "cloud", not {target!r}')
    config.check_prefix(prefix)
    if not 1 <= brokers <= 5:
        raise LabError(
            f"brokers is a number from 1 to 5, not {brokers}: each takes {room.BROKER_MB} MB"
        )
    extra = dict(broker_config or {})
    wanted = (target, prefix, brokers, secure, tuple(sorted(extra.items())))
    special = own or secure or brokers > 1 or extra
    attached = _current and _current.is_local and not _current._guard
    if _current and (_current._wanted != wanted or (special and attached)):
        _current.stop()
    lab = _current or Lab(target, prefix)
    lab._wanted = wanted
    state = None if special or target == "cloud" or lab._guard else shared.find()
    try:
        if target == "cloud":
            lab._connect(
                kafka and not lab.kafka, registry and not lab.registry, aws and not lab.aws
            )
        elif state:
            lab._attach(state, registry, aws)
        else:
            lab._start(kafka, registry, aws, brokers, secure, extra)
    except BaseException:  # also an interrupt: a half-started lab must not stay
        lab._restore()
        if lab._guard:
            lab._guard.end()
        _current = None
        raise
    if _current is None:
        atexit.register(_end, lab, os.getpid())
    _current = lab
    if not quiet:
        lab.show()
    return lab


def _end(lab: Lab, pid: int) -> None:
    """At exit of the process that started the lab (not of a fork of it)."""
    if lab._guard and os.getpid() == pid:
        lab._guard.end()
