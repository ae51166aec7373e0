"""A model of video: encode each frame, mix over time, decode the next frame; and generation in two phases."""

import warnings
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.state_space.convs5.method.frames import Decoder, Encoder, flat_s5, frame_transformer
from labkit.state_space.convs5.method.layers import ConvLSTMLayer, ConvS5Layer, LayerStack

KINDS = ("convs5", "convlstm", "transformer", "s5")


class VideoModel(nn.Module):
    """Frame k to frame k + 1: encoder -> core over time -> decoder (section 4, appendix B). Frames lie in [-1, 1].

    core      a `LayerStack`, or a `FrameTokens`: (latents, state) = core(latents, state), `step`, `default_state`
    d_model   the latents' channels; depths: the encoder's widths, one pooling by 2 between two of them
    actions   number of actions that may steer the video (0: none). A frame's action is embedded, concatenated to the
              latent and mixed by a 1x1 convolution; in training it is dropped half of the time (the null action)

    Raises ValueError for channels < 1 and no depths.
    """

    def __init__(
        self,
        core: nn.Module,
        d_model: int,
        channels: int = 1,
        depths: Sequence[int] = (8, 16),
        actions: int = 0,
        action_drop: float | int = 0.5,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if channels < 1 or actions < 0:
            raise ValueError(f"channels must be at least 1, actions at least 0; got {channels}, {actions}")
        place = {"dtype": dtype, "device": device}
        self.channels, self.shrink, self.actions, self.action_drop = (
            channels,
            2 ** (len(depths) - 1),
            actions,
            action_drop,
        )
        self.encoder = Encoder(channels, depths, d_model, **place)
        self.core = core
        self.decoder = Decoder(channels, depths, d_model, **place)
        if actions:
            self.action = nn.Embedding(actions + 1, d_model, **place)  # the last one is the null action
            self.mix = nn.Conv2d(2 * d_model, d_model, 1, **place)

    def encode(
        self, video: Float[Tensor, "batch length C H W"], actions: Int[Tensor, "batch length"] | None = None
    ) -> Float[Tensor, "batch length U h w"]:
        """The latents of each frame. Raises ValueError for an empty video, other channels or a size that the pooling
        does not divide; warns of values outside [-1, 1].
        """
        if video.ndim != 5 or video.shape[1] < 1 or video.shape[2] != self.channels:
            raise ValueError(
                f"video must be (batch, length, {self.channels}, H, W) and not empty; got {tuple(video.shape)}"
            )
        if video.shape[-1] % self.shrink or video.shape[-2] % self.shrink:
            raise ValueError(
                f"H and W must be multiples of {self.shrink} (the pooling); got {tuple(video.shape[-2:])}"
            )
        if video.detach().abs().max() > 1 + 1e-4:
            warnings.warn(
                f"frames should lie in [-1, 1]; these reach {float(video.detach().abs().max()):.3g}",
                stacklevel=3,
            )
        z = self.encoder(video.flatten(0, 1))
        if self.actions:
            z = self._steered(z, actions, video.shape[:2])
        return z.unflatten(0, video.shape[:2])

    def _steered(self, z: Tensor, actions: Tensor | None, shape: torch.Size) -> Tensor:
        null = torch.full(tuple(shape), self.actions, dtype=torch.long, device=z.device)
        if actions is None:
            actions = null
        elif actions.min() < 0 or actions.max() > self.actions:
            raise ValueError(f"actions must lie in 0..{self.actions} (the last is the null action)")
        if self.training:
            dropped = torch.rand(tuple(shape), device=z.device) < self.action_drop
            actions = torch.where(dropped, null, actions)
        embedded = self.action(actions.flatten())[:, :, None, None].expand_as(z)
        return self.mix(torch.cat([z, embedded], dim=1))

    def decode(self, z: Float[Tensor, "batch length U h w"]) -> Float[Tensor, "batch length C H W"]:
        """Latents to frames in (-1, 1)."""
        return self.decoder(z.flatten(0, 1)).unflatten(0, z.shape[:2])

    def forward(
        self,
        video: Float[Tensor, "batch length C H W"],
        states: list | None = None,
        actions: Int[Tensor, "batch length"] | None = None,
    ) -> tuple[Float[Tensor, "batch length C H W"], list]:
        """(predictions, states): prediction k is of frame k + 1, from frames 0..k. Raises as `encode` does."""
        z, states = self.core(self.encode(video, actions), states)
        return self.decode(z), states

    @torch.no_grad()
    def generate(
        self,
        context: Float[Tensor, "batch length C H W"],
        n: int,
        actions: Int[Tensor, "batch steps"] | None = None,
    ) -> Float[Tensor, "batch n C H W"]:
        """`n` frames that go on from the context, in two phases (section 3.4).

        1. All frames of the context but the last enter the state, in parallel.
        2. The last frame is the first input of the steps; each prediction is the next one's input.
        `actions`, where the model has them, cover the context and all generated inputs (length + n - 1).
        Raises ValueError for an empty context and n < 1.
        """
        if n < 1:
            raise ValueError(f"n, the frames to generate, must be at least 1; got {n}")
        length = context.shape[1]
        if length < 1:
            raise ValueError("context must hold at least one frame; got none")
        if actions is not None and actions.shape[1] != length + n - 1:
            raise ValueError(f"actions must cover {length + n - 1} inputs; got {actions.shape[1]}")
        height, width = context.shape[-2] // self.shrink, context.shape[-1] // self.shrink
        states = self.core.default_state(len(context), height, width, length + n)
        if length > 1:
            z = self.encode(context[:, :-1], None if actions is None else actions[:, : length - 1])
            _, states = self.core(z, states)
        frame, made = context[:, -1:], []
        for k in range(n):
            z = self.encode(frame, None if actions is None else actions[:, length - 1 + k, None])
            z, states = self.core.step(z[:, 0], states)
            frame = self.decode(z[:, None])
            made.append(frame)
        return torch.cat(made, dim=1)


def next_frame_loss(
    predicted: Float[Tensor, "batch length C H W"], target: Float[Tensor, "batch length C H W"]
) -> Float[Tensor, ""]:
    """Half the sum of squares plus half the sum of absolute errors of a frame, averaged over batch and time.

    Sums over pixels: a larger frame has a larger loss, and wants a smaller learning rate.
    """
    error = (predicted - target).flatten(2)
    return 0.5 * (error.square().sum(-1) + error.abs().sum(-1)).mean()


def video_model(
    kind: str,
    size: int,
    d_model: int,
    n_layers: int,
    depths: Sequence[int] = (8, 16),
    channels: int = 1,
    actions: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    **core,
) -> VideoModel:
    """A model of one of KINDS for size x size frames; `core` goes to its layers.

    convs5: P, k_B, k_C, nonlinearity, init, ...; convlstm: kernel; transformer: width, heads; s5: width, d_state.
    Raises ValueError for an unknown kind and a size that the pooling does not divide.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    shrink = 2 ** (len(depths) - 1)
    if size < shrink or size % shrink:
        raise ValueError(f"size must be a multiple of {shrink} (the pooling); got {size}")
    place = {"dtype": dtype, "device": device}
    latent = (size // shrink, size // shrink)
    if kind == "convs5":
        made = LayerStack(lambda: ConvS5Layer(d_model, **core, **place), n_layers)
    elif kind == "convlstm":
        made = LayerStack(lambda: ConvLSTMLayer(d_model, **core, **place), n_layers)
    elif kind == "transformer":
        made = frame_transformer(d_model, latent, depth=n_layers, **core, **place)
    else:
        made = flat_s5(d_model, latent, depth=n_layers, **core, **place)
    return VideoModel(made, d_model, channels, depths, actions, **place)
