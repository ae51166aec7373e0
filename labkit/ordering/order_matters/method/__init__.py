"""Order Matters: sets as inputs (process), as outputs (sets), and one structure in several orders (linearize)."""

from labkit.ordering.order_matters.method.linearize import (
    bracket_f1,
    linearize_breadth_first,
    linearize_depth_first,
    parse_breadth_first,
    parse_depth_first,
    three_word_reversal,
)
from labkit.ordering.order_matters.method.process import ProcessBlock, ReadProcessWrite, sorting_order
from labkit.ordering.order_matters.method.sets import (
    OrderSearch,
    SetLanguageModel,
    best_order,
    order_log_probs,
    sample_order,
    set_log_likelihood,
)

__all__ = [
    "OrderSearch",
    "ProcessBlock",
    "ReadProcessWrite",
    "SetLanguageModel",
    "best_order",
    "bracket_f1",
    "linearize_breadth_first",
    "linearize_depth_first",
    "order_log_probs",
    "parse_breadth_first",
    "parse_depth_first",
    "sample_order",
    "set_log_likelihood",
    "sorting_order",
    "three_word_reversal",
]
