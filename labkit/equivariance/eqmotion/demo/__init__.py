"""EqMotion's interactive pictures, from a scene that is turned to what happens inside a layer."""

from labkit.equivariance.eqmotion.demo.parts import frequencies, inside_a_layer, relu_in_the_plane
from labkit.equivariance.eqmotion.demo.scenes import fan_of_futures, interaction_graph, turn_the_scene

# in teaching order
DEMOS = (
    turn_the_scene,
    frequencies,
    relu_in_the_plane,
    inside_a_layer,
    interaction_graph,
    fan_of_futures,
)
