"""What the paper proposes: the model as a controlled system, reachable sets, and the search for prompts."""

from labkit.language.magic_words.method.answers import AnswerTable, answer_table, read_reachable
from labkit.language.magic_words.method.backoff import BackOffResult, back_off_prompt, iter_back_off_prompt
from labkit.language.magic_words.method.controllability import (
    EpsilonRow,
    Pair,
    k_epsilon,
    make_pairs,
    ranks_of,
    wilson_interval,
)
from labkit.language.magic_words.method.coordinate import (
    greedy_coordinate_gradient,
    iter_greedy_coordinate_gradient,
    one_hot_gradient,
    random_prompts,
)
from labkit.language.magic_words.method.enumeration import (
    ReachableSet,
    enumerate_reachable,
    one_token_prompts,
    verdict,
)
from labkit.language.magic_words.method.forward import (
    forward_reachability,
    iter_forward_reachability,
    push_pull_loss,
)
from labkit.language.magic_words.method.forward_gradient import forward_coordinate_gradient
from labkit.language.magic_words.method.greedy import greedy_back_generation, iter_greedy_back_generation
from labkit.language.magic_words.method.scoring import SearchResult, SearchStep, outputs_of, scores_of
from labkit.language.magic_words.method.system import LLMSystem

__all__ = [
    "AnswerTable",
    "BackOffResult",
    "EpsilonRow",
    "LLMSystem",
    "Pair",
    "ReachableSet",
    "SearchResult",
    "SearchStep",
    "answer_table",
    "back_off_prompt",
    "enumerate_reachable",
    "forward_coordinate_gradient",
    "forward_reachability",
    "greedy_back_generation",
    "greedy_coordinate_gradient",
    "iter_back_off_prompt",
    "iter_forward_reachability",
    "iter_greedy_back_generation",
    "iter_greedy_coordinate_gradient",
    "k_epsilon",
    "make_pairs",
    "one_hot_gradient",
    "one_token_prompts",
    "outputs_of",
    "push_pull_loss",
    "random_prompts",
    "ranks_of",
    "read_reachable",
    "scores_of",
    "verdict",
    "wilson_interval",
]
