"""Resolve the Java side with jgo and write `helpers/local/jars.lock`: coordinates, sizes, sha256.

Run it only to change a version: `python tools/lock_jars.py`, then read the diff. Learners never run
it; they download exactly the files that the lock names and check every one.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver

LOCK = Path(__file__).parents[1] / "helpers" / "local" / "jars.lock"
KAFKA = "4.4.0"
APICURIO = "3.3.3"
# What the broker's log4j2 needs to answer to slf4j; without it the broker is silent.
LOGGING = ("org.apache.logging.log4j", "log4j-slf4j-impl")


def entry(artifact) -> dict:
    """Download `artifact` (once) and describe it: coordinate, size in bytes, sha256."""
    path = artifact.resolve()
    data = path.read_bytes()
    coordinate = [artifact.groupId, artifact.artifactId, artifact.packaging]
    coordinate += [artifact.classifier] if artifact.classifier else []
    return {
        "artifact": ":".join([*coordinate, artifact.version]),
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def runtime_jars(context: MavenContext, group: str, name: str, version: str) -> list:
    """`group:name:version` and everything it needs at run time, the named one first."""
    root = context.project(group, name).at_version(version).artifact()
    inputs, transitive = context.resolver.resolve([context.create_dependency(_text(root))])
    wanted = [d for d in transitive if d.scope in ("compile", "runtime", None)]
    return [inputs[0].artifact, *sorted((d.artifact for d in wanted), key=str)]


def _text(artifact) -> str:
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(resolver=PythonResolver(), repo_cache=Path(scratch))
        kafka = runtime_jars(context, "org.apache.kafka", "kafka_2.13", KAFKA)
        log4j = next(a.version for a in kafka if a.artifactId == "log4j-core")
        # Only the bridge itself: its slf4j-api must not replace the one Kafka was built with.
        kafka.append(context.project(*LOGGING).at_version(log4j).artifact())
        tools = context.project("org.apache.kafka", "kafka-tools").at_version(KAFKA)
        app = context.project("io.apicurio", "apicurio-registry-app").at_version(APICURIO)
        sets = {
            "kafka": [entry(a) for a in kafka],
            # Kafka's load generator; what its other tools need is left out.
            "tools": [entry(tools.artifact())],
            "registry": [entry(app.artifact("all", "tar.gz"))],
        }
    LOCK.write_text(
        json.dumps({"kafka": KAFKA, "apicurio": APICURIO, "sets": sets}, indent=1) + "\n"
    )
    for name, files in sets.items():
        print(f"{name}: {len(files)} files, {sum(f['size'] for f in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
