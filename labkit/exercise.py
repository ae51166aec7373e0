"""Exercises that mark themselves, and say what is wrong with a wrong answer.

    @exercise("The LegS matrix", level="easy", points=2, hints=[...], mistakes=[Mistake(...), ...])
    def legs_matrix(answer):
        '''The task, in Markdown.'''
        ...                       # raise Wrong("...") when the answer is wrong; return a word of praise

A `Mistake` is a typical wrong answer with the message that it deserves. A check calls
`recognise(answer, mistakes, agree)` when the answer is wrong: if the answer behaves like a known mistake,
the learner gets its message. The tests answer every exercise with each of its mistakes.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


class Wrong(AssertionError):
    """A wrong answer; the message is for the learner. Notebooks show it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"Not yet. {self}"]


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer (`answer` has the form of a right one) and the message that it deserves."""

    name: str
    answer: Any
    message: str


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    Attributes:
        name: its name in code; title: for people.
        task: what is asked, in Markdown.
        points: its points in the classroom.
        hints: one after the other, for those who ask.
        mistakes: typical wrong answers.
        solution: the reference answer, of the form that a learner gives.
        form: for an exercise that is answered by choosing values: a function whose annotated parameters
            are the choices (as a demo's controls) and which returns the answer. The dashboard renders it.
    """

    name: str
    title: str
    level: Literal["easy", "key", "open"]
    points: int
    task: str
    checker: Callable[[Any], str]
    solution: Any
    hints: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    form: Callable | None = field(default=None)

    def check(self, answer) -> None:
        """Check an answer, and print a word of praise.

        Raises:
            Wrong: with what is wrong. An exception inside the learner's code is Wrong too, and says where.
        """
        print(f"Correct. {self.judge(answer)}")

    def judge(self, answer) -> str:
        """The word of praise that an answer deserves; raises as `check` does."""
        if answer is None or answer is ...:
            raise Wrong(f"{self.title}: there is no answer yet.")
        try:
            return self.checker(answer)
        except Wrong as wrong:  # from here, so that the traceback in a log is short
            raise Wrong(str(wrong)) from None
        except NotImplementedError:  # what the student version says where an answer is to be written
            raise Wrong(f"{self.title}: there is no answer yet.") from None
        except Exception as error:
            raise Wrong(f"{self.title}: your code raised {type(error).__name__}: {error}") from error

    def hint(self, number: int = 1) -> None:
        """Print the first, second, ... hint."""
        if not 1 <= number <= len(self.hints):
            raise ValueError(f"{self.name} has hints 1 to {len(self.hints)}; got {number}")
        print(f"Hint {number} of {len(self.hints)}: {self.hints[number - 1]}")


def exercise(
    title: str,
    *,
    level: Literal["easy", "key", "open"],
    points: int,
    solution: Any,
    hints: Sequence[str] = (),
    mistakes: Sequence[Mistake] = (),
    form: Callable | None = None,
) -> Callable[[Callable], Exercise]:
    """Make a checking function an Exercise; its docstring is the task."""

    def decorate(checker: Callable[[Any], str]) -> Exercise:
        task = inspect.getdoc(checker)
        if not task:
            raise ValueError(f"the exercise {checker.__name__!r} needs a docstring: it is the task")
        return Exercise(
            name=checker.__name__,
            title=title,
            level=level,
            points=points,
            task=task,
            checker=checker,
            solution=solution,
            hints=tuple(hints),
            mistakes=tuple(mistakes),
            form=form,
        )

    return decorate


def recognise(mistakes: Sequence[Mistake], behaves_like: Callable[[Any], bool], otherwise: str) -> Wrong:
    """The Wrong that a wrong answer deserves: the first mistake's that it behaves like, or the general one.

    Args:
        behaves_like: whether the learner's answer does what this mistaken answer does.
    """
    for mistake in mistakes:
        if behaves_like(mistake.answer):
            return Wrong(mistake.message)
    return Wrong(otherwise)
