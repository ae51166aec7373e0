"""Any causal model of Hugging Face's transformers behind the same interface as our own Llama."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from labkit.language_model.cache import Cache
from labkit.language_model.model import LanguageModel
from labkit.language_model.tokenizer import TextTokenizer


class HubModel(nn.Module):
    """A transformers model with the calls of `labkit.language_model.llama.Llama`."""

    def __init__(self, model):
        super().__init__()
        self.inner = model

    @property
    def embedding(self) -> Tensor:
        """The tokens' embeddings."""
        return self.inner.get_input_embeddings().weight

    def forward(
        self,
        ids: Tensor | None = None,
        *,
        embeds: Tensor | None = None,
        position_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        cache: Cache | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """As `Llama.forward`."""
        found = self.inner(
            input_ids=ids if embeds is None else None,
            inputs_embeds=embeds,
            position_ids=position_ids,
            attention_mask=attention_mask,
            cache=None if cache is None else self._theirs(cache),
            use_cache=cache is not None,
            logits_to_keep=1 if last_only else 0,
        )
        if cache is not None:  # theirs holds everything that ours did, and this call's positions
            cache.keys = [layer.keys for layer in found.cache.layers]
            cache.values = [layer.values for layer in found.cache.layers]
        return found.logits[:, -1] if last_only else found.logits

    def _theirs(self, cache: Cache):
        from transformers import DynamicCache

        theirs = DynamicCache(config=self.inner.config)
        for layer, (keys, values) in enumerate(zip(cache.keys, cache.values, strict=True)):
            theirs.update(keys, values, layer)
        return theirs


def load_hub(
    name: str, place: str | Path, *, device: torch.device, dtype: torch.dtype, local_files_only: bool
) -> LanguageModel:
    """A model by its folder or its name on the hub.

    Raises:
        OSError: it is not there, or cannot be fetched. ValueError: it has no fast tokenizer.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"local_files_only": local_files_only}
    tokenizer = AutoTokenizer.from_pretrained(str(place), **options)
    model = AutoModelForCausalLM.from_pretrained(str(place), dtype=dtype, **options).to(device)
    core = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(core, Tokenizer):
        raise ValueError(f"{name} has no fast tokenizer, which is needed")
    words = json.loads(core.to_str())["model"]["type"] == "WordLevel"
    return LanguageModel(
        name,
        HubModel(model),
        TextTokenizer(core, words=words),
        about=f"{model.config.model_type}, {sum(p.numel() for p in model.parameters()) / 1e6:.0f} M parameters",
        context=getattr(model.config, "max_position_embeddings", 2048),
        eos_id=tokenizer.eos_token_id,
        pad_id=tokenizer.pad_token_id,
    )
