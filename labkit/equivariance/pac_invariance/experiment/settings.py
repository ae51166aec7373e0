"""The experiment's settings at three scales."""

from labkit.experiment import Settings


class PacSettings(Settings):
    """The settings of all stages.

    environments, samples, tests, repeats    the grid: training environments, draws in each, test environments
    radius                                   of the acceptance test, relative to |m|
    variables, graphs, draws                 random graphs: sizes, how many graphs, repeats of each
    counts, wide                             their numbers of training environments; their radius, and that of `risks`
    risk_tests, icp_samples                  environments of the three test families, and draws for ICP's tests
    trials                                   repeats for the split bound
    """

    environments: tuple[int, ...] = (3, 5, 8, 11, 14, 17, 20)
    samples: tuple[int, ...] = (10_000, 15_000, 30_000, 45_000)
    tests: int = 100
    repeats: int = 1
    radius: float = 0.02
    variables: tuple[int, ...] = (8, 16, 32)
    graphs: int = 6
    draws: int = 5
    counts: tuple[int, ...] = (2, 3, 5, 8, 12, 20)
    wide: float = 0.1
    risk_tests: int = 200
    icp_samples: int = 2_000
    trials: int = 200


PRESETS = {
    "smoke": PacSettings(
        environments=(3, 5, 11),
        samples=(10_000,),
        tests=40,
        variables=(8, 16),
        graphs=2,
        risk_tests=100,
        trials=100,
    ),
    "class": PacSettings(),
    "paper": PacSettings(repeats=10),
}
