"""Tokens of a question, and vectors of words: hashed pieces of words, GloVe's, or a trainable copy."""

import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\w+|[^\w\s]")
_BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "``": '"', "''": '"'}


def tokenize(text: str) -> list[str]:
    """Lower-case words, numbers (with their commas and decimals) and single signs."""
    return _TOKEN.findall(text.lower())


def detokenize(tokens: Sequence[str], question: str) -> str:
    """The span of the raw question that the tokens stand for, as it is written there.

    A blank stands between two tokens only where the question has one. Tokens that do not occur together are joined
    one by one: with a blank where the pair occurs with a blank, or not at all. `-LRB-` and its kin are brackets.
    """
    words = [_BRACKETS.get(token.lower(), token) for token in tokens]
    found = re.search(r"(?<!\w)" + r"\s*".join(map(re.escape, words)) + r"(?!\w)", question, re.IGNORECASE)
    if found is None:
        found = re.search(r"\s*".join(map(re.escape, words)), question, re.IGNORECASE)
    if found is not None and words:
        return found.group()
    text, low = "", question.lower()
    for last, word in zip(["", *words], words, strict=False):
        text += word if not last or f"{last}{word}".lower() in low else f" {word}"
    return text


class HashedEmbedding(nn.Module):
    """Fixed vectors of any word: the mean of random vectors of its pieces of 3 to 5 letters, and of the whole word.

    Words that share letters have similar vectors (goal, goals). All numbers share a piece, and so do numbers of as
    many digits. Nothing is stored: the vectors follow from `seed`.
    """

    def __init__(self, dim: int, seed: int = 0, buckets: int = 16384):
        super().__init__()
        generator = torch.Generator(device="cpu").manual_seed(seed)
        table = torch.randn(buckets, dim, generator=generator, device="cpu")
        self.dim = dim
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("vectors", torch.zeros(0, dim, device="cpu"), persistent=False)
        self.index: dict[str, int] = {}

    def _pieces(self, word: str) -> list[int]:
        marked = f"<{word}>"
        pieces = [marked, marked]
        pieces += [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)]
        if word[:1].isdigit():
            pieces = [marked, "#number", "#number", "#" + re.sub(r"\d", "0", word)]
        return [zlib.crc32(piece.encode()) % len(self.table) for piece in pieces]

    def forward(self, words: Sequence[str]) -> Float[Tensor, "words dim"]:
        """The words' vectors, of length sqrt(dim)."""
        new = [word for word in dict.fromkeys(words) if word not in self.index]
        if new:
            made = torch.stack([self.table[self._pieces(word)].mean(0) for word in new])
            made = made / made.norm(dim=1, keepdim=True) * self.dim**0.5
            self.index.update({word: len(self.vectors) + i for i, word in enumerate(new)})
            self.vectors = torch.cat([self.vectors, made])
        chosen = torch.tensor(
            [self.index[word] for word in words], dtype=torch.long, device=self.vectors.device
        )
        return self.vectors[chosen]


class TrainedEmbedding(nn.Module):
    """A trainable copy of the vectors of known words; unknown words have the zero vector."""

    def __init__(self, words: Iterable[str], start: Float[Tensor, "words dim"], trainable: bool = True):
        super().__init__()
        self.index = {word: i for i, word in enumerate(words)}
        self.dim = start.shape[1]
        self.weight = nn.Parameter(start.clone(), requires_grad=trainable)

    def forward(self, words: Sequence[str]) -> Float[Tensor, "words dim"]:
        """The words' vectors."""
        chosen = torch.tensor(
            [self.index.get(word, -1) for word in words], dtype=torch.long, device=self.weight.device
        )
        found = torch.nn.functional.embedding(chosen.clamp(min=0), self.weight)
        return torch.where((chosen >= 0)[:, None], found, torch.zeros_like(found))


def load_glove(path: str | Path, vocabulary: Iterable[str], dim: int = 300) -> TrainedEmbedding:
    """GloVe's vectors of a vocabulary, fixed; words that the file lacks have the zero vector.

    Raises:
        FileNotFoundError: no such file. ValueError: a line of another width than `dim`, naming the line.
    """
    wanted, found = set(vocabulary), {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            word, *values = line.rstrip("\n").split(" ")
            if len(values) != dim:
                raise ValueError(f"{path}, line {number}: {len(values)} numbers; dim = {dim} was asked for")
            if word in wanted:
                found[word] = torch.tensor([float(value) for value in values], device="cpu")
    start = torch.stack(list(found.values())) if found else torch.zeros(0, dim, device="cpu")
    return TrainedEmbedding(found, start, trainable=False)
