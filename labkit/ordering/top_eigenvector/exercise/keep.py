"""Exercise 2: which rows to store, decided as they pass."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.ordering.top_eigenvector.method import BlockPower, HeavyAndLight, correlation, top_eigenvector
from labkit.ordering.top_eigenvector.streams import heavy_and_light, oja_hard, order_of, spiked

KAPPA = 3.0


def _keep(row: Tensor, seen_squared_norm: float, n_seen: int, n_total: int, d: int) -> bool:
    # the whole's squared norm, as far as one can tell by now
    frobenius_squared = seen_squared_norm * n_total / n_seen
    return bool(row.square().sum() >= frobenius_squared / (KAPPA * d))


def _all(row, seen_squared_norm, n_seen, n_total, d):
    return True


def _none(row, seen_squared_norm, n_seen, n_total, d):
    return False


def _norm_for_its_square(row, seen_squared_norm, n_seen, n_total, d):
    return bool(row.norm() >= seen_squared_norm * n_total / n_seen / (KAPPA * d))


def _fixed(row, seen_squared_norm, n_seen, n_total, d):
    return bool(row.square().sum() >= 0.3)


def _not_scaled_up(row, seen_squared_norm, n_seen, n_total, d):
    return bool(row.square().sum() >= seen_squared_norm / (KAPPA * d))


@lru_cache(maxsize=1)
def _instances() -> dict[str, tuple[Tensor, Tensor, int, float]]:
    """name: (rows in random order, v_1, how many may be stored, correlation that must be reached)."""
    generator = torch.Generator(device="cpu").manual_seed(2412)
    made = {
        "Gaussian rows": (spiked(4000, 48, 6.0, generator), 40, 0.9),
        "four unit rows among many small ones": (
            oja_hard(48, 4, 40, rotate=True, generator=generator),
            40,
            0.99,
        ),
        "eight heavy rows, in other units": (
            1000 * heavy_and_light(3000, 48, 8, 9.0, generator=generator),
            40,
            0.98,
        ),
    }
    return {
        name: (rows[order_of(rows, "random", 5)], top_eigenvector(rows), most, least)
        for name, (rows, most, least) in made.items()
    }


def _decisions(keep, rows: Tensor) -> list[bool]:
    found, seen = [], 0.0
    d = rows.shape[1]
    for i, (row, squared) in enumerate(zip(rows, rows.square().sum(1).tolist(), strict=True)):
        seen += squared
        found.append(bool(keep(row, seen, i + 1, len(rows), d)))
    return found


def _judge(rows: Tensor, kept: list[bool]) -> Tensor:
    d = rows.shape[1]
    start = torch.ones(1, d, dtype=rows.dtype, device="cpu") / math.sqrt(d)
    blocks = math.ceil(2 * math.log(d))
    ours = HeavyAndLight(0.5, BlockPower(len(rows), blocks + 1, start, weighing=1, quiet=True), None)
    ours.update(rows, torch.tensor(kept, dtype=rows.dtype, device="cpu"), 0)
    return ours.answer(d, 0.0).vector


@exercise(
    "Which rows to store",
    level="key",
    points=4,
    solution=_keep,
    hints=(
        "The threshold on ‖a‖² is ‖A‖²_F / (κ d), with κ = 3 for instance. You do not know ‖A‖²_F, but in random order "
        "the rows so far are a fair sample of all.",
        "n_seen rows have seen_squared_norm; all n_total will have about seen_squared_norm * n_total / n_seen.",
    ),
    mistakes=(
        Mistake(
            "all",
            _all,
            "You store every row: the answer is exact, but your memory grows with the stream. Store only what no "
            "block can "
            "stand for.",
        ),
        Mistake(
            "none",
            _none,
            "You store nothing: on the instance with four unit rows only the blocks that hold one know of the "
            "direction, and "
            "the answer is a random light one.",
        ),
        Mistake(
            "the norm for its square",
            _norm_for_its_square,
            "You compare the *norm* with a threshold for the *squared* norm: it is ‖a‖² against ‖A‖²_F / (κ d), or ‖a‖ "
            "against ‖A‖_F / sqrt(κ d). As it stands, your rule depends on the units of the rows.",
        ),
        Mistake(
            "a fixed number",
            _fixed,
            "Your threshold is a fixed number: it depends on the units of the rows. Here they are a thousand times "
            "larger, "
            "and everything is stored. Measure a row against the rows so far.",
        ),
        Mistake(
            "not scaled up",
            _not_scaled_up,
            "You compare with the squared norm *so far*. At the start of the stream that is little, so nearly every "
            "early row "
            "is stored. Scale it up to the whole stream: n_total / n_seen.",
        ),
    ),
)
def keep_rows(answer) -> str:
    r"""A stream of `n_total` rows of `d` numbers passes in random order. Write
    `keep(row, seen_squared_norm, n_seen, n_total, d)`, which says at once whether to **store** a row (True) or to leave
    it to the power method over blocks (False). `seen_squared_norm` is the sum of the squared norms of the `n_seen`
    rows so far, this one included.

    It is tried on three instances: on each, the stored rows and the blocks together must find $v_1$, and at most 40 of
    some thousand rows may be stored.
    """
    decided = {name: _decisions(answer, rows) for name, (rows, _, _, _) in _instances().items()}
    for name, (rows, truth, most, least) in _instances().items():
        kept = decided[name]
        found = correlation(_judge(rows, kept), truth).item() if sum(kept) <= most else 0.0
        if sum(kept) <= most and found >= least:
            continue
        if sum(kept) > most:
            said = f"On “{name}” you store {sum(kept)} of {len(rows)} rows (at most {most})."
        else:
            said = f"On “{name}” you store {sum(kept)} rows and reach a correlation of {found:.3f} (at least {least})."
        wrong = recognise(
            keep_rows.mistakes,
            lambda mistaken: all(
                _decisions(mistaken, rows) == decided[name] for name, (rows, _, _, _) in _instances().items()
            ),
            "Compare ‖a‖² with a share of what all rows together will have.",
        )
        raise Wrong(f"{said} {wrong}")
    return "Few rows stored, in any units, and the direction found: order made the blocks fair, and you kept the rest."
