"""SpaceTime (Zhang, Saab, Poli, Dao, Goel, Ré; ICLR 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="spacetime",
    title="Effectively Modeling Time Series with Simple Discrete State Spaces",
    authors=("Michael Zhang", "Khaled K. Saab", "Michael Poli", "Tri Dao", "Karan Goel", "Christopher Ré"),
    year=2023,
    venue="ICLR 2023",
    arxiv="2303.09489",
    theme="state_space",
    level="intermediate",
    minutes=90,
    prerequisites=(
        "linear algebra: eigenvalues, change of basis",
        "autoregression: predicting a value from those before it",
        "hippo",
    ),
    idea=(
        "A discretised continuous system answers an impulse with a sum of exponentials: it never stops. But a "
        "difference, a delay, a moving average or an autoregression **ends**. SpaceTime's state matrix is a "
        "*companion matrix*, a shift whose end is fed back: $A = S + a\\,e_d^\\top$. It is every one of these "
        "exactly, with the same few numbers that a textbook on time series would use. A second readout $k$ guesses "
        "the system's own next input; fed back, $A + bk^\\top$ forecasts **any horizon** from one state. And because "
        "a companion matrix is a shift plus rank one, its kernel costs $\\tilde O(d + \\ell)$ instead of $O(d\\ell)$."
    ),
    equations=(
        Equation("a shift with feedback", r"A = S + a\,e_d^\top, \qquad S_{i+1,i} = 1"),
        Equation(
            "an autoregression is a companion system",
            r"a = 0,\; b = e_1,\; c = k = \varphi \;\Rightarrow\; "
            r"\hat u_{t+1} = \sum_i \varphi_i u_{t+1-i}",
        ),
        Equation("the closed loop forecasts", r"x_{h+1} = (A + b k^\top)\,x_h, \qquad \hat y_h = c^\top x_h"),
        Equation(
            "the kernel by FFT",
            r"\hat K(z) = q(\tilde c, b) + \frac{q(\tilde c, a)\, q(e_d, b)}{z - q(e_d, a)}, "
            r"\qquad q(u, v) = \mathrm{DFT}\big(u^\top S^j v\big)",
        ),
        Equation("a stable column", r"\|a\|_1 = 1 \;\Rightarrow\; \rho(A) \le 1"),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "ClosedLoopCompanionSSM",
            "CompanionSSM",
            "Differencing",
            "MovingAverageResidual",
            "SpaceTime",
            "SpaceTimeClassifier",
            "companion",
            "companion_kernel",
            "from_ar",
            "from_arma",
            "from_exponential_smoothing",
            "to_companion",
        ],
    },
)
