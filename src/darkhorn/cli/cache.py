"""``darkhorn cache``: the decaying mesons, and pictures of beams, that are kept on disk."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_table

EXAMPLE = "Example: darkhorn cache list --json"

ACTIONS = ("list", "clear")
"""What can be done."""


def cache(
    action: Annotated[str, typer.Argument(help=f"One of: {', '.join(ACTIONS)}.")] = "list", json: JsonOption = False
) -> None:
    """List or remove decaying mesons and pictures on disk: they save most of the time of the next run of the same beam.

    The directory is DARKHORN_CACHE ('off' for none), or that of the system for such files. The oldest entries go by
    themselves at the limit; damaged ones are made again.
    """
    from darkhorn.chain.cache import ABANDONED, LIMIT, cache_dir, clear, entries
    from darkhorn.core.errors import unknown_name

    if action not in ACTIONS:
        raise unknown_name("action of cache", action, ACTIONS)
    folder = cache_dir()
    found = entries(folder) if folder else []
    report: dict[str, Any] = {
        "directory": str(folder) if folder else None,
        "entries": len(found),
        "size_bytes": sum(state.st_size for _, state in found),
        "limit_bytes": LIMIT,
    }
    if action == "clear":
        report |= {"freed_bytes": clear(folder) if folder else 0, "unfinished_kept_s": ABANDONED}
    elif found:
        now = time.time()
        report |= {"oldest_s": max(now - found[0][1].st_mtime, 0.0), "newest_s": max(now - found[-1][1].st_mtime, 0.0)}
    if json:
        emit_json(report)
    else:
        _tell(report, folder)


def _tell(report: dict[str, Any], folder: Path | None) -> None:
    """Print what there is, or what was removed."""
    if folder is None:
        note("DARKHORN_CACHE is off: nothing is kept")
        return
    if "freed_bytes" in report:
        note(f"removed {report['entries']} entries, {report['freed_bytes'] / 1e6:.1f} MB, from {folder}")
        return
    rows = [
        ("entries", str(report["entries"])),
        ("size", f"{report['size_bytes'] / 1e6:.1f} MB of {report['limit_bytes'] / 1e6:.0f} MB"),
    ]
    ages = [(name, report[f"{name}_s"]) for name in ("oldest", "newest") if f"{name}_s" in report]
    rows += [(name, f"{age / 3600.0:.1f} h ago") for name, age in ages]
    show_table(f"mesons and pictures of beams in {folder}", ("", ""), rows)
