"""Mamba and Jamba against the public implementation in transformers, with its weights copied in."""

import pytest
import torch

from labkit.state_space.mamba import MambaBlock
from labkit.state_space.s4_survey.method import Jamba

transformers = pytest.importorskip("transformers")
D = torch.float32


def copy_mixer(block, theirs):
    """Their names into ours."""
    weights = theirs.state_dict()
    with torch.no_grad():
        for ours, name in (
            (block.in_proj.weight, "in_proj.weight"),
            (block.conv.weight, "conv1d.weight"),
            (block.conv.bias, "conv1d.bias"),
            (block.ssm.x_proj.weight, "x_proj.weight"),
            (block.ssm.dt_proj.weight, "dt_proj.weight"),
            (block.ssm.dt_bias, "dt_proj.bias"),
            (block.ssm.A_log, "A_log"),
            (block.ssm.D, "D"),
            (block.out_proj.weight, "out_proj.weight"),
        ):
            assert ours.shape == weights[name].shape
            ours.copy_(weights[name])
        if block.ssm.norms is not None:
            for norm, name in zip(block.ssm.norms, ("dt", "b", "c"), strict=True):
                norm.weight.copy_(weights[f"{name}_layernorm.weight"])


def test_mamba_mixer():
    from transformers.models.mamba.modeling_mamba import MambaMixer

    theirs = MambaMixer(transformers.MambaConfig(vocab_size=7, hidden_size=32, state_size=4), 0).eval()
    with torch.no_grad():
        theirs.dt_proj.bias.uniform_(-4, 0)
        theirs.dt_proj.weight.uniform_(-1, 1)
    ours = MambaBlock(32, 4, device="cpu").eval()
    copy_mixer(ours, theirs)
    u = torch.randn(2, 50, 32)
    with torch.no_grad():
        assert (ours(u) - theirs(u)).abs().max() < 1e-5
        assert theirs(u).abs().max() > 1e-2


def config(layers):
    return transformers.JambaConfig(
        vocab_size=7, hidden_size=16, intermediate_size=24, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, num_experts=4, num_experts_per_tok=2, attn_layer_period=8, attn_layer_offset=4,
        mamba_d_state=4, mamba_dt_rank=1, attn_implementation="eager",
    )  # fmt: skip


def test_jamba_mixer():
    from transformers.models.jamba.modeling_jamba import JambaMambaMixer

    theirs = JambaMambaMixer(config(1), 0).eval()
    with torch.no_grad():
        theirs.b_layernorm.weight.uniform_(0.5, 2)
        theirs.dt_proj.bias.uniform_(-4, 0)
    ours = MambaBlock(16, 4, dt_rank=1, inner_norm=True, device="cpu").eval()
    copy_mixer(ours, theirs)
    u = torch.randn(2, 40, 16)
    with torch.no_grad():
        assert (ours(u) - theirs(u)).abs().max() < 1e-5


def test_whole_jamba():
    """Layout, norms, residuals, experts with shares that do not sum to 1, and attention without positions."""
    from transformers.models.jamba.modeling_jamba import JambaModel

    theirs = JambaModel(config(9)).eval()
    ours = Jamba(16, 9, experts=4, top_k=2, hidden=24, heads=4, kv_heads=2, d_state=4, device="cpu").eval()
    with torch.no_grad():
        for block, layer in zip(ours.blocks, theirs.layers, strict=True):
            block.norm1.weight.copy_(layer.input_layernorm.weight)
            block.norm2.weight.copy_(layer.pre_ff_layernorm.weight)
            if hasattr(layer, "mamba"):
                layer.mamba.dt_proj.bias.uniform_(-4, 0)
                copy_mixer(block.mixer, layer.mamba)
            else:
                for name in "qkv":
                    getattr(block.mixer, name).weight.copy_(getattr(layer.self_attn, f"{name}_proj").weight)
                block.mixer.out.weight.copy_(layer.self_attn.o_proj.weight)
            mlp = layer.feed_forward
            if hasattr(mlp, "router"):
                mlp.router.weight.mul_(30)  # clear preferences
                block.mlp.router.proj.weight.copy_(mlp.router.weight)
                for i, expert in enumerate(block.mlp.experts):
                    gate, up = mlp.experts.gate_up_proj[i].chunk(2)
                    expert.gate.weight.copy_(gate)
                    expert.up.weight.copy_(up)
                    expert.down.weight.copy_(mlp.experts.down_proj[i])
            else:
                for name in ("gate", "up", "down"):
                    getattr(block.mlp, name).weight.copy_(getattr(mlp, f"{name}_proj").weight)
        x = torch.randn(2, 20, 16)
        expected = theirs(inputs_embeds=x, use_cache=False).last_hidden_state
        assert (ours(x) - expected).abs().max() < 1e-4
