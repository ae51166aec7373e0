"""Between pixels and latents: the encoder and the decoder (appendix B), and one token a frame for the baselines."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.nn.transformer import Transformer
from labkit.state_space.convs5.method.layers import ChannelNorm, group_norm
from labkit.state_space.layers import S5Layer, SequenceModel


class ResidualBlock(nn.Module):
    """skip + 0.1 (GN, ELU, conv 3x3, GN, ELU, conv 3x3 without bias, + bias); skip is 1x1 if the widths differ."""

    def __init__(self, channels: int, out: int, **place):
        super().__init__()
        self.norm1, self.norm2 = group_norm(channels, **place), group_norm(out, **place)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1, **place)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False, **place)
        self.bias = nn.Parameter(torch.zeros(out, 1, 1, **place))
        self.skip = nn.Identity() if channels == out else nn.Conv2d(channels, out, 1, **place)

    def forward(self, x: Float[Tensor, "frames channels H W"]) -> Float[Tensor, "frames out H W"]:
        """The same image, `out` channels."""
        z = self.conv1(F.elu(self.norm1(x)))
        z = self.conv2(F.elu(self.norm2(z))) + self.bias
        return self.skip(x) + 0.1 * z


class Encoder(nn.Module):
    """conv 3x3, then residual blocks of the widths `depths` with average pooling by 2 between them, then d_model.

    64 x 64 pixels and depths (64, 128, 256) give 16 x 16 latents. Raises ValueError for no depths.
    """

    def __init__(self, channels: int, depths: Sequence[int], d_model: int, **place):
        super().__init__()
        if not depths or min(depths) < 1:
            raise ValueError(f"depths must hold at least one width of at least 1; got {tuple(depths)}")
        self.first = nn.Conv2d(channels, depths[0], 3, padding=1, **place)
        widths = [depths[0], *depths]
        self.blocks = nn.ModuleList(ResidualBlock(a, b, **place) for a, b in pairwise(widths))
        self.last = nn.Identity() if depths[-1] == d_model else nn.Conv2d(depths[-1], d_model, 1, **place)

    def forward(self, x: Float[Tensor, "frames channels H W"]) -> Float[Tensor, "frames d_model h w"]:
        """Frames to latents."""
        x = self.first(x)
        for i, block in enumerate(self.blocks):
            x = block(F.avg_pool2d(x, 2) if i else x)
        return self.last(x)


class Decoder(nn.Module):
    """The encoder's mirror: residual blocks with nearest upsampling between them, LayerNorm, linear, tanh."""

    def __init__(self, channels: int, depths: Sequence[int], d_model: int, **place):
        super().__init__()
        widths = [d_model, *reversed(depths)]
        self.blocks = nn.ModuleList(ResidualBlock(a, b, **place) for a, b in pairwise(widths))
        self.norm = ChannelNorm(depths[0], **place)
        self.last = nn.Conv2d(depths[0], channels, 1, **place)

    def forward(self, x: Float[Tensor, "frames d_model h w"]) -> Float[Tensor, "frames channels H W"]:
        """Latents to frames in (-1, 1)."""
        for i, block in enumerate(self.blocks):
            x = block(F.interpolate(x, scale_factor=2, mode="nearest") if i else x)
        return self.last(self.norm(x)).tanh()


class FrameTokens(nn.Module):
    """One token a frame: a strided convolution as large as the latent, a sequence model, and back.

    mixer   (B, L, width) to the same, with `default_state(batch, max_length)`, and (y, state) = mixer(x, state)
    size    (height, width) of the latents: unlike a convolutional layer it serves one size only
    """

    def __init__(self, mixer: nn.Module, U: int, size: tuple[int, int], width: int, **place):
        super().__init__()
        self.mixer, self.U, self.size, self.width = mixer, U, tuple(size), width
        self.squeeze = nn.Conv2d(U, width, self.size, stride=self.size, **place)
        self.spread = nn.ConvTranspose2d(width, U, self.size, stride=self.size, **place)

    def _tokens(self, u: Tensor) -> Tensor:
        if u.ndim != 5 or u.shape[1] < 1 or tuple(u.shape[2:]) != (self.U, *self.size):
            raise ValueError(f"u must be (batch, length, {self.U}, *{self.size}); got {tuple(u.shape)}")
        return self.squeeze(u.flatten(0, 1))[:, :, 0, 0].unflatten(0, u.shape[:2])

    def _latents(self, x: Tensor) -> Tensor:
        return self.spread(x.flatten(0, 1)[:, :, None, None]).unflatten(0, x.shape[:2])

    def forward(
        self, u: Float[Tensor, "batch length U H W"], state: list | None = None
    ) -> tuple[Float[Tensor, "batch length U H W"], list]:
        """(output, state after the last frame). Raises ValueError for latents of another size."""
        tokens = self._tokens(u)
        if state is None:
            state = self.mixer.default_state(len(u), u.shape[1])
        y, state = self.mixer(tokens, state)
        return self._latents(y), state

    def step(self, u: Float[Tensor, "batch U H W"], state: list) -> tuple[Float[Tensor, "batch U H W"], list]:
        """(output, new state) for one frame."""
        y, state = self(u[:, None], state)
        return y[:, 0], state

    def default_state(self, batch: int, height: int, width: int, max_length: int | None = None) -> list:
        """The mixer's state; a Transformer needs to know how many frames there may be."""
        return self.mixer.default_state(batch, max_length or 1)


def frame_transformer(
    U: int, size: tuple[int, int], width: int, depth: int, heads: int, **place
) -> FrameTokens:
    """The Transformer baseline: causal, sinusoidal positions (paper: 8 layers, 1024 wide, 16 heads)."""
    mixer = Transformer(width, depth, heads, positions="sinusoidal", norm="layer", **place)
    return FrameTokens(mixer, U, size, width, **place)


def flat_s5(U: int, size: tuple[int, int], width: int, depth: int, d_state: int, **place) -> FrameTokens:
    """The S5 baseline: S5 layers over the flattened latents, one vector a frame."""
    mixer = SequenceModel(
        width,
        width,
        depth,
        layer=lambda h: S5Layer(h, d_state, **place),
        pool=None,
        **place,
    )
    return FrameTokens(mixer, U, size, width, **place)
