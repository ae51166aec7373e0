"""What bad input gets: one line on stderr that says what is allowed, and an exit code; never a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FAILED, MISUSED, STOPPED = 1, 2, 130


class Misuse(Exception):
    """The command was given something that it cannot take."""


@contextmanager
def misuse() -> Iterator[None]:
    """What is refused inside is the caller's mistake: exit code 2."""
    try:
        yield
    except ValueError as error:
        raise Misuse(str(error)) from error


def explain(error: BaseException) -> tuple[str, int] | None:
    """The line to print and the exit code; None for an error that is the lab's own and needs its traceback."""
    if isinstance(error, Misuse):
        return str(error), MISUSED
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # Typer's own usage errors
        context = getattr(error, "ctx", None)
        more = f" (see {context.command_path} --help)" if context else ""
        return error.format_message().replace("Value error, ", "").rstrip(".") + more, error.exit_code
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return "stopped", STOPPED
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, FAILED
    if isinstance(error, ValueError | OSError | FloatingPointError):
        return str(error), FAILED
    return None


def complain(message: str) -> None:
    """Print one line on stderr."""
    line = " ".join(message.split())
    print(f"labkit: {line}", file=sys.stderr)
