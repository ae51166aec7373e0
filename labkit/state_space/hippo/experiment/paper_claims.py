"""The paper's claims, read off the measurements."""

from labkit.experiment import Claim, Measurements
from labkit.state_space.hippo.experiment.settings import HippoSettings
from labkit.state_space.inits import RANDOM_SYSTEMS


def claims(found: Measurements, settings: HippoSettings) -> list[Claim]:
    """The paper's claims, read off the measurements."""
    N, lag = 64, 250
    at = {"stage": "delay", "metric": "nrmse", "N": N, "lag": lag}
    made = [
        Claim(
            statement="S4's matrix is the exponentially warped Legendre basis",
            reported="Theorem: e^{tA}B = L_n(e^{-t}) e^{-t}, exactly",
            quantity="largest error of the kernels, N = 32, t in [0, 6]",
            values=found.per_seed("max", stage="kernels", measure="LegS"),
            relation="<",
            threshold=1e-8,
        ),
        Claim(
            statement="A window remembers 1/Δ steps: a delay as long as the window is within reach",
            reported="Section on timescales: 1/Δ is the length of memory; not quantified for a linear readout",
            quantity="NRMSE of LegT at Δ·lag = 1",
            values=found.per_seed(**at, measure="LegT", product=1.0),
            relation="<",
            threshold=0.05,
        ),
        Claim(
            statement="... and a delay twice as long as the window is not",
            reported="as above",
            quantity="NRMSE of LegT at Δ·lag = 2",
            values=found.per_seed(**at, measure="LegT", product=2.0),
            relation=">",
            threshold=0.5,
        ),
        Claim(
            statement="LegS is robust to Δ: a delay twice as long as 1/Δ is still within reach",
            reported="Infinite memory with exponential decay; not quantified for a linear readout",
            quantity="NRMSE of LegS at Δ·lag = 2",
            values=found.per_seed(**at, measure="LegS", product=2.0),
            relation="<",
            threshold=0.25,
        ),
        Claim(
            statement="LagT, once derived for an exponentially weighted memory, is not a good memory",
            reported="LagT is orthonormal under the uniform measure instead; not quantified",
            quantity="NRMSE of LagT at its best Δ",
            values=found.per_seed("min", **at, measure="LagT"),
            relation=">",
            threshold=0.4,
        ),
        Claim(
            statement="A random state, even the best of three draws and three kinds, remembers far worse than HiPPO",
            reported="Random A falls behind HiPPO throughout the paper; not quantified for a linear readout",
            quantity="smallest NRMSE of any random state / smallest of LegS",
            values=tuple(
                random / legs
                for random, legs in zip(
                    found.per_seed("min", **at, measure=[f"random {kind}" for kind in RANDOM_SYSTEMS]),
                    found.per_seed("min", **at, measure="LegS"),
                    strict=True,
                )
            ),
            relation=">=",
            threshold=3.0,
        ),
        Claim(
            statement="Scaled LegS remembers everything since the beginning, evenly",
            reported="HiPPO-LegS: uniform measure on [0, t], no timescale",
            quantity="relative error over the whole past, N = 32, 3 Hz",
            values=found.per_seed(
                stage="reconstruction", metric="weighted error", measure="scaled LegS", N=32, freq=3.0
            ),
            relation="<",
            threshold=0.05,
        ),
    ]
    if found.has("trained_delay"):
        made += _trained_claims(found)
    if found.has("digits"):
        made += _digit_claims(found)
    return made


# The class preset was changed after it had been measured on seeds 0, 1, 2; the ledger's run is of seeds 3, 4, 5.
_THIRD_PRESET = (
    "The third class preset; it was chosen on seeds 0, 1, 2, so others should judge it. Thresholds were never changed. "
    "First (125 Hz, rate 1e-3, window timescale): {first}. Second (62.5 Hz, rate 1e-2): {second}. Third: the "
    "reference's unit timescale."
)
_DIGITS_PRESET = (
    "The digits' preset was changed after a first run on seeds 0, 1, 2: from LayerNorm to the reference's BatchNorm, "
    "with FouT's dead state kept out of training. The first run gave {first}."
)


def _trained_claims(found: Measurements) -> list[Claim]:
    at = {"stage": "trained_delay", "metric": "nrmse"}
    good, wide = "(2e-3, 2e-3)", "(1e-3, 1e-1)"

    def ratio(a: dict, b: dict) -> tuple[float, ...]:
        return tuple(
            x / y
            for x, y in zip(found.per_seed("min", **at, **a), found.per_seed("min", **at, **b), strict=True)
        )

    return [
        Claim(
            statement="FouT learns the delay better than LegS when Δ fits the delay",
            reported="Delay task, figure: S4-FouT is best at the matching Δ (read off a curve)",
            quantity="NRMSE of FouT / of LegS, both at Δ in (2e-3, 2e-3)·8",
            values=ratio({"init": "FouT", "range": good}, {"init": "LegS", "range": good}),
            relation="<",
            threshold=1.0,
            note=_THIRD_PRESET.format(first="0.99, not held", second="2.33, not held"),
        ),
        Claim(
            statement="HiPPO learns the delay, a random state does not",
            reported="Delay task: random initialisations fail",
            quantity="smallest NRMSE of random / of FouT, over the ranges of Δ",
            values=ratio({"init": "random"}, {"init": "FouT"}),
            relation=">",
            threshold=1.5,
            note=_THIRD_PRESET.format(first="1.02, not held", second="1.97, not held"),
        ),
        Claim(
            statement="The timescale matters: Δ that covers the delay beats a wide range of Δ, for a window",
            reported="Section on timescales: initialise Δ so that 1/Δ covers the dependencies",
            quantity="NRMSE of FouT at (1e-3, 1e-1)·8 / at (2e-3, 2e-3)·8",
            values=ratio({"init": "FouT", "range": wide}, {"init": "FouT", "range": good}),
            relation=">",
            threshold=1.0,
            note=_THIRD_PRESET.format(first="1.00, not held", second="1.05, held"),
        ),
    ]


def _digit_claims(found: Measurements) -> list[Claim]:
    last = int(found.where(stage="digits")["epoch"].max())
    at = {"stage": "digits", "metric": "test accuracy", "epoch": last}
    return [
        Claim(
            statement="On sequential digits S4-LegS beats a random initialisation",
            reported="Long Range Arena: S4-LegS 90.88 (Image), random A clearly worse",
            quantity="test accuracy of LegS - of random",
            values=tuple(
                a - b
                for a, b in zip(
                    found.per_seed(**at, init="LegS"), found.per_seed(**at, init="random"), strict=True
                )
            ),
            relation=">",
            threshold=0.0,
            note=_DIGITS_PRESET.format(first="0.085, held"),
        ),
        Claim(
            statement="S4-FouT is as good as S4-LegS on image pixels",
            reported="Long Range Arena, Image: 89.07 against 88.65 (within 1 point)",
            quantity="test accuracy of FouT - of LegS",
            values=tuple(
                a - b
                for a, b in zip(
                    found.per_seed(**at, init="FouT"), found.per_seed(**at, init="LegS"), strict=True
                )
            ),
            relation=">=",
            threshold=-0.02,
            note=_DIGITS_PRESET.format(first="-0.41, not held"),
        ),
    ]
