"""A paper's exercises: task, hints one by one, and for those answered by choosing values, the check."""

import streamlit as st

from app import controls, look
from app.errors import escape, explained
from labkit import paths
from labkit.catalogue import Paper
from labkit.demo import controls_of
from labkit.exercise import Exercise, Wrong

LEVEL_COLOUR = {"easy": "green", "key": "blue", "open": "violet"}


def show(paper: Paper) -> None:
    """All exercises of a paper."""
    found = paper.exercises()
    if not found:
        st.info("This paper has no exercises.")
    for number, exercise in enumerate(found, start=1):
        with (
            st.container(border=True, key=f"exercise {exercise.name}"),
            explained(f"the exercise {exercise.name}"),
        ):
            _exercise(paper, number, exercise)


@st.fragment
def _exercise(paper: Paper, number: int, exercise: Exercise) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{number}. {exercise.title}", anchor=exercise.name)
        st.badge(exercise.level, color=LEVEL_COLOUR[exercise.level])
        st.badge(f"{exercise.points} point{'s' if exercise.points > 1 else ''}", color="gray")
    look.lesson(exercise.task)
    _hints(exercise)
    if exercise.form is None:
        notebook = paper.notebook.relative_to(paths.root())
        st.info(f"Answer it in the notebook `{notebook}`, which checks your code.", icon=":material/code:")
        return
    values = controls.render_all(controls_of(exercise.form), exercise.name, columns=3)
    if st.button("Check my answer", key=f"{exercise.name}:check", type="primary", icon=":material/task_alt:"):
        with explained(f"the exercise {exercise.name}"), st.spinner("Checking ..."):
            try:
                praise = exercise.judge(exercise.form(**values))
            except Wrong as wrong:
                st.warning(f"Not yet. {escape(str(wrong))}", icon=":material/lightbulb:")
            else:
                st.success(f"Correct. {escape(praise or '')}", icon=":material/celebration:")


def _hints(exercise: Exercise) -> None:
    if not exercise.hints:
        return
    given = st.session_state.setdefault("hints", {})
    shown = given.get(exercise.name, 0)
    for number, hint in enumerate(exercise.hints[:shown], start=1):
        look.lesson(f"**Hint {number} of {len(exercise.hints)}.** {hint}")

    def more() -> None:
        given[exercise.name] = shown + 1

    if shown < len(exercise.hints):
        label = "Give me a hint" if shown == 0 else "Give me another hint"
        st.button(
            label, key=f"{exercise.name}:hint", on_click=more, icon=":material/lightbulb:", type="tertiary"
        )
