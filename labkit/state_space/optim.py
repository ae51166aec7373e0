"""Parameter groups: the dynamics learn slowly and do not decay (S4, section 4 and appendix)."""

from torch import nn


def parameter_groups(
    model: nn.Module, lr: float | int = 1e-2, ssm_lr: float | int = 1e-3, weight_decay: float | int = 0.01
) -> list[dict]:
    """Groups for AdamW: a model's state-space parameters apart from all others.

    Delta, Lambda, P and B of each layer (its `SSM_PARAMETERS`) get the rate min(lr, ssm_lr) and no weight
    decay, which would pull the memory length towards 1 step; everything else gets `lr` and `weight_decay`.
    Frozen parameters are in no group. Raises ValueError for lr <= 0, ssm_lr <= 0 and weight_decay < 0.
    """
    if lr <= 0 or ssm_lr <= 0 or weight_decay < 0:
        raise ValueError(
            f"lr and ssm_lr must be positive and weight_decay not negative; "
            f"got lr={lr}, ssm_lr={ssm_lr}, weight_decay={weight_decay}"
        )
    slow = {
        id(parameter)
        for module in model.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if name in getattr(module, "SSM_PARAMETERS", ())
    }
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {
            "name": "rest",
            "params": [p for p in learnt if id(p) not in slow],
            "lr": lr,
            "weight_decay": weight_decay,
        },
        {
            "name": "ssm",
            "params": [p for p in learnt if id(p) in slow],
            "lr": min(lr, ssm_lr),
            "weight_decay": 0.0,
        },
    ]
    return [group for group in groups if group["params"]]
