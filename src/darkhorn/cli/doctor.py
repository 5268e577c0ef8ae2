"""``darkhorn doctor``: what is installed and where things are kept."""

import os
import platform
import sys
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final, NamedTuple

from darkhorn import __version__
from darkhorn.cli.output import JsonOption, emit_json, show_table

EXAMPLE = "Example: darkhorn doctor --json"

REQUIRED: Final = (
    "numpy",
    "scipy",
    "numba",
    "particle",
    "hist",
    "iminuit",
    "matplotlib",
    "typer",
    "rich",
    "platformdirs",
    "uhi",
)
"""Distributions that must be there."""


class Extra(NamedTuple):
    """What ``pip install 'darkhorn[NAME]'`` adds: what it gives, and its modules with their distributions."""

    gives: str
    modules: dict[str, str]


EXTRAS: Final = {
    "io": Extra(
        "mesons and events as HepMC3, ROOT (dk2nu), Parquet and Les Houches files",
        {name: name for name in ("awkward", "pyarrow", "pyhepmc", "pylhe", "uproot")},
    ),
    "stats": Extra(
        "limits by pyhf and HistFactory workspaces; HEPData submissions", {"pyhf": "pyhf", "yaml": "pyyaml"}
    ),
    "jax": Extra("derivatives of rates with respect to masses; rates on a GPU", {"jax": "jax"}),
    "scan": Extra("scans on a cluster", {"dask": "dask", "distributed": "distributed"}),
    "urqmd": Extra("mesons of the UrQMD generator (with licence terms of its own)", {"chromo": "chromo"}),
    "geant4": Extra("mesons of Geant4's physics lists", {"geant4_pybind": "geant4-pybind"}),
}
"""Optional extras by name."""


def doctor(json: JsonOption = False) -> None:
    """Print versions, optional extras, the data directory and the cache of compiled code."""
    report: dict[str, Any] = {
        "darkhorn": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "required": {name: _version(name) for name in REQUIRED},
        "extras": {
            module: _optional(module, name) for extra in EXTRAS.values() for module, name in extra.modules.items()
        },
        "missing": _missing(),
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


def _optional(module: str, distribution: str) -> str | None:
    """Return the version of an optional package, or None where it cannot be found."""
    try:
        found = util.find_spec(module) is not None
    except (ImportError, ValueError):
        found = False
    return (_version(distribution) or "unknown") if found else None


def _missing() -> dict[str, dict[str, str]]:
    """Return the extras of which something is missing: what they give and how to install them."""
    lacking = [name for name, extra in EXTRAS.items() if not all(_optional(*pair) for pair in extra.modules.items())]
    return {name: {"gives": EXTRAS[name].gives, "install": f"pip install 'darkhorn[{name}]'"} for name in lacking}


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
    for name, extra in EXTRAS.items():
        state = "complete" if name not in report["missing"] else f"incomplete: {report['missing'][name]['install']}"
        rows.append((f"extra {name}", f"{extra.gives}: {state}"))
        rows += [(f"  {module}", report["extras"][module] or "-") for module in extra.modules]
    rows.append(("data directory", f"{data['directory']} ({data['files']} files)"))
    rows += [(f"  {name}", "present" if there else "absent") for name, there in data["known_files"].items()]
    state = "writable" if cache["writable"] else "NOT writable: set NUMBA_CACHE_DIR, or each start compiles anew"
    rows.append(("compiled code", f"{cache['directory']} ({cache['compiled_functions']} functions, {state})"))
    rows.append(("verdict", "all is well" if report["healthy"] else "see the lines in capitals"))
    show_table("darkhorn doctor", ("", ""), rows)
