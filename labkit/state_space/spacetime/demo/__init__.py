"""SpaceTime's interactive pictures, from one matrix to a loop that was trained."""

from labkit.state_space.spacetime.demo.loops import open_and_closed
from labkit.state_space.spacetime.demo.measured import cost, filter_fit
from labkit.state_space.spacetime.demo.systems import companion_explorer, preprocessing

# in teaching order
DEMOS = (companion_explorer, filter_fit, cost, open_and_closed, preprocessing)
