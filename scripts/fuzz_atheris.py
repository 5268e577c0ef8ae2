"""Coverage-guided fuzzing of the readers of text, beside the suite in tests/fuzz: pip install atheris.

    python scripts/fuzz_atheris.py scenario | csv | hepmc [DIRECTORY OF INPUTS] [-max_total_time=60] [-runs=100000]

Only errors of darkhorn may come out; anything else stops the run and leaves the input as crash-*.
"""

import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["darkhorn"]):
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.core.errors import DarkhornError
    from darkhorn.io.read import read_any

SUFFIXES = {"scenario": ".toml", "csv": ".csv", "hepmc": ".hepmc"}


def target(kind: str, folder: Path) -> Callable[[bytes], None]:
    """Return what is done with one input."""
    path = folder / f"input{SUFFIXES[kind]}"

    def one(content: bytes) -> None:
        path.write_bytes(content)
        try:
            if kind == "scenario":
                load_scenario(str(path))
            else:
                read_any(path)
        except DarkhornError:
            return

    return one


def main() -> None:
    """Fuzz one kind of file until told to stop."""
    if len(sys.argv) < 2 or sys.argv[1] not in SUFFIXES:
        sys.exit(__doc__)
    kind = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp())
    try:
        atheris.Setup(sys.argv, target(kind, folder))
        atheris.Fuzz()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
