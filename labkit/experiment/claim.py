"""A Claim: what the paper says, what was measured here, and whether it holds."""

import math
import operator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

# Two-sided 95% quantiles of Student's t for 1..10 degrees of freedom.
T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


class Claim(BaseModel):
    """A statement of the paper against a measurement.

    Attributes:
        statement: the claim in one sentence.
        reported: the paper's figure and where it stands, or "not quantified".
        quantity: what `values` are, with their unit.
        values: the measurement, one figure for each seed.
        relation, threshold: the claim holds when every seed's value stands in this relation to the
            threshold. Without a threshold the claim is only reported, and `holds` is None.
        note: what to know when reading the figure; why it does not hold, where it does not.
        scale, device, seeds: the run it comes from; filled in by `Experiment.run`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: str
    reported: str
    quantity: str
    values: tuple[float, ...] = Field(min_length=1)
    relation: Literal["<", "<=", ">", ">="] | None = None
    threshold: float | None = None
    note: str = ""
    scale: str = ""
    device: str = ""
    seeds: tuple[int, ...] = ()

    def model_post_init(self, _context) -> None:
        if (self.relation is None) != (self.threshold is None):
            raise ValueError("a claim has both a relation and a threshold, or neither")

    @property
    def measured(self) -> float:
        """The mean over seeds."""
        return sum(self.values) / len(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% confidence interval of the mean (Student's t); None for a single seed."""
        n = len(self.values)
        if n < 2 or not all(map(math.isfinite, self.values)):
            return None
        spread = math.sqrt(sum((value - self.measured) ** 2 for value in self.values) / (n - 1))
        half = (T95[n - 2] if n - 2 < len(T95) else 1.96) * spread / math.sqrt(n)
        return self.measured - half, self.measured + half

    @property
    def holds(self) -> bool | None:
        """True when every seed meets the threshold; None when there is none. NaN never meets one."""
        if self.relation is None or self.threshold is None:
            return None
        return all(RELATIONS[self.relation](value, self.threshold) for value in self.values)

    @property
    def verdict(self) -> str:
        """`holds`, `does not hold` or `reported`."""
        return {True: "holds", False: "does not hold", None: "reported"}[self.holds]

    @property
    def required(self) -> str:
        """The threshold in words, e.g. `< 0.05`."""
        return "" if self.relation is None else f"{self.relation} {self.threshold:g}"

    @property
    def measured_text(self) -> str:
        """The measurement in words: `0.013`, or `0.013 [0.011, 0.015]` over seeds."""
        if self.interval is None:
            return f"{self.measured:.3g}"
        low, high = self.interval
        return f"{self.measured:.3g} [{low:.3g}, {high:.3g}]"
