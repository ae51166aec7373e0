"""The arrows of the design: who may import whom, read from the source."""

import ast
from pathlib import Path

import pytest

import labkit
from labkit.catalogue import THEMES
from labkit.notebook import cells, source

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "labkit").rglob("*.py"))
PAPERS = labkit.papers()
PICTURES = (
    "plotly",
    "ipywidgets",
    "anywidget",
    "streamlit",
    "matplotlib",
    "labkit.plotting",
    "labkit.widgets",
)
PARTS = ("method", "experiment", "figures", "demo", "exercise")
TRAINERS = {"labkit.training", "torch.optim"}


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top: bool = False) -> set[str]:
    """What a file imports, with the names that are taken from modules; at its top level only, if asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def under(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def part_files(paper, part: str) -> list[Path]:
    """A paper's module, or its files where it is a package."""
    folder = ROOT / Path(*paper.package.split("."))
    return [f for f in (folder / f"{part}.py", *sorted((folder / part).rglob("*.py"))) if f.is_file()]


every_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.slug)


@every_paper
def test_a_method_knows_no_picture_widget_or_data_set(paper):
    for file in part_files(paper, "method"):
        wrong = [
            n for n in imports(file) if under(n, *PICTURES, "labkit.datasets", "labkit.experiment", "pandas")
        ]
        assert wrong == [], f"{file.name} imports {wrong}"


@every_paper
def test_parts_import_only_what_stands_before_them(paper):
    allowed = {
        "method": {"method"},
        "experiment": {"method", "experiment"},
        "figures": {"method", "experiment", "figures"},
        "demo": {"method", "experiment", "figures", "demo"},
        "exercise": {"method", "experiment", "figures", "exercise"},
    }
    for part in PARTS:
        for file in part_files(paper, part):
            for name in imports(file):
                for other in PARTS:
                    if under(name, f"{paper.package}.{other}"):
                        assert other in allowed[part], f"{part} imports {other}"


@every_paper
def test_an_experiment_draws_nothing(paper):
    for file in part_files(paper, "experiment"):
        assert [name for name in imports(file) if under(name, *PICTURES)] == []


@every_paper
def test_figures_train_nothing(paper):
    for file in part_files(paper, "figures"):
        wrong = [name for name in imports(file) if under(name, *TRAINERS, "labkit.datasets")]
        assert wrong == [], f"{file.name} imports {wrong}"
        assert ".backward(" not in file.read_text()


@every_paper
def test_no_paper_imports_another_papers_experiment(paper):
    folder = ROOT / Path(*paper.package.split("."))
    for file in folder.rglob("*.py"):
        for other in PAPERS:
            if other.slug == paper.slug:
                continue
            wrong = [
                n
                for n in imports(file)
                if under(n, other.package) and not under(n, f"{other.package}.method")
            ]
            assert [n for n in wrong if n != other.package] == [], f"{file} reaches into {other.slug}"


def test_shared_pieces_know_no_paper():
    papers = [paper.package for paper in PAPERS]
    for file in FILES:
        name = module(file)
        if not under(name, *papers, "labkit.studios"):
            wrong = [found for found in imports(file) if under(found, *papers)]
            assert wrong == [], f"{name} imports {wrong}"


def test_nothing_but_the_dashboard_knows_the_studios():
    for file in FILES:
        if not under(module(file), "labkit.studios"):
            assert [found for found in imports(file) if under(found, "labkit.studios")] == [], file


def test_themes_and_layers_know_no_picture():
    themes = [f"labkit.{theme}" for theme in THEMES]
    for file in FILES:
        name = module(file)
        if under(name, *(f"{theme}.figures" for theme in themes)):  # the pictures that a theme's papers share
            continue
        if under(name, "labkit.nn", "labkit.datasets") or (
            under(name, *themes) and not under(name, *(p.package for p in PAPERS))
        ):
            assert [found for found in imports(file) if under(found, *PICTURES, "labkit.demo")] == [], name


def test_layers_and_data_sets_know_no_theme():
    themes = [f"labkit.{theme}" for theme in THEMES]
    for file in FILES:
        if under(module(file), "labkit.nn", "labkit.datasets", "labkit.training", "labkit.checkpoint"):
            assert [found for found in imports(file) if under(found, *themes)] == [], file


def test_the_library_knows_neither_the_dashboard_nor_the_tests():
    for file in FILES:
        assert [found for found in imports(file) if under(found, "app", "tests", "streamlit")] == [], file


def test_the_dashboard_computes_nothing_of_its_own():
    for file in (ROOT / "app").rglob("*.py"):
        wrong = [
            name
            for name in imports(file)
            if under(name, "torch.nn", "torch.optim", "labkit.training", "scipy")
        ]
        assert wrong == [], f"{file.name} imports {wrong}"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_computes_nothing_of_its_own(path):
    """No classes and no training outside the exercises: what a lesson shows lives in the library, tested."""
    for cell in source.load(path).cells:
        if cells.kind(cell) != "code":
            continue
        tree = ast.parse(cell.source)
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)), cell.source[:80]
        assert ".backward(" not in cell.source and "torch.optim" not in cell.source, cell.source[:80]


def test_nothing_is_unpickled():
    for file in [*FILES, *(ROOT / "app").rglob("*.py")]:
        text = file.read_text(encoding="utf-8")
        assert not any(under(name, "pickle", "joblib", "dill") for name in imports(file)), file
        assert "torch.load(" not in text, file
        assert "allow_pickle=True" not in text, file


def test_the_catalogue_and_the_command_line_start_light():
    for name in ("labkit/__init__.py", "labkit/catalogue.py", "labkit/paths.py", *map(str, cli_files())):
        heavy = [
            n
            for n in imports(ROOT / name, top=True)
            if under(n, "torch", "pandas", "numpy", "plotly", "pydantic")
        ]
        assert heavy == [], f"{name} imports {heavy}"


def cli_files() -> list[Path]:
    return [file.relative_to(ROOT) for file in (ROOT / "labkit" / "cli").glob("*.py")]


def test_no_file_names_a_machine():
    for file in [*FILES, *(ROOT / "app").rglob("*.py")]:
        for place in ("/home/", "/Users/", "/work/", "/root/"):
            assert place not in file.read_text(encoding="utf-8").replace("(?:home|Users|root|work|", ""), file
