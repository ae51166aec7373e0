"""Invariant representations: linear causal systems, interventions on them, the criterion, its bounds, and its
rivals."""

from labkit.equivariance.pac_invariance.method.baselines import erm, group_dro, icp, irm_v1
from labkit.equivariance.pac_invariance.method.bounds import (
    environments_needed,
    sample_error,
    split_bound,
    split_environments,
    vc_bound,
)
from labkit.equivariance.pac_invariance.method.interventions import (
    FAMILIES,
    HardIntervention,
    MeanShift,
    NoiseScaling,
    SignFlip,
    SoftIntervention,
)
from labkit.equivariance.pac_invariance.method.invariance import (
    Accepted,
    accept,
    find_invariant_subsets,
    fit_coefficients,
    fit_many,
    fit_representation,
    generalisation,
    gradient_gap,
    invariance_score,
    risk,
    subsets_of,
)
from labkit.equivariance.pac_invariance.method.mixing import mix, unmix
from labkit.equivariance.pac_invariance.method.sem import Environments, LinearSEM, moments_from_samples

__all__ = [
    "FAMILIES",
    "Accepted",
    "Environments",
    "HardIntervention",
    "LinearSEM",
    "MeanShift",
    "NoiseScaling",
    "SignFlip",
    "SoftIntervention",
    "accept",
    "environments_needed",
    "erm",
    "find_invariant_subsets",
    "fit_coefficients",
    "fit_many",
    "fit_representation",
    "generalisation",
    "gradient_gap",
    "group_dro",
    "icp",
    "invariance_score",
    "irm_v1",
    "mix",
    "moments_from_samples",
    "risk",
    "sample_error",
    "split_bound",
    "split_environments",
    "subsets_of",
    "unmix",
    "vc_bound",
]
