"""The loss of a set of columns."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def weighted_bce(
    logits: Float[Tensor, "batch columns"],
    y: Float[Tensor, "batch columns"],
    mask: Bool[Tensor, "batch columns"],
    alpha: float | int = 3.0,
) -> Float[Tensor, ""]:
    """-(alpha y log p + (1 - y) log(1 - p)), p = sigmoid(logit), averaged over the real columns of the batch.

    Its gradient in a logit is (1 - y) p - alpha y (1 - p). (The paper sums over a table's columns; the released code
    averages over all entries, padding included.)
    """
    each = -(
        alpha * y * torch.nn.functional.logsigmoid(logits) + (1 - y) * torch.nn.functional.logsigmoid(-logits)
    )
    return each[mask].mean()
