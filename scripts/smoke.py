"""Use an installed darkhorn as a newcomer would, with packages hidden if asked; exit with 1 at the first failure.

    python scripts/smoke.py [--hide MODULE ...] [--beam]

Nothing but the standard library and the package is imported, and nothing of this repository.
"""

import argparse
import importlib
import pkgutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

MESONS = "pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0,0,0,0,1\n"
STOPPED = """\
[model]
preset = "SIB1mu"
m_x = 5.0
[source]
kind = "table"
file = "mesons.csv"
stage = "decay"
[detector]
pot = 1.0e20
shape = { kind = "sphere", center = [0.0, 0.0, 20.0], radius = 1.0 }
material = { mass_density_g_cm3 = 0.858, formula = { C = 1, H = 2 } }
[run]
precision = 0.1
"""


class Hidden(MetaPathFinder):
    """Some packages cannot be found."""

    def __init__(self, names: Sequence[str]) -> None:
        """Hide these top-level names."""
        self.names = tuple(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse a hidden package, leave the others to those who come next."""
        if fullname.split(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named '{fullname}' (hidden)", name=fullname)
        return None


def main() -> None:
    """Import every module, ask the light verbs, run a small scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hide", nargs="*", default=[], metavar="MODULE")
    parser.add_argument("--beam", action="store_true", help="also a run through the beam line (compiles for a minute)")
    wanted = parser.parse_args()
    sys.meta_path.insert(0, Hidden(wanted.hide))
    warnings.filterwarnings("error", category=DeprecationWarning, module="darkhorn")

    import darkhorn
    from darkhorn.cli import invoke

    for module in pkgutil.walk_packages(darkhorn.__path__, "darkhorn."):
        if not module.name.endswith(("__main__", "_worker")):
            importlib.import_module(module.name)

    def call(*args: str) -> None:
        code = invoke(args)
        if code != 0:
            sys.exit(f"darkhorn {' '.join(args)}: exit code {code}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mesons.csv").write_text(MESONS)
        (folder / "case.toml").write_text(STOPPED)
        call("--version")
        call("doctor", "--json")
        call("list", "models", "--json")
        call("list", "experiments", "--json")
        call("schema", "--out", str(folder / "schema.json"))
        call("run", str(folder / "case.toml"), "--out", str(folder / "out"), "--json")
        call("cite", "--run", str(folder / "out"))
        if wanted.beam:
            call("new", "scenario", "box", "--dir", str(folder))
            call("run", str(folder / "box.toml"), "--out", str(folder / "box"), "--precision", "0.3", "--json")


if __name__ == "__main__":
    main()
