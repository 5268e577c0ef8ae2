"""``darkhorn data``: the public releases in the data directory."""

from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_table

EXAMPLE = "Example: darkhorn data check --json"

ACTIONS = ("list", "path", "check")
"""What can be done."""
CORRUPT = 1
"""Exit code of ``check`` when a file is changed or cannot be read."""


def data(
    action: Annotated[str, typer.Argument(help=f"One of: {', '.join(ACTIONS)}.")] = "list", json: JsonOption = False
) -> None:
    """List the public releases in the data directory, print its path, or check the files against their SHA-256.

    Nothing is downloaded: 'list' says where a person gets what is absent. The directory is DARKHORN_DATA, or that of
    the system for user data. 'check' exits with 1 when a file is changed, truncated or cannot be read.
    """
    from darkhorn.core.errors import unknown_name
    from darkhorn.experiments.datadir import data_dir

    if action not in ACTIONS:
        raise unknown_name("action of data", action, ACTIONS)
    folder = data_dir()
    if action == "path":
        _path(folder, json)
        return
    report = _report(folder)
    bad = [row["file"] for row in report["files"] if row["state"] in ("changed", "unreadable")]
    if json:
        emit_json(report)
    else:
        _list(report) if action == "list" else _check(report, bad)
    if action == "check" and bad:
        raise typer.Exit(CORRUPT)


def _path(folder: Path, json: bool) -> None:
    """Print the data directory."""
    if json:
        emit_json({"directory": str(folder), "exists": folder.is_dir()})
        return
    typer.echo(str(folder))
    if not folder.is_dir():
        note("it does not exist: make it, or set DARKHORN_DATA to the directory that has the files")


def _report(folder: Path) -> dict[str, Any]:
    """Return the state of every known file, names of unknown ones, and what is not to be had as a file."""
    from darkhorn.experiments.catalogue import catalogue, wanted

    files = catalogue()
    rows = [
        {
            "file": item.name,
            "state": item.state(folder),
            "quality": item.quality,
            "content": item.content,
            "where": item.where,
            "sha256": item.sha256,
        }
        for item in files.values()
    ]
    found = sorted(path.name for path in folder.glob("*.csv")) if folder.is_dir() else []
    return {
        "directory": str(folder),
        "exists": folder.is_dir(),
        "files": rows,
        "unknown": [name for name in found if name not in files],
        "wanted": [{"wanted": what, "where": where} for what, where in wanted()],
    }


def _list(report: dict[str, Any]) -> None:
    """Print which files are there, what they hold and where the others are."""
    rows = [(row["file"], row["state"], f"{row['content']} ({row['quality']})") for row in report["files"]]
    show_table(f"data directory {report['directory']}", ("file", "state", "content"), rows)
    absent = [(row["file"], row["where"]) for row in report["files"] if row["state"] == "absent"]
    if absent:
        show_table("absent files: where a person gets the numbers", ("file", "where"), absent)
    show_table("not in any of these files", ("", "where"), [(row["wanted"], row["where"]) for row in report["wanted"]])
    _others(report)


def _check(report: dict[str, Any], bad: list[str]) -> None:
    """Print the state of what is there."""
    there = [(row["file"], row["state"], row["sha256"][:16]) for row in report["files"] if row["state"] != "absent"]
    if there:
        show_table(f"data directory {report['directory']}", ("file", "state", "SHA-256 expected"), there)
    number = len(report["files"])
    note(f"{len(there) - len(bad)} of {number} known files are as they should be, {number - len(there)} are absent")
    if bad:
        note(f"not as they should be: {', '.join(bad)} (changed, truncated, or another version)")
    _others(report)


def _others(report: dict[str, Any]) -> None:
    """Name files that nothing is known of."""
    if report["unknown"]:
        note(f"files that darkhorn does not know: {', '.join(report['unknown'])}")
