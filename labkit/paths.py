"""Where the lab keeps things, in a checkout and in an installed package."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The checkout's root; for an installed wheel, the folder inside the package that mirrors it."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "notebooks").is_dir() else PACKAGE / "_shipped"


def in_checkout() -> bool:
    """Whether labkit is used from its checkout (so that its own data may be written)."""
    return root() == PACKAGE.parent


def notebooks() -> Path:
    """The instructor's notebooks."""
    return root() / "notebooks"


def app() -> Path:
    """The dashboard's entry point."""
    return root() / "app" / "dashboard.py"


def shipped() -> Path:
    """What ships with the lab: ledger, small models."""
    return root() / "data"


def ledger() -> Path:
    """One JSON file a paper: the claims of the runs that the lab stands by."""
    return Path(os.environ.get("LABKIT_LEDGER") or shipped() / "ledger")


def downloads() -> Path:
    """What was fetched; inside the checkout, ignored by git; elsewhere in the user's cache."""
    if in_checkout():
        return shipped() / "downloads"
    import pooch

    return Path(pooch.os_cache("labkit"))


def data_override() -> Path | None:
    """The folder of ready data sets that the environment variable LABKIT_DATA names."""
    named = os.environ.get("LABKIT_DATA")
    return Path(named) if named else None


def results() -> Path:
    """Where runs store their Results: LABKIT_RESULTS, or `results/` in the checkout or working folder."""
    named = os.environ.get("LABKIT_RESULTS")
    if named:
        return Path(named)
    return (root() if in_checkout() else Path.cwd()) / "results"
