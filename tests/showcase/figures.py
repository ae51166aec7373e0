"""The showcase's result as a figure."""

from labkit import plotting


def result_figures(result) -> dict:
    """The measured line."""
    drawn = plotting.figure("The measured line", "x", "y")
    drawn.add_scatter(y=plotting.array(result.tensors["measure_line/line"]))
    return {"line": drawn}
