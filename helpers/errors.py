"""The one exception that a learner should ever see from the helpers."""

from __future__ import annotations


class LabError(RuntimeError):
    """Something in the learner's surroundings is off: one line says what and what to do next.

    Raised instead of the underlying error, which stays attached as `__cause__` for the curious.
    In a notebook and on the command line only the line is shown, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: show the line, not thirty frames of helpers."""
        return [f"LabError: {self}"]


def in_a_line(error: Exception) -> str | None:
    """What a command says of an error from outside: Kafka, AWS, the disk. None for any other.

    The last net, so that nobody is shown a traceback: where more is known, a LabError says more.
    """
    home = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError) and error.strerror:
        where = f" {error.filename}" if error.filename else ""
        return f"cannot use{where}: {error.strerror}; mend that, or name another place"
    if home in ("confluent_kafka", "cimpl") and error.args and hasattr(error.args[0], "str"):
        return f"Kafka says: {error.args[0].str()}; look at: python -m helpers doctor"
    if home in ("botocore", "boto3"):
        return f"AWS says: {' '.join(str(error).split())}; look at: python -m helpers doctor"
    return None
