"""PAC Generalization via Invariant Representations (Parulekar, Shanmugam, Shakkottai; ICML 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="pac_invariance",
    title="PAC Generalization via Invariant Representations",
    authors=("Advait Parulekar", "Karthikeyan Shanmugam", "Sanjay Shakkottai"),
    year=2023,
    venue="ICML 2023",
    arxiv="2205.15196",
    theme="equivariance",
    level="intermediate",
    minutes=90,
    prerequisites=(
        "linear regression from second moments",
        "directed graphs of causes; interventions",
        "the union bound",
    ),
    idea=(
        "Train in several *environments*, each an intervention on the same linear causal system. Look for "
        "representations on which **one** linear predictor is (nearly) best in all of them. How often will it "
        "stay best "
        "in environments never seen? The paper answers in the style of PAC learning, and the sample is not the "
        "data but "
        "the **environments**: after enough random interventions of a family, whatever was invariant on all of them "
        "fails on a small fraction $\\delta$ of the rest. When interventions touch few nodes, how many are enough does "
        "not grow with the number of variables. The guarantee is for the family: change it, and it is gone."
    ),
    equations=(
        Equation("a linear causal system", r"X = BX + U, \qquad \Sigma = (I-B)^{-1} D\, (I-B)^{-\top}"),
        Equation(
            "the best predictor on a representation, in one environment",
            r"\beta_e = (\Phi \Sigma_e \Phi^\top)^{+}\, \Phi\, \Sigma_{e,Y}",
        ),
        Equation(
            "invariance on the training environments",
            r"\frac{1}{n^2}\sum_{i,j} \lVert \beta_i - \beta_j \rVert < r\, \lVert \bar\beta \rVert",
        ),
        Equation(
            "approximate invariance by gradients",
            r"\lVert \Phi \Sigma_e \Phi^\top w - \Phi \Sigma_{e,Y} \rVert \le \epsilon",
        ),
        Equation(
            "a bound for finitely many candidates (derived here)",
            r"\delta \le \frac{\ln |H| + \ln(1/\eta)}{n}",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "Environments",
            "HardIntervention",
            "LinearSEM",
            "MeanShift",
            "NoiseScaling",
            "SignFlip",
            "SoftIntervention",
            "accept",
            "environments_needed",
            "find_invariant_subsets",
            "fit_coefficients",
            "generalisation",
            "gradient_gap",
            "invariance_score",
            "split_bound",
            "vc_bound",
        ],
    },
)
