"""The bodies of the portal's requests, field by field; what is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from helpers.pipeline.campus import COURSES, FAULTS, OUTAGES, PROGRAMMES

PROBLEMS = {f"{line[0]}:{line[1]}:{line[2]}": line for line in (*FAULTS, *OUTAGES)}
Id = Annotated[str, Meta(min_length=1, max_length=48)]
Device = Literal["web", "movil", "tablet"]


class Request(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a POST; a field that is not named is refused."""


class Login(Request):
    """A student of the roster by `student_id`, or anybody by `name` and `programme`."""

    device: Device
    student_id: Annotated[str, Meta(pattern="^E[0-9]{6}$", max_length=7)] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    programme: Literal[PROGRAMMES] | None = None


class Logout(Request):
    """The session to close."""

    session_id: Id


class Task(Request):
    """A piece of work handed in."""

    session_id: Id
    course: Literal[tuple(COURSES)]
    kind: Literal["cuestionario", "practica"]


class Grade(Request):
    """The mark for a piece of work; `task` is the event_id of its `tarea`."""

    task: Id
    grade: Annotated[float, Meta(ge=0, le=10)]


class Fault(Request):
    """Something that breaks, one of PROBLEMS; perhaps while somebody is logged in."""

    fault: Literal[tuple(PROBLEMS)]
    session_id: Id | None = None


REQUESTS: dict[str, type[Request]] = {
    "login": Login,
    "logout": Logout,
    "tarea": Task,
    "calificacion": Grade,
    "error": Fault,
}
