"""The one door for files of mesons, with the optional packages hidden one at a time."""

import sys
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import DarkhornError, InputFileError
from darkhorn.core.rays import Rays
from darkhorn.core.species import mass
from darkhorn.io.foreign import rays_on_shell, require_pot
from darkhorn.io.read import KINDS, read_any
from darkhorn.io.tables import write_rays

FILE = Path("mesons.hepmc")


@pytest.mark.parametrize(
    ("suffix", "package"),
    [(".hepmc", "pyhepmc"), (".hepmc3.gz", "pyhepmc"), (".root", "uproot"), (".parquet", "pyarrow")],
)
def test_hidden_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, suffix: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DarkhornError, match=rf"needs the package '{package}': pip install 'darkhorn\[io\]'"):
        read_any(f"mesons{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_tables_need_no_optional_package(tmp_path: Path, suffix: str) -> None:
    rays = Rays.make(211, np.zeros(4), [[np.hypot(mass(211), 100.0), 0.0, 0.0, 100.0]], 0.5)
    write_rays(tmp_path / f"a{suffix}", rays)
    back, about = read_any(tmp_path / f"a{suffix}")
    assert np.array_equal(back.p, rays.p)
    assert about["engine"] == f"table a{suffix}"
    with pytest.raises(InputFileError, match="pot = 2 has no use"):
        read_any(tmp_path / f"a{suffix}", pot=2.0)


@pytest.mark.parametrize("name", ["mesons", "mesons.txt", "mesons.csv.gz", "mesons.roo"])
def test_other_suffixes_list_the_known_ones(name: str) -> None:
    with pytest.raises(InputFileError, match=r"allowed: .*csv.*hepmc3.*root") as caught:
        read_any(name)
    assert all(kind in str(caught.value) for kind in KINDS)


@pytest.mark.parametrize("pot", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_pot_is_required(pot: float | None) -> None:
    with pytest.raises(InputFileError, match=r"mesons\.hepmc: p"):
        require_pot(FILE, pot, "its header")


def test_unknown_species_names_the_row() -> None:
    with pytest.raises(InputFileError, match="row 2: pdgid = 123456789"):
        rays_on_shell(FILE, [211, 123456789], np.zeros((2, 4)), np.zeros((2, 3)), np.ones(2))
