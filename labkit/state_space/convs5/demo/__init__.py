"""ConvS5's interactive pictures: why 1 x 1, how the tree works, what a pixel remembers, what the models dream."""

from labkit.state_space.convs5.demo.scans import kernel_growth, scan_tree
from labkit.state_space.convs5.demo.videos import generation_time, memory, pixel_states, video_player

# in teaching order
DEMOS = (kernel_growth, scan_tree, pixel_states, memory, video_player, generation_time)
