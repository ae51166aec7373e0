"""Every page of the dashboard, run by Streamlit's AppTest: what it shows, and what it says to bad input."""

import json
import threading
import time

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import controls, figures, jobs, panel, stored
from app.errors import escape
from app.experiment import parse_seeds
from app.studio import shared
from labkit import catalogue, paper, plotting
from labkit.demo import demo as as_demo
from labkit.experiment import record
from tests import showcase
from tests.showcase.demo import animation, drawn_by_hand, every_control, figures_and_table, slow_one
from tests.showcase.experiment import EXPERIMENT

SECTIONS = ("Idea", "Demos", "Experiment", "Exercises", "Method", "Ledger")


@pytest.fixture
def site(monkeypatch, tmp_path, root):
    """A dashboard whose catalogue holds the showcase, with its own ledger and results."""
    showcase.install(monkeypatch)
    monkeypatch.setenv("LABKIT_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results"))
    (tmp_path / "ledger").mkdir()
    jobs.experiments.clear()
    jobs.slow_demos.clear()

    def visit(view: str = "home", **address: str) -> AppTest:
        page = AppTest.from_file(root / "app" / "dashboard.py", default_timeout=60)
        if view != "home":
            page.run()
            page.switch_page(f"views/{view}.py")
        page.query_params.update(address)
        return calm(page.run())

    return visit


def calm(page: AppTest) -> AppTest:
    """No exception reached the page."""
    assert not page.exception, [error.message for error in page.exception]
    return page


def words(page: AppTest) -> str:
    """All that the page says."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "error",
        "warning",
        "info",
        "success",
        "code",
    )
    return "\n".join(str(element.value) for kind in kinds for element in getattr(page, kind))


def drawn(page: AppTest) -> list[dict]:
    """The figures on the page, as they are sent to it."""
    components = [element.proto for element in page.get("bidi_component")]
    return [
        json.loads(proto.bytes)["figure"] for proto in components if proto.component_name == "labkit_figure"
    ]


def show(site, name: str, **address: str) -> AppTest:
    """One of the showcase's demos."""
    return site("paper", paper="showcase", section="Demos", demo=name, **address)


# ---------------------------------------------------------------- home


def test_home_lists_the_papers_by_theme_and_says_which_themes_are_coming(site):
    said = words(site("home"))
    assert "A Showcase of Every Control" in said
    assert "How to Train Your HiPPO" in said
    assert "Parallelism" in said
    assert "Coming." in said
    assert "notebooks/state_space/hippo.ipynb" in said


@pytest.mark.parametrize(
    ("address", "present", "absent"),
    [
        ({"search": "legendre"}, "How to Train", "A Showcase"),
        ({"search": "LEGENDRE showcase"}, "No paper matches", "A Showcase of"),
        ({"theme": "applied"}, "A Showcase", "How to Train"),
        ({"level": "introductory"}, "How to Train", "A Showcase"),
    ],
)
def test_home_filters_from_the_address(site, address, present, absent):
    said = words(site("home", **address))
    assert present in said
    assert absent not in said


def test_home_explains_an_unknown_theme(site):
    page = site("home", theme="cookery")
    assert "cookery" in page.warning[0].value
    assert "state" in page.warning[0].value


# ---------------------------------------------------------------- a paper's page


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("slug", ["showcase", "hippo"])
def test_every_section_of_a_paper(site, slug, section):
    page = site("paper", paper=slug, section=section)
    assert page.title[0].value == paper(slug).title
    assert not page.error
    assert not page.warning


def test_an_unknown_paper_is_explained_with_the_choices(site):
    page = site("paper", paper="s99")
    assert "'s99' is not allowed" in page.warning[0].value
    assert "showcase" in page.warning[0].value
    assert "A Showcase of Every Control" in "".join(link.label for link in page.get("page_link"))


def test_no_paper_lists_all_papers(site):
    page = site("paper")
    assert page.title[0].value == "Papers"
    assert not page.warning


def test_an_unknown_section_and_an_unknown_demo_are_explained(site):
    assert "'Gossip' is not allowed" in site("paper", paper="showcase", section="Gossip").warning[0].value
    page = show(site, "pie_chart")
    assert "every\\_control" in page.warning[0].value


def test_the_idea_shows_the_equations(site):
    page = site("paper", paper="showcase")
    assert [formula.value.strip("$\n") for formula in page.latex] == ["y = a x"]


def test_the_method_shows_its_source_whole_or_by_name(site):
    page = site("paper", paper="showcase", section="Method")
    assert "class Line" in page.code[0].value
    page = site("paper", paper="showcase", section="Method", name="line")
    assert page.code[0].value.startswith("def line(")
    assert "class Line" not in page.code[0].value


# ---------------------------------------------------------------- controls


def test_every_kind_of_control_moves_the_figure(site):
    page = show(site, "every_control")

    def figure() -> tuple:
        calm(page)
        found = drawn(page)[0]
        return (
            found["layout"]["title"]["text"],
            len(found["data"][0]["x"]),
            found["data"][0].get("visible", True),
        )

    assert figure() == ("a line: LegS, oil, 0.01", 8, True)
    page.slider(key="every_control.order").set_value(5).run()
    assert figure()[1] == 5
    page.select_slider(key="every_control.dt").set_value(0.1).run()
    assert figure()[0] == "a line: LegS, oil, 0.1"
    page.button_group(key="every_control.measure").set_value("FouT").run()
    page.selectbox(key="every_control.source").set_value("carbon dioxide").run()
    assert figure()[0] == "a line: FouT, carbon dioxide, 0.1"
    page.toggle(key="every_control.show_line").set_value(False).run()
    assert figure()[2] is False
    page.text_input(key="every_control.name").set_value("another").run()
    assert figure()[0] == "another: FouT, carbon dioxide, 0.1"


def test_the_address_restores_every_kind_of_control(site):
    address = {
        "every_control.order": "12",
        "every_control.slope": "-0.5",
        "every_control.dt": "0.00123",  # no position of the slider: a value that was typed
        "every_control.measure": "LegT",
        "every_control.source": "carbon dioxide",
        "every_control.show_line": "false",
        "every_control.name": "typed",
    }
    page = show(site, "every_control", **address)
    assert not page.warning
    found = drawn(page)[0]
    assert found["layout"]["title"]["text"] == "typed: LegT, carbon dioxide, 0.00123"
    assert len(found["data"][0]["x"]) == 12
    assert np.isclose(found["data"][0]["y"][1], -0.5)
    assert found["data"][0]["visible"] is False


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("order", "65", "a whole number from 2 to 64"),
        ("order", "7.5", "a whole number from 2 to 64"),
        ("slope", "nan", "a number from -2 to 2"),
        ("slope", "1e99", "a number from -2 to 2"),
        ("dt", "0", "a number from 0.0001 to 1"),
        ("measure", "S4D", "choose from LegS, LegT, FouT"),
        ("show_line", "perhaps", "choose from true, false"),
        ("name", "x" * 21, "text of at most 20 characters"),
        ("colour", "red", "there are order, slope"),
    ],
)
def test_a_value_outside_its_control_is_explained_and_the_default_is_drawn(site, name, value, allowed):
    page = show(site, "every_control", **{f"every_control.{name}": value})
    assert escape(allowed) in page.warning[0].value
    assert drawn(page)[0]["layout"]["title"]["text"] == "a line: LegS, oil, 0.01"
    if name == "order":  # moving the control ends the explanation
        page.slider(key="every_control.order").set_value(3).run()
        assert not calm(page).warning


def test_the_drawing_comes_from_the_address_and_a_bad_one_is_explained(site):
    heights = ",".join(["0.5"] * 16)
    page = show(site, "drawn_by_hand", **{"drawn_by_hand.curve": heights})
    assert np.allclose(drawn(page)[0]["data"][0]["y"], -0.5)
    page = show(site, "drawn_by_hand", **{"drawn_by_hand.curve": "1,2,3"})
    assert "16 numbers from" in page.warning[0].value
    assert np.allclose(drawn(page)[0]["data"][0]["y"], 0.0)


def test_a_choice_of_many_is_a_list_and_of_few_a_row(site):
    page = show(site, "every_control")
    assert page.button_group(key="every_control.measure").options
    assert page.selectbox(key="every_control.source").options


@pytest.mark.parametrize(
    ("control", "text", "value"),
    [
        ("order", "8", 8),
        ("slope", "1.25", 1.25),
        ("dt", "1e-3", 1e-3),
        ("show_line", "1", True),
        ("name", "", ""),
    ],
)
def test_check_accepts_what_a_control_allows(control, text, value):
    assert controls.check(every_control.control(control), text) == value


# ---------------------------------------------------------------- pictures


def test_an_animation_keeps_its_frames(site):
    found = drawn(show(site, "animation"))[0]
    assert len(found["frames"]) == 4
    assert found["layout"]["updatemenus"]
    assert found["layout"]["sliders"]


def test_several_figures_and_a_table(site):
    page = show(site, "figures_and_table")
    assert [figure["layout"]["title"]["text"] for figure in drawn(page)] == ["left", "right"]
    assert list(page.dataframe[0].value.columns) == ["x", "y"]
    assert {button.label for button in page.get("download_button")} == {"HTML", "CSV"}


def test_a_slow_demo_is_drawn_when_asked_for_and_kept_for_everyone(site):
    page = show(site, "slow_one")
    assert not drawn(page)
    page.button(key="slow_one:draw").click().run()
    deadline = time.time() + 20
    while not drawn(page) and time.time() < deadline:
        time.sleep(0.1)
        calm(page.run())
    assert drawn(page)[0]["layout"]["title"]["text"] == "Slow, on cpu"
    assert drawn(show(site, "slow_one"))  # another visitor sees it at once
    page.slider(key="slow_one.slope").set_value(2.0).run()
    assert "last drawn" in words(page)
    assert drawn(page)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("value", "slope\\: 7 is not allowed"),
        ("missing", "labkit data fetch etth1"),
        ("bug", "Something went wrong in the demo"),
    ],
)
def test_an_exception_is_explained_without_a_traceback(site, how, said):
    page = show(site, "fails", **{"fails.how": how})
    assert said in words(page)
    assert "Traceback" not in words(page)
    if how == "bug":
        assert page.expander[0].label == "Details for the instructor"
        assert page.expander[0].code[0].value == "RuntimeError: secret internals"


def test_presenting_mode_enlarges_figures_and_can_be_left(site):
    small = drawn(show(site, "animation"))[0]["layout"]
    page = show(site, "animation", present="1")
    large = drawn(page)[0]["layout"]
    assert large["font"]["size"] > 1.3 * small["template"]["layout"]["font"]["size"]
    assert large["height"] > small["height"]
    page.button(key="leave").click().run()
    assert "present" not in calm(page).query_params


def test_a_figure_is_kept_between_values_and_exported_whole():
    (part,) = panel.draw(every_control, every_control.defaults(), "cpu")
    assert json.loads(part[1])["layout"]["uirevision"] == "kept"
    page = figures.to_html(part[1])
    assert "a line: LegS, oil, 0.01" in page
    assert len(page) > 3_000_000  # plotly.js is inside
    assert '<script src="http' not in page


def test_a_demo_that_returns_something_else_is_a_bug_and_says_so():
    @as_demo("wrong")
    def wrong():
        """Returns words."""
        return "words"

    with pytest.raises(TypeError, match="a demo returns figures and tables"):
        panel.draw(wrong, {}, "cpu")


def test_every_kind_of_demo_draws_at_its_ends():
    for one in (every_control, drawn_by_hand, animation, figures_and_table, slow_one):
        for control in one.controls:
            for end in control.ends():
                assert panel.draw(one, {**one.defaults(), control.name: end}, "cpu")


# ---------------------------------------------------------------- experiments


def finished(page: AppTest) -> AppTest:
    """Wait for the run that was started."""
    deadline = time.time() + 30
    while time.time() < deadline:
        calm(page.run())
        if page.success or page.error:
            return page
        time.sleep(0.1)
    raise AssertionError("the run did not finish")


def test_a_run_shows_claims_metrics_and_figures_and_is_kept(site, tmp_path):
    page = site("paper", paper="showcase", section="Experiment", seeds="0, 1")
    page.button(key="run").click().run()
    page = finished(page)
    table = page.dataframe[0].value
    assert list(table["verdict"]) == ["✓ holds", "✗ does not hold", "· reported"]
    assert "slope" in set(page.dataframe[1].value["metric"])
    assert drawn(page)[0]["layout"]["title"]["text"] == "The measured line"
    assert (tmp_path / "results" / "showcase" / "smoke-cpu-seed0_1" / "result.json").is_file()
    jobs.experiments.clear()  # the server was started anew
    again = site("paper", paper="showcase", section="Experiment", seeds="0, 1")
    assert again.success
    assert again.button(key="run").label == "Run it again"


def test_a_run_of_the_command_line_is_shown_to_those_who_ask_for_its_seeds(site, tmp_path):
    result = EXPERIMENT.run(seed=(5,), device="cpu", progress=lambda done, message="": None)
    result.save(tmp_path / "results" / "showcase" / "smoke-cpu")
    assert site("paper", paper="showcase", section="Experiment", seeds="5").success
    assert not site("paper", paper="showcase", section="Experiment", seeds="6").success


def test_a_failing_run_shows_its_message(site):
    page = site("paper", paper="showcase", section="Experiment", seeds="13")
    page.button(key="run").click().run()
    assert "seed 13 brings bad luck" in finished(page).error[0].value


def test_a_damaged_result_is_explained(site, tmp_path):
    folder = tmp_path / "results" / "showcase" / "smoke-cpu-seed0"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text('{"half":')
    page = site("paper", paper="showcase", section="Experiment")
    assert "truncated or altered" in page.error[0].value
    assert page.button(key="run")


def test_bad_seeds_are_explained(site):
    page = site("paper", paper="showcase", section="Experiment", seeds="one")
    assert "whole numbers from 0" in page.error[0].value
    assert parse_seeds("0, 2 3") == (0, 2, 3)
    for bad in ("", "-1", "1,1", "1.5", "²", ",".join(map(str, range(11)))):
        with pytest.raises(ValueError, match="seeds"):
            parse_seeds(bad)


def test_one_worker_does_the_same_work_once_and_forgets_the_oldest():
    worker = jobs.Jobs("test", keep=2)
    calls = []

    def work(progress):
        calls.append(1)
        progress(0.5, "half")
        time.sleep(0.1)
        return len(calls)

    first, second = worker.submit("a", work), worker.submit("a", work)
    assert first is second
    wait(first)
    assert (first.value, first.fraction, first.message) == (1, 0.5, "half")
    assert worker.submit("a", work) is first
    wait(worker.submit("a", work, again=True))
    assert len(calls) == 2
    for key in "bcd":
        wait(worker.submit(key, work))
    assert worker.get("a") is None
    assert worker.get("d").value == 5


def wait(job) -> None:
    """Until the job ended."""
    deadline = time.time() + 10
    while job.active and time.time() < deadline:
        time.sleep(0.01)
    assert not job.active


def test_an_interrupted_run_goes_on_from_its_checkpoints(site, tmp_path, monkeypatch):
    job = jobs.start_run(showcase.PAPER, "smoke", "cpu", (0, 13))
    wait(job)
    assert job.state == "failed"
    kept = tmp_path / "results" / "checkpoints" / "showcase"
    assert list(kept.rglob("stage-measure_line.json"))  # seed 0 is done


# ---------------------------------------------------------------- exercises


def test_an_exercise_is_answered_on_the_page(site):
    page = site("paper", paper="showcase", section="Exercises")
    page.slider(key="slope.slope").set_value(3).run()
    page.button_group(key="slope.sign").set_value("minus").run()
    page.button(key="slope:check").click().run()
    assert "the line should rise" in calm(page).warning[0].value
    page.button_group(key="slope.sign").set_value("plus").run()
    page.button(key="slope:check").click().run()
    assert "passes through" in calm(page).success[0].value


def test_hints_come_one_by_one_and_code_is_answered_in_the_notebook(site):
    page = site("paper", paper="showcase", section="Exercises")
    assert "more than 2" not in words(page)
    page.button(key="slope:hint").click().run()
    assert "more than 2" in words(page)
    assert "less than 4" not in words(page)
    page.button(key="slope:hint").click().run()
    assert "less than 4" in words(page)
    assert "notebooks/applied/showcase.ipynb" in page.info[0].value


# ---------------------------------------------------------------- ledger


@pytest.fixture
def entered(site, tmp_path):
    """A ledger with one run of the showcase."""
    record(
        EXPERIMENT.run(seed=(0, 1), device="cpu", progress=lambda done, message="": None), tmp_path / "ledger"
    )
    return site


def test_the_ledger_shows_every_claim(entered):
    page = entered("ledger")
    table = page.dataframe[0].value
    assert list(table["claim"]) == ["The line rises", "The line falls", "The slope is three"]
    assert table["measured"].str.contains(r"\[").all()
    assert table["seeds"].eq("0, 1").all()
    assert "3 of 3 claims" in words(page)
    assert page.code[0].value == "labkit run showcase --scale smoke --device cpu --seed 0 --seed 1"


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        ({"verdict": "does not hold"}, 1),
        ({"search": "slope three"}, 1),
        ({"scale": "smoke"}, 3),
        ({"scale": "class"}, 0),
        ({"paper": "hippo"}, 0),
        ({"theme": "applied"}, 3),
        ({"theme": "memory"}, 0),
    ],
)
def test_the_ledger_filters_from_the_address(entered, address, rows):
    page = entered("ledger", **{f"ledger.{name}": value for name, value in address.items()})
    assert f"{rows} of 3 claims" in words(page)
    assert (len(page.dataframe[0].value) if page.dataframe else 0) == rows


def test_a_damaged_ledger_file_is_explained_and_the_others_are_shown(entered, tmp_path):
    (tmp_path / "ledger" / "hippo.json").write_text("[{")
    page = entered("ledger")
    assert "hippo.json" in page.error[0].value
    assert "truncated or altered" in page.error[0].value
    assert len(page.dataframe[0].value) == 3
    page = entered("paper", paper="hippo", section="Ledger")
    assert "hippo.json" in page.error[0].value


def test_an_empty_ledger_says_how_to_fill_it(site):
    assert "labkit run" in site("ledger").info[0].value


# ---------------------------------------------------------------- the studio, and the device


STEPS = {
    "1 A basis is a memory": 2,
    "2 A signal streams in": 3,
    "3 Delay and stability": 3,
    "4 Any kernel": 1,
}


HIDDEN_STATES = {
    "1 Slopes": 1,
    "2 The movie": 2,
    "3 The theorem": 3,
    "4 New velocities": 5,
    "5 Rotations, and learning": 4,
}


LINEAGE = {"1 The lineage": 1, "2 One signal": 4, "3 Selectivity": 2, "4 Costs and hybrids": 3}


@pytest.mark.parametrize(("step", "count"), LINEAGE.items())
def test_each_step_of_the_lineage_draws_its_pictures(site, step, count):
    page = site("state_space", step=step)
    assert not page.error
    assert not page.warning
    assert len(drawn(page)) == count


def test_one_sequence_moves_the_microscope_and_the_matrices(site):
    page = site("state_space", step="3 Selectivity")
    before = [str(figure["data"]) for figure in drawn(page)]
    page.slider(key="s4_survey.sequence").set_value(3).run()
    after = [str(figure["data"]) for figure in drawn(calm(page))]
    assert all(a != b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("step", ["1 Images", "2 Bodies in space", "3 Sequences"])
def test_each_step_of_the_equivariance_studio_draws_its_pictures(site, step):
    page = site("equivariance", step=step)
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize(("step", "count"), HIDDEN_STATES.items())
def test_each_step_of_the_hidden_states_studio_draws_its_pictures(site, step, count):
    page = site("hidden_states", step=step)
    assert not page.error
    assert not page.warning
    assert len(drawn(page)) == count


def test_one_velocity_moves_the_movie_and_the_energy(site):
    page = site("hidden_states", step="2 The movie")
    page.slider(key="fernn.vx").set_value(-1).run()
    titles = [figure["layout"]["title"]["text"] for figure in drawn(calm(page))]
    assert all("(-1, 1)" in title for title in titles)


@pytest.mark.parametrize(("step", "count"), STEPS.items())
def test_each_step_of_the_studio_draws_its_pictures(site, step, count):
    page = site("hippo_bases", step=step)
    assert not page.error
    assert not page.warning
    assert len(drawn(page)) == count


ORDERING_STEPS = {
    "1 A walk is an embedding": 2,
    "2 Which walk is best?": 4,
    "3 Learning the order": 2,
    "4 Three cells": 4,
}


@pytest.mark.parametrize(("step", "count"), ORDERING_STEPS.items())
def test_each_step_of_the_patch_orderings_draws_its_pictures(site, step, count):
    page = site("patch_orderings", step=step)
    assert not page.error
    assert not page.warning
    assert len(drawn(page)) == count


REACHABLE_STEPS = {
    "1 The lit map": 2,
    "2 One prompt": 2,
    "3 Live search": 1,
    "4 A real model": 1,  # drawn beforehand
    "5 How much control?": 4,
}


@pytest.mark.parametrize(("step", "count"), REACHABLE_STEPS.items())
def test_each_step_of_the_reachable_sets_draws_its_pictures(site, step, count):
    page = site("reachable_sets", step=step)
    assert not page.error
    assert not page.warning
    assert len(drawn(page)) == count


def test_the_imposed_text_moves_both_pictures_of_a_prompt(site):
    page = site("reachable_sets", step="2 One prompt")
    page.selectbox(key="magic_words.state").set_value("finds the").run()
    titles = [figure["layout"]["title"]["text"] for figure in drawn(calm(page))]
    assert all("finds the" in title for title in titles)


def test_the_visitors_own_text_is_read_or_explained(site):
    page = site("reachable_sets", step="1 The lit map", **{"magic_words.state": "my own text"})
    page.text_input(key="magic_words.text").set_value("bob buys the").run()
    assert "bob buys the" in drawn(calm(page))[0]["layout"]["title"]["text"]
    page.text_input(key="magic_words.text").set_value("bob eats the").run()
    figure = drawn(calm(page))[0]
    assert "the lemon is" in figure["layout"]["title"]["text"]
    assert "'eats' is not one of the 111 words" in figure["layout"]["annotations"][0]["text"]


def test_a_job_can_be_stopped():
    started, going = threading.Event(), threading.Event()

    def work(progress):
        for done in range(1000):
            progress(done / 1000)
            started.set()
            going.wait(5)
        return "never"

    worker = jobs.Jobs("test")
    job = worker.submit("long", work)
    assert started.wait(5)
    job.stop()
    going.set()
    for _ in range(100):
        if not job.active:
            break
        time.sleep(0.05)
    assert (job.state, job.value, job.error) == ("stopped", None, None)
    again = worker.submit("long", lambda progress: "done")
    for _ in range(100):
        if not again.active:
            break
        time.sleep(0.05)
    assert again.value == "done", "what was stopped can be asked for again"


def test_one_control_moves_several_pictures(site):
    page = site("hippo_bases", step="2 A signal streams in")
    before = [figure["layout"]["title"]["text"] for figure in drawn(page)]
    page.button_group(key="hippo.measure").set_value("FouT").run()
    after = [figure["layout"]["title"]["text"] for figure in drawn(calm(page))]
    assert all("LegS" in title for title in before)
    assert all("FouT" in title for title in after)


def test_the_drawing_pad_appears_for_the_drawn_signal(site):
    page = site("hippo_bases", step="2 A signal streams in", **{"hippo.signal": "drawn"})
    names = [element.proto.component_name for element in page.get("bidi_component")]
    assert "labkit_sketchpad" in names


def test_a_shared_control_allows_what_all_its_demos_allow():
    hippo = paper("hippo")
    size = shared([hippo.demo("basis_explorer"), hippo.demo("delay_dial")], "N")
    assert (size.low, size.high) == (4, 64)
    with pytest.raises(ValueError, match="no demo has a control"):
        shared(hippo.demos(), "colour")


def test_an_absent_device_is_explained(site):
    page = site("home", device="cuda:7")
    assert escape("'cuda:7' is not allowed; choose from cpu") in page.warning[0].value


def test_serialising_keeps_what_is_drawn():
    drawn_here = plotting.figure("title", "x", "y")
    drawn_here.add_scatter(x=np.arange(3.0), y=pd.Series([1.0, 2.0, 3.0]))
    document = json.loads(figures.serialise(drawn_here, large=True))
    assert document["data"][0]["type"] == "scatter"
    assert document["layout"]["title"]["font"]["size"] > 20


# ---------------------------------------------------------------- pictures that were drawn beforehand

SLOW = [demo for paper in catalogue.papers() for demo in paper.demos() if stored.file(demo).is_file()]


@pytest.mark.parametrize("demo", SLOW, ids=lambda demo: f"{demo.paper}.{demo.name}")
def test_a_stored_picture_is_of_the_demo_as_it_is(demo):
    assert demo.slow
    parts = stored.read(demo)
    assert parts is not None, f"its defaults have changed: python -m app.stored {demo.paper} {demo.name}"
    assert all(json.loads(part)["data"] for kind, part in parts if kind == "figure")


def test_a_slow_demo_is_never_blank(site):
    page = site("paper", paper="spacetime", section="Demos", demo="filter_fit")
    assert any("drawn beforehand" in caption.value for caption in page.caption)
    assert len(drawn(page)) == 1
    assert not page.error


def test_a_stored_picture_of_other_defaults_is_not_shown(tmp_path, monkeypatch):
    demo = catalogue.paper("spacetime").demo("filter_fit")
    monkeypatch.setattr(stored, "file", lambda demo: tmp_path / f"{demo.name}.json")
    assert stored.read(demo) is None
    table = pd.DataFrame({"word": ["a"], "loss": [0.5]})
    stored.write(demo, [("figure", '{"data":[1],"layout":{}}'), ("table", table)])
    (_, figure), (_, back) = stored.read(demo)
    assert json.loads(figure)["data"] == [1]
    pd.testing.assert_frame_equal(back, table)
    document = json.loads(stored.file(demo).read_text())
    document["values"][next(iter(document["values"]))] = "other"
    stored.file(demo).write_text(json.dumps(document) + " ")
    assert stored.read(demo) is None
