"""The experiment's settings at three scales."""

from labkit.experiment import Settings


class NBody(Settings):
    """Charged particles: from frame 30 predict frame 40.

    Attributes:
        dt: of the simulation; a frame is every 0.1 units of time, whatever dt. train, test: trajectories.
        hidden, layers: of the networks.
    """

    train: int
    test: int
    dt: float
    hidden: int
    layers: int
    steps: int
    batch: int
    rate: float
    weight_decay: float = 0.0
    cosine: bool = True


class Separation(Settings):
    """Random, untrained networks on all connected graphs of so many nodes that 1-WL confuses.

    Attributes:
        seeds: random networks a pair; it counts as separated if any of them does so.
    """

    nodes: int
    seeds: int


class Classify(Settings):
    """2-lifts: two copies of a graph, or its double cover?

    Attributes:
        cycles, trees: of the base graphs, see `labkit.datasets.graphs.lifts`. copies: frame elements averaged in the
            test; training draws one at a step.
    """

    train: int
    test: int
    cycles: tuple[int, ...]
    trees: tuple[int, int]
    steps: int
    batch: int = 64
    hidden: int = 64
    rate: float = 1e-3
    copies: int = 8


class Normals(Settings):
    """Unoriented normals of generated surfaces.

    Attributes:
        points: of a cloud. divisor: all of the paper's widths are divided by it. models: which are trained.
    """

    clouds: int
    test: int
    points: int
    divisor: int
    steps: int
    batch: int
    rate: float = 1e-3
    k: int = 20
    models: tuple[str, ...] = ("PointNet", "FA-PointNet")


class FrameSettings(Settings):
    """The settings of all stages."""

    nbody: NBody
    separation: Separation
    classify: Classify | None
    normals: Normals


# The class scale is cut to what one busy core does in some two minutes a seed: narrower networks, fewer samples and
# steps, and smaller clouds (128 of 512 points) than the paper's.
PRESETS = {
    "smoke": FrameSettings(
        nbody=NBody(
            train=300, test=200, dt=0.004, hidden=30, layers=3, steps=200, batch=50, rate=2e-3, cosine=False
        ),
        separation=Separation(nodes=6, seeds=20),
        classify=None,
        normals=Normals(clouds=100, test=40, points=128, divisor=8, steps=60, batch=8),
    ),
    "class": FrameSettings(
        nbody=NBody(train=1000, test=400, dt=0.001, hidden=30, layers=3, steps=1200, batch=50, rate=2e-3),
        separation=Separation(nodes=7, seeds=100),
        classify=Classify(train=800, test=200, cycles=(7, 9, 11), trees=(4, 8), steps=1500),
        normals=Normals(clouds=500, test=60, points=128, divisor=8, steps=250, batch=8),
    ),
    "paper": FrameSettings(
        nbody=NBody(
            train=3000,
            test=2000,
            dt=0.001,
            hidden=60,
            layers=4,
            steps=10_000 * 3000 // 100,
            batch=100,
            rate=1e-3,
            weight_decay=1e-12,
            cosine=False,
        ),
        separation=Separation(nodes=8, seeds=100),
        classify=Classify(
            train=800, test=200, cycles=(5, 7, 9, 11), trees=(5, 20), steps=200 * 800 // 64, copies=32
        ),
        normals=Normals(
            clouds=5000,
            test=500,
            points=512,
            divisor=1,
            steps=50_000,
            batch=16,
            models=("PointNet", "DGCNN", "FA-PointNet", "FA-DGCNN", "FA-Local-PointNet"),
        ),
    ),
}
