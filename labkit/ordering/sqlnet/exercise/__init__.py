"""SQLNet's exercises: when two queries are the same, column attention, and a decoding rule of your own."""

from labkit.ordering.sqlnet.exercise.attention import column_attention
from labkit.ordering.sqlnet.exercise.decoding import decoding_rule
from labkit.ordering.sqlnet.exercise.matching import query_match

# easiest first
EXERCISES = (query_match, column_attention, decoding_rule)
