"""What's the Magic Word? A Control Theory of LLM Prompting (Bhargava, Witkowski, Shah, Looi, Thomson; 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="magic_words",
    title="What's the Magic Word? A Control Theory of LLM Prompting",
    authors=("Aman Bhargava", "Cameron Witkowski", "Shi-Zhuo Looi", "Matt Thomson"),
    year=2023,
    venue="arXiv, October 2023",
    arxiv="2310.04444",
    theme="language",
    level="intermediate",
    minutes=100,
    prerequisites=(
        "what a causal language model computes: next-token probabilities",
        "self-attention: queries, keys, values",
        "singular values of a matrix",
    ),
    idea=(
        "Treat a language model as a **controlled system**. Its state is the text so far, its input is a "
        "prompt $u$, and "
        "its output is what it says next. Then *prompting* has the questions of control theory: from an imposed text "
        "$x_0$, which outputs are **reachable** by prompts of at most $k$ tokens? A search that finds a prompt "
        "gives an "
        "inner bound; for one attention head, the singular values of its matrices give an outer bound; and for a model "
        "with few enough words every prompt can be tried, so that the reachable set is known **exactly**. Three words "
        "must be kept apart: *reached*, *proven unreachable*, and *not found*."
    ),
    equations=(
        Equation(
            "a step is control or generation",
            r"x(t+1) = x(t)\,u(t) \text{ if } u(t) \ne \varnothing, \text{ else } x(t)\,x',\; x' \sim "
            r"P_{LM}(\cdot \mid x(t))",
        ),
        Equation(
            "what a prompt of at most k tokens can reach",
            r"R_y^k(x_0) = \{\, y : \exists\, u,\ |u| \le k,\ \arg\max P_{LM}(\cdot \mid u\,x_0) = y \,\}",
        ),
        Equation(
            "what k tokens fail to reach: k-ε controllability",
            r"\varepsilon(k) = 1 - \Pr_{(x_0, y) \sim D}\left[\, y \in R_y^k(x_0) \,\right]",
        ),
        Equation(
            "a head's output is a mixture of its own and the controls'",
            r"y_i = s_i\,\hat y_i + (1 - s_i)\,c_i, \qquad s_i = \frac{g_i}{g_i + d_i}",
        ),
        Equation(
            "so it cannot leave the line of its own by more than",
            r"\beta_i(k) = \sigma_v M_u \frac{k\,e^{\alpha}}{g_i + k\,e^{\alpha}}, \qquad "
            r"\alpha = \frac{\sigma_q \sigma_k M_u M_x}{\sqrt{d_k}}",
        ),
    ),
    studio="reachable_sets",
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "LLMSystem",
            "back_off_prompt",
            "enumerate_reachable",
            "forward_reachability",
            "greedy_back_generation",
            "greedy_coordinate_gradient",
            "k_epsilon",
            "make_pairs",
            "one_token_prompts",
            "outputs_of",
            "ranks_of",
            "verdict",
        ],
        "attention_bound": ["AttentionHead", "beta", "decompose", "is_excluded", "steer"],
    },
)
