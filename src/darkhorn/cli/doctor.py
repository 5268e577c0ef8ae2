"""``darkhorn doctor``: what is installed and where things are kept."""

import os
import platform
import sys
from importlib import metadata, util
from pathlib import Path
from typing import Any

from darkhorn import __version__
from darkhorn.cli.output import JsonOption, emit_json, show_table

EXAMPLE = "Example: darkhorn doctor --json"

REQUIRED = ("numpy", "scipy", "numba", "particle", "hist", "iminuit", "matplotlib", "typer", "rich", "platformdirs")
"""Distributions that must be there."""
EXTRAS = {
    "uproot": "ROOT files",
    "awkward": "ragged arrays",
    "pyhepmc": "HepMC files",
    "pyarrow": "Parquet files",
    "pyhf": "HistFactory",
    "jax": "gradients, GPU",
    "dask": "scans on a cluster",
    "pooch": "downloads",
}
"""Modules that nothing here needs, and what they would be for."""


def doctor(json: JsonOption = False) -> None:
    """Print versions, optional extras, the data directory and the cache of compiled code."""
    report: dict[str, Any] = {
        "darkhorn": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "required": {name: _version(name) for name in REQUIRED},
        "extras": {name: _version(name) if util.find_spec(name) else None for name in EXTRAS},
        "data": _data(),
        "numba_cache": _numba_cache(),
        "command": sys.argv[0],
    }
    report["healthy"] = all(report["required"].values()) and report["numba_cache"]["writable"]
    if json:
        emit_json(report)
    else:
        _show(report)


def _version(name: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _data() -> dict[str, Any]:
    """Return the data directory, what is in it and what the package would read from it."""
    from darkhorn.experiments.datadir import CONTENTS, data_dir

    folder = data_dir()
    present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    known = {name: name in present for name in CONTENTS}
    return {"directory": str(folder), "exists": folder.is_dir(), "files": len(present), "known_files": known}


def _numba_cache() -> dict[str, Any]:
    """Return where numba keeps the compiled transport kernel."""
    import darkhorn

    chosen = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(chosen) if chosen else Path(darkhorn.__file__).parent / "beam" / "__pycache__"
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    compiled = sum(1 for _ in folder.rglob("*.nbc")) if folder.is_dir() else 0
    return {"directory": str(folder), "compiled_functions": compiled, "writable": os.access(existing, os.W_OK)}


def _show(report: dict[str, Any]) -> None:
    """Print the report as a table."""
    data, cache = report["data"], report["numba_cache"]
    rows = [(name, str(report[name])) for name in ("darkhorn", "python", "platform", "cores")]
    rows += [(name, version or "MISSING") for name, version in report["required"].items()]
    rows += [(f"{name} (optional: {EXTRAS[name]})", version or "-") for name, version in report["extras"].items()]
    rows.append(("data directory", f"{data['directory']} ({data['files']} files)"))
    rows += [(f"  {name}", "present" if there else "absent") for name, there in data["known_files"].items()]
    state = "writable" if cache["writable"] else "NOT writable: set NUMBA_CACHE_DIR, or each start compiles anew"
    rows.append(("compiled code", f"{cache['directory']} ({cache['compiled_functions']} functions, {state})"))
    rows.append(("verdict", "all is well" if report["healthy"] else "see the lines in capitals"))
    show_table("darkhorn doctor", ("", ""), rows)
