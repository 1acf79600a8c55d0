"""Real Apache Kafka brokers as processes of this machine: start, kill, pause, read their logs.

KRaft combined mode: every broker is also a controller. One process per broker, on free ports of
127.0.0.1, data below the lab's run directory.
"""

from __future__ import annotations

import secrets
import signal
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from helpers.errors import LabError
from helpers.local import fetch, java, settings, storage, tls
from helpers.local.metadata import known_brokers
from helpers.local.process import HOST, Guard, Service, wait_until

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
ADMIN = "admin"
APP_KEY = "AULAS00000000001"  # a name, not a secret: the same in every lab, so that outputs repeat


class Broker:
    """One broker of a `Cluster`: `cluster.brokers[2].kill()`."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self._cluster = cluster
        self.id = number
        self.port, self.internal_port, self.controller_port = cluster.guard.ports(3)
        self.data_dir: Path = cluster.guard.run / f"broker-{number}"
        self.own: dict[str, str] = {}  # settings of this broker alone
        self._service: Service | None = None

    def __repr__(self) -> str:
        return f"Broker({self.id}, {'running' if self.alive else 'down'})"

    def launch(self, train: Path | None = None) -> None:
        """Start the process without waiting for it; `train` as in `java.broker_command`."""
        if self._service is None:
            self._service = Service(
                name=f"broker-{self.id}",
                argv=java.broker_command(
                    self._cluster.write_properties(self), self._cluster.classpath, train
                ),
                guard=self._cluster.guard,
                port=self.port,
                ready=lambda: self._cluster.sees(self),
                version=fetch.lock()["kafka"],
            )
        self._service.launch()

    def start(self, config: dict[str, str] | None = None) -> Broker:
        """Start it (again) and wait until the cluster counts it in. No effect on a running one.

        `config`, if given, is from now on this broker's own: it overrides lines of its
        `server.properties`, advertised.listeners say; {} takes them back.
        """
        if not self.alive:
            self.own = self.own if config is None else dict(config)
            self._cluster.write_properties(self)
            self.launch()
            self._service.wait_ready()
        return self

    def stop(self, seconds: float = 30.0) -> Broker:
        """A controlled shutdown (SIGTERM): it hands its leaderships over first."""
        if self.alive:
            self._service.send(signal.SIGCONT)
            self._service.send(signal.SIGTERM)
            self._service.wait_end(seconds)
        return self

    def kill(self) -> Broker:
        """SIGKILL: gone in the middle of whatever it was doing, as in a power cut of its own."""
        if self.alive:
            self._service.send(signal.SIGKILL)
            self._service.wait_end()
        return self

    def pause(self) -> Broker:
        """SIGSTOP: it stays connected and does not answer, like a machine that hangs."""
        self._service.send(signal.SIGSTOP)
        return self

    def resume(self) -> Broker:
        """SIGCONT: it goes on where it was paused."""
        self._service.send(signal.SIGCONT)
        return self

    def log(self, lines: int = 20) -> str:
        """The last `lines` lines of the broker's own log."""
        return self._service.log(lines)

    @property
    def service(self) -> Service:
        """Its process, log and memory."""
        return self._service

    @property
    def alive(self) -> bool:
        """Whether its process runs (a paused one does)."""
        return self._service is not None and self._service.alive

    @property
    def pid(self) -> int | None:
        """Its process id; None while it is down."""
        return self._service.pid if self.alive else None


@dataclass
class Cluster:
    """`size` brokers that know each other. `extra` are broker settings that override the lab's.

    `secure` makes the clients' listener SASL_SSL with PLAIN, as on Confluent Cloud, and turns the
    standard authorizer on. `key` and `secret` are then an API-key-like pair that may do everything;
    a second pair, APP_KEY and its secret, may do nothing until ACLs say so.
    """

    guard: Guard
    size: int = 1
    secure: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    key: str = ""
    secret: str = ""

    def __post_init__(self) -> None:
        self.id = storage.new_id()
        self.brokers = {n: Broker(self, n) for n in range(1, self.size + 1)}
        self._admin_secret = secrets.token_urlsafe(32)
        self.users: dict[str, str] = {}
        if self.secure:
            self.key = self.key or secrets.token_hex(8).upper()
            self.secret = self.secret or secrets.token_urlsafe(48)
            self.users = {self.key: self.secret, APP_KEY: secrets.token_urlsafe(48)}
            self.certificates = tls.make(self.guard.run)

    def start(self, train: Path | None = None) -> Cluster:
        """Start all brokers side by side and wait until each knows all of them."""
        for broker in self.brokers.values():
            broker.launch(train)
        for broker in self.brokers.values():
            broker.service.wait_ready()
        # A lone broker that counts itself in is complete.
        if self.size > 1 and not wait_until(
            lambda: all(map(self.complete, self.brokers.values())), 30
        ):
            first = self.brokers[1]
            raise LabError(
                f"the {self.size} brokers did not find each other; broker 1 says:\n{first.log()}"
            )
        return self

    def client(self, key: str = "", secret: str = "") -> dict[str, str]:
        """The configuration that `confluent_kafka` needs; another of `users` can be named."""
        servers = ",".join(f"{HOST}:{b.port}" for b in self.brokers.values())
        config = {"bootstrap.servers": servers}
        if self.secure:
            config |= {
                "security.protocol": "SASL_SSL",
                "sasl.mechanisms": "PLAIN",
                "sasl.username": key or self.key,
                "sasl.password": secret or self.users[key or self.key],
                # The one line that Confluent Cloud does not need: its certificate is publicly
                # signed.
                "ssl.ca.location": str(self.certificates["ca"]),
            }
        return config

    def app(self) -> dict[str, str]:
        """The configuration with the key that has no rights; empty unless `secure`."""
        return self.client(APP_KEY) if self.secure else {}

    def sees(self, broker: Broker) -> bool:
        """Whether the broker answers a metadata request and counts itself in."""
        return broker.id in self.known_to(broker)

    def complete(self, broker: Broker) -> bool:
        """Whether the broker knows every broker of the cluster."""
        return set(self.known_to(broker)) == set(self.brokers)

    def known_to(self, broker: Broker) -> list[int]:
        """The ids of the brokers in this broker's own metadata; empty while it does not answer."""
        return known_brokers(self.client() | {"bootstrap.servers": f"{HOST}:{broker.port}"})

    @cached_property
    def classpath(self) -> str:
        """Kafka's jars, checked once for all brokers of the cluster."""
        return java.classpath()

    def changed(self) -> dict[str, tuple[str, str, str]]:
        """Every broker setting that differs from Kafka's default: name → (lab, Kafka, why)."""
        return settings.changed(self.size, self.extra)

    def write_properties(self, broker: Broker) -> Path:
        """Write the broker's `server.properties` and format its directory the first time."""
        path = self.guard.run / f"broker-{broker.id}.properties"
        lines = [f"{name}={value}" for name, value in self._properties(broker).items()]
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n")
        if not broker.data_dir.exists():
            storage.format_directory(broker.data_dir, self.id, broker.id)
        return path

    def _properties(self, broker: Broker) -> dict[str, str]:
        voters = ",".join(f"{b.id}@{HOST}:{b.controller_port}" for b in self.brokers.values())
        ports = {
            "CLIENT": broker.port,
            "INTERNAL": broker.internal_port,
            "CONTROLLER": broker.controller_port,
        }
        spoken = {name: f"{name}://{HOST}:{port}" for name, port in ports.items()}
        inner = "SASL_PLAINTEXT" if self.secure else "PLAINTEXT"
        outer = "SASL_SSL" if self.secure else "PLAINTEXT"
        properties = {
            "process.roles": "broker,controller",
            "node.id": str(broker.id),
            "controller.quorum.voters": voters,
            "listeners": ",".join(spoken.values()),
            "advertised.listeners": f"{spoken['CLIENT']},{spoken['INTERNAL']}",
            "listener.security.protocol.map": f"CLIENT:{outer},INTERNAL:{inner},CONTROLLER:{inner}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
            "log.dirs": str(broker.data_dir),
            **settings.defaults(self.size),
            **(self._security() if self.secure else {}),
        }
        return properties | self.extra | broker.own

    def _security(self) -> dict[str, str]:
        """TLS for clients; PLAIN with an inner user between brokers; the standard authorizer."""
        own = f'username="{ADMIN}" password="{self._admin_secret}"'
        inner = f'{PLAIN} required {own} user_{ADMIN}="{self._admin_secret}";'
        known = " ".join(f'user_{key}="{secret}"' for key, secret in self.users.items())
        return {
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": f"{PLAIN} required {known};",
            "listener.name.internal.plain.sasl.jaas.config": inner,
            "listener.name.controller.plain.sasl.jaas.config": inner,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates["server"]),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN};User:{self.key}",
            "allow.everyone.if.no.acl.found": "false",
        }
