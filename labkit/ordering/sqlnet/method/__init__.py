"""SQLNet: a sketch whose slots are filled by their own predictors, each reading the question through column attention."""

from labkit.ordering.sqlnet.method.layers import ColumnAttention, Encoder, SelfAttention, pool
from labkit.ordering.sqlnet.method.losses import weighted_bce
from labkit.ordering.sqlnet.method.model import PARTS, Scores, SQLNet
from labkit.ordering.sqlnet.method.slots import (
    AggregationPredictor,
    ColumnsPredictor,
    NumberPredictor,
    OperatorPredictor,
    SelectPredictor,
)
from labkit.ordering.sqlnet.method.values import ValuePredictor

__all__ = [
    "PARTS",
    "AggregationPredictor",
    "ColumnAttention",
    "ColumnsPredictor",
    "Encoder",
    "NumberPredictor",
    "OperatorPredictor",
    "SQLNet",
    "Scores",
    "SelectPredictor",
    "SelfAttention",
    "ValuePredictor",
    "pool",
    "weighted_bce",
]
