"""Pictures of interventions and invariance: tensors and Results in, Plotly figures out."""

from labkit.equivariance.pac_invariance.figures.clouds import clouds
from labkit.equivariance.pac_invariance.figures.curves import failing_curve, risk_violins
from labkit.equivariance.pac_invariance.figures.graph import causal_graph
from labkit.equivariance.pac_invariance.figures.results import box_plot, result_figures

__all__ = ["box_plot", "causal_graph", "clouds", "failing_curve", "result_figures", "risk_violins"]
