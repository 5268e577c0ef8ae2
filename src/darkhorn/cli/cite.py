"""``darkhorn cite``: BibTeX of what was used."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, emit_json

EXAMPLE = "Example: darkhorn cite --run darkhorn-out > references.bib"


def cite(
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY", help="Reference keys; all if none.")] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output directory of a run: cite what it used.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print BibTeX entries: of the keys given, of what a run used, or of everything."""
    from darkhorn.core.cite import REFERENCES, reference

    wanted = list(keys or [])
    if run is not None:
        wanted += [key for key in _citations(run) if key not in wanted]
    found = [reference(key) for key in (wanted if wanted or run is not None else REFERENCES)]
    if json:
        entries = [{"key": item.key, "where": item.where, "bibtex": item.bibtex()} for item in found]
        emit_json({"references": entries})
        return
    typer.echo("\n\n".join(item.bibtex() for item in found))


def _citations(directory: Path) -> list[str]:
    """Return the citation keys in the summary of a run.

    Raises
    ------
    InputFileError
        When the summary is missing or is not one of darkhorn.
    """
    import json

    from darkhorn.core.errors import InputFileError

    path = directory / "summary.json"
    try:
        citations = json.loads(path.read_text(encoding="utf-8"))["citations"]
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFileError(f"{path}: not a summary of darkhorn: no list of citations") from error
    if not isinstance(citations, list) or not all(isinstance(key, str) for key in citations):
        raise InputFileError(f"{path}: citations: expected a list of texts")
    return citations
