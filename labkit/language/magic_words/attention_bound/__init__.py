"""What one self-attention head can be made to say: an outer bound on its outputs, from its matrices' singular values.

For an imposed row i, with g_i = sum over imposed j of exp(q_i k_j / sqrt(d)) and d_i the same sum over control rows,

    y_i = s_i yhat_i + (1 - s_i) c_i,    s_i = g_i / (g_i + d_i),

where yhat_i is the head's output without control and c_i a convex combination of the controls' values. With all
controls no longer than M_u, d_i <= k e^alpha and |c_i| <= sigma_v M_u, so that the part of y_i orthogonal to yhat_i is
at most beta_i(k) = sigma_v M_u k e^alpha / (g_i + k e^alpha).
"""

from labkit.language.magic_words.attention_bound.bounds import TIGHTNESS, alpha, beta, is_excluded
from labkit.language.magic_words.attention_bound.head import (
    AttentionHead,
    Decomposition,
    decompose,
    largest_singular_value,
    orthogonal_part,
)
from labkit.language.magic_words.attention_bound.layers import head_from_layer, inputs_of_layer
from labkit.language.magic_words.attention_bound.steering import (
    largest_displacement,
    outputs,
    sample_controls,
    steer,
)

__all__ = [
    "TIGHTNESS",
    "AttentionHead",
    "Decomposition",
    "alpha",
    "beta",
    "decompose",
    "head_from_layer",
    "inputs_of_layer",
    "is_excluded",
    "largest_displacement",
    "largest_singular_value",
    "orthogonal_part",
    "outputs",
    "sample_controls",
    "steer",
]
