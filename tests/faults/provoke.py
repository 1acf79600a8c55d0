"""What several cases need: no lab, no topic, a `.env`."""

from __future__ import annotations

from tests.faults.case import Case, Scene

START = "`python -m helpers up`, then the same again."
NO_LAB = "no shared lab is running; start one first: python -m helpers up"
DEAD = (
    b"BOOTSTRAP_SERVERS=127.0.0.1:1\nKAFKA_API_KEY=KEY\nKAFKA_API_SECRET=SECRET\n"
    b"AWS_ACCESS_KEY_ID=AKIAX\nAWS_SECRET_ACCESS_KEY=x\n"
)
NEEDS_ARN = "arn:aws:sns:us-east-1:000000000000:nobody"


def env_file(content: bytes):
    def given(scene: Scene) -> None:
        scene.write(".env", content)

    return given


def without_a_lab(words: str) -> Case:
    about = "The command works on the shared lab, and none runs."
    return Case("no lab", words, NO_LAB, about, START, lab=False)


def no_topic(words: str, says: str) -> Case:
    about = "The topics are not there; with `--prefix` it looks for names that begin so."
    return Case("no topic", f"{words} --prefix nobody-", says, about, "What the line says.")
