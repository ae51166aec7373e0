"""A direct reader of GGUF files: header, tensors of five kinds, and what makes a Llama and its tokenizer of them.

The format (version 3, little-endian): `GGUF`, version, the numbers of tensors and of metadata entries, the entries,
the tensors' names, shapes (fastest axis first), kinds and offsets, and after padding the tensors themselves.
"""

import math
import mmap
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from labkit.language_model.llama import LlamaConfig
from labkit.language_model.tokenizer import TextTokenizer, byte_level_tokenizer

# kind -> (name, values a block, bytes a block)
KINDS = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    8: ("Q8_0", 32, 34),
}
_BY_NAME = {name: (values, size) for name, values, size in KINDS.values()}
_SCALARS = dict(enumerate("BbHhIif?", start=0)) | {10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL = 3  # the token type of special tokens
_DIGITS_APART = {"smollm": True, "gpt-2": False, "default": False}


class _Reader:
    """Reads values one after the other, and says where when the file ends too early."""

    def __init__(self, data: mmap.mmap, path: Path):
        self.data, self.path, self.at = data, path, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError(
                f"{self.path} is truncated: {count} bytes are missing from byte {self.at}; it has {len(self.data)}"
            )
        found = self.data[self.at : self.at + count]
        self.at += count
        return found

    def scalar(self, code: str):
        return struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]

    def string(self) -> str:
        return self.take(self.scalar("Q")).decode("utf-8", "replace")

    def value(self, kind: int):
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            inner, count = self.scalar("I"), self.scalar("Q")
            if inner in _SCALARS:
                code = _SCALARS[inner]
                return list(struct.unpack(f"<{count}{code}", self.take(count * struct.calcsize(f"<{code}"))))
            return [self.value(inner) for _ in range(count)]
        if kind not in _SCALARS:
            raise ValueError(f"{self.path}: unknown metadata type {kind} at byte {self.at}")
        return self.scalar(_SCALARS[kind])


def read_gguf(path: str | Path) -> tuple[dict, dict[str, Tensor]]:
    """Read a GGUF file.

    Returns:
        its metadata, and its tensors in single precision, with the slowest axis first as torch has it.

    Raises:
        FileNotFoundError: there is no such file. ValueError: it is none (says which magic was found), it is truncated
            (says at which byte), or a tensor has an unsupported type (names both).
    """
    path = Path(path)
    with path.open("rb") as file:
        if path.stat().st_size < 4:
            raise ValueError(
                f"{path} is truncated: 4 bytes are missing from byte 0; it has {path.stat().st_size}"
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(_Reader(data, path))


def _read(reader: _Reader) -> tuple[dict, dict[str, Tensor]]:
    magic = reader.take(4)
    if magic != b"GGUF":
        raise ValueError(f"{reader.path} is no GGUF file: it begins with {magic!r}, not b'GGUF'")
    version = reader.scalar("I")
    if version not in (2, 3):
        raise ValueError(f"{reader.path} has GGUF version {version}; versions 2 and 3 are understood")
    tensors, entries = reader.scalar("Q"), reader.scalar("Q")
    metadata = {}
    for _ in range(entries):
        name = reader.string()
        metadata[name] = reader.value(reader.scalar("I"))
    infos = []
    for _ in range(tensors):
        name = reader.string()
        shape = [reader.scalar("Q") for _ in range(reader.scalar("I"))][::-1]  # stored fastest axis first
        kind, offset = reader.scalar("I"), reader.scalar("Q")
        if kind not in KINDS:
            raise ValueError(
                f"{reader.path}: the tensor {name} has the unsupported type {kind}; "
                f"supported: {', '.join(_BY_NAME)}"
            )
        infos.append((name, shape, kind, offset))
    alignment = metadata.get("general.alignment", 32)
    start = -(-reader.at // alignment) * alignment
    found = {}
    for name, shape, kind, offset in infos:
        label, values, size = KINDS[kind]
        reader.at = start + offset
        raw = np.frombuffer(reader.take(math.prod(shape) // values * size), np.uint8)
        found[name] = dequantize(raw, label, shape)
    return metadata, found


def dequantize(raw: np.ndarray, kind: str, shape: list[int] | tuple[int, ...]) -> Tensor:
    """The values of a tensor's bytes.

    A block of 32 values: Q8_0 is a half-precision scale d and 32 signed bytes q, value q d. Q4_0 is d and 16 bytes,
    value (q - 8) d. Q4_1 is d, a half-precision minimum m and 16 bytes, value q d + m. Of the 4-bit kinds, value j of
    the block is the low half of byte j, value j + 16 the high half.

    Raises:
        ValueError: an unsupported kind, or a number of bytes that does not fit the shape.
    """
    if kind not in _BY_NAME:
        raise ValueError(f"kind: {kind!r} is not supported; choose from {', '.join(_BY_NAME)}")
    values, size = _BY_NAME[kind]
    count = math.prod(shape)
    if count % values or raw.size != count // values * size:
        raise ValueError(f"{raw.size} bytes of {kind} do not make a tensor of the shape {tuple(shape)}")
    if kind == "F32":
        found = raw.view("<f4").astype(np.float32)
    elif kind == "F16":
        found = raw.view("<f2").astype(np.float32)
    else:
        blocks = raw.reshape(-1, size)
        d = blocks[:, :2].copy().view("<f2").astype(np.float32)
        if kind == "Q8_0":
            found = blocks[:, 2:].view(np.int8) * d
        else:
            packed = blocks[:, size - 16 :]
            q = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)
            found = (
                (q - 8) * d
                if kind == "Q4_0"
                else q * d + blocks[:, 2:4].copy().view("<f2").astype(np.float32)
            )
    return torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32).reshape(shape))


def half_split(weight: Tensor, heads: int) -> Tensor:
    """Rows of a query or key projection from GGUF's order (the two of each rotated pair side by side) to halves.

    Args:
        heads: as many as the projection has; for keys, the number of key-value heads.
    """
    rows = weight.shape[0]
    return weight.view(heads, rows // heads // 2, 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)


_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


def llama_of(metadata: dict, tensors: dict[str, Tensor]) -> tuple[LlamaConfig, dict[str, Tensor]]:
    """The shape and the state of the Llama in a GGUF file.

    Raises:
        ValueError: another architecture, or a tensor that a plain Llama does not have.
    """
    architecture = metadata.get("general.architecture")
    if architecture != "llama":
        raise ValueError(f"the architecture {architecture!r} is not supported; only llama is")

    def about(name: str, default=None):
        return metadata.get(f"llama.{name}", default)

    heads = about("attention.head_count")
    config = LlamaConfig(
        vocab_size=tensors["token_embd.weight"].shape[0],
        hidden_size=about("embedding_length"),
        num_hidden_layers=about("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=about("attention.head_count_kv", heads),
        intermediate_size=about("feed_forward_length"),
        rope_theta=about("rope.freq_base", 10_000.0),
        rms_norm_eps=about("attention.layer_norm_rms_epsilon", 1e-5),
        max_position_embeddings=about("context_length", 2048),
        tie_word_embeddings="output.weight" not in tensors,
    )
    state = {}
    for name, value in tensors.items():
        if name in _OUTSIDE:
            state[_OUTSIDE[name]] = value
            continue
        parts = name.split(".")
        if len(parts) != 4 or parts[0] != "blk" or parts[2] not in _NAMES or parts[3] != "weight":
            raise ValueError(f"the tensor {name} does not belong to a plain Llama")
        if parts[2] in ("attn_q", "attn_k"):
            value = half_split(value, heads if parts[2] == "attn_q" else config.num_key_value_heads)
        state[f"model.layers.{parts[1]}.{_NAMES[parts[2]]}.weight"] = value
    return config, state


def tokenizer_of(metadata: dict) -> TextTokenizer:
    """The byte-level BPE tokenizer in a GGUF file's metadata.

    Raises:
        ValueError: it is another kind of tokenizer.
    """
    model, before = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre", "default")
    if model != "gpt2" or before not in _DIGITS_APART:
        raise ValueError(
            f"the tokenizer {model!r} with pre-tokenizer {before!r} is not supported; "
            f"only gpt2 with {', '.join(_DIGITS_APART)}"
        )
    tokens = metadata["tokenizer.ggml.tokens"]
    kinds = metadata.get("tokenizer.ggml.token_type", [1] * len(tokens))
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    return byte_level_tokenizer(
        tokens, metadata["tokenizer.ggml.merges"], special, split_digits=_DIGITS_APART[before]
    )
