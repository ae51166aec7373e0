"""HiPPO's interactive pictures: eight of them, from the basis functions to a kernel drawn by hand."""

from labkit.state_space.hippo.demo.bases import basis_explorer, spectrum, warp
from labkit.state_space.hippo.demo.errors import error_map
from labkit.state_space.hippo.demo.readouts import delay_dial, kernel_painter
from labkit.state_space.hippo.demo.streams import streaming, trajectories

# in teaching order
DEMOS = (
    basis_explorer,
    streaming,
    trajectories,
    error_map,
    delay_dial,
    warp,
    spectrum,
    kernel_painter,
)
