"""HiPPO's settings at three scales."""

from labkit.experiment import Settings

PRODUCTS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Trained(Settings):
    """A trained task of one linear S4 layer on white noise: `delay` or `reconstruct`.

    The class scale keeps the paper's proportions: everything counted in steps is 8 times smaller, the state 16 times,
    and so is the band, since a window of `lag` steps holds 2 * freq * lag * dt numbers (488 of 1024 in the paper, 31 of
    64 here). 300 steps instead of 5120 want a larger rate; Delta, Lambda, P and B keep 1e-3.
    """

    length: int
    lag: int
    dt: float
    freq: float
    d_model: int
    d_state: int
    batch: int
    steps: int
    rate: float
    inits: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    freeze: bool = False


class Digits(Settings):
    """S4 on sequential digits."""

    epochs: int
    d_model: int = 32
    d_state: int = 64
    layers: int = 2
    batch: int = 50
    rate: float = 1e-2
    inits: tuple[str, ...] = ("legs", "fout", "legt", "random")


class HippoSettings(Settings):
    """The settings of all stages."""

    orders: tuple[int, ...] = (8, 16, 32, 64)
    signals: int = 1
    frequencies: tuple[float, ...] = (3.0,)
    seconds: float = 3.0
    dt: float = 1e-3
    delay_orders: tuple[int, ...] = (64,)
    lags: tuple[int, ...] = (250,)
    products: tuple[float, ...] = PRODUCTS
    delay_length: int = 1000
    delay_freq: float = 40.0
    train_signals: int = 16
    test_signals: int = 8
    random_draws: int = 3
    delay: Trained | None = None
    reconstruct: Trained | None = None
    digits: Digits | None = None


# The reference's four ranges of Delta at initialisation: 2e-3 makes the window, 2/Delta in the paper's unit
# timescale, exactly the 1000 steps of the delay.
_RANGES = {
    "(1e-3, 2e-3)": (1e-3, 2e-3),
    "(2e-3, 2e-3)": (2e-3, 2e-3),
    "(1e-3, 1e-1)": (1e-3, 1e-1),
    "(2e-3, 1e-1)": (2e-3, 1e-1),
}
_SCALED = {name: (8 * low, 8 * high) for name, (low, high) in _RANGES.items()}

PRESETS = {
    "smoke": HippoSettings(),
    "class": HippoSettings(
        signals=16,
        frequencies=(1.0, 3.0, 10.0),
        delay_orders=(16, 64, 128),
        lags=(100, 250, 500),
        delay=Trained(
            length=500,
            lag=125,
            dt=2e-3,
            freq=62.5,
            d_model=4,
            d_state=64,
            batch=64,
            steps=300,
            rate=1e-2,
            inits=("legs", "fout", "random"),
            ranges=_SCALED,
        ),
        digits=Digits(epochs=16),
    ),
    "paper": HippoSettings(
        signals=16,
        frequencies=(1.0, 3.0, 10.0),
        orders=(16, 32, 64, 256),
        delay_orders=(64, 256, 1024),
        lags=(250, 500),
        delay=Trained(
            length=4000,
            lag=1000,
            dt=2.5e-4,
            freq=1000.0,
            d_model=4,
            d_state=1024,
            batch=64,
            steps=20 * 16384 // 64,
            rate=1e-3,
            inits=("legs", "fout", "random"),
            ranges=_RANGES,
        ),
        reconstruct=Trained(
            length=4000,
            lag=1000,
            dt=1e-3,
            freq=100.0,
            d_model=256,
            d_state=256,
            batch=64,
            steps=20 * 16384 // 64,
            rate=1e-3,
            inits=("fout",),
            ranges={"(2e-3, 2e-3)": (2e-3, 2e-3)},
            freeze=True,
        ),
        digits=Digits(epochs=100, d_model=256, layers=6),
    ),
}
