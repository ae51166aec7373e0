"""S4's interactive pictures: one linear map in three views, and what makes it fast."""

from labkit.state_space.s4.demo.costs import cost_chart, generation_race
from labkit.state_space.s4.demo.kernels import aliasing, complex_plane, kernel_gallery
from labkit.state_space.s4.demo.views import mixing_map, three_views

# in teaching order
DEMOS = (three_views, kernel_gallery, aliasing, complex_plane, cost_chart, mixing_map, generation_race)
