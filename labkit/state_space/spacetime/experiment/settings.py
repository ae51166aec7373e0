"""SpaceTime's settings at three scales."""

from labkit.experiment import Settings


class Filters(Settings):
    """(a) Each kind of system is fitted to four impulse responses of `length` taps by Adam, from `draws` random
    starts at each of the rates; the best of them counts, for every kind alike.
    """

    d_state: int = 32
    length: int = 128
    draws: int = 2
    steps: int
    rates: tuple[float, ...] = (3e-2, 1e-1)


class Sinusoids(Settings):
    """(b) Closed loops learn sums of three sinusoids of fixed frequencies, random amplitudes and phases."""

    d_model: int = 16
    d_state: int = 32
    lag: int = 96
    horizon: int = 64
    mixed: tuple[int, ...] = (64, 128, 256)
    far: int = 256
    steps: int
    batch: int = 32
    rate: float = 1e-2
    init: str = "xavier"


class Forecasting(Settings):
    """(c) ETTh1's oil temperature from its last `lag` hours; all models get the same windows and updates.

    `gate` turns the comparison into claims: only where the models were trained long enough to compare.
    """

    d_model: int
    d_state: int
    lag: int = 336
    horizon: int = 96
    horizons: tuple[int, ...] = (48, 96)
    beyond: int = 192
    steps: int
    every: int
    batch: int = 50
    dropout: float
    rate: float
    stride: int
    models: tuple[str, ...]
    gate: bool
    init: str = "xavier"


class SpaceTimeSettings(Settings):
    """The settings of all stages."""

    filters: Filters
    forecasting: Forecasting
    sinusoids: Sinusoids | None = None
    cost_states: tuple[int, ...] = (16, 64, 256, 512)
    cost_lengths: tuple[int, ...] = (256, 1024, 4096)


MODELS = ("SpaceTime", "S4D", "LSTM", "Transformer")

PRESETS = {
    "smoke": SpaceTimeSettings(
        filters=Filters(steps=400),
        forecasting=Forecasting(
            d_model=16,
            d_state=32,
            steps=40,
            every=20,
            dropout=0.0,
            rate=3e-3,
            stride=24,
            models=("SpaceTime",),
            gate=False,
        ),
    ),
    "class": SpaceTimeSettings(
        filters=Filters(steps=1500),
        sinusoids=Sinusoids(steps=400),
        forecasting=Forecasting(
            d_model=32,
            d_state=64,
            steps=150,
            every=30,
            dropout=0.0,
            rate=3e-3,
            stride=1,
            models=MODELS,
            gate=True,
        ),
    ),
    # the reference's README configuration for ETTh1, horizon 720: 8209 windows of 50, at most 500 epochs
    "paper": SpaceTimeSettings(
        filters=Filters(steps=1500),
        sinusoids=Sinusoids(steps=700),
        forecasting=Forecasting(
            d_model=128,
            d_state=64,
            horizon=720,
            horizons=(720,),
            beyond=1440,
            steps=500 * ((12 * 720 - 336 - 720 + 1) // 50),
            every=(12 * 720 - 336 - 720 + 1) // 50,
            dropout=0.25,
            rate=1e-3,
            stride=1,
            models=MODELS,
            gate=True,
            init="normal",
        ),
    ),
}
