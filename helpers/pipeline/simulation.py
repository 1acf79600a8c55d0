"""The life of the campus: who logs in when, hands in what, gets which mark.

`Simulation.run` yields what happened as plain `(time in ms, type, fields)`; `events.generate` makes
records of it. Sessions start in a rhythm over the day and the week. A login plans its whole session
ahead; what is planned waits in a queue ordered by time.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from helpers.pipeline.campus import COURSES, FAULTS, OUTAGES, PROGRAMMES, Dice, Student, students

SECOND, MINUTE, HOUR, DAY, WEEK = 1000, 60_000, 3_600_000, 86_400_000, 604_800_000  # in ms
IDLE_LIMIT = 30 * MINUTE  # without activity for so long, the portal closes the session itself

# Logins per hour of the day for every 1,000 students: asleep, lectures, lunch, evening, deadline.
LOGINS_PER_HOUR = (
    *(80, 30, 10, 5, 5, 10, 40, 150),
    *(340, 380, 390, 360, 280, 150, 120, 230),
    *(300, 310, 340, 400, 430, 360, 440, 600),
)
PERCENT_OF_WEEKDAY = (100, 100, 100, 100, 85, 40, 70)  # Monday to Sunday
DEVICES = ("movil", "movil", "movil", "web", "web", "tablet")
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # reserved for examples by RFC 5737
NOBODY = {"student_id": None, "session_id": None}

Happening = tuple[int, str, dict[str, Any]]


def session_of(student: Student, login: int) -> dict[str, Any]:
    """A student has one session at a time, so student and second of login name it for good."""
    session_id = f"{student.student_id}-{login // SECOND:x}"
    return {"student_id": student.student_id, "session_id": session_id}


def login_fields(student: Student, login: int, device: str, ip: str) -> dict[str, Any]:
    """What a `login` says beyond its id, type and time."""
    person = {"name": student.name, "programme": student.programme}
    return {**session_of(student, login), **person, "device": device, "ip": ip}


class Simulation:
    """A campus of `size` students from `start` (ms since 1970) on, lived minute by minute."""

    def __init__(self, seed: int, size: int, start: int):
        self.roster = students(seed, size)
        self.seed = seed
        self.dice = Dice(seed)
        self.now = start // MINUTE * MINUTE
        self.first_monday = start - (start + 3 * DAY) % WEEK  # 1 January 1970 was a Thursday
        self.today = -1
        self.busy_until = [0] * size
        self.talent = [self.dice.between(-12, 12) for _ in self.roster]  # in tenths of a mark
        self.attempts: dict[tuple[str, str], tuple[int, int]] = {}
        self.courses = {p: [c for c in COURSES.values() if c.programme == p] for p in PROGRAMMES}
        self.queue: list[tuple[int, int, str, dict[str, Any]]] = []
        self.queued = 0

    def run(self) -> Iterator[Happening]:
        """What happens, in order of time, without end."""
        while True:
            self.live_one_minute()
            self.now += MINUTE
            while self.queue and self.queue[0][0] < self.now:
                at, _, kind, fields = heappop(self.queue)
                yield at, kind, fields

    def plan(self, when: int, kind: str, fields: dict[str, Any]) -> None:
        """Puts something that will happen into the queue."""
        self.queued += 1  # keeps the order of events in the same millisecond
        heappush(self.queue, (when, self.queued, kind, fields))

    def live_one_minute(self) -> None:
        """Plans the sessions that start within this minute: twice the average at most."""
        if self.now // DAY != self.today:
            self.today = self.now // DAY
            self.plan_outage()
        weekday, hour = (self.today + 3) % 7, self.now % DAY // HOUR
        rate = len(self.roster) * LOGINS_PER_HOUR[hour] * PERCENT_OF_WEEKDAY[weekday]
        logins = rate / (1000 * 60 * 100)  # in this minute, on average
        for _ in range(int(2 * logins * self.dice.random() + self.dice.random())):
            self.session(self.dice.between(0, len(self.roster) - 1), hour, weekday)

    def session(self, index: int, hour: int, weekday: int) -> None:
        """Plans a whole session of one student, from login to logout."""
        dice, student = self.dice, self.roster[index]
        login = self.now + dice.between(0, MINUTE - 1)
        if login < self.busy_until[index]:
            return  # still in the session before
        ip = f"{dice.pick(NETWORKS)}.{dice.between(1, 254)}"
        self.plan(login, "login", login_fields(student, login, dice.pick(DEVICES), ip))
        who = session_of(student, login)
        courses = self.courses[student.programme]
        urgent = [c for c in courses if c.due_weekday == weekday] if hour >= 20 else []
        last = login + dice.between(20 * SECOND, 2 * MINUTE)
        for _ in range(dice.between(1, 2) if urgent else dice.between(0, 2)):
            last = self.hand_in(index, who, dice.pick(urgent or courses).code, last)
        if dice.chance(12):
            self.fault(dice.between(login, last), who)
        if dice.chance(5):  # and one that concerns no student
            self.fault(dice.between(login, last), NOBODY)
        end = last + dice.between(30 * SECOND, 8 * MINUTE)
        ending = dice.pick(("usuario",) * 5 + ("inactividad",) * 2 + (None,))
        self.busy_until[index] = end if ending == "usuario" else last + IDLE_LIMIT
        if ending:
            seconds = (self.busy_until[index] - login) // SECOND
            fields = {**who, "duration_s": seconds, "reason": ending}
            self.plan(self.busy_until[index], "logout", fields)

    def hand_in(self, index: int, who: dict[str, Any], course: str, after: int) -> int:
        """Plans a `tarea` and the `calificacion` that it gets; returns when it was handed in."""
        dice = self.dice
        days_left = (COURSES[course].due_weekday - (after // DAY + 3)) % 7
        due = (after // DAY + days_left + 1) * DAY - 1
        at = after + dice.between(MINUTE, 12 * MINUTE)
        if at > due and dice.chance(50):
            at = dice.between(after, due)  # half of those cutting it fine still make it
        quiz = dice.chance(50)
        week = (due - self.first_monday) // WEEK + 1
        series = f"{course}-{'c' if quiz else 'p'}"
        counted_week, count = self.attempts.get((who["student_id"], series), (week, 0))
        attempt = count + 1 if counted_week == week else 1
        self.attempts[who["student_id"], series] = (week, attempt)
        task = {
            **who,
            "course": course,
            "task_id": f"{series}{week:02d}",
            "title": f"{'Cuestionario' if quiz else 'Práctica'} {week}",
        }
        size = dice.between(800, 9_000) if quiz else dice.between(20_000, 5_000_000)
        late = {"attempt": attempt, "size_bytes": size, "due": due, "late": at > due}
        self.plan(at, "tarea", {**task, **late})
        marked = at + dice.between(2 * SECOND, 30 * SECOND)
        if not quiz:  # a teacher reads it on one of the next three days, between 9 and 19 h
            marked = (at // DAY + dice.between(1, 3)) * DAY + dice.between(9 * HOUR, 19 * HOUR)
        tenths = 22 + self.talent[index] + dice.between(0, 40) + dice.between(0, 40)
        graded = {
            "attempt": attempt,
            "grade": min(100, tenths) / 10,
            "graded_by": "automatico" if quiz else "docente",
        }
        self.plan(marked, "calificacion", {**task, **graded})
        return at

    def fault(self, at: int, who: dict[str, Any]) -> None:
        """Plans one everyday `error`."""
        self.plan(at, "error", self.log_line(self.dice.pick(FAULTS), who))

    def plan_outage(self) -> None:
        """Once a day, between 9 and 21 h, a service is down for three to eight minutes."""
        dice, line = self.dice, self.dice.pick(OUTAGES)
        begin = self.today * DAY + dice.between(9 * HOUR, 21 * HOUR)
        length = dice.between(3 * MINUTE, 8 * MINUTE)
        for _ in range(dice.between(15, 40) * (1 + len(self.roster) // 1000)):
            at = begin + dice.between(0, length)
            fields = self.log_line(line, NOBODY)
            if at >= self.now:
                self.plan(at, "error", fields)

    def log_line(self, line: tuple[str, str, int, str], who: dict[str, Any]) -> dict[str, Any]:
        """What an `error` says beyond its id, type and time."""
        service, level, code, message = line
        dice = self.dice
        latency = dice.between(20, 400) if level == "WARN" else dice.between(900, 9_000)
        return {
            "service": service,
            "level": level,
            "code": code,
            "message": message,
            "latency_ms": latency,
            **who,
        }
