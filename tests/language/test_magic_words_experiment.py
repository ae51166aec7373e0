"""magic_words' experiment: repeatable, complete at every scale, and honest about what it ran on."""

import pytest

from labkit import paper
from labkit.experiment import SCALES
from labkit.language.magic_words.experiment import EXPERIMENT, shipped, steering
from labkit.language.magic_words.experiment.settings import PRESETS, MagicSettings, Real, Search
from labkit.language.magic_words.figures import result_figures
from labkit.language.magic_words.figures.results import shortest_of
from labkit.language_model import LanguageModelUnavailable

QUICK = MagicSettings(
    exact_states=3,
    exact_two=1,
    alphabet=5,
    contexts=6,
    beginnings=2,
    top_contexts=3,
    uniform_contexts=3,
    top_ranks=(1, 3),
    search=Search(greedy_lengths=(1, 2, 3), gcg_lengths=(4, 6), batch=12, top=8, iterations=2),
    budget_pairs=1,
    budget_lengths=(1, 2, 3, 4),
    forward_rounds=3,
    heads=4,
    draws=3,
)


def run(settings=QUICK, seed=0):
    return EXPERIMENT.run("smoke", "cpu", seed, settings=settings, progress=lambda done, message="": None)


@pytest.fixture(scope="module")
def result():
    return run(seed=[0, 1])


def test_the_same_seed_gives_the_same_figures_and_another_gives_others(result):
    again = run(seed=0).metrics
    first = result.metrics[result.metrics["seed"] == 0].reset_index(drop=True)
    assert again.equals(first[again.columns])
    other = result.metrics[result.metrics["seed"] == 1]["value"].tolist()
    assert other != again["value"].tolist()


def test_what_must_hold_at_any_size_holds(result):
    held = {claim.quantity: claim for claim in result.claims}
    bound = next(claim for name, claim in held.items() if "corrected theorem" in name)
    search = next(claim for name, claim in held.items() if "outside the exact" in name)
    assert bound.holds and search.holds
    assert bound.values == search.values == (0.0, 0.0)
    assert all(len(claim.values) == 2 for claim in result.claims)


def test_the_result_says_which_model_and_data_it_ran_on(result):
    assert result.data == [
        "model tiny: 0.8 M parameters, trained by the lab on tinyworld",
        "states cut from tinyworld",
    ]


def test_epsilon_is_read_off_the_pairs(result):
    table = result.metrics
    shortest = shortest_of(table, "fragment")
    assert set(shortest) == {"truth", "top", "uniform"}
    assert len(shortest["truth"]) == 12
    rows = table[(table["metric"] == "shortest prompt") & (table["method"] == "not found")]
    assert (rows["value"] == steering.NOT_FOUND).all()
    found = table[(table["metric"] == "shortest prompt") & (table["value"] > 0)]
    assert all(len(text.split()) == k for text, k in zip(found["prompt"], found["value"], strict=True))


def test_a_result_draws_every_picture_that_it_can(result):
    drawn = result_figures(result)
    assert set(drawn) == {
        "reachable_growth",
        "epsilon_fragments",
        "epsilon_beginnings",
        "prompt_words",
        "searches",
        "bound_ladder",
        "model_heads",
        "claims",
    }
    assert all(figure.layout.title.text and figure.data for figure in drawn.values())


def test_the_part_on_real_text_runs_on_any_model_and_says_when_it_is_not_here(monkeypatch):
    real = Real(model="tiny", text="pydoc", contexts=1, lengths=(3,), candidates=20, search=QUICK.search)
    words = "the lemon is yellow . a dog is an animal . " * 8
    monkeypatch.setattr("labkit.language.magic_words.experiment.contexts.text.paragraphs", lambda _: [words])
    there = run(QUICK.model_copy(update={"real": real}))
    assert "contexts from pydoc" in there.data
    assert any("model of real text (tiny)" in claim.statement for claim in there.claims)
    assert "epsilon_real" in result_figures(there)

    def absent(*_):
        raise LanguageModelUnavailable("not here")

    settings = QUICK.model_copy(update={"real": Real(model="smollm2-135m")})
    original = steering.shared
    monkeypatch.setattr(
        steering, "shared", lambda name, place: absent() if "smol" in name else original(name, place)
    )
    gone = run(settings)
    assert "not on this machine: model smollm2-135m" in gone.data
    assert not any("real text" in claim.statement for claim in gone.claims)


def test_presets_exist_for_all_scales_and_paper_is_the_papers():
    assert set(PRESETS) == set(SCALES)
    there = PRESETS["paper"].real
    assert (there.search.batch, there.search.top, there.search.iterations) == (768, 128, 34)
    assert (there.uniform_skip, len(there.top_ranks), there.lengths) == (265, 75, (8, 10, 16, 22, 32))
    assert there.candidates is None


def test_the_pairs_that_ship_have_what_the_curves_need():
    pairs = shipped.pairs()
    assert {"fragment", "beginning"} <= {pair["start"] for pair in pairs}
    assert all(pair["k"] is None or pair["k"] <= 10 for pair in pairs)
    demo = paper("magic_words").demo("epsilon_curves")
    above, below = demo(start="document beginnings, tiny", logarithmic=True, against="loss without a prompt")
    assert above.data and below.data
