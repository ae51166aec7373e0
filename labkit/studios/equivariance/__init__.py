"""A model, a transformation, and the equivariance error over the whole orbit: models of several papers at once."""
