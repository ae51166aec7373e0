"""SQLNet's data: tokens and word vectors, WikiSQL's files, generated questions about invented and real tables."""

from labkit.ordering.sqlnet.data.batch import Batch, type_features
from labkit.ordering.sqlnet.data.example import MAX_TOKENS, Example
from labkit.ordering.sqlnet.data.generator import Corpus, generate
from labkit.ordering.sqlnet.data.tokens import (
    HashedEmbedding,
    TrainedEmbedding,
    detokenize,
    load_glove,
    tokenize,
)
from labkit.ordering.sqlnet.data.wikisql import load_wikisql

__all__ = [
    "MAX_TOKENS",
    "Batch",
    "Corpus",
    "Example",
    "HashedEmbedding",
    "TrainedEmbedding",
    "detokenize",
    "generate",
    "load_glove",
    "load_wikisql",
    "tokenize",
    "type_features",
]
