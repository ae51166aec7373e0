"""The dashboard in Chromium: controls move pictures, addresses restore them, nobody sees a traceback."""

import re

import pytest

from labkit import paper
from tests.browser.driver import Visitor
from tests.test_app import ORDERING_STEPS, SECTIONS, STEPS

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(page, dashboard):
    """A visitor who has not yet opened a page."""
    return Visitor(page, dashboard)


def demo(
    visitor: Visitor, name: str, slug: str = "showcase", *, figures: int = 1, **parameters: str
) -> Visitor:
    """Open one demo of a paper."""
    return visitor.open("paper", figures=figures, paper=slug, section="Demos", demo=name, **parameters)


def title(visitor: Visitor) -> str:
    """The first figure's title."""
    return visitor.page.locator(".gtitle").first.text_content()


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("name", "path", "parameters"),
    [
        ("home", "", {}),
        ("ledger", "ledger", {}),
        ("papers", "paper", {}),
        *(
            (f"paper-{section.lower()}", "paper", {"paper": "hippo", "section": section})
            for section in SECTIONS
        ),
    ],
)
def test_every_page_opens_by_its_address_without_an_error(visitor, name, path, parameters):
    visitor.open(path, **parameters)
    assert not visitor.page.locator("[data-testid=stException]").count()
    assert not [alert for alert in visitor.alerts() if "wrong" in alert]
    visitor.screenshot(name)


@pytest.mark.parametrize(("step", "figures"), STEPS.items())
def test_each_step_of_the_studio(visitor, step, figures):
    visitor.page.set_viewport_size({"width": 1920, "height": 1080})
    visitor.open("hippo_bases", figures=figures, step=step)
    assert not visitor.alerts()
    before = visitor.data()
    if step.startswith("4"):
        visitor.slide("kernel_painter.N")
    else:
        visitor.choose("hippo.measure", "FouT")
    after = visitor.changed(before)
    if step.startswith("2"):  # one control, three pictures
        assert all(old != new for old, new in zip(before, after, strict=True))
    assert not visitor.alerts()
    visitor.screenshot(f"studio-{step[0]}")


HIDDEN_STATES = {"1 Slopes": 1, "2 The movie": 2, "3 The theorem": 3, "4 New velocities": 4}


@pytest.mark.parametrize(("step", "figures"), HIDDEN_STATES.items())
def test_each_step_of_the_hidden_states(visitor, step, figures):
    visitor.open("hidden_states", figures=figures, step=step)
    assert not visitor.alerts()
    before = visitor.data()
    name = {"1": "space_time.vx", "3": "fernn.nu_y"}.get(step[0], "fernn.vx")
    visitor.slide(name)
    visitor.changed(before)
    assert not visitor.alerts()
    visitor.screenshot(f"hidden-states-{step[0]}")


REACHABLE_STEPS = {"1 The lit map": 2, "2 One prompt": 2, "3 Live search": 1, "5 How much control?": 4}


@pytest.mark.parametrize(("step", "figures"), REACHABLE_STEPS.items())
def test_each_step_of_the_reachable_sets(visitor, step, figures):
    visitor.open("reachable_sets", figures=figures, step=step)
    assert not visitor.alerts()
    before = visitor.data()
    moved = {
        "1": "reachable_map.k",
        "2": "prompt_path.words",
        "3": "live_search.step",
        "5": "attention_set.k",
    }
    visitor.slide(moved[step[0]])
    visitor.changed(before)
    assert not visitor.alerts()
    visitor.screenshot(f"reachable-sets-{step[0]}")


@pytest.mark.parametrize(("step", "figures"), ORDERING_STEPS.items())
def test_each_step_of_the_patch_orderings(visitor, step, figures):
    visitor.page.set_viewport_size({"width": 1920, "height": 1080})
    visitor.open("patch_orderings", figures=figures, step=step)
    assert not visitor.alerts()
    before = visitor.data()
    moved = {"1": "explorer.dim", "2": "gallery.side", "3": "drag.offset", "4": "loope.red_x"}[step[0]]
    visitor.slide(moved)
    visitor.changed(before)
    assert not visitor.alerts()
    visitor.screenshot(f"orderings-{step[0]}")


@pytest.mark.parametrize("name", paper("hippo").demo_names())
def test_every_demo_of_hippo_moves(visitor, name):
    demo(visitor, name, "hippo")
    before = visitor.data()
    numbers = [c.name for c in paper("hippo").demo(name).controls if c.kind in ("integer", "real")]
    moved = "dt" if "dt" in numbers else numbers[-1]
    visitor.slide(f"{name}.{moved}")
    visitor.changed(before)
    assert f"{name}.{moved}" in visitor.parameters()
    assert not visitor.alerts()
    visitor.screenshot(f"demo-{name}")


def test_links_lead_from_home_to_a_paper_and_its_studio(visitor):
    visitor.open()
    visitor.page.locator("a[href*='paper=hippo']").first.click()
    visitor.page.wait_for_url(re.compile(r"/paper\?paper=hippo"))
    visitor.ready()
    assert visitor.page.locator("h1").inner_text().startswith("How to Train Your HiPPO")
    visitor.page.get_by_role("link", name="Open the studio").click()
    visitor.page.wait_for_url(re.compile(r"/hippo_bases"))
    visitor.ready(2)
    assert not visitor.alerts()


# ---------------------------------------------------------------- controls and addresses


def test_every_kind_of_control_moves_the_figure_and_the_address_restores_it(visitor):
    demo(visitor, "every_control")
    before = visitor.data()
    visitor.slide("every_control.order", times=3)
    visitor.changed(before)
    visitor.slide("every_control.dt", "ArrowLeft")
    visitor.choose("every_control.measure", "FouT")
    visitor.control("every_control.source").get_by_role("combobox").click()
    visitor.page.get_by_role("option", name="carbon dioxide").click()
    field = visitor.control("every_control.name").get_by_role("textbox")
    field.fill("a name")
    field.press("Enter")
    visitor.page.wait_for_function(
        "document.querySelector('.gtitle').textContent.startsWith('a name: FouT, carbon')"
    )
    visitor.ready(1)
    assert visitor.parameters() == {
        "paper": "showcase",
        "section": "Demos",
        "every_control.order": "11",
        "every_control.dt": "0.00794",
        "every_control.measure": "FouT",
        "every_control.source": "carbon dioxide",
        "every_control.name": "a name",
    }
    shown, words, address = visitor.data(), title(visitor), visitor.page.url
    visitor.page.goto("about:blank")
    visitor.page.goto(address)
    visitor.ready(1)
    assert (visitor.data(), title(visitor)) == (shown, words)


def test_a_switch_hides_the_line(visitor):
    demo(visitor, "every_control")
    before = visitor.data()
    visitor.control("every_control.show_line").locator("label").first.click()
    visitor.page.wait_for_function("document.querySelector('.js-plotly-plot').data[0].visible === false")
    assert visitor.parameters()["every_control.show_line"] == "false"
    assert len(before[0][0][0]) == 8


def test_a_bad_address_is_explained_and_leaves_the_address(visitor):
    demo(visitor, "every_control", **{"every_control.order": "999"})
    assert "order: '999' is not allowed; a whole number from 2 to 64" in visitor.alerts()[0]
    assert "every_control.order" not in visitor.parameters()
    assert len(visitor.data()[0][0][0]) == 8
    before = visitor.data()
    visitor.slide("every_control.order")
    visitor.changed(before)
    assert not visitor.alerts()


def test_a_figure_is_updated_in_place_and_keeps_its_zoom(visitor):
    demo(visitor, "every_control")
    visitor.page.evaluate(
        "() => { const g = document.querySelector('.js-plotly-plot'); g.dataset.mine = '1';"
        " return window.Plotly.relayout(g, {'xaxis.range': [1, 3]}); }"
    )
    before = visitor.data()
    visitor.slide("every_control.slope")
    visitor.changed(before)
    kept = "(g => [g.dataset.mine, g.layout.xaxis.range])(document.querySelector('.js-plotly-plot'))"
    assert visitor.page.evaluate(kept) == ["1", [1, 3]]


def test_the_drawing_pad(visitor):
    demo(visitor, "drawn_by_hand")
    before = visitor.data()
    pad = visitor.page.locator("svg[role=application]")
    box = pad.bounding_box()
    visitor.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.4 * box["height"], steps=6)
    visitor.page.mouse.up()
    after = visitor.changed(before)
    drawn = [-height for height in after[0][0][1]]
    assert max(drawn) > 0.4
    assert drawn[0] == 0
    visitor.page.wait_for_url(re.compile("drawn_by_hand.curve"))
    visitor.screenshot("drawing-pad")
    address = visitor.page.url
    visitor.page.goto("about:blank")
    visitor.page.goto(address)
    assert visitor.ready(1).data() == after
    pad.focus()  # the keyboard: the second point, up
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        visitor.page.keyboard.press(key)
    moved = visitor.changed(after)
    assert moved[0][0][1][1] == pytest.approx(-0.05)
    visitor.page.get_by_role("button", name="Reset", exact=True).click()
    assert set(visitor.changed(moved)[0][0][1]) == {0}


def test_the_pad_is_drawn_on_by_touch(browser, dashboard):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    visitor = demo(Visitor(context.new_page(), dashboard), "drawn_by_hand")
    before = visitor.data()
    box = visitor.page.locator("svg[role=application]").bounding_box()
    visitor.page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    assert min(visitor.changed(before)[0][0][1]) < -0.3
    context.close()


# ---------------------------------------------------------------- pictures


def test_an_animation_plays_and_follows_its_control(visitor):
    demo(visitor, "animation")
    before = visitor.data()
    visitor.page.locator(".updatemenu-button").first.click()
    played = visitor.changed(before)
    visitor.page.wait_for_function("document.querySelector('.js-plotly-plot')._fullData[0].y[3] === 9")
    visitor.slide("animation.steps")
    frames = "document.querySelector('.js-plotly-plot')._transitionData._frames.length === 5"
    visitor.page.wait_for_function(frames)
    assert played != before
    assert not visitor.alerts()


def test_a_figure_downloads_as_one_html_file(visitor, browser, tmp_path):
    demo(visitor, "every_control")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="HTML", exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "every_control.html"
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.goto(path.as_uri())
    alone.wait_for_selector(".js-plotly-plot .main-svg")
    assert alone.locator(".gtitle").text_content() == "a line: LegS, oil, 0.01"
    context.close()


def test_a_table_downloads_as_csv(visitor, tmp_path):
    demo(visitor, "figures_and_table", figures=2)
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines()[:2] == ["x,y", "0.0,0.0"]


def test_a_slow_demo_shows_progress_then_its_picture(visitor):
    demo(visitor, "slow_one", figures=0)
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    visitor.ready(1)
    assert title(visitor).startswith("Slow, on")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("value", "slope: 7 is not allowed"),
        ("missing", "ETTh1 is not on this machine"),
        ("bug", "Something went wrong"),
    ],
)
def test_an_exception_is_explained(visitor, how, said):
    demo(visitor, "fails", figures=0, **{"fails.how": how})
    assert said in visitor.alerts()[0]
    assert "Traceback" not in visitor.page.content()
    visitor.screenshot(f"error-{how}")


# ---------------------------------------------------------------- presenting


def test_presenting_hides_the_chrome_and_enlarges(visitor):
    visitor.page.set_viewport_size({"width": 1920, "height": 1080})
    demo(visitor, "streaming", "hippo")
    sizes = (
        "() => [getComputedStyle(document.querySelector('h3')), getComputedStyle(document.querySelector('.gtitle'))]\
        .map(style => parseFloat(style.fontSize))"
    )
    small = visitor.page.evaluate(sizes)
    demo(visitor, "streaming", "hippo", present="1")
    large = visitor.page.evaluate(sizes)
    assert all(new > 1.25 * old for old, new in zip(small, large, strict=True))
    for part in ("stSidebar", "stHeader", "stToolbar"):
        assert not visitor.page.locator(f"[data-testid={part}]").first.is_visible()
    visitor.screenshot("presenting")
    visitor.page.get_by_role("link", name="Open the studio").click()  # it goes along
    visitor.page.wait_for_url(re.compile(r"/hippo_bases\?.*present=1"))
    visitor.ready(2)
    assert not visitor.page.locator("[data-testid=stSidebar]").is_visible()
    visitor.screenshot("presenting-studio")
    visitor.page.get_by_role("button", name="Leave presenting mode").click()
    visitor.page.locator("[data-testid=stSidebar]").wait_for(state="visible")
    assert "present" not in visitor.parameters()


# ---------------------------------------------------------------- many visitors


def test_two_visitors_do_not_disturb_each_other(profile, dashboard):
    pages = [profile.new_page() for _ in range(2)]
    first, second = (demo(Visitor(page, dashboard), "every_control") for page in pages)
    before = first.data()
    first.slide("every_control.order", times=2)
    second.slide("every_control.order", "ArrowLeft")
    for visitor, count in ((first, 10), (second, 7)):
        visitor.page.wait_for_function(
            "n => document.querySelector('.js-plotly-plot')._fullData[0].x.length === n", arg=count
        )
    assert first.data() != before
    for page in pages:
        page.close()


def test_an_experiment_runs_live_and_its_result_is_shared(profile, dashboard, visitor):
    visitor.open("paper", paper="showcase", section="Experiment", seeds="3, 4", scale="class")
    visitor.page.get_by_role("button", name="Run the experiment").click()
    visitor.page.locator("[data-testid=stProgress]").wait_for()
    other = Visitor(profile.new_page(), dashboard)
    other.open("paper", paper="showcase", section="Experiment", seeds="3, 4", scale="class")
    for one in (visitor, other):
        one.page.get_by_text("Done at scale class").wait_for(timeout=20_000)
        one.page.locator("[data-testid=stDataFrame]").first.wait_for()
        one.ready(1)
        assert title(one) == "The measured line"
    visitor.screenshot("experiment")
    other.page.close()


def test_an_exercise_answers(visitor):
    visitor.open("paper", paper="showcase", section="Exercises")
    visitor.page.get_by_role("button", name="Check my answer").click()
    visitor.page.get_by_text("At x = 1 your line is at 0.").wait_for()
    visitor.slide("slope.slope", times=3)
    visitor.page.get_by_role("button", name="Check my answer").click()
    visitor.page.get_by_text("The line passes through (1, 3).").wait_for()
    visitor.screenshot("exercise")
