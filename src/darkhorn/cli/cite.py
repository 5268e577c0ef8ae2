"""``darkhorn cite``: BibTeX of what was used."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, emit_json

EXAMPLE = "Example: darkhorn cite --run darkhorn-out > references.bib"


def cite(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Reference keys or arXiv numbers; all if none.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output directory of a run: cite what it used.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print BibTeX entries: of the keys given, of what a run used, or of everything.

    A run used what its summary lists under citations, and every work whose arXiv number its summary names, for
    instance as the source of a number or in a warning.
    """
    from darkhorn.core.cite import REFERENCES, keys_in, reference

    wanted = [(keys_in(f"arXiv:{key.removeprefix('arXiv:')}") or (key,))[0] for key in keys or []]
    if run is not None:
        wanted += _citations(run)
    names = list(dict.fromkeys(wanted)) if wanted or run is not None else list(REFERENCES)
    found = [reference(key) for key in names]
    if json:
        entries = [{"key": item.key, "where": item.where, "bibtex": item.bibtex()} for item in found]
        emit_json({"references": entries})
        return
    typer.echo("\n\n".join(item.bibtex() for item in found))


def _citations(directory: Path) -> list[str]:
    """Return the citation keys in the summary of a run, then those of the works that it names by number.

    Raises
    ------
    InputFileError
        When the summary is missing or is not one of darkhorn.
    """
    import json

    from darkhorn.core.cite import keys_in
    from darkhorn.core.errors import InputFileError

    path = directory / "summary.json"
    try:
        text = path.read_text(encoding="utf-8")
        citations = json.loads(text)["citations"]
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputFileError(f"{path}: not a summary of darkhorn: no list of citations") from error
    if not isinstance(citations, list) or not all(isinstance(key, str) for key in citations):
        raise InputFileError(f"{path}: citations: expected a list of texts")
    return [*citations, *keys_in(text)]
