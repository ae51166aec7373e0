"""ConvS5 (Smith et al., NeurIPS 2023): linear recurrences over images, run by a parallel scan.

The scan and its kernels, the systems, the layers around them, the model of video with its encoder and decoder, the
baselines in the same frame, and the metrics of generated video.
"""

from labkit.state_space.convs5.method.frames import (
    Decoder,
    Encoder,
    FrameTokens,
    ResidualBlock,
    flat_s5,
    frame_transformer,
)
from labkit.state_space.convs5.method.layers import (
    NONLINEARITIES,
    ConvLSTMLayer,
    ConvS5Layer,
    LayerStack,
    Nonlinearity,
    group_norm,
)
from labkit.state_space.convs5.method.metrics import (
    centroid,
    centroid_error,
    frechet_distance,
    mse,
    psnr,
    ssim,
)
from labkit.state_space.convs5.method.scan import (
    Element,
    TreeScan,
    compose,
    compose_kernels,
    conv_scan,
    convolve,
    scan_rounds,
    tree_scan,
)
from labkit.state_space.convs5.method.ssm import ConvS5SSM, ConvSSM
from labkit.state_space.convs5.method.teco import CONFIGS, TecoConfig, TecoConvS5
from labkit.state_space.convs5.method.video import KINDS, VideoModel, next_frame_loss, video_model

__all__ = [
    "CONFIGS",
    "KINDS",
    "NONLINEARITIES",
    "ConvLSTMLayer",
    "ConvS5Layer",
    "ConvS5SSM",
    "ConvSSM",
    "Decoder",
    "Element",
    "Encoder",
    "FrameTokens",
    "LayerStack",
    "Nonlinearity",
    "ResidualBlock",
    "TecoConfig",
    "TecoConvS5",
    "TreeScan",
    "VideoModel",
    "centroid",
    "centroid_error",
    "compose",
    "compose_kernels",
    "conv_scan",
    "convolve",
    "flat_s5",
    "frame_transformer",
    "frechet_distance",
    "group_norm",
    "mse",
    "next_frame_loss",
    "psnr",
    "scan_rounds",
    "ssim",
    "tree_scan",
    "video_model",
]
