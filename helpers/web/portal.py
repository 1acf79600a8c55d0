"""What people do in the portal, and the event that follows from each action.

A request is judged twice: here, whether it is one that the portal knows, field by field, and in
`events`, whether the event made of it fits its schema. Nothing that somebody typed goes further
than a name, and that only if it is printable.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import msgspec

from helpers.pipeline.campus import COURSES, PROGRAMMES, Student, students
from helpers.pipeline.events import Event
from helpers.pipeline.simulation import NOBODY, SECOND, login_fields, session_of
from helpers.web.bodies import PROBLEMS, REQUESTS, Fault, Grade, Login, Logout, Task
from helpers.web.making import made
from helpers.web.terms import deadline, week_of_term

KEPT = {"sessions": 2_000, "attempts": 5_000, "tasks": 300}  # the oldest are forgotten
SHOWN_STUDENTS = 8
ADDRESS = "192.0.2.1"  # reserved for examples by RFC 5737: no address of a real person is kept


class Refused(Exception):
    """A request that becomes no event: an HTTP status of 4xx or 503 and one line for the page."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Latest(OrderedDict):
    """A dict that forgets its oldest entries beyond `most`."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > self.most:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A student who is logged in."""

    student: Student
    login_ms: int

    @property
    def who(self) -> dict[str, Any]:
        """The two fields that every event of the session carries."""
        return session_of(self.student, self.login_ms)


@dataclass
class Portal:
    """Who is logged in, what was handed in: all in memory, as the portal's own small state."""

    seed: int = 7
    sessions: Latest = field(default_factory=lambda: Latest(KEPT["sessions"]))
    attempts: Latest = field(default_factory=lambda: Latest(KEPT["attempts"]))
    tasks: Latest = field(default_factory=lambda: Latest(KEPT["tasks"]))  # as read from Kafka

    def __post_init__(self) -> None:
        self.roster = {s.student_id: s for s in students(self.seed)}
        self._closing: dict[str, Session] = {}

    def event(self, kind: str, body: bytes, now: int) -> Event:
        """The event that follows from a request, at `now` (ms since 1970). Raises Refused."""
        try:
            request = msgspec.json.decode(body, type=REQUESTS[kind])
        except msgspec.ValidationError as error:
            raise Refused(422, f"La petición no es válida: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, "La petición no es JSON bien formado") from None
        return getattr(self, f"_{kind}")(request, now)

    def acknowledged(self, event: Event) -> None:
        """Kafka has it: only now the portal acts on it."""
        value = event.value
        if value["type"] == "logout":
            self._closing.pop(value["session_id"], None)
        elif value["type"] == "login":
            student = self._student(value["student_id"], value["name"], value["programme"])
            self.sessions[value["session_id"]] = Session(student, event.timestamp_ms)

    def opened(self, session_id: str) -> dict[str, Any] | None:
        """What the page is told about an open session."""
        session = self.sessions.get(session_id)
        if session is None:
            return None
        student = session.student
        courses = [code for code, c in COURSES.items() if c.programme == student.programme]
        return {"session_id": session_id, "name": student.name, "courses": courses}

    def failed(self, event: Event) -> None:
        """Kafka has not confirmed it: a session that was to be closed is open again."""
        session = self._closing.pop(event.value["session_id"], None)
        if event.value["type"] == "logout" and session:
            self.sessions[event.value["session_id"]] = session

    def read(self, value: dict[str, Any]) -> None:
        """Note a valid record of `estudiante-eventos` that came back: what waits for a mark."""
        if value["type"] == "tarea":
            self.tasks[value["event_id"]] = value

    def choices(self) -> dict[str, Any]:
        """What the page's lists offer."""
        some = list(self.roster.values())[:SHOWN_STUDENTS]
        return {
            "students": [{"id": s.student_id, "name": s.name, "of": s.programme} for s in some],
            "programmes": PROGRAMMES,
            "courses": {code: course.name for code, course in COURSES.items()},
            "faults": [
                {"id": name, "service": line[0], "level": line[1], "text": line[3]}
                for name, line in PROBLEMS.items()
            ],
        }

    # -- one method for each type of event ------------------------------------------------------

    def _login(self, request: Login, now: int) -> Event:
        if (request.student_id is None) == (request.name is None):
            raise Refused(422, "Indica un estudiante de la lista o un nombre, uno de los dos")
        if request.student_id:
            student = self.roster.get(request.student_id)
            if student is None:
                raise Refused(422, f"{request.student_id} no está en la lista de estudiantes")
        else:
            name = " ".join(request.name.split())
            if not name or not name.isprintable():
                raise Refused(422, "Escribe un nombre con letras que se puedan leer")
            made_up = f"E9{crc32(name.encode()) % 100_000:05d}"  # as events.login_of does it
            student = self._student(made_up, name, request.programme or PROGRAMMES[0])
        return made("login", login_fields(student, now, request.device, ADDRESS), now)

    def _logout(self, request: Logout, now: int) -> Event:
        session = self._session(request.session_id)
        del self.sessions[request.session_id]  # a second click finds it closed
        self._closing[request.session_id] = session
        seconds = (now - session.login_ms) // SECOND
        return made("logout", {**session.who, "duration_s": seconds, "reason": "usuario"}, now)

    def _tarea(self, request: Task, now: int) -> Event:
        session = self._session(request.session_id)
        if COURSES[request.course].programme != session.student.programme:
            raise Refused(422, f"{COURSES[request.course].name} no es de tu programa")
        due = deadline(request.course, now)
        week, quiz = week_of_term(due), request.kind == "cuestionario"
        task_id = f"{request.course}-{'c' if quiz else 'p'}{week:02d}"
        piece = (session.student.student_id, task_id)
        self.attempts[piece] = attempt = self.attempts.get(piece, 0) + 1
        low, high = (800, 9_000) if quiz else (20_000, 5_000_000)  # as the simulation has it
        fields = {
            **session.who,
            "course": request.course,
            "task_id": task_id,
            "title": f"{'Cuestionario' if quiz else 'Práctica'} {week}",
            "attempt": attempt,
            "size_bytes": low + secrets.randbelow(high - low),
            "due": due,
            "late": now > due,
        }
        return made("tarea", fields, now)

    def _calificacion(self, request: Grade, now: int) -> Event:
        task = self.tasks.get(request.task)
        if task is None:
            raise Refused(409, "Esa entrega no ha llegado todavía desde Kafka; elige otra")
        names = ("student_id", "session_id", "course", "task_id", "title", "attempt")
        fields = {name: task[name] for name in names}
        mark = {"grade": round(request.grade, 1), "graded_by": "docente"}
        return made("calificacion", {**fields, **mark}, now)

    def _error(self, request: Fault, now: int) -> Event:
        service, level, code, message = PROBLEMS[request.fault]
        session = self.sessions.get(request.session_id)
        low, high = (20, 400) if level == "WARN" else (900, 9_000)
        fields = {
            "service": service,
            "level": level,
            "code": code,
            "message": message,
            "latency_ms": low + secrets.randbelow(high - low),
            **(session.who if session else NOBODY),
        }
        return made("error", fields, now)

    def _session(self, session_id: str) -> Session:
        session = self.sessions.get(session_id)
        if session is None:
            raise Refused(409, "La sesión no está abierta; inicia sesión otra vez")
        return session

    def _student(self, student_id: str, name: str, programme: str) -> Student:
        known = self.roster.get(student_id)
        blank = Student(student_id, name, programme, year=1, email="", phone="")
        return replace(known, name=name, programme=programme) if known else blank
