"""The settings at three scales."""

from labkit.experiment import Settings


class StreamSettings(Settings):
    """The settings of all stages.

    Attributes:
        d, n: width, and rows of the instances in memory. m: light rows a direction of the hard instance.
        hard_gaps, spiked_gaps: R, nominal. kappa: of the heavy rows' threshold. rates: Oja's, for the oracle.
        wide: widths at which the closed form is evaluated. starts: starts a median is taken over.
        draws: instances of the lower bound that a mean is taken over.
        long_rows, long_d: a stream that is made chunk by chunk, on the device.
    """

    d: int
    n: int
    m: int = 60
    hard_gaps: tuple[int, ...] = (2, 3, 4, 6, 8)
    spiked_gaps: tuple[float, ...] = (1.5, 2, 4, 8, 16)
    orders: tuple[str, ...] = ("random", "aligned_first", "aligned_last", "bursty")
    kappa: float = 3.0
    rates: int = 32
    limits: tuple[int, ...] = (0, 2, 4, 8)
    wide: tuple[int, ...] = (100, 1_000, 10_000, 100_000)
    starts: int = 20
    bound_gaps: tuple[int, ...] = (4, 8, 16)
    draws: int = 20
    sketches: tuple[int, ...] = (2, 4, 8, 16, 32, 64)
    long_rows: int
    long_d: int


PRESETS = {
    "smoke": StreamSettings(d=128, n=8_000, long_rows=100_000, long_d=128),
    "class": StreamSettings(d=256, n=20_000, long_rows=1_000_000, long_d=256),
    "paper": StreamSettings(d=2_000, n=100_000, long_rows=1_000_000, long_d=2_000, rates=40),
}
