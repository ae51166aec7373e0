"""The ledger's entries and a Result's claims, as tables."""

from pathlib import Path

import pandas as pd
import streamlit as st

from labkit import paths
from labkit.experiment import Claim, Entry, read_ledger

VERDICTS = ("holds", "does not hold", "reported")
SIGN = {"holds": "✓ holds", "does not hold": "✗ does not hold", "reported": "· reported"}
TINT = {"✓ holds": "background-color: #E3F4EC", "✗ does not hold": "background-color: #FBE7DB"}

COLUMNS = {
    "claim": st.column_config.TextColumn("claim", width="large"),
    "reported": st.column_config.TextColumn("reported by the paper", width="medium"),
    "quantity": st.column_config.TextColumn("what was measured", width="medium"),
    "measured": st.column_config.TextColumn(
        "measured here", help="The mean over seeds, with its 95% interval."
    ),
    "note": st.column_config.TextColumn("note", width="medium"),
    "repeat with": st.column_config.TextColumn("repeat with", width="medium"),
}


def read(paper: str | None = None) -> tuple[list[Entry], list[str]]:
    """The ledger's entries, and an explanation for each damaged file: one bad file does not hide the others."""
    folder = paths.ledger()
    names = [paper] if paper else sorted(path.stem for path in Path(folder).glob("*.json"))
    entries, damaged = [], []
    for name in names:
        try:
            entries += read_ledger(folder, name)
        except ValueError:
            damaged.append(
                f"The ledger file `{name}.json` in `{folder}` is truncated or altered, so its claims are left out. "
                f"Restore it with `git checkout -- data/ledger/{name}.json`, or run its experiment again."
            )
    return entries, damaged


def row(claim: Claim) -> dict[str, str]:
    """A claim's columns."""
    return {
        "claim": claim.statement,
        "verdict": SIGN[claim.verdict],
        "reported": claim.reported,
        "measured": claim.measured_text,
        "required": claim.required,
        "quantity": claim.quantity,
        "note": claim.note,
    }


def ledger_table(entries: list[Entry]) -> pd.DataFrame:
    """Every claim of every entry, one a row."""
    return pd.DataFrame(
        [
            {
                "paper": entry.paper,
                **row(claim),
                "scale": entry.scale,
                "device": entry.device_name,
                "seeds": ", ".join(map(str, entry.seeds)),
                "date": entry.date[:10],
                "repeat with": entry.command,
            }
            for entry in entries
            for claim in entry.claims
        ]
    )


def tinted(table: pd.DataFrame):
    """The table with its verdicts in colour (and in words, for those who do not tell colours apart)."""
    return table.style.map(lambda verdict: TINT.get(verdict, ""), subset=["verdict"])


def counts(verdicts: pd.Series) -> str:
    """How many claims hold, do not hold, and are only reported."""
    found = {verdict: int((verdicts == SIGN[verdict]).sum()) for verdict in VERDICTS}
    words = (
        f":green-badge[✓ {found['holds']} hold]",
        f":orange-badge[✗ {found['does not hold']} do not hold]",
        f":gray-badge[· {found['reported']} reported only]",
    )
    return " ".join(words)
