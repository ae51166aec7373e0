"""Theme equivariance: models that keep a symmetry. The actions, layers, metrics and data its papers share live here."""
