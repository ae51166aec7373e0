"""SQLNet's settings at three scales."""

from labkit.experiment import Settings


class SQLNetSettings(Settings):
    """The settings of all stages.

    tables, per_table      training tables, and questions about each
    test_tables            of the 21 domains of training; a fourth as many more are of the three unseen ones
    dim                    the width of the hashed word vectors (the paper: GloVe, 300)
    d, layers              of every LSTM
    steps, every           updates of each model, and how often the development set chooses the best of each slot
    more                   further updates with fixed, and with trained word vectors
    reinforce              updates by REINFORCE of the sequence model
    feed                   what the sequence decoder is shown of the last position: `state` learns faster than SQLNet's
                           and Seq2SQL's one-hot `position`, so it is the stronger rival
    """

    tables: int
    per_table: int
    test_tables: int
    test_per_table: int
    dim: int
    d: int
    layers: int
    steps: int
    every: int
    more: int = 0
    reinforce: int = 0
    batch: int = 64
    rate: float = 3e-3
    reinforce_rate: float = 1e-4
    orders: tuple[str, ...] = ("schema", "random")
    feed: str = "state"
    column_gap: float = 0.10
    wikisql: bool = False


PRESETS = {
    "smoke": SQLNetSettings(
        tables=150, per_table=10, test_tables=42, test_per_table=4, dim=64, d=48, layers=1, steps=140, every=70,
        batch=48, rate=6e-3, orders=("random",), column_gap=0.05,
    ),
    # smaller than the paper's: one layer of 64 instead of two of 100, 450 updates of 64 instead of 88,000 (100 epochs)
    "class": SQLNetSettings(
        tables=600, per_table=10, test_tables=84, test_per_table=5, dim=64, d=64, layers=1, steps=450, every=90,
        more=60, reinforce=40,
    ),
    # the paper's configuration, with WikiSQL's files in LABKIT_DATA/wikisql: 100 epochs and 100 more
    "paper": SQLNetSettings(
        tables=2000, per_table=10, test_tables=500, test_per_table=10, dim=300, d=100, layers=2,
        steps=88_000, every=880, more=88_000, reinforce=1_760, rate=1e-3, feed="position",
        orders=("given", "schema", "random"), wikisql=True,
    ),
}  # fmt: skip
