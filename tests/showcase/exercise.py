"""One exercise answered on the page, one in the notebook."""

from typing import Annotated, Literal

from annotated_types import Interval

from labkit.exercise import Mistake, Wrong, exercise, recognise


def choose(slope: Annotated[int, Interval(ge=0, le=10)] = 0, sign: Literal["plus", "minus"] = "plus") -> int:
    """The form of an answer."""
    return slope if sign == "plus" else -slope


MISTAKES = [Mistake("sign", -3, "The sign: the line should rise.")]


@exercise(
    "Choose a slope",
    level="easy",
    points=1,
    solution=3,
    hints=["It is more than 2.", "It is less than 4."],
    mistakes=MISTAKES,
    form=choose,
)
def slope(answer):
    """Choose the slope of the line through $(1, 3)$."""
    if answer != 3:
        raise recognise(MISTAKES, lambda wrong: wrong == answer, f"At x = 1 your line is at {answer}.")
    return "The line passes through (1, 3)."


@exercise("Write a line", level="key", points=2, solution=lambda x: 3 * x)
def write_line(answer):
    """Write a function `answer(x)`."""
    if answer(1) != 3:
        raise Wrong("answer(1) should be 3.")
    return "Right."
