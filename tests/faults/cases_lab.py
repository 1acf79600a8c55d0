"""Faults of the commands that prepare and run a lab: fetch, up, down, doctor, run, kit."""

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


def write_env(content: bytes):
    def given(scene: Scene) -> None:
        scene.write(".env", content)

    return given


def file_for_home(scene: Scene) -> None:
    scene.write("home", "a file")


def file_for_downloads(scene: Scene) -> None:
    (scene.path / "home").mkdir()
    (scene.path / "home" / "maven").write_text("a file")


def damaged_state(scene: Scene) -> None:
    (scene.path / "home").mkdir()
    (scene.path / "home" / "shared.json").write_bytes(b"\xff[1")


FETCHING = "Fetching kafka, once: 45 files, 45 MB, into …"
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
        "no such part",
        "fetch java",
        "python -m helpers fetch: error: argument kafka|registry: 'java' is neither kafka nor "
        "registry",
        "Only these two are downloaded; Java is a package of `.venv`.",
        "`python -m helpers fetch` without a word fetches both.",
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
    Case(
        "too many brokers",
        "up --brokers 9",
        "python -m helpers up: error: argument --brokers: '9' is no number from 1 to 5",
        "Each broker takes 350 MB.",
        "Three are enough for every lesson.",
        status=2,
        lab=False,
    ),
    Case(
        "no such part of a lab",
        "up --parts zookeeper",
        "python -m helpers up: error: argument --parts: invalid choice: 'zookeeper' "
        "(choose from 'kafka', 'registry', 'aws')",
        "Kafka 4 has no ZooKeeper; a lab has these three parts.",
        "Leave `--parts` out to get all.",
        status=2,
        lab=False,
    ),
    Case(
        "a lab that cannot come up",
        "up",
        "the shared lab did not come up; …/shared.log ends with:\n" + FETCHING + "\n"
        "no network: cannot fetch … (ConnectionError); connect once "
        "(or use a kit, see README and docs/install.md) and run the same again",
        "The lab starts in the background; its last lines say why it ended.",
        "As the last line says.",
        lab=False,
        env=OWN_HOME | {"AWS_CONFLUENT_MAVEN": CLOSED},
        after=nothing_half_written,
    ),
    Case(
        "Ctrl-C while it starts",
        "up",
        "interrupted",
        "You stopped it; what was begun in the background has ended, too.",
        "The same again.",
        status=130,
        lab=False,
        interrupt=lambda scene: any(Path(scene.env["AWS_CONFLUENT_HOME"]).glob("run/*/ports")),
    ),
    Case(
        "no Docker",
        "up --docker",
        "docker is not installed; install it with its compose plugin, or leave --docker out: the "
        "lab runs without containers",
        "`--docker` wants Docker, and it is not installed or not started.",
        "Leave `--docker` out: the lab needs no Docker.",
        lab=False,
        env={"PATH": "/nowhere"},
    ),
    Case(
        "nothing to end",
        "down",
        "",
        "No shared lab runs, or it was killed. Nothing is wrong.",
        "Nothing.",
        status=0,
        lab=False,
        prints="no shared lab was running",
    ),
    Case(
        "a damaged note of what runs",
        "down",
        "",
        "The file `shared.json` in the cache is unreadable; it is removed.",
        "Nothing.",
        status=0,
        lab=False,
        prints="no shared lab was running",
        env=OWN_HOME,
        given=damaged_state,
    ),
    Case(
        "a line of .env is no setting",
        "doctor",
        "….env line 1 is not NAME=value; compare it with .env.example",
        "A line without `=`, a pasted key without its name, say.",
        "Correct that line.",
        lab=False,
        given=write_env(b"ABCD1234\n"),
    ),
    Case(
        "no accounts yet",
        "doctor --target cloud",
        "",
        "The list says for each ❌ what is missing and what to do about it.",
        "Fill in `.env` (docs/cloud.md), or stay local: no lesson needs an account.",
        lab=False,
        prints=None,
    ),
    Case(
        "no such lesson",
        "run 99",
        "there is no lesson 99; lessons: 00_start_here, …",
        "A typing error.",
        "A number from the list.",
        lab=False,
    ),
    Case(
        "a seed that is no number",
        "run 02 --seed x",
        "python -m helpers run: error: argument --seed: invalid int value: 'x'",
        "The seed is a whole number; 7 is what the lessons print.",
        "`--seed 11`, say.",
        status=2,
        lab=False,
    ),
    Case(
        "a target that there is not",
        "run 02 --target mars",
        "python -m helpers run: error: argument --target: invalid choice: 'mars' "
        "(choose from 'local', 'cloud')",
        "Lessons run on this machine or on your accounts.",
        "`local` or `cloud`.",
        status=2,
        lab=False,
    ),
    Case(
        "a prefix that no topic can have",
        "run 02 --prefix 'josé '",
        "'josé ' cannot be a prefix: at most 40 of A-Z a-z 0-9 . _ - and first a letter or "
        "digit, such as ana-",
        "Topics, groups and buckets begin with it, and Kafka and S3 allow these letters only.",
        "`--prefix jose-`, say.",
        lab=False,
    ),
    Case(
        "side by side on one lab",
        "run --jobs 2",
        "on the shared lab lessons use the same topics: run them with --jobs 1",
        "Two lessons at once would read each other's records.",
        "`--jobs 1`, or end the shared lab (`python -m helpers down`): then each has its own.",
    ),
    Case(
        "Ctrl-C in a lesson",
        "run 00",
        "",
        "You stopped it; kernel and lab have ended.",
        "Nothing.",
        status=130,
        lab=False,
        prints="interrupted during 00_start_here\n\nlesson … result",
        interrupt=lambda scene: any(Path(scene.env["AWS_CONFLUENT_HOME"]).glob("run/*/ports")),
        slow=True,
    ),
    Case(
        "a kit into a file",
        "kit --out Makefile",
        "cannot write to Makefile (File exists); name another --out",
        "`--out` names a folder in which the archive is written.",
        "Another folder; `build` if you leave it out.",
        lab=False,
    ),
    Case(
        "a kit without a network",
        "kit --out {T}/kit",
        "could not collect the wheels: ERROR: …; a kit is made with a network",
        "The packages are fetched from the package index, which cannot be reached.",
        "Connect, then the same again. Nothing half-made is left.",
        lab=False,
        prints="Collecting the wheels of requirements.lock (about 280 MB)",
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""},
        after=lambda scene: leaves(scene.path / "kit"),
    ),
]


def leaves(folder: Path) -> None:
    """Nothing in it."""
    assert list(folder.iterdir()) == []
