"""A Survey on Structured State Space Sequence (S4) Models (Somvanshi et al. 2025): the lineage side by side."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="s4_survey",
    title="A Survey on Structured State Space Sequence (S4) Models",
    authors=(
        "Shriyank Somvanshi",
        "Md Monzurul Islam",
        "Mahmuda Sultana Mimi",
        "Sazzad Bin Bashar Polock",
        "Gaurab Chhetri",
        "Subasish Das",
    ),
    year=2025,
    venue="arXiv",
    arxiv="2503.18970",
    theme="state_space",
    level="intermediate",
    minutes=120,
    prerequisites=("s4", "hippo", "recurrent networks and attention", "PyTorch modules"),
    idea=(
        "One family in four steps. **S4**: a structured linear system a channel, run as one long convolution. **DSS** "
        "and **S4D**: the diagonal is enough. **S5**: one system for all channels, run by a parallel scan. **Mamba**: "
        "the step $\\Delta$, the input map and the readout depend on the token, so the model can choose what to "
        "remember; no convolution is left, only the scan. **Jamba**: mostly Mamba, one attention layer in eight, and "
        "experts. Beside them stand the RNN, the LSTM and the Transformer, behind the same three methods: run a "
        "sequence, step, and say what you keep."
    ),
    equations=(
        Equation("S4, S4D, DSS: a system a channel", r"y = \bar K * u, \qquad \bar K_l = C\bar A^l\bar B"),
        Equation(
            "DSS: a softmax over the lags",
            r"\bar K_l = 2\,\mathrm{Re}\sum_n \frac{W_n}{\lambda_n}\,"
            r"\frac{e^{\lambda_n\Delta l}}{\sum_{r<L} e^{\lambda_n\Delta r}}",
        ),
        Equation(
            "S5: one system for all channels",
            r"x_k = \bar\Lambda x_{k-1} + \bar B u_k, \qquad y_k = 2\,\mathrm{Re}(\tilde C x_k) + D u_k",
        ),
        Equation(
            "Mamba: the step, B and C depend on the token",
            r"x_k = e^{\Delta_k A}x_{k-1} + \Delta_k B_k u_k, \qquad y_k = C_k x_k + D u_k",
        ),
        Equation(
            "for N = 1, A = -1 and zero-order hold: a gate",
            r"x_k = (1-g_k)\,x_{k-1} + g_k u_k, \qquad g_k = \sigma(\mathrm{Linear}(u_k))",
        ),
    ),
    studio="state_space",
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "ABLATIONS",
            "LINEAGE",
            "Jamba",
            "JambaBlock",
            "MambaBlock",
            "SelectiveSSM",
            "SparseMoE",
            "TopKRouter",
            "build",
            "cost_model",
            "induction_heads",
            "jamba_sizes",
            "layers_block_type",
            "layers_num_experts",
            "match_params",
            "selective_copying",
            "selective_scan",
            "state_bytes",
        ],
    },
)
