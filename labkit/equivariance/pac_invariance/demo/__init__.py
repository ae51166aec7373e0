"""Interactive pictures of invariance, from one subset's coefficients to the bounds."""

from labkit.equivariance.pac_invariance.demo.coefficients import coefficients, graph
from labkit.equivariance.pac_invariance.demo.measured import failing, risks, simulation

# in teaching order
DEMOS = (graph, coefficients, simulation, failing, risks)
