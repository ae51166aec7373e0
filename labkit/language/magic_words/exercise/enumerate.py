"""Exercise 2: R^0 and R^1 by trying every one-token prompt."""

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.language.magic_words.method import enumerate_reachable, one_token_prompts
from labkit.language_model import shared

TEXTS = ("lives in", "finds the", ") answer :")


@torch.no_grad()
def _right(lm, x0):
    tokens = lm.allowed_tokens()
    states = torch.cat([tokens[:, None], x0.expand(len(tokens), -1)], dim=1)
    found = set(lm.logits(states, last_only=True).argmax(-1).tolist())
    return found | {int(lm.logits(x0[None], last_only=True).argmax())}


@torch.no_grad()
def _appended(lm, x0):
    tokens = lm.allowed_tokens()
    states = torch.cat([x0.expand(len(tokens), -1), tokens[:, None]], dim=1)
    found = set(lm.logits(states, last_only=True).argmax(-1).tolist())
    return found | {int(lm.logits(x0[None], last_only=True).argmax())}


@torch.no_grad()
def _after_the_prompt(lm, x0):
    tokens = lm.allowed_tokens()
    states = torch.cat([tokens[:, None], x0.expand(len(tokens), -1)], dim=1)
    found = set(lm.logits(states)[:, 0].argmax(-1).tolist())
    return found | {int(lm.logits(x0[None], last_only=True).argmax())}


@torch.no_grad()
def _without_zero(lm, x0):
    tokens = lm.allowed_tokens()
    states = torch.cat([tokens[:, None], x0.expand(len(tokens), -1)], dim=1)
    answers = lm.logits(states, last_only=True).argmax(-1)
    unprompted = int(lm.logits(x0[None], last_only=True).argmax())
    return set(answers.tolist()) - {unprompted}


@torch.no_grad()
def _one_by_one(lm, x0):
    found = {int(lm.logits(x0[None], last_only=True).argmax())}
    for token in lm.allowed_tokens():
        found.add(int(lm.logits(torch.cat([token[None], x0])[None], last_only=True).argmax()))
    return found


class _Counting:
    """The model, counting how often it is asked."""

    def __init__(self, lm):
        self._lm, self.calls = lm, 0

    def __getattr__(self, name):
        return getattr(self._lm, name)

    def logits(self, *arguments, **options):
        """As the model's."""
        self.calls += 1
        return self._lm.logits(*arguments, **options)


def _ids(answer, lm, x0) -> set[int] | None:
    found = answer(lm, x0)
    try:
        return {int(id) for id in found}
    except (TypeError, ValueError):
        return None


@exercise(
    "What one token can do",
    level="key",
    points=4,
    solution=_right,
    hints=(
        "`lm.allowed_tokens()` are the prompts; `torch.cat([tokens[:, None], x0.expand(len(tokens), -1)], "
        "dim=1)` are all "
        "states at once.",
        "`lm.logits(states, last_only=True)` predicts what follows the last token, for every state in one call.",
        "A prompt of at most one token may be empty: add what the model says without any.",
    ),
    mistakes=(
        Mistake(
            "appended",
            _appended,
            "You put the prompt after the imposed text. Here the control stands in front: the state is u x0, and x0 is "
            "what the model reads last.",
        ),
        Mistake(
            "prediction after the prompt",
            _after_the_prompt,
            "You read the prediction that follows the prompt's own token. The answer is what follows the whole "
            "state: the "
            "last position.",
        ),
        Mistake(
            "without k = 0",
            _without_zero,
            "You forgot the output that needs no prompt: R^1 contains R^0.",
        ),
        Mistake(
            "one by one",
            _one_by_one,
            "Your set is right, but you asked the model once a prompt. All prompts are independent: put them "
            "in one batch "
            "(at most |V|/256 calls, rounded up, and one for the empty prompt).",
        ),
    ),
)
def reachable_one(answer) -> str:
    r"""Prove by code what one token of prompt can do. Write `reachable_one(lm, x0)`: the set of token ids that the
    model generates at zero temperature after $u\,x_0$, for some $u$ of **at most one** token out of
    `lm.allowed_tokens()`.

    `x0` is a tensor of ids of the imposed text; `lm.logits(states, last_only=True)` gives the logits of the next
    token for a batch of states. At most $\lceil |V|/256 \rceil$ batched calls and one for the empty prompt. Whatever
    is not in your set is *proven unreachable* with one token.
    """
    lm = shared("tiny")
    allowed = -(-lm.vocab_size // 256) + 1
    for text in TEXTS:
        x0 = lm.encode(text)
        counting = _Counting(lm)
        found = _ids(answer, counting, x0)
        if found is None:
            raise Wrong("reachable_one(lm, x0) should return a set of token ids.")
        wanted = set(enumerate_reachable(lm, x0, 1).sets[1])
        if found != wanted:
            missing, extra = (
                sorted(lm.token_strings(sorted(ids))) for ids in (wanted - found, found - wanted)
            )
            raise recognise(
                reachable_one.mistakes,
                lambda mistaken, found=found, x0=x0: (
                    mistaken is not _one_by_one and found == mistaken(lm, x0)
                ),
                f"After “{text}” your set has {len(found)} tokens and R^1 has {len(wanted)}. "
                + (f"Missing: {', '.join(missing[:6])}. " if missing else "")
                + (f"Not reachable: {', '.join(extra[:6])}." if extra else ""),
            )
        if counting.calls > allowed:
            raise Wrong(reachable_one.mistakes[3].message)
    x0 = lm.encode(TEXTS[0])
    tokens, answers, _ = one_token_prompts(lm, x0)
    unprompted = int(lm.logits(x0[None], last_only=True).argmax())
    places = (answers != unprompted).nonzero()
    place = int(places[0]) if len(places) else 0
    witness, output = lm.token_strings([int(tokens[place])])[0], lm.token_strings([int(answers[place])])[0]
    return (
        f"After “{TEXTS[0]}” {len(_right(lm, x0))} words are reached (a witness: “{witness}” makes it say "
        f"“{output}”), and "
        f"every other one is proven unreachable with one token."
    )
