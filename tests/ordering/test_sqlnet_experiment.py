"""SQLNet's experiment: small, repeatable, its claims read off, its models shipped and loaded again."""

import pytest
import torch

from labkit import paths
from labkit.datasets import Missing
from labkit.datasets.tables import REAL_TABLES, real_table
from labkit.experiment import SCALES
from labkit.ordering.sqlnet.data import Batch, generate
from labkit.ordering.sqlnet.experiment import EXPERIMENT, shipped
from labkit.ordering.sqlnet.experiment.data import questions
from labkit.ordering.sqlnet.experiment.settings import PRESETS, SQLNetSettings
from labkit.ordering.sqlnet.experiment.training import Best, predict
from labkit.ordering.sqlnet.figures import result_figures

TINY = SQLNetSettings(
    tables=21, per_table=2, test_tables=21, test_per_table=2, dim=16, d=8, layers=1, steps=4, every=2, more=2,
    reinforce=1, batch=8,
)  # fmt: skip


def silent(done, message=""):
    """No progress bar."""


@pytest.fixture(scope="module")
def tiny():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_runs_and_its_claims_are_read_off(tiny):
    assert set(tiny.metrics["stage"]) == {"sketch", "one_reading", "sequences"}
    assert len(tiny.claims) == 9
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    luck = next(claim for claim in tiny.claims if "executes" in claim.statement)
    assert luck.holds


def test_intervals_hold_the_accuracy_and_errors_add_up(tiny):
    table = tiny.metrics
    rates = table[table["low"].notna()]
    assert (rates["low"] <= rates["value"]).all() and (rates["value"] <= rates["high"]).all()
    errors = table[table["metric"] == "errors"]
    total = errors.groupby(["seed", "model", "domains", "conditions"])["value"].sum()
    assert total.between(0, 1 + 1e-9).all()
    for model, metric in (("SQLNet", "qm"), ("sequence, random order", "where")):
        mine = errors[(errors["model"] == model) & (errors["domains"] == "seen") & (errors["seed"] == 0)]
        wrong = mine.groupby("conditions").agg({"value": "sum", "questions": "first"})
        share = (wrong["value"] * wrong["questions"]).sum() / wrong["questions"].sum()
        rate = table[
            (table["model"] == model)
            & (table["domains"] == "seen")
            & (table["seed"] == 0)
            & (table["metric"] == metric)
        ]["value"].item()
        assert abs(share + rate - 1) < 1e-9


def test_a_result_draws_all_of_its_pictures(tiny):
    drawn = result_figures(tiny)
    assert set(drawn) == {"where_columns", "learning", "whole_queries", "errors", "claims"}
    for figure in drawn.values():
        assert figure.layout.title.text
        assert len(figure.data) > 0


def test_the_same_seed_gives_the_same_figures(tiny):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    first = tiny.metrics[tiny.metrics["seed"] == 0]
    assert list(first["value"]) == list(again.metrics["value"])


def test_presets_exist_for_all_scales_and_paper_is_the_papers(monkeypatch, tmp_path):
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"]
    assert (paper.d, paper.layers, paper.dim, paper.batch, paper.rate) == (100, 2, 300, 64, 1e-3)
    assert paper.steps == 100 * 56320 // 64 == paper.more
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    with pytest.raises(Missing, match="WikiSQL is not at"):
        questions(paper, 0)


def test_the_shipped_models_answer(tmp_path, monkeypatch, tiny):
    corpus = generate(3, 2, 5, part="test")
    batch = Batch.of(corpus.examples)
    assert len(shipped.trained().predict(batch)) == len(corpus.examples)
    assert set(shipped.trained(False).parts) == {"select", "number", "columns"}
    assert len(shipped.trained_sequence("schema").predict_where(batch)) == len(corpus.examples)
    with pytest.raises(ValueError, match="order must be schema or random"):
        shipped.trained_sequence("given")
    assert shipped.about()["settings"]["d"] == PRESETS["class"].d
    monkeypatch.setattr(paths, "shipped", lambda: tmp_path)
    assert shipped.ship(tiny).is_file()
    with pytest.raises(ValueError, match="has no weights"):
        shipped.ship(type(tiny)(**{**tiny.__dict__, "tensors": {}}))


def test_the_best_of_every_slot_is_kept():
    """A slot that gets worse goes back to its best weights; the others keep theirs."""
    model = shipped.trained()
    import copy

    model = copy.deepcopy(model)
    dev = generate(8, 2, 3, part="dev")
    best = Best(model, dev, torch.device("cpu"))
    best(model)
    before = predict(model, dev, torch.device("cpu"))
    with torch.no_grad():
        for parameter in model.part("select").parameters():
            parameter.zero_()
    best(model)
    best.restore()
    assert predict(model, dev, torch.device("cpu")) == before


@pytest.mark.parametrize("name", REAL_TABLES)
def test_real_tables(name):
    rows = real_table(name)
    assert len(rows) > 50
    assert len({len(row) for row in rows}) == 1
    with pytest.raises(ValueError, match="table must be one of"):
        real_table("titanic")
