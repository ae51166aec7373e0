"""ConvS5's experiment: fair, repeatable, and the claims are read off what was measured."""

import pytest
import torch

from labkit.experiment import SCALES, Run
from labkit.state_space.convs5.experiment import EXPERIMENT
from labkit.state_space.convs5.experiment.costs import frame_cost
from labkit.state_space.convs5.experiment.settings import (
    CONVS5,
    PAIR,
    PRESETS,
    TRANSFORMER,
    ConvS5Settings,
    Model,
    Video,
    convs5,
)
from labkit.state_space.convs5.experiment.trained import VIDEO, trained
from labkit.state_space.convs5.experiment.training import (
    build,
    clips_of,
    held_out_loss,
    parameter_count,
    train,
)
from labkit.state_space.convs5.figures import result_figures
from labkit.state_space.convs5.method import next_frame_loss

CPU = torch.device("cpu")
SMALL = Video(
    length=8, clips=8, d_model=8, layers=1, depths=(4, 8), steps=2, batch=4, test=3, context=4, rollout=5
)
TINY = ConvS5Settings(
    video=SMALL,
    models={
        "ConvS5": Model(kind="convs5", core={"P": 8}),
        "ConvLSTM": PAIR["ConvLSTM"],
        "S5 on flat latents": Model(kind="s5", core={"width": 8, "d_state": 4}),
    },
    ablations={"LegS, 3 x 3, resnet": convs5(), "random start": convs5(init="random")},
    ablation_steps=1,
    contexts=(2, 6),
    timed={"ConvS5": CONVS5, "Transformer": TRANSFORMER},
    scan_lengths=(8,),
    scan_channels=4,
)


def quiet(done, message=""):
    pass


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return EXPERIMENT.run(
        "class", "cpu", [0, 1], settings=TINY, progress=quiet, checkpoints=tmp_path_factory.mktemp("runs")
    )


def test_all_stages_run_and_all_claims_are_read_off(tiny):
    assert set(tiny.metrics["stage"]) == {"scan", "prediction", "ablation", "generation"}
    assert len(tiny.claims) == 7 + 4 + 1
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    by_name = {claim.statement: claim for claim in tiny.claims}
    assert by_name["The parallel scan is the recurrence"].holds
    assert by_name["... nor does what it keeps"].values == (1.0, 1.0)
    assert tiny.data == ["moving digits from scikit-learn digits"]


def test_a_result_draws_every_picture_that_it_can(tiny):
    drawn = result_figures(tiny)
    assert set(drawn) == {
        "learning",
        "films",
        "rollout_psnr",
        "rollout_ssim",
        "rollout_position",
        "ablations",
        "generation_time",
        "generation_memory",
        "claims",
    }
    assert all(figure.layout.title.text and len(figure.data) for figure in drawn.values())


def test_the_same_seed_gives_the_same_figures(tiny):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=quiet)
    clock = ["seconds a step", "seconds forward and backward", "ms a frame"]

    def figures(result):
        rows = result.metrics[(result.metrics["seed"] == 0) & ~result.metrics["metric"].isin(clock)]
        return rows["value"].tolist()

    assert figures(again) == figures(tiny)


@pytest.mark.parametrize("scale", ["smoke", "class"])
def test_the_pair_is_matched_in_parameters(scale):
    video = PRESETS[scale].video
    a, b = (parameter_count(build(PRESETS[scale].models[n], video, CPU)) for n in ("ConvS5", "ConvLSTM"))
    assert 0.85 < a / b < 1.15


def test_train_and_test_share_no_digit():
    a, name = clips_of(SMALL, "train", 4, 3, torch.Generator("cpu").manual_seed(0))
    b, _ = clips_of(SMALL, "test", 4, 3, torch.Generator("cpu").manual_seed(0))
    assert name == "moving digits from scikit-learn digits" and not torch.equal(a, b)


def test_training_learns_and_the_held_out_loss_is_the_mean_over_clips():
    torch.manual_seed(0)
    video = SMALL.model_copy(update={"rate": 1e-2, "clips": 16})
    clips, _ = clips_of(video, "train", 16, 8, torch.Generator("cpu").manual_seed(0))
    model = build(PAIR["ConvLSTM"], video, CPU)
    before = held_out_loss(model, clips, batch=5)
    with torch.no_grad():
        assert before == pytest.approx(
            next_frame_loss(model(clips[:, :-1])[0], clips[:, 1:]).item(), rel=1e-4
        )
    train(model, clips, video, 25, Run("t", "smoke", CPU, 0), "t")
    assert held_out_loss(model, clips) < 0.7 * before


def test_what_is_kept_is_counted():
    video = 2 * torch.rand(1, 6, 1, 16, 16) - 1
    convs5_kept = [frame_cost(build(CONVS5, VIDEO, CPU), video[:, :n], True, times=2)[1] for n in (2, 6)]
    assert convs5_kept == [2 * 40 * 8 * 8] * 2  # 2 layers, P real numbers a pixel, 8 x 8 latents
    net = build(TRANSFORMER, VIDEO, CPU)
    cached = [frame_cost(net, video[:, :n], True, times=2)[1] for n in (2, 6)]
    assert cached == [4 * 2 * 128 * n for n in (2, 6)]  # 4 layers, keys and values
    assert frame_cost(net, video, False, times=2)[1] == 6 * 16 * 8 * 8  # the latents of six frames


def test_the_shipped_models_predict_better_than_black_and_are_refused_by_name():
    clips, _ = clips_of(VIDEO, "test", 8, 20, torch.Generator("cpu").manual_seed(5))
    black = next_frame_loss(torch.full_like(clips[:, 1:], -1.0), clips[:, 1:]).item()
    for name in PAIR:
        assert held_out_loss(trained(name), clips) < 0.6 * black
    with pytest.raises(ValueError, match="no trained model 'LSTM'; choose from ConvS5, ConvLSTM"):
        trained("LSTM")


def test_presets_exist_for_all_scales_and_paper_is_the_papers():
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"].video
    assert (paper.canvas, paper.length, paper.context, paper.rollout) == (64, 300, 100, 1200)
    assert (paper.d_model, paper.layers, paper.depths) == (256, 8, (64, 128, 256))
    assert (paper.batch, paper.rate, paper.warmup, paper.steps) == (8, 1e-3, 5000, 300_000)
    with torch.device("meta"):
        assert PRESETS["paper"].models["ConvS5"].core["P"] == 256
