"""The two small trained models that ship with the lab, for the video player.

`python -m labkit.state_space.convs5.experiment.trained` trains them anew, as the class scale does, and writes
data/models/convs5.safetensors (some two minutes of one core).
"""

from functools import lru_cache
from pathlib import Path

import torch

from labkit import checkpoint, paths
from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.state_space.convs5.experiment.settings import PAIR, PRESETS
from labkit.state_space.convs5.experiment.training import build, clips_of, train
from labkit.state_space.convs5.method import VideoModel

VIDEO = PRESETS["class"].video


def default_file() -> Path:
    """Where the weights ship."""
    return paths.shipped() / "models" / "convs5.safetensors"


@lru_cache(maxsize=2)
def trained(name: str) -> VideoModel:
    """The shipped model of that name, ConvS5 or ConvLSTM.

    Raises:
        FileNotFoundError: the file is not there. ValueError: it is damaged, or an unknown name.
    """
    if name not in PAIR:
        raise ValueError(f"no trained model {name!r}; choose from {', '.join(PAIR)}")
    model = build(PAIR[name], VIDEO, torch.device("cpu"))
    stored, _ = checkpoint.load(default_file())
    weights = {
        key.removeprefix(f"{name}/"): value.float()
        for key, value in stored.items()
        if key.startswith(f"{name}/")
    }
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def train_all(to: Path | None = None) -> Path:
    """Train both on the CPU with seed 0, as the class scale does, and store the weights as float16."""
    run = Run("trained", "class", torch.device("cpu"), 0)
    clips, _ = clips_of(VIDEO, "train", VIDEO.clips, VIDEO.length, run.generator(1))
    stored = {}
    for name, about in PAIR.items():
        seed_everything(0)
        model = build(about, VIDEO, run.device)
        history = train(model, clips, VIDEO, VIDEO.steps, run, name)
        print(f"{name}: loss {sum(history.losses[-20:]) / 20:.2f}", flush=True)
        stored |= {f"{name}/{key}": value.half() for key, value in model.state_dict().items()}
    about = {"paper": "convs5", "seed": 0, "video": VIDEO.model_dump()}
    return checkpoint.save(to or default_file(), stored, about)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"Stored in {train_all()}")
