"""labkit: a teaching lab for sequence models, one paper at a time.

    import labkit

    labkit.papers()                         # every paper of the lab
    labkit.show("hippo", "basis_explorer")  # an interactive picture, in a notebook
    labkit.run("hippo", scale="smoke")      # the paper's experiment, with its claims checked

Importing `labkit` imports neither torch nor plotly: each is imported by what needs it.
"""

from labkit.catalogue import Paper, paper, papers

__version__ = "0.1.0"
__all__ = ["Paper", "__version__", "paper", "papers", "run", "show"]


def run(slug, scale="smoke", device="auto", seed=0, **options):
    """Run a paper's experiment and return its `Result`.

    Args:
        slug: the paper, e.g. `"hippo"`; `labkit.papers()` lists them.
        scale: `"smoke"` (seconds), `"class"` (minutes) or `"paper"` (the paper's own configuration).
        device: `"auto"`, `"cpu"`, `"cuda"` or `"cuda:1"`.
        seed: a seed, or several; with several the claims carry a mean and an interval.
        options: `progress`, `checkpoints`, `settings`; see `labkit.experiment.Experiment.run`.

    Raises:
        ValueError: for an unknown paper, scale or device, with the choices.
    """
    return paper(slug).experiment().run(scale=scale, device=device, seed=seed, **options)


def show(demo, name=None, /, **values):
    """Show a demo as a widget in a notebook: `show("hippo", "warp")`, or `show(a_demo, order=8)`.

    Keyword arguments set the controls' first values.
    """
    from labkit.widgets import DemoWidget

    if isinstance(demo, str):
        if name is None:
            raise ValueError(
                f"show({demo!r}) needs the demo's name too: {', '.join(paper(demo).demo_names())}"
            )
        demo = paper(demo).demo(name)
    return DemoWidget(demo, **values)
