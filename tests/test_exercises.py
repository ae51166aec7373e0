"""Every exercise of every paper: its solution passes, each typical mistake gets a message of its own."""

import pytest

import labkit
from labkit.exercise import Exercise, Mistake, Wrong, exercise, recognise

EXERCISES = [one for paper in labkit.papers() for one in paper.exercises()]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


@every_exercise
def test_the_solution_is_right(exercise, capsys):
    exercise.check(exercise.solution)
    said = capsys.readouterr().out
    assert said.startswith("Correct.")
    assert len(said) > 20, "a word about why it is right"


@every_exercise
def test_each_mistake_gets_its_own_message(exercise):
    assert exercise.mistakes
    said = {}
    for mistake in exercise.mistakes:
        with pytest.raises(Wrong) as caught:
            exercise.check(mistake.answer)
        assert mistake.message in str(caught.value), f"{mistake.name} should be recognised"
        said[mistake.name] = str(caught.value)
    assert len(set(said.values())) == len(said), "two mistakes share a message"


@every_exercise
@pytest.mark.parametrize("nothing", [None, ...], ids=["None", "ellipsis"])
def test_no_answer_yet(exercise, nothing):
    with pytest.raises(Wrong, match="there is no answer yet"):
        exercise.check(nothing)


@every_exercise
@pytest.mark.parametrize(
    "answer",
    ["a text", 0, [], object(), float("nan"), lambda *_, **__: None],
    ids=["text", "zero", "list", "object", "nan", "function"],
)
def test_whatever_is_answered_the_learner_gets_a_sentence(exercise, answer):
    with pytest.raises(Wrong) as caught:
        exercise.check(answer)
    assert len(str(caught.value)) > 15


@every_exercise
def test_an_exception_in_the_learners_code_is_named(exercise):
    if not callable(exercise.solution):
        pytest.skip("answered by values, not by code")

    def explodes(*_, **__):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(Wrong, match="ZeroDivisionError: on purpose"):
        exercise.check(explodes)


@every_exercise
def test_the_task_and_the_hints_are_there(exercise, capsys):
    assert len(exercise.task) > 40
    assert exercise.points > 0
    assert exercise.hints
    for number, hint in enumerate(exercise.hints, start=1):
        exercise.hint(number)
        assert hint in capsys.readouterr().out
    with pytest.raises(ValueError, match=rf"has hints 1 to {len(exercise.hints)}; got 99"):
        exercise.hint(99)


@pytest.mark.parametrize("paper", labkit.papers(), ids=lambda paper: paper.slug)
def test_exercises_rise_in_level(paper):
    levels = [one.level for one in paper.exercises()]
    assert levels == sorted(levels, key=["easy", "key", "open"].index)


# the machinery itself

MISTAKES = (Mistake("sign", -4, "The sign is wrong."), Mistake("double", 8, "That is twice as much."))


@exercise("Four", level="easy", points=1, solution=4, mistakes=MISTAKES, hints=["2 + 2"])
def four(answer):
    """Say four."""
    if answer != 4:
        raise recognise(MISTAKES, lambda mistake: mistake == answer, "Not four.")
    return "Four it is."


def test_a_mistake_is_recognised_or_the_general_word_is_said():
    assert isinstance(four, Exercise)
    for answer, message in ((-4, "The sign is wrong."), (8, "That is twice as much."), (5, "Not four.")):
        with pytest.raises(Wrong, match=message):
            four.check(answer)


def test_a_cell_that_was_left_as_it_was_is_no_answer():
    @exercise("Write it", level="easy", points=1, solution=lambda: 1)
    def write_it(answer):
        """Write a function."""
        return str(answer())

    def stub():
        raise NotImplementedError

    with pytest.raises(Wrong, match="Write it: there is no answer yet"):
        write_it.check(stub)


def test_a_wrong_answer_is_shown_without_a_traceback():
    assert Wrong("the sign")._render_traceback_() == ["Not yet. the sign"]


def test_an_exercise_needs_its_task():
    with pytest.raises(ValueError, match="needs a docstring"):
        exercise("No task", level="easy", points=1, solution=1)(lambda answer: "")
