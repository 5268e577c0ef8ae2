"""No table, HepMC3, HEPEVT, Parquet or dk2nu file leads to an error that is not one of darkhorn."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError
from darkhorn.core.rays import Floats, Rays
from darkhorn.io.dk2nu import write_dk2nu
from darkhorn.io.hepevt import read_hepevt
from darkhorn.io.hepmc import write_hepmc
from darkhorn.io.parquet import write_parquet
from darkhorn.io.read import read_any
from darkhorn.io.tables import write_rays

sys.path.insert(0, str(Path(__file__).parent))
from mutations import only_own_errors, share, spoilt_bytes, spoilt_text

CSV = "# a comment\npdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0,0,0,0,1\n-321,1.5,0.1,0,2,1e1,-3,900,2e-3\n"
HEPMC = """\
HepMC::Version 3.02.05
HepMC::Asciiv3-START_EVENT_LISTING
W CV
A NuHepMC.Exposure.POT 1000
T generator\\|1.0\\|a tool
E 0 1 3
U GEV MM
W 1.0
P 1 0 2212 0 0 8.9 8.95 0.938 4
V -1 0 [1] @ 1.0e+00 0 3.5e+02 3.6e+02
P 2 -1 211 0.1 0 2.0 2.0073 0.13957 1
P 3 -1 321 0 0.2 1.0 1.133 0.493677 1
E 1 1 2
U MEV CM
W 0.5
P 1 0 2212 0 0 8900 8950 938.27 4
V -1 0 [1]
P 2 -1 -211 0 0 500 519.1 139.57 1
HepMC::Asciiv3-END_EVENT_LISTING
"""


def rays() -> Rays:
    momentum = np.array([[0.0, 30.0, 3000.0], [0.0, 0.0, 1000.0]])
    mass = np.array([139.57039, 493.677])
    energy = np.hypot(np.linalg.norm(momentum, axis=1), mass)
    beta = momentum / energy[:, None]
    time = np.array([30.0, 12.0])
    place = beta * 0.299792458 * time[:, None]
    x = np.column_stack([time, place])
    return Rays.make(np.array([211, 321]), x, np.column_stack([energy, momentum]), np.array([0.5, 0.25]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mesons")
    write_rays(path / "good.npz", rays())
    write_parquet(path / "good.parquet", rays())
    write_dk2nu(path / "good.root", rays(), 100.0)
    write_hepmc(path / "good.hepmc", rays(), 100.0)
    return path


def read(folder: Path, name: str, content: bytes) -> bool:
    """Whether the file is taken; what is taken is sound, and what is not leads to an error of darkhorn."""
    path = folder / name
    path.write_bytes(content)
    return only_own_errors(lambda: number_of_sound(read_any(path)[0]))


def number_of_sound(mesons: Rays) -> int:
    for column in (mesons.x, mesons.p, mesons.weight):
        assert np.isfinite(column).all()
    assert (mesons.weight >= 0.0).all()
    assert (mesons.p[:, 0] >= np.linalg.norm(mesons.p[:, 1:], axis=1) * (1.0 - 1e-9)).all()
    return len(mesons)


def test_the_good_files_are_taken(folder: Path) -> None:
    for name in ("good.npz", "good.parquet", "good.root", "good.hepmc"):
        assert len(read_any(folder / name)[0]) == 2
    assert read(folder, "case.csv", CSV.encode())
    assert read(folder, "case.hepmc", HEPMC.encode())
    (folder / "good.hepevt").write_text(HEPEVT)
    assert [len(event) for event in read_hepevt(folder / "good.hepevt")] == [2, 0]


@share(0.1)
@given(text=spoilt_text([CSV]))
def test_csv(folder: Path, text: str) -> None:
    read(folder, "case.csv", text.encode("utf-8", "surrogatepass"))


@share(0.1)
@given(text=spoilt_text([HEPMC]))
def test_hepmc(folder: Path, text: str) -> None:
    read(folder, "case.hepmc", text.encode("utf-8", "surrogatepass"))


@share(0.03)
@given(data=st.data(), suffix=st.sampled_from(["gz", "bz2", "xz"]))
def test_compressed(folder: Path, data: st.DataObject, suffix: str) -> None:
    import bz2
    import gzip
    import lzma

    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
    read(folder, f"case.hepmc.{suffix}", data.draw(spoilt_bytes(pack(HEPMC.encode()))))


@pytest.mark.parametrize("name", ["good.npz", "good.parquet"])
@share(0.02)
@given(data=st.data())
def test_arrays(folder: Path, name: str, data: st.DataObject) -> None:
    good = (folder / name).read_bytes()
    read(folder, f"case{Path(name).suffix}", data.draw(spoilt_bytes(good)))


@share(0.02)
@given(data=st.data())
def test_dk2nu(folder: Path, data: st.DataObject) -> None:
    good = (folder / "good.root").read_bytes()
    read(folder, "case.root", data.draw(spoilt_bytes(good)))


HEPEVT = """\
0 2
3 9900032 0 0 2 2 0.0 0.0 0.9 0.9 0.017 0.0 0.0 54000.0 1800.0
1 22 1 1 0 0 0.0 0.1 0.8 0.81 0.0 0.0 0.0 54000.0 1800.0
1 0
"""


def number_of_rows(events: list[Floats]) -> int:
    for event in events:
        assert event.shape[1:] == (15,)
    return sum(map(len, events))


@share(0.02)
@given(text=spoilt_text([HEPEVT]))
def test_hepevt(folder: Path, text: str) -> None:
    path = folder / "case.hepevt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    only_own_errors(lambda: number_of_rows(read_hepevt(path)))


@pytest.mark.parametrize("count", ["-1", "1.5", "1e300", "nan"])
def test_impossible_numbers_of_particles(folder: Path, count: str) -> None:
    path = folder / "count.hepevt"
    path.write_text(HEPEVT.replace("1 0\n", f"1 {count}\n"))
    with pytest.raises(InputFileError, match="line 4"):
        read_hepevt(path)


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('a pickle was run')",))


def test_no_pickle_is_read(folder: Path) -> None:
    columns = {name: np.array([0.0]) for name in ("t", "x", "y", "z", "px", "py", "pz", "weight")}
    np.savez(folder / "bomb.npz", allow_pickle=True, pdgid=np.array([Bomb()], dtype=object), **columns)
    with pytest.raises(InputFileError):
        read_any(folder / "bomb.npz")
