"""Loading a language model by its name: the lab's own, SmolLM2, a file, a folder, or any on the hub."""

from functools import lru_cache
from pathlib import Path

import torch

from labkit import checkpoint as files
from labkit import paths
from labkit.language_model import smollm
from labkit.language_model.gguf import llama_of, read_gguf, tokenizer_of
from labkit.language_model.model import LanguageModel
from labkit.language_model.tokenizer import TextTokenizer

OWN = {
    "tiny": ("target", "0.8 M parameters, trained by the lab on tinyworld"),
    "tiny-draft": ("draft", "15 k parameters, trained by the lab on tinyworld"),
}
OFFLINE = (*OWN, smollm.NAME)


class LanguageModelUnavailable(OSError, ValueError):
    """A language model is not on this machine and could not be fetched; the message says what can be done."""


def load_language_model(
    name: str = "tiny",
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    cache_dir: str | Path | None = None,
    local_files_only: bool | None = None,
) -> LanguageModel:
    """Load a language model.

    Args:
        name: `tiny` or `tiny-draft` (ship with the lab), `smollm2-135m` (after `labkit model fetch smollm2-135m`),
            a path ending in `.gguf`, a folder with a `config.json`, or a name on the Hugging Face hub.
        device: default: the CPU.
        cache_dir: where converted models are kept, instead of LABKIT_CACHE or ~/.cache/labkit.
        local_files_only: never ask the network for a hub model; default: ask when it is not cached.

    Raises:
        LanguageModelUnavailable: it is not here; says what was looked for, and what is here.
        ValueError: a file is damaged or of an unsupported kind.
    """
    place = torch.device("cpu" if device is None else device)
    if name in OWN:
        return _own(name, place, dtype)
    if name == smollm.NAME:
        if not smollm.present(cache_dir):
            raise LanguageModelUnavailable(
                f"{name} is not on this machine; fetch it (93 MB) with: labkit model fetch {name}; without it use tiny"
            )
        model, tokenizer, about = smollm.load_converted(smollm.fetch(cache_dir), place, dtype)
        return _assemble(
            name, model, tokenizer, about["tokens"], "SmolLM2-135M-Instruct, read from 4-bit weights", bos=()
        )
    if name.endswith(".gguf"):
        return _gguf(name, place, dtype)
    return _hub(name, place, dtype, local_files_only)


@lru_cache(maxsize=4)
def shared(name: str = "tiny", device: str = "cpu") -> LanguageModel:
    """The model of that name in single precision, loaded once for all who ask."""
    return load_language_model(name, device=device)


def available() -> tuple[str, ...]:
    """The names that can be loaded now without a network."""
    return (*OWN, *((smollm.NAME,) if smollm.present() else ()))


def _own(name: str, device: torch.device, dtype: torch.dtype) -> LanguageModel:
    which, about = OWN[name]
    folder = paths.shipped() / "models"
    file = folder / f"tinyworld-{which}.safetensors"
    if not file.is_file():
        raise LanguageModelUnavailable(
            f"{file} is missing; make it with: python -m labkit.language_model train --which {which} --seed 0"
        )
    state, stored = files.load(file, device)
    tokenizer = TextTokenizer.load(folder / "tinyworld-tokenizer.json")
    ids = tokenizer.special
    tokens = {"bos": ids["<bos>"], "eos": ids["<eos>"], "pad": ids["<pad>"]}
    model = smollm.build(stored["config"], state, dtype)
    return _assemble(name, model, tokenizer, tokens, about, bos=(ids["<bos>"],))


def _gguf(name: str, device: torch.device, dtype: torch.dtype) -> LanguageModel:
    if not Path(name).is_file():
        raise LanguageModelUnavailable(f"there is no file {name}; {_here()}")
    metadata, tensors = read_gguf(name)
    config, state = llama_of(metadata, tensors)
    model = smollm.build(vars(config), {key: value.to(device) for key, value in state.items()}, dtype)
    tokenizer = tokenizer_of(metadata)
    about = metadata.get("general.name", Path(name).stem)
    return _assemble(name, model, tokenizer, smollm.special_ids(metadata), f"{about}, from GGUF", bos=())


def _assemble(name, model, tokenizer, tokens, about, *, bos) -> LanguageModel:
    return LanguageModel(
        name,
        model,
        tokenizer,
        about=about,
        context=model.config.max_position_embeddings,
        eos_id=tokens["eos"],
        pad_id=tokens["pad"],
        bos_ids=bos,
    )


def _hub(name: str, device: torch.device, dtype: torch.dtype, local_files_only: bool | None) -> LanguageModel:
    from labkit.language_model.hub import load_hub

    stored = paths.shipped() / "models" / name.replace("/", "--")
    folder = next((place for place in (Path(name), stored) if (place / "config.json").is_file()), None)
    try:
        return load_hub(
            name,
            folder or name,
            device=device,
            dtype=dtype,
            local_files_only=folder is not None or bool(local_files_only),
        )
    except OSError as error:
        raise LanguageModelUnavailable(
            f"{name!r} is neither on this machine (looked for the folder {stored}) nor could it be fetched from the "
            f"hub; {_here()}"
        ) from error


def _here() -> str:
    return f"without a network there are {', '.join(OFFLINE)}"
