"""Heads of a real model, and what its layers' attention reads."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.language.magic_words.attention_bound.head import AttentionHead
from labkit.language_model import LanguageModel
from labkit.language_model.llama import Llama, rotation
from labkit.language_model.llama import rotate as turn


def head_from_layer(lm: LanguageModel, layer: int, head: int, *, rotate: bool = False) -> AttentionHead:
    """One head of a Llama's layer, on the layer's normed inputs. Heads that share keys and values get their group's.

    Args:
        rotate: turn queries and keys by their positions, as the model does.

    Raises:
        ValueError: the model is not one of our Llamas, or has no such layer or head.
    """
    if not isinstance(lm.model, Llama):
        raise ValueError(f"{lm.name} is not one of the lab's Llamas, whose heads can be taken out")
    config = lm.model.config
    for name, value, size in (
        ("layer", layer, config.num_hidden_layers),
        ("head", head, config.num_attention_heads),
    ):
        if not 0 <= value < size:
            raise ValueError(f"{name} must be from 0 to {size - 1}; got {value}")
    attention, d = lm.model.model.layers[layer].self_attn, config.head_dim
    group = head // (config.num_attention_heads // config.num_key_value_heads)
    turns = None
    if rotate:

        def turns(x: Tensor) -> Tensor:
            places = torch.arange(len(x), device=x.device)[None]
            return turn(x[None, None], *rotation(places, d, config.rope_theta))[0, 0]

    return AttentionHead(
        attention.q_proj.weight[head * d : (head + 1) * d].T,
        attention.k_proj.weight[group * d : (group + 1) * d].T,
        attention.v_proj.weight[group * d : (group + 1) * d].T,
        causal=True,
        turns=turns,
    )


@torch.no_grad()
def inputs_of_layer(lm: LanguageModel, ids: Tensor, layer: int) -> Float[Tensor, "length width"]:
    """What a layer's attention reads when the model reads these ids: the normed residual stream.

    Raises:
        ValueError: as `head_from_layer`.
    """
    head_from_layer(lm, layer, 0)
    body, config = lm.model.model, lm.model.config
    # block by block and not by a hook: the model is shared, and another thread may be reading something else
    x = body.embed_tokens(ids[None].to(body.embed_tokens.weight.device))
    angles = rotation(torch.arange(x.shape[1], device=x.device)[None], config.head_dim, config.rope_theta)
    for block in body.layers[:layer]:
        x = block(x, angles, None, None)
    return body.layers[layer].input_layernorm(x)[0]
