"""SQLNet: Generating Structured Queries From Natural Language Without Reinforcement Learning (Xu, Liu, Song 2017)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="sqlnet",
    title="SQLNet: Generating Structured Queries From Natural Language Without Reinforcement Learning",
    authors=("Xiaojun Xu", "Chang Liu", "Dawn Song"),
    year=2017,
    venue="arXiv",
    arxiv="1711.04436",
    theme="ordering",
    level="introductory",
    minutes=90,
    prerequisites=(
        "LSTMs and attention",
        "a little SQL: SELECT, WHERE",
        "PyTorch modules",
    ),
    idea=(
        "The conditions of a WHERE clause are a **set**, but a decoder must write them in one order, and is punished "
        "for every other that means the same. SQLNet does not write: it fills in a *sketch*. Each column gets a score "
        "of its own, a count says how many are taken, and operator and value are predicted for each chosen column. "
        "Every slot reads the question again **for its column**: that is column attention. And the answer can be "
        "checked by running it on the database."
    ),
    equations=(
        Equation(
            "the sketch",
            r"\texttt{SELECT agg(col) WHERE col op value } (\texttt{AND col op value})^*",
        ),
        Equation(
            "column attention reads the question for a column",
            r"w = \operatorname{softmax}(E_{col}^\top W H_Q), \qquad E_{Q|col} = \textstyle\sum_i w_i H_Q^i",
        ),
        Equation(
            "sequence-to-set: one score a column",
            r"P(col \in \texttt{WHERE}) = \sigma\big(u^\top \tanh(U_c E_{col} + U_q E_{Q|col})\big)",
        ),
        Equation(
            "the loss of a set weighs its few members",
            r"-\textstyle\sum_j \big(\alpha\, y_j \log p_j + (1 - y_j) \log(1 - p_j)\big), \quad \alpha = 3",
        ),
        Equation(
            "a sequence decoder has K! right answers and is told one",
            r"-\log p(\pi_1, \dots, \pi_K \mid Q), \qquad \pi \text{ one of } K! \text{ orders}",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": ["PARTS", "ColumnAttention", "SQLNet", "Scores", "SelfAttention", "weighted_bce"],
        "baseline": ["Seq2SQL"],
        "data": ["Batch", "Example", "HashedEmbedding", "detokenize", "generate", "load_wikisql", "tokenize"],
        "database": ["Database"],
        "metrics": ["METRICS", "bootstrap", "evaluate", "judge"],
        "query": ["AGGREGATIONS", "OPERATORS", "Query", "QueryError", "Table"],
    },
)
