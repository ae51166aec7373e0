"""What a model answers to every prompt, as a table: reachable sets of any alphabet are then read off, not computed."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from labkit.language.magic_words.method.enumeration import ReachableSet, all_prompts, note_new
from labkit.language.magic_words.method.scoring import check_state, chunk_of, control_tokens, outputs_of
from labkit.language_model import LanguageModel


@dataclass(frozen=True)
class AnswerTable:
    """The output of every prompt of each length after one imposed text.

    Attributes:
        x0: the imposed text. tokens: the alphabet, ascending. placement: as for `enumerate_reachable`.
        answers: `answers[k]` (|V|^k,) the outputs of all prompts of k tokens, in lexicographic order.
    """

    x0: Int[Tensor, " n"]
    tokens: Int[Tensor, " tokens"]
    placement: str
    answers: tuple[Int[Tensor, "..."], ...]


def answer_table(
    lm: LanguageModel, x0: Int[Tensor, " n"], max_k: int, placement: str = "prefix"
) -> AnswerTable:
    """Ask the model with every prompt of at most max_k tokens (all but special ones).

    Raises:
        ValueError: as `enumerate_reachable`.
    """
    check_state(lm, x0, max_k, placement)
    tokens = control_tokens(lm, None).sort().values
    block = 8 * chunk_of(lm, None, max_k + len(x0))
    answers = [
        torch.cat(
            [outputs_of(lm, rows, x0, placement=placement)[0] for rows in all_prompts(tokens, k, block)]
        )
        for k in range(max_k + 1)
    ]
    return AnswerTable(x0, tokens, placement, tuple(answers))


def read_reachable(
    lm: LanguageModel,
    table: AnswerTable,
    *,
    controls: Int[Tensor, " tokens"] | None = None,
    exclude_copies: bool = False,
) -> ReachableSet:
    """The reachable sets that `enumerate_reachable` finds, from a table; the model is asked for the witnesses' margins.

    Raises:
        ValueError: controls that the table does not have.
    """
    tokens = table.tokens if controls is None else controls.to(table.tokens)
    places = torch.searchsorted(table.tokens, tokens).clamp(max=len(table.tokens) - 1)
    if not torch.equal(table.tokens[places], tokens):
        missing = tokens[table.tokens[places] != tokens].tolist()
        raise ValueError(f"controls: the table has no answers for prompts of the tokens {missing}")
    found, reached, size = ReachableSet(), set(), len(table.tokens)
    for k, answers in enumerate(table.answers):
        # the number of a prompt among all of its length: its places, as digits to the base |V|
        digits = torch.cartesian_prod(*[places] * k).view(-1, k) if k else places.new_zeros(1, 0)
        powers = size ** torch.arange(k - 1, -1, -1, device=places.device)
        outputs, prompts = answers[(digits * powers).sum(1)].long(), table.tokens[digits]
        found.prompts += len(prompts)
        if exclude_copies and k:
            kept = (prompts != outputs[:, None]).all(1)
            prompts, outputs = prompts[kept], outputs[kept]
        note_new(found, reached, prompts, outputs, None)
        fresh = [id for id in reached if id not in found.margin]
        if fresh:
            rows = torch.tensor([found.witness[id] for id in fresh], dtype=torch.long, device=places.device)
            margins = outputs_of(lm, rows.view(len(fresh), k), table.x0, placement=table.placement)[1]
            found.margin.update(zip(fresh, margins.tolist(), strict=True))
        found.sets.append(frozenset(reached))
    return found
