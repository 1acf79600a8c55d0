"""What the server process listens on, writes and refuses; how it starts and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from helpers.local import aws as stand_in_of
from tests.aws.support import REGION, running, until


def test_it_listens_on_two_ports_of_this_machine_only(stand_in):
    process = psutil.Process(stand_in.process.pid)
    everyone = [process, *process.children(recursive=True)]
    connections = [c for p in everyone for c in p.net_connections("inet")]
    listening = {(c.laddr.ip, c.laddr.port) for c in connections if c.status == "LISTEN"}
    assert listening == {("127.0.0.1", stand_in.port), ("127.0.0.1", stand_in.smtp_port)}
    assert {c.raddr.ip for c in connections if c.raddr} <= {"127.0.0.1"}
    assert everyone == [process], "it starts no other process"


def test_it_writes_only_below_its_run_directory(tmp_path):
    before = set(Path("/tmp").iterdir())
    with running(tmp_path) as own:
        own.client("sns").list_topics()
        own.client("s3").create_bucket(Bucket="bucket")
        own.client("s3").put_object(Bucket="bucket", Key="k", Body=b"x" * 100_000)
        assert not [p for p in set(Path("/tmp").iterdir()) - before if "ministack" in p.name]
        files = [f.path for f in psutil.Process(own.process.pid).open_files()]
        assert all(f.startswith(str(tmp_path)) or "site-packages" in f for f in files), files
    assert {p.name for p in tmp_path.iterdir()} == {"aws", "aws.log"}


def test_it_starts_soon_stays_small_and_ends_promptly(tmp_path):
    with running(tmp_path) as own:
        memory = psutil.Process(own.process.pid).memory_info().rss / 1e6
        print(f"ready in {own.started_in:.2f} s, {memory:.0f} MB")
        assert own.started_in < 5, "0.4 s on an idle machine"
        assert memory < 100
        sqs = own.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        poll = {"QueueUrl": url, "WaitTimeSeconds": 20}
        threading.Thread(target=_ignoring(sqs.receive_message), kwargs=poll, daemon=True).start()
        time.sleep(0.3)  # the long poll must be under way
        begun = time.monotonic()
        own.process.send_signal(signal.SIGTERM)
        assert own.process.wait(10) == 0
        assert time.monotonic() - begun < 2.5


def _ignoring(call):
    def quiet(**arguments) -> None:
        with suppress(Exception):
            call(**arguments)

    return quiet


def test_another_ministack_is_refused_in_one_line(tmp_path):
    code = "from helpers.local.aws import server; server.MINISTACK = '1.5.34'; server.main()"
    argv, env = stand_in_of.command(tmp_path, 1, 2, "k", "s", REGION)
    done = subprocess.run(
        [argv[0], "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "aws: the completions are for ministack 1.5.34, installed is 1.5.33; "
        "run: pip install ministack==1.5.34\n"
    )


def test_a_taken_inbox_port_is_refused_in_one_line(stand_in, tmp_path):
    argv, env = stand_in_of.command(tmp_path, 1, stand_in.smtp_port, "k", "s", REGION)
    done = subprocess.run(
        argv, env={**os.environ, **env}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"the inbox cannot use port {stand_in.smtp_port} of 127.0.0.1" in done.stderr


def test_athena_neither_downloads_nor_writes_to_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "run").mkdir()
    with running(tmp_path / "run") as own:
        athena = own.client("athena")

        def state(query: str) -> dict:
            started = athena.start_query_execution(
                QueryString=query, ResultConfiguration={"OutputLocation": "s3://results/"}
            )
            where = {"QueryExecutionId": started["QueryExecutionId"]}

            def over() -> dict | None:
                status = athena.get_query_execution(**where)["QueryExecution"]["Status"]
                return status if status["State"] in ("SUCCEEDED", "FAILED") else None

            return until(over, 20, query)

        own.client("s3").create_bucket(Bucket="results")
        assert state("SELECT 1 + 1")["State"] == "SUCCEEDED"
        failed = state("SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')")
        assert failed["State"] == "FAILED"
        assert "httpfs" in failed["StateChangeReason"]
        assert list((tmp_path / "home").iterdir()) == []


def test_ready_is_false_where_nothing_answers(stand_in):
    assert stand_in_of.ready(stand_in.port)
    assert not stand_in_of.ready(1)
    until(lambda: not stand_in_of.ready(stand_in.smtp_port), 3, "a mail server is not AWS")
