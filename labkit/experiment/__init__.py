"""Experiments: settings at three scales, stages that can be resumed, Results, Claims, and the ledger."""

from labkit.experiment.claim import Claim
from labkit.experiment.experiment import Experiment, Settings, Stage
from labkit.experiment.ledger import Entry, record
from labkit.experiment.ledger import read as read_ledger
from labkit.experiment.measurements import Measurements, Run
from labkit.experiment.progress import Progress, bar, silent
from labkit.experiment.result import Result
from labkit.experiment.scale import SCALES, Scale

__all__ = [
    "SCALES",
    "Claim",
    "Entry",
    "Experiment",
    "Measurements",
    "Progress",
    "Result",
    "Run",
    "Scale",
    "Settings",
    "Stage",
    "bar",
    "read_ledger",
    "record",
    "silent",
]
