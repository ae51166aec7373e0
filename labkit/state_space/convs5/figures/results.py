"""The experiment's Results as pictures."""

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, figure
from labkit.state_space.convs5.figures.videos import colour_of, costs, scores, strips


def learning(result: Result) -> go.Figure:
    """The training loss of each model, at equal steps on the same clips."""
    rows = result.rows("prediction", "training loss")
    drawn = figure("Learning to predict the next frame", "training step", "loss a frame (sum over pixels)")
    for name, group in rows.groupby("model", sort=False):
        mean = group.groupby("step")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index), y=list(mean), name=name, line={"color": colour_of(name), "width": 2.5}
        )
    return drawn


def _by_horizon(result: Result, metric: str) -> dict[str, list[float]]:
    rows = result.rows("prediction", metric)
    return {
        name: list(group.groupby("ahead")["value"].mean())
        for name, group in rows.groupby("model", sort=False)
    }


def rollout_psnr(result: Result) -> go.Figure:
    """PSNR against how far ahead."""
    return scores(_by_horizon(result, "PSNR"), title="Rollouts: how sharp", y="PSNR (dB)")


def rollout_ssim(result: Result) -> go.Figure:
    """SSIM against how far ahead."""
    return scores(_by_horizon(result, "SSIM"), title="Rollouts: how similar in structure", y="SSIM")


def rollout_position(result: Result) -> go.Figure:
    """Centroid error against how far ahead."""
    return scores(
        _by_horizon(result, "centroid error"),
        title="Rollouts: where the light is",
        y="centroid error (pixels)",
    )


def films(result: Result) -> go.Figure:
    """One test clip: the truth and each model's rollout."""
    videos = {
        name.partition("/")[2]: video
        for name, video in result.tensors.items()
        if name.startswith("prediction/")
    }
    ahead = min(len(video) for video in videos.values())
    truth = videos.pop("truth")[-ahead:]
    return strips(
        {"truth": truth, **videos},
        max(1, ahead // 10),
        title="One rollout of the held-out clips (first seed)",
    )


def ablations(result: Result) -> go.Figure:
    """The held-out loss of each variant of ConvS5."""
    rows = result.rows("ablation", "held-out loss")
    drawn = figure("ConvS5 with one thing changed", "held-out loss a frame", "")
    mean = rows.groupby("variant", sort=False)["value"].mean()
    drawn.add_bar(
        x=list(mean),
        y=list(mean.index),
        orientation="h",
        marker_color=COLOURS[0],
        text=[f"{value:.1f}" for value in mean],
    )
    drawn.update_yaxes(autorange="reversed", automargin=True)
    return drawn


def _costs(result: Result, metric: str) -> dict[str, dict[int, float]]:
    rows = result.rows("generation", metric)
    return {
        name: {int(k): v for k, v in group.groupby("context")["value"].mean().items()}
        for name, group in rows.groupby("model", sort=False)
    }


def generation_time(result: Result) -> go.Figure:
    """Milliseconds for one more frame."""
    return costs(_costs(result, "ms a frame"), title="Time for one more frame", y="ms")


def generation_memory(result: Result) -> go.Figure:
    """Numbers that must be kept."""
    return costs(_costs(result, "numbers kept"), title="What must be kept", y="numbers")


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "prediction": (learning, films, rollout_psnr, rollout_ssim, rollout_position),
        "ablation": (ablations,),
        "generation": (generation_time, generation_memory),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    return {**drawn, "claims": claims_figure(result.claims)}
