"""The survey's settings at three scales."""

from labkit.experiment import Settings


class TokenTask(Settings):
    """A task of tokens and how it is learnt: AdamW, warm-up and cosine, the gradient's norm clipped at 1."""

    models: tuple[str, ...]
    length: int
    tokens: int = 3  # of copying: data tokens
    vocab: int = 6
    steps: int = 300
    d_model: int = 32
    layers: int = 2
    d_state: int = 8
    batch: int = 32
    rate: float = 5e-3
    decay: float = 0.01
    warmup: int = 20
    test: int = 256
    # induction is also tested at these multiples of the length
    stretches: tuple[float, ...] = (0.5, 1, 2, 4)


class Hybrid(TokenTask):
    """Jamba on induction heads: one attention layer in each period, 0 for none."""

    models: tuple[str, ...] = ("jamba",)
    periods: tuple[int, ...] = (8,)
    offset: int = 4
    experts: int = 2
    balance: float = 1e-3


class SurveySettings(Settings):
    """The settings of all stages."""

    copying: TokenTask
    induction: TokenTask
    ablation: TokenTask | None = None
    hybrid: Hybrid | None = None
    timed: tuple[str, ...] = ("mamba", "s4d", "transformer")
    lengths: tuple[int, ...] = (256, 1024, 4096)
    timed_width: int = 32
    timed_state: int = 8
    memory_lengths: tuple[int, ...] = (64, 4096)


_BOTH = ("mamba", "s4d")
_ALL = ("mamba", "mamba_lti", "s4", "s4d", "dss", "s5", "lstm", "transformer")

PRESETS = {
    "smoke": SurveySettings(
        copying=TokenTask(models=_BOTH, length=24, steps=600),
        induction=TokenTask(models=_BOTH, length=24, vocab=8, steps=250),
    ),
    # made to fit eight minutes of one core for three seeds
    "class": SurveySettings(
        copying=TokenTask(models=_ALL, length=32, tokens=4, vocab=8, steps=600),
        induction=TokenTask(models=_ALL, length=24, vocab=8, steps=300, stretches=(0.5, 1, 2, 4, 8)),
        ablation=TokenTask(
            models=("delta only", "B only", "C only"), length=32, tokens=4, vocab=8, steps=600
        ),
        hybrid=Hybrid(length=24, vocab=8, steps=240, layers=8, d_model=32, rate=3e-3),
        timed=("mamba", "s4", "s4d", "s5", "lstm", "transformer"),
        lengths=(256, 1024, 4096),
    ),
    "paper": SurveySettings(
        copying=TokenTask(
            models=_ALL, length=4096, tokens=16, vocab=16, steps=400_000, d_model=64, d_state=16, batch=64,
            rate=1e-4, decay=0.0, warmup=0,
        ),
        induction=TokenTask(
            models=_ALL, length=256, vocab=16, steps=200_000, d_model=64, d_state=16, batch=8, rate=1e-3,
            stretches=(1, 4, 16, 64, 256, 1024, 4096), test=64,
        ),
        ablation=TokenTask(
            models=("delta only", "B only", "C only"), length=4096, tokens=16, vocab=16, steps=400_000,
            d_model=64, d_state=16, batch=64, rate=1e-4,
        ),
        hybrid=Hybrid(
            length=256, vocab=16, steps=50_000, layers=8, d_model=64, experts=16, periods=(0, 8, 4, 2, 1)
        ),
        timed=("mamba", "s4", "s4d", "s5", "lstm", "transformer", "jamba"),
        lengths=(256, 1024, 4096, 16384, 65536),
        timed_width=256,
        timed_state=16,
    ),
}  # fmt: skip
