"""ListOps from its grammar: nested operations on digits, read as one flat sequence (Nangia and Bowman 2018; LRA)."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from jaxtyping import Int
from torch import Tensor

OPERATORS = {
    "[MIN": min,
    "[MAX": max,
    "[MED": lambda values: int(median(values)),
    "[SM": lambda values: sum(values) % 10,
}
END = "]"
# 0 is padding
VOCABULARY = {token: i + 1 for i, token in enumerate([*map(str, range(10)), *OPERATORS, END])}
TOKENS = len(VOCABULARY) + 1


def evaluate(tokens: Sequence[str]) -> int:
    """The value of an expression such as `[MAX 2 9 [MIN 4 7 ] 0 ]`.

    Raises ValueError for an unknown token and for brackets that do not match.
    """
    stack: list[list] = [[]]
    for token in tokens:
        if token in OPERATORS:
            stack.append([token])
        elif token == END:
            if len(stack) == 1 or len(stack[-1]) < 2:
                raise ValueError(f"no operation with arguments to close in {' '.join(tokens)!r}")
            operator, *values = stack.pop()
            stack[-1].append(OPERATORS[operator](values))
        elif token in VOCABULARY:
            stack[-1].append(int(token))
        else:
            raise ValueError(f"unknown token {token!r}; there are {', '.join(VOCABULARY)}")
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"{' '.join(tokens)!r} is not one whole expression")
    return stack[0][0]


class _TooLong(Exception):
    pass


def expression(
    generator: random.Random,
    max_depth: int = 10,
    max_args: int = 10,
    operator_rate: float = 0.25,
    max_length: int | None = None,
) -> list[str] | None:
    """A random operation by the grammar of the Long Range Arena: 2 to `max_args` arguments, each an operation again
    with probability `operator_rate`, a digit otherwise and at depth `max_depth`.

    None if it would exceed `max_length` tokens; to draw until one fits is to draw from those that fit.
    """
    words: list[str] = []

    def write(depth: int) -> None:
        if max_length is not None and len(words) >= max_length:
            raise _TooLong
        if depth and (depth >= max_depth or generator.random() > operator_rate):
            words.append(str(generator.randrange(10)))
            return
        words.append(generator.choice(list(OPERATORS)))
        for _ in range(generator.randint(2, max_args)):
            write(depth + 1)
        words.append(END)

    try:
        write(0)
    except _TooLong:
        return None
    return words if max_length is None or len(words) <= max_length else None


@dataclass(frozen=True)
class ListOps:
    """Expressions as token numbers, padded with 0 at the end; on the CPU.

    Attributes:
        tokens: (n, length). lengths: (n,) without the padding. values: (n,) from 0 to 9.
    """

    tokens: Int[Tensor, "n length"]
    lengths: Int[Tensor, " n"]
    values: Int[Tensor, " n"]


def encode(expressions: Sequence[Sequence[str]], length: int | None = None) -> ListOps:
    """Expressions as tensors, padded to `length` (the longest, if None), with their values."""
    length = length or max(map(len, expressions))
    tokens = torch.zeros(len(expressions), length, dtype=torch.int64, device="cpu")
    for row, words in zip(tokens, expressions, strict=True):
        row[: len(words)] = torch.tensor([VOCABULARY[word] for word in words], device="cpu")
    counts = torch.tensor([len(words) for words in expressions], device="cpu")
    return ListOps(tokens, counts, torch.tensor([evaluate(words) for words in expressions], device="cpu"))


def listops(
    n: int,
    min_length: int = 16,
    max_length: int = 64,
    max_depth: int = 10,
    max_args: int = 10,
    seed: int = 0,
) -> ListOps:
    """n different random expressions of min_length to max_length tokens. LRA's are 500 to 2000 tokens long.

    Raises ValueError for n < 1 and unless 4 <= min_length <= max_length.
    """
    if n < 1 or not 4 <= min_length <= max_length:
        raise ValueError(
            f"n must be at least 1 and 4 <= min_length <= max_length; "
            f"got n={n}, min_length={min_length}, max_length={max_length}"
        )
    generator = random.Random(seed)
    found: dict[tuple[str, ...], None] = {}
    while len(found) < n:
        words = expression(generator, max_depth, max_args, max_length=max_length)
        if words is not None and len(words) >= min_length:
            found[tuple(words)] = None
    return encode(list(found), max_length)


def read_listops(path: str | Path, length: int = 2048) -> ListOps:
    """A file of the Long Range Arena's release, `lra_release/listops-1000/basic_{train,val,test}.tsv`.

    Its round brackets, which only repeat the tree, are dropped as the reference does. Raises ValueError for a file
    of another form, an expression longer than `length`, and a target that is not the expression's value.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    if not rows or {"Source", "Target"} - set(rows[0]):
        raise ValueError(f"{path} should be tab-separated with the columns Source and Target")
    expressions = [[word for word in row["Source"].split() if word not in "()"] for row in rows]
    longest = max(map(len, expressions))
    if longest > length:
        raise ValueError(
            f"length must be at least {longest}, the longest expression's in {path}; got {length}"
        )
    data = encode(expressions, length)
    for number, (row, value) in enumerate(zip(rows, data.values.tolist(), strict=True), start=2):
        if int(row["Target"]) != value:
            raise ValueError(f"{path}, line {number}: the target {row['Target']} is not the value {value}")
    return data
