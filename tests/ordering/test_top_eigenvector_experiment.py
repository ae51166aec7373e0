"""The experiment of streaming top eigenvectors: fair judges, repeatable measurements, claims read off."""

import pytest
import torch

from labkit import paper
from labkit.experiment import SCALES, silent
from labkit.ordering.top_eigenvector.experiment import EXPERIMENT
from labkit.ordering.top_eigenvector.experiment.algorithms import ALGORITHMS, OURS, Instance, blocks_for
from labkit.ordering.top_eigenvector.experiment.settings import PRESETS, StreamSettings
from labkit.ordering.top_eigenvector.figures import result_figures
from labkit.ordering.top_eigenvector.method import gap
from labkit.ordering.top_eigenvector.streams import heavy_and_light, oja_hard, spiked

TINY = StreamSettings(
    d=32, n=600, m=8, long_rows=2000, long_d=16, draws=2, starts=3, rates=6, wide=(100, 300)
)


@pytest.fixture(scope="module")
def tiny():
    return EXPERIMENT.run("smoke", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_runs_and_its_claims_are_read_off(tiny):
    assert set(tiny.metrics["stage"]) == {stage.__name__ for stage in EXPERIMENT.stages}
    assert len({claim.statement for claim in tiny.claims}) == len(tiny.claims) == 19
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    assert tiny.data == ["digits (scikit-learn)"]


def test_the_same_seed_measures_the_same(tiny):
    again = EXPERIMENT.run("smoke", "cpu", 1, settings=TINY, progress=silent)
    one = tiny.metrics[tiny.metrics["seed"] == 1].reset_index(drop=True)
    timed = one["metric"].isin(["seconds", "rows a second, making them included"])
    assert torch.equal(
        torch.tensor(one.loc[~timed, "value"].to_numpy()),
        torch.tensor(again.metrics.loc[~timed.to_numpy(), "value"].to_numpy()),
    )


def test_every_picture_is_drawn(tiny):
    drawn = result_figures(tiny)
    assert set(drawn) == {
        "orders",
        "gap_law",
        "hard",
        "best_rate",
        "heavy_store",
        "frontier",
        "frontier_heavy",
        "digits",
        "claims",
    }
    assert all(figure.data for figure in drawn.values())


def test_claims_follow_the_measurements(tiny):
    """A broken measurement turns its claim."""
    from labkit.experiment import Measurements
    from labkit.ordering.top_eigenvector.experiment.paper_claims import claims

    table = tiny.metrics.copy()
    mine = (
        (table["stage"] == "hard_instances")
        & (table["metric"] == "correlation")
        & (table["algorithm"] == OURS)
    )
    table.loc[mine, "value"] = 0.0
    found = {claim.statement: claim for claim in claims(Measurements(table), TINY)}
    first = next(iter(found.values()))
    assert not first.holds
    law = found["The correlation is 1 - O(1/sqrt R)"]
    assert law.measured == pytest.approx(8**0.5)


def test_presets():
    assert set(PRESETS) == set(SCALES)
    assert (PRESETS["class"].d, PRESETS["class"].n) == (256, 20_000)
    assert (PRESETS["paper"].long_rows, PRESETS["paper"].long_d) == (1_000_000, 2_000)
    assert blocks_for(256) == 12


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_sees_only_the_order_and_its_start(name):
    matrix = heavy_and_light(400, 16, 3, 8.0, generator=torch.Generator("cpu").manual_seed(0))
    one, other = Instance(matrix, 3).ask(name), Instance(matrix, 3).ask(name)
    assert one.correlation == other.correlation
    assert 0 <= one.correlation <= 1 + 1e-9
    assert one.words > 0
    with pytest.raises(ValueError, match="name: 'x' is not allowed; choose from heavy rows"):
        Instance(matrix, 0).ask("x")


def test_the_decoy_deceives_the_largest_row():
    matrix = oja_hard(64, 8, 20, decoy=True, rotate=True, generator=torch.Generator("cpu").manual_seed(1))
    instance = Instance(matrix, 0)
    assert gap(matrix) == pytest.approx(8)
    assert instance.ask("largest row").correlation < 1e-6
    assert instance.ask(OURS).correlation > 0.99
    assert instance.ask(OURS).heavy == 10


def test_order_matters_to_the_blocks():
    instance = Instance(spiked(4000, 64, 3.0, torch.Generator("cpu").manual_seed(0)), 0)
    assert instance.ask(OURS, "random").correlation > 0.8
    assert instance.ask(OURS, "aligned_first").correlation < 0.5


def test_the_scored_instance_of_exercise_three():
    from labkit.ordering.top_eigenvector.exercise.adversary import best_rate_correlation, choose_instance

    scores = [best_rate_correlation(choose_instance(copies, 4.0, 75)) for copies in (1, 4, 60)]
    assert scores[0] < 0.2 < scores[1] < scores[2]


def test_the_paper_is_found():
    assert paper("top_eigenvector").theme == "ordering"
