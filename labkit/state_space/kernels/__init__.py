"""The convolution kernel of a linear state-space model, K_l = C Abar^l Bbar, computed in several ways.

`krylov` works for any dense system, `vandermonde` for a diagonal one, `dplr_kernel` for a diagonal plus
low-rank one, `companion_kernel` for a shift with feedback; each stands beside the slow form that defines it.
"""

from labkit.state_space.kernels.cauchy import cauchy
from labkit.state_space.kernels.companion import companion, companion_kernel, truncate_companion
from labkit.state_space.kernels.dplr import (
    dplr_kernel,
    dplr_responses,
    extend_readout,
    naive_kernel,
    real_form,
    real_input,
    real_readout,
    truncate_readout,
    untruncate_readout,
)
from labkit.state_space.kernels.krylov import krylov
from labkit.state_space.kernels.vandermonde import vandermonde

__all__ = [
    "cauchy",
    "companion",
    "companion_kernel",
    "dplr_kernel",
    "dplr_responses",
    "extend_readout",
    "krylov",
    "naive_kernel",
    "real_form",
    "real_input",
    "real_readout",
    "truncate_companion",
    "truncate_readout",
    "untruncate_readout",
    "vandermonde",
]
