"""The pairs of the class run, for the k-epsilon curves: they ship with the lab.

labkit run magic_words --scale class --seed 0 --seed 1 --seed 2
python -m labkit.language.magic_words.experiment.shipped results/magic_words/class-cpu
"""

import json
import sys
from functools import lru_cache
from pathlib import Path

from labkit import paths
from labkit.datasets import Missing
from labkit.experiment import Result

COLUMNS = (
    "start",
    "set",
    "base_rank",
    "base_loss",
    "prompt_loss",
    "length",
    "method",
    "text",
    "target",
    "prompt",
)


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "magic_words.json"


def ship(result: Result) -> Path:
    """Write every pair of a Result: its set, what it asked for, and the shortest prompt that was found."""
    table = result.metrics
    rows = table[table["metric"] == "shortest prompt"]
    pairs = [
        {"k": None if row["value"] < 0 else int(row["value"]), **{name: row[name] for name in COLUMNS}}
        for row in rows.to_dict("records")
    ]
    for pair in pairs:
        pair.update(base_loss=round(pair["base_loss"], 4), prompt_loss=round(pair["prompt_loss"], 4))
        pair.update(base_rank=int(pair["base_rank"]), length=int(pair["length"]))
    about = {
        "scale": result.scale,
        "seeds": list(result.seeds),
        "device": result.device_name,
        "data": result.data,
        "settings": result.settings,
    }
    lines = ",\n".join(json.dumps(pair, ensure_ascii=False) for pair in pairs)
    document = f'{{"about": {json.dumps(about)},\n"pairs": [\n{lines}\n]}}\n'
    file().write_text(document, encoding="utf-8")
    return file()


@lru_cache(maxsize=1)
def _stored() -> dict:
    if not file().is_file():
        raise Missing("the pairs of magic_words are not here; they ship with the lab (data/models)")
    return json.loads(file().read_text(encoding="utf-8"))


def pairs() -> list[dict]:
    """The pairs, each with `k` (None: not found), `set`, `start`, `base_rank`, `base_loss`, `length`, ...

    Raises:
        Missing: the file is not here.
    """
    return _stored()["pairs"]


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
