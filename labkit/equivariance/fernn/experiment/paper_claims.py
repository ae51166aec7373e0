"""The paper's claims, read off the measurements."""

from labkit.equivariance.fernn.experiment.settings import FernnSettings
from labkit.experiment import Claim, Measurements


def claims(found: Measurements, settings: FernnSettings) -> list[Claim]:
    """The paper's claims, and this lab's findings about the read-outs."""
    made = [*_theorem(found), *_strips(found, settings), *_transfer(found)]
    for stage, make in (("planes", _planes), ("rotation", _rotation), ("clips", _clips)):
        if found.has(stage):
            made += make(found, settings)
    return made


def _ratio(above: tuple[float, ...], below: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a / b for a, b in zip(above, below, strict=True))


def _theorem(found: Measurements) -> list[Claim]:
    at = {"stage": "exactness", "metric": "relative error"}
    return [
        Claim(
            statement="FERNN is flow equivariant: a moving input re-indexes and shifts the states, exactly",
            reported="Theorem of section 4: exact",
            quantity="largest relative error of the states over all steps, nu^ = (1, -2), float64",
            values=found.per_seed("max", **at, model="FERNN-V2", space="hidden"),
            relation="<=",
            threshold=1e-12,
        ),
        Claim(
            statement="A G-RNN is not flow equivariant",
            reported="Section 3: the induction fails at the second frame",
            quantity="smallest relative error of the states after the first frame",
            values=found.per_seed("min", **at, model="G-RNN", space="pooled", step=list(range(1, 6))),
            relation=">",
            threshold=0.05,
        ),
        Claim(
            statement="The aligned read-out (ours) is flow equivariant end to end on a cyclic V",
            reported="not in the paper",
            quantity="largest relative error of the predictions, float64",
            values=found.per_seed("max", **at, space="output, aligned"),
            relation="<=",
            threshold=1e-10,
        ),
    ]


def _strips(found: Measurements, settings: FernnSettings) -> list[Claim]:
    at = {"stage": "strips", "metric": "test mse"}
    grnn, v1, v2 = (found.per_seed(**at, model=name) for name in ("G-RNN", "FERNN-V1", "FERNN-V2"))
    beyond = {"stage": "strips", "metric": "beyond"}
    long = [found.per_seed(**beyond, reach=2, model=name) for name in ("FERNN-V2", "G-RNN")]
    far = [found.per_seed(**beyond, reach=3, model=name) for name in ("FERNN-V2", "G-RNN")]
    enough = settings.strips.steps >= 800
    return [
        Claim(
            statement="With as many parameters, FERNN predicts moving data better than the G-RNN",
            reported="Table 1, moving MNIST with V2 (unverified): 1.5e-4 against 8.1e-3",
            quantity="test MSE of FERNN-V2 / of G-RNN, two bars on a ring",
            values=_ratio(v2, grnn),
            relation="<=",
            threshold=0.5,
        ),
        Claim(
            statement="A V with part of the data's velocities helps partly",
            reported="Table 1 (unverified): 8.1e-3, 5.3e-4 and 1.5e-4 for V0, V1, V2",
            quantity="the larger of MSE(V1)/MSE(G-RNN) and MSE(V2)/MSE(V1)",
            values=tuple(max(a, b) for a, b in zip(_ratio(v1, grnn), _ratio(v2, v1), strict=True)),
            relation="<",
            threshold=1.0,
        ),
        Claim(
            statement="FERNN learns faster",
            reported="training curves; not quantified",
            quantity="share of the steps until FERNN-V2 has the G-RNN's final training loss",
            values=found.per_seed(stage="strips", metric="share of steps", model="FERNN-V2"),
            relation="<=",
            threshold=1 / 3,
        ),
        Claim(
            statement="FERNN generalises to longer sequences",
            reported="length generalisation to 40 frames and more; not quantified",
            quantity="MSE of FERNN-V2 / of G-RNN between once and twice the trained horizon",
            values=_ratio(*long),
            relation="<=" if enough else None,
            threshold=0.5 if enough else None,
            note="" if enough else "judged at the class scale, where the models are trained for longer",
        ),
        Claim(
            statement="... and far beyond the trained horizon",
            reported="as above",
            quantity="MSE of FERNN-V2 / of G-RNN between twice and three times the trained horizon",
            values=_ratio(*far),
            note="all models' roll-outs diverge in the end; which one first is a matter of training",
        ),
    ]


def _spread(found: Measurements, model: str) -> tuple[float, ...]:
    at = {"stage": "transfer", "metric": "mse by velocity", "model": model}
    return _ratio(found.per_seed("max", **at), found.per_seed("min", **at))


def _transfer(found: Measurements) -> list[Claim]:
    return [
        Claim(
            statement="Trained on still bars only, FERNN predicts moving ones equally well (cyclic V, aligned head)",
            reported="zero-shot velocity generalisation; not quantified",
            quantity="largest / smallest MSE over the velocities 0, 1, 2, 3, 5",
            values=_spread(found, "FERNN, cyclic V, aligned"),
            relation="<=",
            threshold=1.001,
        ),
        Claim(
            statement="... and a G-RNN does not",
            reported="as above",
            quantity="largest / smallest MSE over the velocities",
            values=_spread(found, "G-RNN"),
            relation=">=",
            threshold=100.0,
            note="its errors on moving bars are always above 0.1. At a constant rate of learning the error at rest "
            "does not settle, and the ratio was 16 in a first class run (seed 0); the class scale's rate now falls",
        ),
        Claim(
            statement="With the reference's read-out FERNN does not transfer either (our finding)",
            reported="not in the paper",
            quantity="largest / smallest MSE over the velocities",
            values=_spread(found, "FERNN, cyclic V, reference"),
            relation=">=",
            threshold=20.0,
            note="the reference's head is aligned with the last frame, not with the one that it predicts",
        ),
    ]


def _planes(found: Measurements, settings: FernnSettings) -> list[Claim]:
    at = {"stage": "planes", "metric": "test mse"}
    best = f"FERNN-V{max(settings.planes.radii)}"
    enough = settings.planes.steps >= 100
    return [
        Claim(
            statement="On digits that drift on a torus FERNN predicts better than the G-RNN",
            reported="Table 1, moving MNIST (unverified): 1.5e-4 against 8.1e-3",
            quantity=f"test MSE of {best} / of G-RNN",
            values=_ratio(found.per_seed(**at, model=best), found.per_seed(**at, model="G-RNN")),
            relation="<" if enough else None,
            threshold=1.0 if enough else None,
            note="The gap opens with training; the paper trains for 23,000 steps and more. A first preset of the class "
            "scale (150 steps, hidden 12; seeds 3, 4, 5) gave 1.12, 0.70, 0.82: not held",
        )
    ]


def _rotation(found: Measurements, settings: FernnSettings) -> list[Claim]:
    at = {"stage": "rotation", "metric": "test mse"}
    return [
        Claim(
            statement="On digits that turn FERNN predicts better than the G-RNN",
            reported="Table 1, rotating MNIST (unverified): 6.1e-4 against 4.0e-3",
            quantity="test MSE of FERNN / of G-RNN",
            values=_ratio(found.per_seed(**at, model="FERNN"), found.per_seed(**at, model="G-RNN")),
            relation="<",
            threshold=1.0,
        )
    ]


def _clips(found: Measurements, settings: FernnSettings) -> list[Claim]:
    at = {"stage": "clips", "metric": "accuracy"}
    fernn = found.per_seed(**at, model="FERNN")

    def gain(name: str) -> tuple[float, ...]:
        return tuple(a - b for a, b in zip(fernn, found.per_seed(**at, model=name), strict=True))

    stand_in = (
        "generated clips stand in for KTH, and a few hundred steps for 500 epochs. The class scale was changed after a "
        "first run (160 steps, hidden 8, seed 0), in which the recurrent models had hardly begun to learn"
    )
    return [
        Claim(
            statement="Before a moving camera FERNN recognises actions better than the G-RNN",
            reported="Table 2, KTH (unverified): 0.716 against 0.665",
            quantity="accuracy of FERNN - of G-RNN, generated clips",
            values=gain("G-RNN"),
            relation=">",
            threshold=0.0,
            note=stand_in,
        ),
        Claim(
            statement="... and better than a 3D convolutional network",
            reported="Table 2, KTH (unverified): 0.716 against 0.626",
            quantity="accuracy of FERNN - of the 3D-CNN, generated clips",
            values=gain("3D-CNN"),
            relation=">",
            threshold=0.0,
            note=stand_in,
        ),
    ]
