"""The catalogue: every paper is complete, and everything that is named is there."""

import re

import pytest

import labkit
from labkit import catalogue, paths
from labkit.experiment import SCALES, Experiment
from labkit.notebook import source

PAPERS = labkit.papers()
every_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.slug)


def test_papers_stand_theme_by_theme():
    themes = [paper.theme for paper in PAPERS]
    assert themes == sorted(themes, key=list(catalogue.THEMES).index)
    assert len({paper.slug for paper in PAPERS}) == len(PAPERS)


def test_unknown_names_list_the_choices():
    with pytest.raises(ValueError, match=r"unknown paper: 'hipo'; choose from .*hippo"):
        labkit.paper("hipo")
    with pytest.raises(ValueError, match=r"unknown theme: 'x'; choose from ordering, state_space"):
        labkit.papers("x")
    with pytest.raises(ValueError, match=r"unknown demo of hippo: 'x'; choose from basis_explorer"):
        labkit.paper("hippo").demo("x")
    with pytest.raises(ValueError, match=r"unknown exercise of hippo: 'x'; choose from legs_matrix"):
        labkit.paper("hippo").exercise("x")


@every_paper
def test_the_record_is_complete(paper):
    assert paper.theme in catalogue.THEMES
    assert re.fullmatch(r"[a-z][a-z0-9_]*", paper.slug)
    assert re.fullmatch(r"\d{4}\.\d{4,5}", paper.arxiv)
    assert paper.authors and paper.title and paper.venue and paper.prerequisites
    assert 1990 < paper.year < 2100
    assert 15 <= paper.minutes <= 240
    assert len(paper.idea) > 100
    assert paper.equations
    for equation in paper.equations:
        assert "$" not in equation.latex, "LaTeX without dollar signs"
        assert equation.latex.count("{") == equation.latex.count("}")


@every_paper
def test_the_anatomy_is_complete(paper):
    for part in ("method", "experiment", "figures", "demo", "exercise"):
        assert paper.module(part).__doc__, f"{part} needs a docstring that says what it is"
    assert isinstance(paper.experiment(), Experiment)
    assert paper.experiment().paper == paper.slug
    assert all(paper.experiment().settings(scale) for scale in SCALES)
    assert len(paper.demos()) >= 3
    assert len(paper.exercises()) >= 3
    assert len(set(paper.demo_names())) == len(paper.demo_names())
    assert paper.module("demo").__package__


@every_paper
def test_demos_and_exercises_know_their_paper(paper):
    assert {demo.paper for demo in paper.demos()} == {paper.slug}
    for demo in paper.demos():
        assert paper.demo(demo.name) is demo


@every_paper
def test_the_notebook_uses_every_exercise_and_most_demos(paper):
    notebook = source.load(paper.notebook)
    assert notebook.metadata["labkit"]["paper"] == paper.slug
    text = "\n".join(cell.source for cell in notebook.cells)
    missing = [demo.name for demo in paper.demos() if demo.name not in text]
    assert missing == [], "a demo that the notebook does not show"


@every_paper
def test_the_public_names_exist(paper):
    import importlib

    package = importlib.import_module(paper.package)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_a_studio_has_its_page():
    for paper in PAPERS:
        if paper.studio:
            assert list(paths.app().parent.rglob(f"{paper.studio}.py")), (
                f"no page {paper.studio} in the dashboard"
            )
