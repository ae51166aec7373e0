"""Vision transformers: ViT (DeiT without its distillation token), CaiT and CrossViT.

Each takes modules that say where a patch is. Such a module is called with the images and gives what is added to the
tokens, broadcastable to (batch, tokens, dim); it may also have

    attention_bias() -> (heads, tokens, tokens)    added to the attention's logits in every block
    rotate(q, k) -> (q, k)                         applied to queries and keys in every block
    after_block(index, tokens) -> tokens           applied to the tokens behind a block
"""

from labkit.nn.vit.cait import CaiT
from labkit.nn.vit.crossvit import CrossViT
from labkit.nn.vit.vision import VisionTransformer

__all__ = ["CaiT", "CrossViT", "VisionTransformer"]
