"""Experts and grouped-query attention."""

import pytest
import torch

from labkit.nn.attention import MultiHeadAttention
from labkit.nn.grouped_attention import GroupedQueryAttention
from labkit.nn.moe import SparseMoE, SwiGLU, TopKRouter

D = torch.float64


def draw(*shape, device):
    return torch.randn(*shape, dtype=D, device=device)


@pytest.mark.parametrize("renormalise", [False, True])
def test_equal_experts_are_one_expert_times_the_sum_of_the_shares(renormalise, device):
    moe = SparseMoE(6, 10, 5, 2, renormalise, dtype=D, device=device)
    for expert in moe.experts[1:]:
        expert.load_state_dict(moe.experts[0].state_dict())
    x = draw(2, 7, 6, device=device)
    y = moe(x)
    total = moe.routing.weights.sum(-1).unflatten(0, (2, 7))
    assert torch.allclose(y, total[..., None] * moe.experts[0](x), atol=1e-12)
    assert torch.allclose(total, torch.ones_like(total)) == renormalise


def test_each_token_gets_its_experts_by_its_shares(device):
    moe = SparseMoE(4, 6, 3, 2, dtype=D, device=device)
    x = draw(9, 4, device=device)
    y = moe(x)
    shares = moe.router.proj(x).softmax(-1)
    for token in range(9):
        order = shares[token].argsort(descending=True)[:2].tolist()
        expected = sum(shares[token, e] * moe.experts[e](x[token]) for e in order)
        assert torch.allclose(y[token], expected, atol=1e-12)


def test_swiglu(device):
    mlp, x = SwiGLU(3, 5, D, device), draw(2, 3, device=device)
    gate = x @ mlp.gate.weight.T
    expected = (gate * gate.sigmoid() * (x @ mlp.up.weight.T)) @ mlp.down.weight.T
    assert torch.allclose(mlp(x), expected, atol=1e-12)


def test_balance_is_k_when_uniform_and_larger_when_not(device):
    """f counts every one of a token's k experts: at uniform routing the loss is k, not 1."""
    router = TopKRouter(4, 4, 2, dtype=D, device=device)
    with torch.no_grad():
        router.proj.weight.zero_()
    # equal shares: topk breaks ties somehow, but p is uniform, so the loss is sum f = k
    routing = router(draw(50, 4, device=device))
    assert float(routing.balance) == pytest.approx(2.0)
    with torch.no_grad():
        router.proj.weight[:2] = 50.0
    x = torch.ones(10, 4, dtype=D, device=device)
    assert float(router(x).balance) == pytest.approx(4.0)
    assert float(router(x).load.sum()) == pytest.approx(2.0)


def test_grouped_queries_are_attention_with_repeated_keys(device):
    """With as many key heads as query heads, `MultiHeadAttention` itself; with fewer, the same keys for a group."""
    x = draw(2, 6, 8, device=device)
    mask = torch.ones(6, 6, dtype=torch.bool, device=device).tril()
    for kv_heads in (4, 2, 1):
        gqa = GroupedQueryAttention(8, 4, kv_heads, dtype=D, device=device)
        whole = MultiHeadAttention(8, 4, qkv_bias=False, dtype=D, device=device)
        with torch.no_grad():
            whole.q.weight.copy_(gqa.q.weight)
            k, v = (
                part.weight.unflatten(0, (kv_heads, 2)).repeat_interleave(4 // kv_heads, 0).flatten(0, 1)
                for part in (gqa.k, gqa.v)
            )
            whole.kv.weight.copy_(torch.cat([k, v]))
            whole.out.weight.copy_(gqa.out.weight)
            whole.out.bias.zero_()
            assert torch.allclose(gqa(x), whole(x, mask=mask), atol=1e-12)
            first, state = gqa(x[:, :4], gqa.default_state(2, 6))
            second, state = gqa.step(x[:, 4], state)
            assert torch.allclose(torch.cat([first, second[:, None]], 1), gqa(x[:, :5]), atol=1e-12)
            assert state.keys.shape == (2, kv_heads, 6, 2)


def test_bad_input(device):
    with pytest.raises(ValueError, match="top_k=5, experts=4"):
        TopKRouter(4, 4, 5, device=device)
    with pytest.raises(ValueError, match="dim must be a multiple of heads; got dim=6, heads=4"):
        GroupedQueryAttention(6, 4, device=device)
    with pytest.raises(ValueError, match="heads=4, kv_heads=3"):
        GroupedQueryAttention(8, 4, 3, device=device)
    gqa = GroupedQueryAttention(8, 4, 1, dtype=D, device=device)
    with pytest.raises(ValueError, match="room for 2 steps; 3 are needed"):
        gqa(draw(1, 3, 8, device=device), gqa.default_state(1, 2))
    with pytest.raises(ValueError, match="max_length=0"):
        gqa.default_state(1, 0)
