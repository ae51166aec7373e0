"""Order Matters' settings at three scales."""

from labkit.experiment import Settings


class Sorter(Settings):
    """A network that sorts n numbers: `encoder` lstm (Ptr-Net) or set, `steps` P of the process block."""

    n: int = 5
    encoder: str = "set"
    steps: int = 0
    glimpses: int = 0
    glimpse_update: str = "add"


class Star(Settings):
    """A star-shaped model to learn, head first and head last."""

    variables: int = 10
    samples: int = 1000
    peakiness: float = 2.0


class Grams(Settings):
    """Five-grams of a Markov chain as sets. `pretrain`: steps of uniformly random orders before the search."""

    mode: str = "given"
    orders: tuple[tuple[int, ...], ...] | None = ((0, 1, 2, 3, 4),)
    steps: int = 400
    pretrain: int = 0


class OrderSettings(Settings):
    """All stages. Widths, steps and data are smaller than the paper's, but at `paper` scale."""

    sorters: tuple[Sorter, ...]
    sort_steps: int
    d: int = 32
    batch: int = 128
    stars: tuple[Star, ...]
    star_steps: int = 300
    replicates: int = 2
    d_sets: int = 64
    batch_sets: int = 64
    grams: dict[str, Grams]
    symbols: int = 30
    train_grams: int = 4000
    test_grams: int = 500
    set_sorting_steps: int = 0
    rate: float = 3e-3
    tests: int = 1000


NATURAL, BAD = (0, 1, 2, 3, 4), (4, 0, 2, 3, 1)  # the paper's (1,2,3,4,5) and (5,1,3,4,2)


def sorters(n: int, steps: tuple[int, ...]) -> tuple[Sorter, ...]:
    """Ptr-Net and every number of process steps, each without and with a glimpse (Table 1's row of n)."""
    both = (0, 1)
    return (
        *(Sorter(n=n, encoder="lstm", glimpses=g) for g in both),
        *(Sorter(n=n, steps=p, glimpses=g) for p in steps for g in both),
    )


_EASY = Grams(mode="sample_exact", orders=(NATURAL, BAD), pretrain=100)

PRESETS = {
    "smoke": OrderSettings(
        sorters=(
            Sorter(encoder="lstm"),
            Sorter(steps=0),
            Sorter(steps=5),
            Sorter(steps=1, glimpses=1),
        ),
        sort_steps=250,
        stars=(Star(),),
        star_steps=300,
        grams={"natural": Grams(), "bad": Grams(orders=(BAD,)), "easy": _EASY},
    ),
    "class": OrderSettings(
        sorters=(
            *sorters(5, (0, 1, 5, 10)),
            Sorter(steps=5, glimpses=1, glimpse_update="replace"),
            *sorters(10, (5,))[2:],
        ),
        sort_steps=500,
        stars=(
            Star(samples=200),
            Star(),
            Star(samples=20_000),
            Star(peakiness=0.5),
            Star(peakiness=20.0),
            Star(variables=20),
        ),
        replicates=2,
        grams={
            "natural": Grams(),
            "bad": Grams(orders=(BAD,)),
            "easy": _EASY,
            "hard": Grams(mode="sample_ancestral", orders=None, steps=700, pretrain=150),
            "uniform": Grams(mode="uniform", orders=None, steps=700),
            "max at once": Grams(mode="max", orders=None, steps=150, pretrain=0),
        },
        set_sorting_steps=400,
    ),
    "paper": OrderSettings(
        sorters=tuple(s for n in (5, 10, 15) for s in sorters(n, (0, 1, 5, 10))),
        sort_steps=10_000,
        d=128,
        stars=tuple(
            Star(variables=v, samples=s, peakiness=p)
            for v in (10, 20, 50)
            for s in (200, 1000, 5000, 20_000)
            for p in (0.5, 2.0, 20.0)
        ),
        star_steps=10_000,
        grams={
            "natural": Grams(steps=10_000),
            "bad": Grams(orders=(BAD,), steps=10_000),
            "easy": Grams(mode="sample_exact", orders=(NATURAL, BAD), steps=10_000, pretrain=1000),
            "hard": Grams(mode="sample_ancestral", orders=None, steps=10_000, pretrain=1000),
        },
        symbols=1000,
        train_grams=900_000,
        set_sorting_steps=10_000,
    ),
}
