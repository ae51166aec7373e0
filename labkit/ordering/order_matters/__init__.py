"""Order Matters: Sequence to sequence for sets (Vinyals, Bengio, Kudlur; ICLR 2016)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="order_matters",
    title="Order Matters: Sequence to sequence for sets",
    authors=("Oriol Vinyals", "Samy Bengio", "Manjunath Kudlur"),
    year=2016,
    venue="ICLR 2016",
    arxiv="1511.06391",
    theme="ordering",
    level="intermediate",
    minutes=100,
    prerequisites=(
        "pointer networks (the lesson before this one)",
        "the chain rule of probability",
        "LSTMs and attention",
    ),
    idea=(
        "Sequence models need an order even where the data has none. For **input sets**: read each element by itself, "
        "let an LSTM *without inputs* attend to the memories for some steps; what it ends with ignores the order. "
        "For **output sets**: by the chain rule every order is right, but a trained network finds some far easier than "
        "others, so let it choose: train on orders drawn from the model's own preferences."
    ),
    equations=(
        Equation("the process block asks", r"q_t = \mathrm{LSTM}(q^*_{t-1})"),
        Equation(
            "... and the set answers",
            r"a_{i,t} = \mathrm{softmax}_i(m_i \cdot q_t), \quad r_t = \sum_i a_{i,t} m_i",
        ),
        Equation("... both go into the next question", r"q^*_t = [q_t;\, r_t]"),
        Equation(
            "any order will do, in theory",
            r"p(Y) = \prod_t p(y_{\pi_t} \mid y_{\pi_{<t}}) \;\text{ for every } \pi",
        ),
        Equation(
            "so let the model choose", r"\max_\theta \sum_i \max_\pi \log p_\theta(Y_\pi(X_i) \mid X_i)"
        ),
        Equation(
            "by sampling what it prefers",
            r"q(\pi_t = j) = \frac{p(y_j \mid y_{\pi_{<t}})}{\sum_{k \text{ left}} p(y_k \mid y_{\pi_{<t}})}",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
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
            "three_word_reversal",
        ],
        "data": ["StarModel", "five_grams", "sorting_batch"],
    },
)
