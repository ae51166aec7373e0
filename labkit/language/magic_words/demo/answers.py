"""The tiny model's answers to every prompt of at most two words, for the imposed texts that one can choose: they ship.

python -c "from labkit.language.magic_words.demo.answers import ship; ship()"
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from labkit import paths
from labkit.language.magic_words.demo.controls import STATES, tiny
from labkit.language.magic_words.method import AnswerTable, answer_table
from labkit.language.magic_words.method.scoring import PLACEMENTS

LONGEST = 2


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "tinyworld-answers.safetensors"


def fingerprint() -> str:
    """Of the model's weights: answers of another model are not used."""
    return hashlib.sha256(
        (paths.shipped() / "models" / "tinyworld-target.safetensors").read_bytes()
    ).hexdigest()


def ship() -> Path:
    """Ask the model, and write its answers (|V| < 256: a byte each)."""
    found = {}
    for text in STATES:
        for placement in PLACEMENTS:
            ids = tiny().encode(text)
            table = answer_table(tiny(), ids, LONGEST, placement)
            found[_name(tuple(ids.tolist()), placement)] = torch.cat(table.answers).to(torch.uint8)
    save_file(found, file(), {"model": fingerprint()})
    return file()


@lru_cache(maxsize=64)
def table(ids: tuple[int, ...], placement: str) -> AnswerTable:
    """The answers after an imposed text: those that ship, or else the model is asked."""
    x0 = torch.tensor(ids, device="cpu")
    stored = _stored().get(_name(ids, placement))
    if stored is None:
        return answer_table(tiny(), x0, LONGEST, placement)
    tokens = tiny().allowed_tokens(ascii_only=False).sort().values
    parts = stored.split([len(tokens) ** k for k in range(LONGEST + 1)])
    return AnswerTable(x0, tokens, placement, tuple(part.long() for part in parts))


def _name(ids: tuple[int, ...], placement: str) -> str:
    return f"{placement} {' '.join(map(str, ids))}"


@lru_cache(maxsize=1)
def _stored() -> dict[str, torch.Tensor]:
    if not file().is_file():
        return {}
    with safe_open(file(), "pt", device="cpu") as opened:
        if (opened.metadata() or {}).get("model") != fingerprint():
            return {}
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (it is no dict)
