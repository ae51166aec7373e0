"""SQLNet: a sketch whose slots have predictors of their own, each reading the question through column attention."""

from labkit.ordering.sqlnet.method.layers import ColumnAttention, Encoder, SelfAttention, pool
from labkit.ordering.sqlnet.method.losses import weighted_bce
from labkit.ordering.sqlnet.method.model import PARTS, Scores, SQLNet, forbidden
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
    "forbidden",
    "pool",
    "weighted_bce",
]
