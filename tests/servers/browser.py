"""A browser: the Chromium of this machine, driven by Playwright."""

from pathlib import Path

from tests.servers.found import USED, missing, program

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> Path:
    """Where the browser is."""
    for name in NAMES:
        if found := program(name):
            USED["browser"] = str(found)
            return found
    return missing("browser", "install chromium")
