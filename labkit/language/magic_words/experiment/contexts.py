"""Imposed texts, each with the token that truly follows: from tinyworld, and from real prose."""

import re

import torch
from torch import Tensor

from labkit.datasets import text, tinyworld
from labkit.language_model import LanguageModel

FRAGMENT = (2, 4)
BEGINNING = (3, 14)


def fragments(
    lm: LanguageModel, count: int, generator: torch.Generator, lengths: tuple[int, int] = FRAGMENT
) -> list[tuple[Tensor, int]]:
    """Two to four tokens cut from inside a document of tinyworld, as the paper cuts its states from WikiText."""
    found, seen = [], set()
    for words in _documents(generator):
        size = _draw(*lengths, generator)
        if len(words) < size + 4:
            continue
        start = _draw(2, len(words) - size - 2, generator)
        state = tuple(words[start : start + size])
        if state not in seen:
            seen.add(state)
            found.append((lm.encode(" ".join(state)), lm.single_token(words[start + size])))
        if len(found) == count:
            return found
    raise AssertionError("the documents do not end")


def beginnings(
    lm: LanguageModel, count: int, generator: torch.Generator, lengths: tuple[int, int] = BEGINNING
) -> list[tuple[Tensor, int]]:
    """The first three to fourteen tokens of a document, `<bos>` included: the grammar pins what follows."""
    found, seen = [], set()
    for words in _documents(generator):
        size = _draw(*lengths, generator)
        state = tuple(words[:size])
        if len(words) > size + 1 and state not in seen:
            seen.add(state)
            found.append((lm.encode(" ".join(state)), lm.single_token(words[size])))
        if len(found) == count:
            return found
    raise AssertionError("the documents do not end")


def prose(
    lm: LanguageModel, name: str, count: int, lengths: tuple[int, ...], generator: torch.Generator
) -> list[tuple[Tensor, int]]:
    """Contexts of the given lengths from paragraphs of real prose.

    Raises:
        Missing: the text is not on this machine. ValueError: an unknown text.
    """
    paragraphs = [part for part in text.paragraphs(name) if len(re.findall(r"\w+", part)) > 40]
    found = []
    while len(found) < count:
        ids = lm.tokenizer.encode(paragraphs[_draw(0, len(paragraphs) - 1, generator)])
        size = lengths[len(found) % len(lengths)]
        if len(ids) < size + 2:
            continue
        start = _draw(0, len(ids) - size - 2, generator)
        state = torch.tensor(ids[start : start + size], device=lm.device)
        found.append((state, ids[start + size]))
    return found


def _documents(generator: torch.Generator):
    seed = _draw(0, 2**31 - 1, generator)
    return (words for words, _ in tinyworld.documents(2_000_000_011 + seed))


def _draw(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (1,), generator=generator, device="cpu"))
