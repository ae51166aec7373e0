"""EqMotion's settings at three scales."""

from labkit.experiment import Settings


class Task(Settings):
    """One world, and the models that are trained on it.

    Attributes:
        past, future: frames read and predicted. width: pattern_dim and channels. silent: categories without message.
        heads: predictions of which the best counts. steps: of training.
    """

    past: int
    future: int
    width: int
    layers: int
    steps: int
    batch: int
    train: int
    test: int
    rate: float = 1e-3
    weight_decay: float = 1e-12
    categories: int = 2
    silent: int = 0
    heads: int = 1
    cosine: bool = True


class Bodies(Task):
    """Springs or charges: recorded every `every` steps of dt."""

    dt: float = 0.001
    every: int = 200


class Walkers(Task):
    """Pedestrians.

    Attributes:
        folds: scenes that are each left out once, and tested on. stride: between windows in training.
        agents: in a scene at most, with the focal one. supervise_all: the loss takes all agents, not the focal one.
    """

    folds: tuple[str, ...]
    agents: int = 6
    stride: int = 1
    supervise_all: bool = False


class EqMotionSettings(Settings):
    """The settings of all stages; a stage without settings is not run.

    `ablations` trains the full model and one without each part on springs. `supervised` is the weight of the
    cross-entropy on the graph in `graph` (ours; the paper never shows the edges).
    """

    springs: Bodies
    charged: Bodies | None = None
    ablations: Bodies | None = None
    graph: Bodies | None = None
    supervised: float = 0.1
    pedestrians: Walkers | None = None
    skeleton: Task | None = None
    molecule: Task | None = None


_SMALL = {"past": 20, "future": 20, "width": 16, "layers": 2, "batch": 50}

# The class scale is cut to what one core does in some two minutes a seed: narrower models, fewer samples and steps than
# the paper's, one test scene of pedestrians, and generated skeletons and molecules.
# the paper's, for all tasks with simulated bodies
_PAPER_BODIES = Bodies(
    past=20,
    future=20,
    width=64,
    layers=4,
    steps=200 * 5000 // 100,
    batch=100,
    train=5000,
    test=2000,
    rate=5e-4,
    cosine=False,
)

PRESETS = {
    "smoke": EqMotionSettings(
        springs=Bodies(**_SMALL, steps=240, train=400, test=100, cosine=False),
    ),
    "class": EqMotionSettings(
        springs=Bodies(past=20, future=20, width=32, layers=2, steps=1000, batch=50, train=1200, test=300),
        charged=Bodies(**_SMALL, steps=300, train=1000, test=200, dt=0.002, every=100),
        ablations=Bodies(**_SMALL, steps=250, train=1200, test=300),
        graph=Bodies(**_SMALL, steps=400, train=1200, test=300),
        pedestrians=Walkers(
            past=8,
            future=12,
            width=16,
            layers=2,
            steps=200,
            batch=32,
            train=0,
            test=0,
            categories=4,
            heads=20,
            rate=3e-3,
            folds=("zara01",),
        ),
        skeleton=Task(
            past=10,
            future=10,
            width=16,
            layers=2,
            steps=150,
            batch=32,
            train=400,
            test=100,
            categories=4,
            silent=2,
        ),
        molecule=Task(past=10, future=10, width=16, layers=2, steps=150, batch=32, train=400, test=100),
    ),
    "paper": EqMotionSettings(
        springs=_PAPER_BODIES,
        charged=_PAPER_BODIES,
        ablations=_PAPER_BODIES,
        graph=_PAPER_BODIES,
        pedestrians=Walkers(
            past=8,
            future=12,
            width=64,
            layers=4,
            steps=60 * 3000 // 100,
            batch=100,
            train=0,
            test=0,
            categories=4,
            heads=20,
            folds=("eth", "hotel", "zara01"),
            agents=12,
        ),
        skeleton=Task(
            past=10,
            future=10,
            width=72,
            layers=4,
            steps=20_000,
            batch=100,
            train=20_000,
            test=2000,
            rate=5e-4,
            categories=4,
            silent=2,
        ),
        molecule=Task(
            past=10, future=10, width=32, layers=4, steps=20_000, batch=100, train=5000, test=2000, rate=5e-4
        ),
    ),
}
