"""Mixture of experts: a router that gives each token to a few of many MLPs (Shazeer et al. 2017; Switch; Mixtral)."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Routing(NamedTuple):
    """Where each token goes."""

    weights: Tensor  # (tokens, top_k): the experts' shares
    experts: Tensor  # (tokens, top_k): their numbers
    load: Tensor  # (experts): the fraction of tokens that each expert gets; sums to top_k
    balance: Tensor  # the loss that evens the load, a scalar


class SwiGLU(nn.Module):
    """down(SiLU(gate(x)) * up(x)), without biases (Shazeer 2020)."""

    def __init__(
        self, dim: int, hidden: int, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ):
        super().__init__()
        place = {"dtype": dtype, "device": device}
        self.gate = nn.Linear(dim, hidden, bias=False, **place)
        self.up = nn.Linear(dim, hidden, bias=False, **place)
        self.down = nn.Linear(hidden, dim, bias=False, **place)

    def forward(self, x: Float[Tensor, "*tokens dim"]) -> Float[Tensor, "*tokens dim"]:
        return self.down(nn.functional.silu(self.gate(x)) * self.up(x))


class TopKRouter(nn.Module):
    """softmax(W x) over all experts; the k largest shares are kept, as they are (or made to sum to 1).

    Raises ValueError for experts < 1 and unless 1 <= top_k <= experts.
    """

    def __init__(
        self,
        dim: int,
        experts: int,
        top_k: int = 2,
        renormalise: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if experts < 1 or not 1 <= top_k <= experts:
            raise ValueError(f"1 <= top_k <= experts is required; got top_k={top_k}, experts={experts}")
        self.experts, self.top_k, self.renormalise = experts, top_k, renormalise
        self.proj = nn.Linear(dim, experts, bias=False, dtype=dtype, device=device)

    def forward(self, x: Float[Tensor, "tokens dim"]) -> Routing:
        """The shares, the experts, their load, and the balance loss.

        balance = E sum_e f_e p_e, with f_e the fraction of tokens that have e among their k, and p_e the mean of
        softmax_e. Uniform routing gives k; all tokens on the same k experts up to E.
        """
        shares = self.proj(x).softmax(-1)
        weights, chosen = shares.topk(self.top_k, dim=-1)
        load = chosen.flatten().bincount(minlength=self.experts).to(shares.dtype) / len(x)
        balance = self.experts * (load * shares.mean(0)).sum()
        if self.renormalise:
            weights = weights / weights.sum(-1, keepdim=True)
        return Routing(weights, chosen, load, balance)


class SparseMoE(nn.Module):
    """y = sum over the k chosen experts of share_e * expert_e(x), each expert a `SwiGLU`.

    After `forward`, `routing` holds what the router decided: `routing.balance` is the loss to add (times a small
    coefficient), `routing.load` who did the work. Arguments as for `TopKRouter`, and each expert's hidden width.
    """

    def __init__(
        self,
        dim: int,
        hidden: int,
        experts: int = 4,
        top_k: int = 2,
        renormalise: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        self.router = TopKRouter(dim, experts, top_k, renormalise, dtype, device)
        self.experts = nn.ModuleList(SwiGLU(dim, hidden, dtype, device) for _ in range(experts))
        self.routing: Routing | None = None

    def forward(self, x: Float[Tensor, "*tokens dim"]) -> Float[Tensor, "*tokens dim"]:
        flat = x.reshape(-1, x.shape[-1])
        self.routing = routing = self.router(flat)
        y = torch.zeros_like(flat)
        for number, expert in enumerate(self.experts):
            token, place = _assigned(routing.experts, number)
            if len(token):
                y = y.index_add(0, token, expert(flat[token]) * routing.weights[token, place, None])
        return y.reshape(x.shape)


def _assigned(chosen: Int[Tensor, "tokens k"], expert: int) -> tuple[Tensor, Tensor]:
    """(tokens, places among their k) that go to this expert."""
    return torch.nonzero(chosen == expert, as_tuple=True)
