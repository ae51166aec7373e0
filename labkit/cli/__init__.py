"""The command line: `labkit --help`. Nothing heavy is imported before a command needs it."""

from labkit.cli.app import main

__all__ = ["main"]
