"""S4's settings at three scales."""

from labkit.experiment import Settings


class Training(Settings):
    """A classifier of sequences and how it is trained: AdamW, cosine over exactly the run, the SSM's rate apart."""

    epochs: int
    models: tuple[str, ...]
    d_model: int = 32
    d_state: int = 64
    layers: int = 2
    batch: int = 50
    rate: float = 1e-2
    ssm_rate: float = 1e-3
    decay: float = 0.01
    norm: str = "batch"
    dropout: float = 0.0
    bidirectional: bool = False
    train: int = 1400
    test: int = 397


class Speed(Settings):
    """How large the systems are whose kernel and generation are timed."""

    heads: int = 64
    d_state: int = 64
    lengths: tuple[int, ...] = (256, 1024, 4096)
    # the loop is only timed up to this length
    loop_up_to: int = 4096
    contexts: tuple[int, ...] = (128, 256, 512, 1024)
    d_model: int = 64
    layers: int = 4
    batch: int = 8


class S4Settings(Settings):
    """The settings of all stages."""

    orders: tuple[int, ...] = (4, 8, 16, 32, 64)
    kernel_lengths: tuple[int, ...] = (64, 255, 1024)
    speed: Speed = Speed()
    digits: Training = Training(epochs=6, models=("S4", "LSTM"))
    side: int = 16
    ablation: Training | None = None
    listops: Training | None = None
    listops_length: int = 64
    pathfinder: Training | None = None
    # without gaps and distractors the task fits minutes; the Long Range Arena's has both
    pathfinder_side: int = 12
    pathfinder_gap: int = 0
    pathfinder_distractors: int = 0
    mnist: Training | None = None
    mnist_side: int = 14


# From the paper's table of hyperparameters (as quoted by the lab's notes; not rerun here).
_LRA = {"d_model": 256, "layers": 6, "rate": 4e-3, "decay": 0.05, "bidirectional": True}

PRESETS = {
    "smoke": S4Settings(),
    "class": S4Settings(
        digits=Training(epochs=10, models=("S4", "random NPLR", "S4D", "LSTM", "Transformer", "CNN")),
        ablation=Training(epochs=10, models=("LSSL", "random Gaussian", "rank 2", "frozen")),
        listops=Training(
            epochs=6, models=("S4", "LSTM", "Transformer"), train=4000, test=1000, bidirectional=True
        ),
        pathfinder=Training(epochs=6, models=("S4", "LSTM"), train=8000, test=1000, bidirectional=True),
        mnist=Training(epochs=5, models=("S4",), train=4000, test=1000),
    ),
    "paper": S4Settings(
        orders=(4, 8, 16, 32, 64, 128),
        speed=Speed(lengths=(1024, 4096, 16384), d_model=512, layers=16, batch=64),
        digits=Training(
            epochs=200,
            models=("S4", "random NPLR", "S4D", "LSTM", "Transformer", "CNN"),
            d_model=512,
            layers=6,
            decay=0.05,
            norm="layer",
            dropout=0.1,
            bidirectional=True,
        ),
        listops=Training(
            **{**_LRA, "rate": 1e-2}, epochs=50, models=("S4", "LSTM", "Transformer"), train=96_000, test=2000
        ),
        listops_length=2000,
        pathfinder=Training(**_LRA, epochs=200, models=("S4", "LSTM"), batch=100, train=160_000, test=20_000),
        pathfinder_side=32,
        pathfinder_gap=1,
        pathfinder_distractors=2,
        mnist=Training(epochs=100, models=("S4",), d_model=256, layers=6, train=60_000, test=10_000),
        mnist_side=28,
    ),
}
