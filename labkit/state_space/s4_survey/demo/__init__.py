"""The survey's interactive pictures: the lineage, its models on one signal, selectivity, costs."""

from labkit.state_space.s4_survey.demo.hybrids import expert_loads, jamba_builder
from labkit.state_space.s4_survey.demo.lineage import complexity_chart, lineage_map
from labkit.state_space.s4_survey.demo.selectivity import (
    delta_microscope,
    effective_attention,
    vanishing_gradients,
)
from labkit.state_space.s4_survey.demo.side_by_side import side_by_side

# in teaching order
DEMOS = (
    lineage_map,
    side_by_side,
    vanishing_gradients,
    delta_microscope,
    effective_attention,
    complexity_chart,
    jamba_builder,
    expert_loads,
)
