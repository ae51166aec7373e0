"""Weights and training states in safetensors files; nothing is ever unpickled."""

import json
import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def save(path: str | Path, tensors: dict[str, Tensor] | nn.Module, about: dict | None = None) -> Path:
    """Store tensors or a module's state, atomically.

    Args:
        about: anything JSON can hold: the settings that rebuild the module, where the weights come from.

    Raises:
        OSError: the disk refuses; what was stored before stays.
    """
    path = Path(path)
    state = tensors.state_dict() if isinstance(tensors, nn.Module) else tensors
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    try:
        save_file(state, temporary, metadata={"labkit": json.dumps(about or {})})
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except SafetensorError as error:  # how the library says that the disk refuses
        Path(temporary).unlink(missing_ok=True)
        raise OSError(f"could not store {path}: {error}") from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def load(path: str | Path, device: torch.device | str = "cpu") -> tuple[dict[str, Tensor], dict]:
    """Read tensors and what is said about them.

    Raises:
        FileNotFoundError: there is no such file. ValueError: it is truncated or no safetensors file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            about = json.loads((file.metadata() or {}).get("labkit", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is truncated or altered ({error})") from error


def save_training(path: str | Path, model: nn.Module, optimizer: torch.optim.Optimizer, about: dict) -> Path:
    """Store a training under way: weights, the optimiser's state, and e.g. the step in `about`."""
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    scalars: dict[str, float | int | bool | None] = {}
    state = optimizer.state_dict()
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{index}/{name}"] = value
            else:
                scalars[f"{index}/{name}"] = value
    groups = [
        {k: v for k, v in group.items() if not isinstance(v, Tensor)} for group in state["param_groups"]
    ]
    return save(path, tensors, {"about": about, "scalars": scalars, "groups": groups})


def load_training(path: str | Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict:
    """Put a stored training back into model and optimiser; returns its `about`.

    Raises:
        ValueError: the file is damaged, or belongs to a model of another shape.
    """
    tensors, stored = load(path)
    weights = {
        name.removeprefix("model/"): value for name, value in tensors.items() if name.startswith("model/")
    }
    state: dict[int, dict] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer/"):
            _, index, entry = name.split("/", 2)
            state.setdefault(int(index), {})[entry] = value
    for name, value in stored["scalars"].items():
        index, entry = name.split("/", 1)
        state.setdefault(int(index), {})[entry] = value
    try:
        groups = [
            {
                name: tuple(value) if isinstance(now.get(name), tuple) else value
                for name, value in group.items()
            }
            for group, now in zip(stored["groups"], optimizer.param_groups, strict=True)
        ]
        model.load_state_dict(weights)
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    except (RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} belongs to another model: {error}") from error
    return stored["about"]
