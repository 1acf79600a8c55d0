"""Faults of the downloads and of where they are kept: fetch, and what a first start does."""

from __future__ import annotations

import http.server
import os
import threading
from pathlib import Path

from helpers.local import fetch
from tests.faults.case import Case, Scene

CLOSED = "http://127.0.0.1:9"  # nobody listens there
OWN_HOME = {"AWS_CONFLUENT_HOME": "{T}/home"}


def nothing_half_written(scene: Scene) -> None:
    home = scene.path / "home"
    odd = [p.name for p in home.rglob("*") if p.name.startswith((".part-", ".making-"))]
    assert odd == [], odd


def other_jar(scene: Scene) -> None:
    """Real downloads but for one, which has the right length and other bytes."""
    real, own = Path(os.environ["FAULTS_REAL_HOME"]), scene.path / "home" / "maven"
    own.mkdir(parents=True)
    for jar in (real / "maven").iterdir():
        (own / jar.name).symlink_to(jar)
    jar = fetch.jars("kafka")[-1]
    (own / jar.local.name).unlink()
    (own / jar.local.name).write_bytes(bytes(jar.size))


def bad_jar_is_gone(scene: Scene) -> None:
    assert not (scene.path / "home" / "maven" / fetch.jars("kafka")[-1].local.name).exists()


def mirror(status: int, body: bytes, hang: bool = False):
    """A Maven repository on loopback that answers everything so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + (1 << 20) * hang))
            self.end_headers()
            self.wfile.write(body)
            if hang:
                threading.Event().wait(20)

        def log_message(self, *_):
            pass

    def given(scene: Scene) -> None:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        scene.env["AWS_CONFLUENT_MAVEN"] = f"http://127.0.0.1:{server.server_port}"

    return given


def file_for_home(scene: Scene) -> None:
    scene.write("home", "a file")


def file_for_downloads(scene: Scene) -> None:
    (scene.path / "home").mkdir()
    (scene.path / "home" / "maven").write_text("a file")


FETCHING = "Fetching kafka, once: … files, … MB, into …"
RUN_AGAIN = "Connect, or use a kit (docs/install.md); run the same again. What was done stays done."
CASES = [
    Case(
        "no command of that name",
        "stop",
        "python -m helpers: error: argument COMMAND: invalid choice: 'stop' (choose from …)",
        "A typing error.",
        "`python -m helpers --help` lists the commands.",
        status=2,
        lab=False,
    ),
    Case(
        "no network, nothing downloaded yet",
        "fetch",
        "no network: cannot fetch … (ConnectionError); connect once "
        "(or use a kit, see README and docs/install.md) and run the same again",
        "Kafka is downloaded once, 45 MB, and the server cannot be reached.",
        RUN_AGAIN,
        lab=False,
        prints=FETCHING,
        env=OWN_HOME | {"AWS_CONFLUENT_MAVEN": CLOSED},
        after=nothing_half_written,
    ),
    Case(
        "a proxy that does not answer",
        "fetch kafka",
        "no network: cannot fetch … (ProxyError); connect once "
        "(or use a kit, see README and docs/install.md) and run the same again",
        "`HTTPS_PROXY` names a proxy that is not there.",
        "Correct or unset `HTTPS_PROXY`, then the same again.",
        lab=False,
        prints=FETCHING,
        env=OWN_HOME | {"HTTPS_PROXY": CLOSED, "https_proxy": CLOSED},
        after=nothing_half_written,
    ),
    Case(
        "a mirror without the file",
        "fetch kafka",
        "http://127.0.0.1:… answered 404 for …; check AWS_CONFLUENT_MAVEN",
        "`AWS_CONFLUENT_MAVEN` names a server that is no Maven repository, or lacks the file.",
        "Correct the variable, or unset it to use Maven Central.",
        lab=False,
        prints=FETCHING,
        env=OWN_HOME,
        given=mirror(404, b""),
        after=nothing_half_written,
    ),
    Case(
        "a mirror with other bytes",
        "fetch kafka",
        "… from http://127.0.0.1:… is not the locked file (sha256 differs); a proxy or mirror "
        "may have altered it: try another network, nothing was kept",
        "What came is not what `helpers/local/jars.lock` names: a login page of a hotel, say.",
        "Another network, or a kit. Nothing was kept and nothing of it was run.",
        lab=False,
        prints=FETCHING,
        env=OWN_HOME,
        given=mirror(200, b"<html>please log in</html>"),
        after=nothing_half_written,
    ),
    Case(
        "a folder without the file",
        "fetch kafka",
        "cannot fetch … from … (it is not there); check AWS_CONFLUENT_MAVEN",
        "`AWS_CONFLUENT_MAVEN` names a folder that is no kit.",
        "Name the kit's folder `kit/maven`.",
        lab=False,
        prints=FETCHING,
        env=OWN_HOME | {"AWS_CONFLUENT_MAVEN": "{T}"},
        after=nothing_half_written,
    ),
    Case(
        "a damaged download",
        "fetch kafka",
        "… had been altered (sha256 …, locked …); it was deleted, run the same again to fetch "
        "it anew",
        "A file in the cache is not the one of the lock: a bad disk, or somebody changed it.",
        "The same again.",
        lab=False,
        prints=None,
        env=OWN_HOME,
        given=other_jar,
        after=bad_jar_is_gone,
    ),
    Case(
        "Ctrl-C while fetching",
        "fetch kafka",
        "interrupted",
        "You stopped it.",
        "The same again goes on where it was.",
        status=130,
        lab=False,
        prints=FETCHING,
        env=OWN_HOME,
        given=mirror(200, b"x" * 1000, hang=True),
        interrupt=lambda scene: any((scene.path / "home").rglob(".part-*")),
        after=nothing_half_written,
        seconds=90,
    ),
    Case(
        "no network, lesson 16's library not fetched yet",
        "fetch streams",
        "cannot fetch quixstreams (pip: No matching distribution found for …); connect once (or "
        "use a kit, see README and docs/install.md) and run the same again",
        "pip installs it once, 12 MB, into the course's folder, and cannot reach the package index.",
        RUN_AGAIN,
        lab=False,
        prints="Fetching quixstreams, once: 12 MB, into …",
        env=OWN_HOME | {"HTTP_PROXY": CLOSED, "HTTPS_PROXY": CLOSED},
        seconds=90,
    ),
    Case(
        "no such part",
        "fetch java",
        "python -m helpers fetch: error: argument kafka|registry|streams|sink: 'java' is not "
        "kafka, registry, streams or sink",
        "Only these two are downloaded; Java is a package of `.venv`.",
        "`python -m helpers fetch` without a word fetches all.",
        status=2,
        lab=False,
    ),
    Case(
        "the cache cannot be made",
        "up",
        "cannot create the lab's folder … (Not a directory); set AWS_CONFLUENT_HOME to a folder "
        "that you can write to",
        "The cache's place is a file, or another's, or read-only.",
        "Set `AWS_CONFLUENT_HOME`, say to a folder on a larger disk.",
        lab=False,
        env={"AWS_CONFLUENT_HOME": "{T}/home/below"},
        given=file_for_home,
    ),
    Case(
        "the cache cannot be written to",
        "fetch kafka",
        "cannot write to … (File exists); mend that, or set AWS_CONFLUENT_HOME to a folder that "
        "you can write to",
        "Something is in the way inside of the cache.",
        "Delete the cache's folder (it is made again), or set `AWS_CONFLUENT_HOME`.",
        lab=False,
        env=OWN_HOME,
        given=file_for_downloads,
    ),
]
