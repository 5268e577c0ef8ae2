"""The command line: one thin function a verb; each imports what it needs when it is called."""

from darkhorn.cli.app import build, invoke, main

__all__ = ["build", "invoke", "main"]
