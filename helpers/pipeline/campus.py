"""The invented campus behind the events: its students, its courses, its web services.

Everything is drawn from a seed and repeats to the byte on every Python version and platform. Only
`random.Random.random()` promises that (docs.python.org/3/library/random.html, "Notes on
Reproducibility"); `choice`, `shuffle` and `gauss` may change between versions. `Dice` therefore
builds what we need from `random()` and whole numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Random draws that are the same for the same seed, everywhere."""

    def __init__(self, seed: int):
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seed must be a whole number >= 0, not {seed!r}; try seed=7")
        self.random = Random(seed).random

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as the next."""
        return options[int(self.random() * len(options))]

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 cases."""
        return self.random() * 100 < percent


@dataclass(frozen=True, slots=True)
class Course:
    """A course of one programme; every student of the programme takes it."""

    code: str  # what events carry; the name is added by the processor
    name: str
    programme: str
    due_weekday: int  # its work is due at 23:59:59.999 of this day; 0 is Monday


def _courses(programme: str, *rows: tuple[str, str, int]) -> list[Course]:
    return [Course(code, name, programme, weekday) for code, name, weekday in rows]


COURSES: dict[str, Course] = {
    course.code: course
    for course in (
        *_courses(
            "Ingeniería Informática",
            ("programacion", "Programación", 0),
            ("bases-de-datos", "Bases de Datos", 1),
            ("redes", "Redes de Computadores", 2),
            ("sistemas-operativos", "Sistemas Operativos", 3),
            ("algoritmos", "Algoritmos y Estructuras", 6),
        ),
        *_courses(
            "Matemáticas",
            ("calculo", "Cálculo Diferencial", 0),
            ("algebra-lineal", "Álgebra Lineal", 2),
            ("probabilidad", "Probabilidad", 3),
            ("topologia", "Topología", 4),
            ("ecuaciones", "Ecuaciones Diferenciales", 6),
        ),
        *_courses(
            "Administración de Empresas",
            ("contabilidad", "Contabilidad Financiera", 0),
            ("microeconomia", "Microeconomía", 1),
            ("marketing", "Fundamentos de Marketing", 3),
            ("derecho-mercantil", "Derecho Mercantil", 4),
            ("estadistica-empresarial", "Estadística Empresarial", 6),
        ),
        *_courses(
            "Enfermería",
            ("anatomia", "Anatomía Humana", 0),
            ("fisiologia", "Fisiología", 1),
            ("farmacologia", "Farmacología", 2),
            ("salud-publica", "Salud Pública", 4),
            ("etica-clinica", "Ética Clínica", 6),
        ),
        *_courses(
            "Psicología",
            ("psicologia-social", "Psicología Social", 0),
            ("neurociencia", "Neurociencia", 1),
            ("psicometria", "Psicometría", 2),
            ("desarrollo", "Psicología del Desarrollo", 3),
            ("aprendizaje", "Aprendizaje y Memoria", 4),
        ),
        *_courses(
            "Diseño Gráfico",
            ("tipografia", "Tipografía", 0),
            ("ilustracion", "Ilustración Digital", 1),
            ("historia-del-diseno", "Historia del Diseño", 2),
            ("diseno-web", "Diseño Web", 4),
            ("fotografia", "Fotografía", 6),
        ),
    )
}

PROGRAMMES: tuple[str, ...] = tuple(dict.fromkeys(c.programme for c in COURSES.values()))

# (service, level, HTTP status, message): a line that stands here twice is twice as common. Six keys
# can leave a partition empty; these names were chosen so that each of three gets two of them, by
# librdkafka's CRC32 and by Java's murmur2 alike.
FAULTS: tuple[tuple[str, str, int, str], ...] = (
    ("portal-web", "WARN", 429, "Demasiadas peticiones desde la misma dirección"),
    ("portal-web", "WARN", 404, "Recurso no encontrado"),
    ("portal-web", "ERROR", 500, "Fallo al generar la página"),
    ("entregas", "WARN", 413, "Archivo demasiado grande"),
    ("entregas", "WARN", 413, "Archivo demasiado grande"),
    ("entregas", "ERROR", 504, "Tiempo agotado al guardar la entrega"),
    ("actas", "ERROR", 502, "No se pudo abrir el acta de la asignatura"),
    ("autenticacion", "WARN", 401, "Contraseña incorrecta"),
    ("autenticacion", "WARN", 401, "Contraseña incorrecta"),
    ("autenticacion", "ERROR", 503, "Directorio de usuarios no disponible"),
    ("bd-central", "ERROR", 500, "Interbloqueo entre transacciones"),
    ("correo-salida", "ERROR", 502, "El servidor de correo rechazó el mensaje"),
)

# What a service logs, again and again, on the one bad moment of each day.
OUTAGES: tuple[tuple[str, str, int, str], ...] = (
    ("bd-central", "CRITICAL", 503, "Sin conexiones libres en la base de datos"),
    ("autenticacion", "CRITICAL", 503, "Servicio de autenticación caído"),
    ("entregas", "CRITICAL", 507, "Almacenamiento de entregas lleno"),
)

SERVICES: tuple[str, ...] = tuple(dict.fromkeys(fault[0] for fault in FAULTS))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
Lucía Sofía Martina María Julia Paula Valeria Emma Daniela Carla Alma Olivia Sara Carmen Vega Lara
Alba Noa Chloe Irene Inés Elena Marta Nuria Rocío Ximena Camila Renata Itziar Begoña
Hugo Mateo Martín Lucas Leo Daniel Alejandro Manuel Pablo Álvaro Adrián Enzo Mario Diego David
Óscar Iván Bruno Marcos Javier Andrés Tomás Joaquín Íñigo Raúl Rubén Sebastián Emiliano Germán Ángel
"""
)

SURNAMES = _words(
    """
García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz
Díaz Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil
Serrano Morales Molina Suárez Blanco Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Sanz
Iglesias Castillo Garrido Santos Lozano Cano Cruz Ibáñez Peña Quispe Mamani Rojas Vargas Paredes
"""
)

_TO_ASCII = str.maketrans("áéíóúüñÁÉÍÓÚÑ", "aeiouunAEIOUN")
MAX_STUDENTS = 800_000  # numbers from 900000 on belong to hand-made students, see events.login_of


@dataclass(frozen=True, slots=True)
class Student:
    """One line of the roster. Nobody is real: the addresses end in example.com (reserved by RFC
    2606) and the telephone numbers use the area code 555, which is not assigned."""

    student_id: str  # "E100042"; the key of the student's records in Kafka
    name: str
    programme: str
    year: int  # 1 to 4
    email: str
    phone: str  # E.164, what SNS wants


def students(seed: int = 7, n: int = 200) -> list[Student]:
    """The roster of `generate(seed, students=n)`. A longer one starts with the shorter one.

    Raises ValueError unless 1 <= n <= 800000.
    """
    if not 1 <= n <= MAX_STUDENTS:
        raise ValueError(f"students must be between 1 and {MAX_STUDENTS}, not {n}")
    dice = Dice(seed)
    return [_student(dice, number) for number in range(n)]


def _student(dice: Dice, number: int) -> Student:
    first, last = dice.pick(FIRST_NAMES), dice.pick(SURNAMES)
    student_id = f"E{100_000 + number}"
    mailbox = f"{first}.{last}.{student_id}".translate(_TO_ASCII).lower()
    return Student(
        student_id=student_id,
        name=f"{first} {last} {dice.pick(SURNAMES)}",
        programme=dice.pick(PROGRAMMES),
        year=dice.between(1, 4),
        email=f"{mailbox}@example.com",
        phone=f"+1555{100_000 + number:07d}",
    )
