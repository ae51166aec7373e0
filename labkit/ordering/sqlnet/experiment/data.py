"""The experiment's questions: generated, or WikiSQL's where its files are."""

from dataclasses import dataclass
from functools import lru_cache

from labkit import paths
from labkit.datasets import Missing
from labkit.ordering.sqlnet.data import Corpus, HashedEmbedding, generate, load_glove, load_wikisql
from labkit.ordering.sqlnet.experiment.settings import SQLNetSettings


@dataclass(frozen=True)
class Questions:
    """What is trained on, what chooses the best weights, and what is measured (by kind of domain)."""

    name: str
    train: Corpus
    dev: Corpus
    test: dict[str, Corpus]


@lru_cache(maxsize=2)
def questions(settings: SQLNetSettings, seed: int) -> Questions:
    """The questions of a seed. Raises Missing at the paper's scale where WikiSQL's files are not here."""
    if settings.wikisql:
        folder = (paths.data_override() or paths.downloads()) / "wikisql"
        if not (folder / "train.jsonl").is_file():
            raise Missing(
                f"WikiSQL is not at {folder}; get data.tar.bz2 from https://github.com/salesforce/WikiSQL and "
                "unpack it "
                "there, or run at scale class"
            )
        parts = [load_wikisql(folder, part) for part in ("train", "dev", "test")]
        return Questions("WikiSQL", parts[0], parts[1], {"unseen tables": parts[2]})
    dev = generate(42, 3, seed, part="dev")
    seen = generate(settings.test_tables, settings.test_per_table, seed, part="test", unseen=False)
    unseen = generate(settings.test_tables // 4, settings.test_per_table, seed, part="test", unseen=True)
    train = generate(settings.tables, settings.per_table, seed)
    name = "generated questions about invented tables and tables of Plotly and scikit-learn"
    return Questions(name, train, dev, {"seen": seen, "unseen": unseen})


def embedding(settings: SQLNetSettings, corpus: Corpus):
    """GloVe at the paper's scale, where its file is there; else hashed pieces of words."""
    if settings.wikisql:
        file = (paths.data_override() or paths.downloads()) / "wikisql" / f"glove.42B.{settings.dim}d.txt"
        if file.is_file():
            return load_glove(file, words_of(corpus), settings.dim)
    return HashedEmbedding(settings.dim)


def words_of(corpus: Corpus) -> list[str]:
    """The words of questions and column names."""
    found = dict.fromkeys(word for e in corpus.examples for word in e.tokens)
    found.update(dict.fromkeys(word for e in corpus.examples for name in e.header for word in name))
    return list(found)
