"""ConvS5's pictures."""
