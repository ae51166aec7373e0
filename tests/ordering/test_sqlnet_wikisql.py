"""WikiSQL's format, written here in miniature, and vectors from a GloVe file."""

import json
import sqlite3

import pytest
import torch

from labkit.ordering.sqlnet.data import HashedEmbedding, TrainedEmbedding, load_glove, load_wikisql
from labkit.ordering.sqlnet.query import Query

TABLES = [
    {
        "id": "1-10-2",
        "header": ["Player", "Goals"],
        "types": ["text", "real"],
        "rows": [["Ada", 3], ["Bo", "n/a"]],
    },
]
QUESTIONS = [
    {"table_id": "1-10-2", "question": "Goals for Ada?", "sql": {"sel": 1, "agg": 0, "conds": [[0, 0, "Ada"]]}},
    {"table_id": "1-10-2", "question": "Who scored?", "sql": {"sel": 0, "agg": 0, "conds": [[1, 1, "2"]]}},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dev.tables.jsonl").write_text("".join(json.dumps(t) + "\n" for t in TABLES))
    (tmp_path / "dev.jsonl").write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS))
    return tmp_path


@pytest.mark.parametrize("with_file", [False, True])
def test_wikisql_is_read_and_executed(folder, with_file):
    if with_file:
        with sqlite3.connect(folder / "dev.db") as db:
            db.execute("CREATE TABLE table_1_10_2 (col0 TEXT, col1 REAL)")
            db.execute("INSERT INTO table_1_10_2 VALUES ('ada', 3), ('bo', NULL)")
    corpus = load_wikisql(folder, "dev")
    (example,) = corpus.examples
    assert corpus.dropped == 1, "the value of the second does not stand in its question"
    assert example.query == Query(1, 0, ((0, 0, "Ada"),))
    assert corpus.database.execute("1-10-2", example.query) == [3]
    assert corpus.database.execute("1-10-2", Query(0, 3)) == [2]
    if with_file:
        with pytest.raises(sqlite3.DatabaseError):
            corpus.database._connection.execute("DELETE FROM table_1_10_2")


def test_malformed_files_name_the_line(folder):
    with pytest.raises(ValueError, match="split must be one of train, dev, test"):
        load_wikisql(folder, "validation")
    with pytest.raises(FileNotFoundError, match="github.com/salesforce/WikiSQL"):
        load_wikisql(folder, "train")
    with open(folder / "dev.jsonl", "a") as file:
        file.write("{not json\n")
    with pytest.raises(ValueError, match=r"dev\.jsonl, line 3: malformed"):
        load_wikisql(folder, "dev")
    (folder / "dev.jsonl").write_text(json.dumps({**QUESTIONS[0], "table_id": "9"}) + "\n")
    with pytest.raises(ValueError, match=r"dev\.jsonl, line 1: lacks '9'"):
        load_wikisql(folder, "dev")
    (folder / "dev.jsonl").write_text(
        json.dumps({**QUESTIONS[0], "sql": {"sel": 5, "agg": 0, "conds": []}}) + "\n"
    )
    with pytest.raises(ValueError, match="line 1: column 5 is out of range"):
        load_wikisql(folder, "dev")
    (folder / "dev.tables.jsonl").write_text(json.dumps({**TABLES[0], "types": ["text"]}) + "\n")
    with pytest.raises(ValueError, match=r"tables\.jsonl, line 1"):
        load_wikisql(folder, "dev")


def test_glove_of_another_width(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("goal 1 2 3\nteam 4 5 6\n")
    found = load_glove(path, ["team", "zebra"], dim=3)
    assert found(["team", "zebra"]).tolist() == [[4, 5, 6], [0, 0, 0]]
    assert not found.weight.requires_grad
    with pytest.raises(ValueError, match=r"line 1: 3 numbers; dim = 300"):
        load_glove(path, ["team"])


def test_word_vectors(device):
    hashed = HashedEmbedding(32).to(device)
    a, b, c = hashed(["goal", "goals", "zebra"])
    assert torch.cosine_similarity(a, b, dim=0) > 0.3 > torch.cosine_similarity(a, c, dim=0).abs()
    assert torch.allclose(hashed(["goals"])[0], b), "a word has one vector"
    assert abs(a.norm().item() - 32**0.5) < 1e-4
    trained = TrainedEmbedding(["goal"], hashed(["goal"]))
    assert torch.equal(trained(["goal", "unknown"]).detach(), torch.stack([a, torch.zeros_like(a)]))
    assert trained.weight.requires_grad
