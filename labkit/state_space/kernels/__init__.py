"""The convolution kernel of a linear state-space model, K_l = C Abar^l Bbar, computed in several ways.

`krylov` works for any dense system, `vandermonde` for a diagonal one, `dplr_kernel` for a diagonal plus
low-rank one; each stands beside the slow form that defines it.
"""

from labkit.state_space.kernels.krylov import krylov
from labkit.state_space.kernels.vandermonde import vandermonde

__all__ = ["krylov", "vandermonde"]
