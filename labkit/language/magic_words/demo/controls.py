"""The controls that several pictures share, and what they read from a text."""

from functools import lru_cache
from typing import Annotated, Literal

import torch
from annotated_types import Interval, MaxLen, doc
from torch import Tensor

from labkit.datasets import tinyworld
from labkit.demo import Label
from labkit.language_model import LanguageModel, shared

OWN = "my own text"
STATES = (
    "the lemon is",
    "lives in",
    "finds the",
    ") answer :",
    "and the",
    "is a fruit",
    "story farm :",
    "<bos> the lemon is",
)
State = Annotated[
    Literal[
        "the lemon is",
        "lives in",
        "finds the",
        ") answer :",
        "and the",
        "is a fruit",
        "story farm :",
        "<bos> the lemon is",
        "my own text",
    ],
    Label("imposed text x₀"),
    doc(
        "what stands last and cannot be changed; the last but one begins a document, which pins what follows"
    ),
]
Text = Annotated[str, MaxLen(80), Label("my own text"), doc("words of tinyworld, with spaces between")]
Alphabet = Annotated[
    Literal[
        "all words",
        "function words",
        "digits",
        "names",
        "places",
        "animals",
        "fruits",
        "colours",
        "cities",
        "tools",
    ],
    Label("prompts are made of"),
]
Placement = Annotated[
    Literal["prefix", "suffix", "both"],
    Label("the prompt stands"),
    doc("before the imposed text (the paper's case), after it, or half before and half after"),
]
Seed = Annotated[int, Interval(ge=0, le=99), doc("another random start")]
_KINDS = {
    "function words": "function word",
    "digits": "digit",
    "names": "name",
    "places": "place",
    "animals": "animal",
    "fruits": "fruit",
    "colours": "colour",
    "cities": "city",
    "tools": "tool",
}
LONGEST = 24


def tiny() -> LanguageModel:
    """The lab's own model, whose prompts can all be tried."""
    return shared("tiny")


def read_state(state: str, text: str) -> tuple[Tensor, str, str]:
    """The imposed text's ids, the text, and a sentence when the visitor's own text could not be used."""
    lm = tiny()
    chosen, note = (text if state == OWN else state), ""
    try:
        ids = lm.encode(chosen)
        if len(ids) == 0:
            raise ValueError("there is no imposed text")
        if len(ids) > LONGEST:
            raise ValueError(f"the text has {len(ids)} words; the pictures read at most {LONGEST}")
    except ValueError as error:
        note = f"{error}. Shown instead: “{STATES[0]}”."
        chosen, ids = STATES[0], lm.encode(STATES[0])
    return ids, chosen, note


def read_word(word: str, default: str) -> tuple[int, str, str]:
    """A single word's id, the word, and a sentence when it could not be used."""
    lm = tiny()
    try:
        return lm.single_token(word), word.strip(), ""
    except ValueError as error:
        return lm.single_token(default), default, f"{error}. Shown instead: “{default}”."


@lru_cache(maxsize=16)
def alphabet_of(name: str) -> Tensor:
    """The ids of the words that prompts are made of; special tokens are never among them."""
    lm = tiny()
    if name == "all words":
        return lm.allowed_tokens()
    words = tinyworld.kinds()[_KINDS[name]]
    return torch.tensor([lm.single_token(word) for word in words], device="cpu")


@lru_cache(maxsize=1)
def groups() -> dict[str, list[int]]:
    """The ids of every word by its kind."""
    lm = tiny()
    return {kind: [lm.single_token(word) for word in words] for kind, words in tinyworld.kinds().items()}
