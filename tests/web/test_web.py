"""The portal on a real broker: clicks, the live feed, many at a time."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter

import httpx2
import pytest
import requests

import helpers.web
from helpers.errors import LabError
from helpers.local.process import wait_until
from helpers.pipeline.topics import create_topics
from helpers.web.feed import BROWSERS, KEPT
from tests.lab.faults import one_line
from tests.web.support import (
    CRITICAL,
    STUDENT,
    done,
    frames,
    listen,
    log_in,
    place,
    post,
    rows_until,
    state,
    stored,
)

PREFIX = "w-"


@pytest.fixture(scope="module")
def web(lab, admin):
    create_topics(admin, PREFIX)
    web = helpers.web.start(lab.kafka, PREFIX)
    yield web
    web.stop()


def test_start_twice_is_the_same_and_topics_must_be_there(web, lab):
    assert helpers.web.start(lab.kafka, PREFIX) is web
    assert repr(web) == "the student portal, running"
    with pytest.raises(LabError) as error:
        helpers.web.start(lab.kafka, "nadie-")
    assert "python -m helpers topics --prefix nadie-" in one_line(error)


def test_each_click_is_a_record(web, lab):
    login = done(web, "login", STUDENT)
    session = login["session"]["session_id"]
    task = done(web, "tarea", {"session_id": session, "course": "anatomia", "kind": "practica"})
    with listen(web) as feed:
        rows_until(feed, {task["event_id"]})
    mark = done(web, "calificacion", {"task": task["event_id"], "grade": 4.5})
    error = done(web, "error", {**CRITICAL, "session_id": session})
    logout = done(web, "logout", {"session_id": session})
    records = stored(lab.kafka, PREFIX)
    topics = [PREFIX + "estudiante-eventos", PREFIX + "sistema-logs"]
    for receipt, kind, topic, key in [
        (login, "login", topics[0], "E100003"),
        (task, "tarea", topics[0], "E100003"),
        (mark, "calificacion", topics[0], "E100003"),
        (error, "error", topics[1], "bd-central"),
        (logout, "logout", topics[0], "E100003"),
    ]:
        found_key, value = records[place(receipt)]
        assert (receipt["topic"], found_key, value["type"]) == (topic, key, kind)
        assert (value["event_id"], receipt["key"]) == (receipt["event_id"], key)
        assert value["session_id"] == session
        assert receipt["ms"] > 0
    assert records[place(mark)][1]["grade"] == 4.5


def test_what_is_refused_leaves_no_record(web, lab):
    before = stored(lab.kafka, PREFIX)
    session = {"session_id": "E100003-00000000"}
    for path, content, status in [
        ("login", {"device": "web"}, 422),
        ("tarea", {**session, "course": "anatomia", "kind": "practica"}, 409),
        ("logout", session, 409),
        ("calificacion", {"task": "no", "grade": 5}, 409),
        ("error", {**CRITICAL, "level": "WARN"}, 422),
        ("notificacion", {}, 404),
        ("stream", {"rate": 51}, 422),
        ("login", {"name": "x" * 5000, "device": "web"}, 413),
    ]:
        answer = post(web, path, content)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"].count("\n") == 0
    for method, path, status in [
        ("GET", "api/login", 405),
        ("PUT", "api/login", 405),
        ("GET", "nada", 404),
        ("GET", "static/../app.py", 404),
        ("GET", "static/%2e%2e/app.py", 404),
    ]:
        answer = requests.request(method, web.url + path, timeout=10)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert post(web, "error", CRITICAL, key="k" * 65).status_code == 400
    foreign = {"origin": "http://evil.example"}
    answer = requests.post(f"{web.url}api/error", json=CRITICAL, headers=foreign, timeout=10)
    assert answer.status_code == 403
    assert stored(lab.kafka, PREFIX) == before


@pytest.mark.parametrize(
    "raw", [b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /" + b"x" * 70_000]
)
def test_what_is_no_http_is_cut_off_and_the_next_is_served(web, raw):
    port = int(web.url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(raw + b"\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 4")
    assert requests.get(web.url, timeout=10).status_code == 200


def test_a_repeated_request_is_one_event(web, lab):
    first = done(web, "error", CRITICAL, key="una")
    again = done(web, "error", CRITICAL, key="una")
    assert (place(first), first["event_id"]) == (place(again), again["event_id"])
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert post(web, "error", {"fault": "actas:ERROR:502"}, key="una").status_code == 422
    ids = Counter(value["event_id"] for _, value in stored(lab.kafka, PREFIX).values())
    assert ids[first["event_id"]] == 1


async def _at_once(url: str, many: list[tuple[str, dict]]) -> list:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        posts = [client.post(f"api/{path}", json=content) for path, content in many]
        return await asyncio.gather(*posts)


def test_two_hundred_at_once_are_all_there_once(web, lab):
    many = [("login", {"name": f"Ana {n}", "device": "movil"}) for n in range(150)]
    many += [("error", CRITICAL)] * 50
    answers = asyncio.run(_at_once(web.url, many))
    assert {answer.status_code for answer in answers} == {201}
    receipts = [answer.json() for answer in answers]
    records = stored(lab.kafka, PREFIX)
    assert all(records[place(r)][1]["event_id"] == r["event_id"] for r in receipts)
    assert max(Counter(value["event_id"] for _, value in records.values()).values()) == 1
    assert len({place(r) for r in receipts}) == 200


def test_the_feed_resumes_where_it_was_left(web):
    first = done(web, "error", CRITICAL)
    with listen(web) as feed:
        _, number = rows_until(feed, {first["event_id"]})
    missed = [done(web, "error", CRITICAL) for _ in range(3)]
    with listen(web, number) as feed:
        event, _, hello = next(frames(feed))
    assert (event, hello["follows"]) == ("hello", True)
    with listen(web, number) as feed:
        rows, _ = rows_until(feed, {receipt["event_id"] for receipt in missed})
    assert [row["offset"] for row in rows] == [receipt["offset"] for receipt in missed]
    for strange in ("", "x", "0-0", f"{number}9", "-", f"{number.split('-')[0]}-²"):
        with listen(web, strange) as feed:
            assert next(frames(feed))[2]["follows"] is False


def test_slow_browsers_hold_nobody_up(web):
    port = int(web.url.rstrip("/").rpartition(":")[2])
    head = f"GET /api/feed HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    slow = []
    for _ in range(20):
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        wire.connect(("127.0.0.1", port))
        wire.sendall(head)  # and never reads
        slow.append(wire)
    many = [("error", CRITICAL)] * 150
    with listen(web) as feed:
        asyncio.run(_at_once(web.url, many))
        last = done(web, "error", CRITICAL)
        rows, _ = rows_until(feed, {last["event_id"]})
    places = [(row["topic"], row["partition"], row["offset"]) for row in rows]
    assert len(places) == len(set(places)) <= KEPT + len(many) + 1
    assert web._service.memory_mb() < 250
    for wire in slow:
        wire.close()


def test_only_so_many_browsers_listen(web):
    def refused() -> bool:
        feeds.append(listen(web))
        return feeds[-1].status_code == 503

    feeds: list[requests.Response] = []
    try:
        assert wait_until(refused, 20, every=0)
        assert len(feeds) <= BROWSERS + 1
        assert "Demasiadas" in feeds[-1].json()["error"]
    finally:
        for feed in feeds:
            feed.close()
    assert wait_until(lambda: listen(web).status_code == 200, 10)


def test_a_background_stream_starts_changes_and_stops(web, lab):
    before = state(web)["acknowledged"]
    assert post(web, "stream", {"rate": 50}).json()["rate"] == 50
    assert wait_until(lambda: state(web)["acknowledged"] > before + 20, 30)
    assert post(web, "stream", {"rate": 5}).json()["rate"] == 5
    assert post(web, "stream", {"rate": 0}).json()["rate"] == 0
    assert wait_until(lambda: state(web)["waiting"] == 0, 10)
    after = stored(lab.kafka, PREFIX)
    log_in(web)
    assert len(stored(lab.kafka, PREFIX)) == len(after) + 1
    assert max(Counter(value["event_id"] for _, value in after.values()).values()) == 1


def test_topics_made_anew_are_read_on(lab, admin):
    from helpers.cleanup import drop_topics

    create_topics(admin, "v-")
    web = helpers.web.start(lab.kafka, "v-")
    try:
        done(web, "error", CRITICAL)
        drop_topics(admin, "v-sistema-logs")
        create_topics(admin, "v-")
        heard, seen = threading.Event(), []

        def follow() -> None:
            with listen(web) as feed:
                for event, _, data in frames(feed):
                    seen.extend(data["rows"] if event == "records" else [])
                    if seen:
                        return heard.set()

        threading.Thread(target=follow, daemon=True).start()

        def clicked() -> bool:
            post(web, "error", CRITICAL)
            return heard.wait(1)

        assert wait_until(clicked, 30)
        assert {row["topic"] for row in seen} == {"sistema-logs"}
    finally:
        assert web.stop().startswith("stopped: ")
    assert (web.stop(), web.alive) == ("stopped before", False)
