"""Finding Chromium, which draws PNGs and drives the browser tests."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MEND = "install it (Debian and Ubuntu: apt install chromium), or name its path in BROWSER_PATH"


def chromium() -> str | None:
    """The browser's path: what BROWSER_PATH names, or the first that is installed."""
    named = os.environ.get("BROWSER_PATH")
    if named and os.access(named, os.X_OK):
        return named
    return next((path for path in map(shutil.which, NAMES) if path), None)
