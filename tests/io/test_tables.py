"""Ray tables: every number comes back, and every fault is named with its row and column."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, OutputError, RangeError
from darkhorn.core.rays import Rays
from darkhorn.core.species import mass
from darkhorn.io.tables import RAY_COLUMNS, read_columns, read_rays, write_rays

HEADER = ",".join(RAY_COLUMNS)
ROW = "211,0.5,0.001,0,0.4,10,-20,2000,0.25"


def rays_of(pdgid: list[int], position: np.ndarray, momentum: np.ndarray, weight: np.ndarray) -> Rays:
    masses = np.array([mass(number) for number in pdgid])
    energy = np.sqrt((momentum**2).sum(axis=1) + masses**2)
    return Rays.make(pdgid, position, np.column_stack([energy, momentum]), weight)


FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)
PARTICLE = st.tuples(
    st.sampled_from([211, -211, 321, -321, 13, -13, 130, 14, 22]),
    st.lists(FINITE, min_size=7, max_size=7),
    st.floats(0.0, 1e3),
)


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(particles=st.lists(PARTICLE, min_size=1, max_size=8))
def test_round_trip(suffix: str, particles: list[tuple[int, list[float], float]]) -> None:
    numbers = np.array([values for _, values, _ in particles])
    weight = np.array([value for _, _, value in particles])
    rays = rays_of([number for number, _, _ in particles], numbers[:, :4], numbers[:, 4:], weight)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rays{suffix}"
        write_rays(path, rays)
        found = read_rays(path)
    np.testing.assert_array_equal(found.pdgid, rays.pdgid)
    np.testing.assert_array_equal(found.x, rays.x)
    np.testing.assert_array_equal(found.p[:, 1:], rays.p[:, 1:])
    np.testing.assert_array_equal(found.weight, rays.weight)
    np.testing.assert_allclose(found.energy, rays.energy, rtol=1e-12)
    assert (found.parent == -1).all()


def test_energy_is_that_of_the_pdg_mass(tmp_path: Path) -> None:
    path = tmp_path / "rays.csv"
    path.write_text(f"# made by hand\n{HEADER}\n{ROW}\n\n# end\n")
    rays = read_rays(path)
    assert len(rays) == 1
    assert rays.energy[0] == pytest.approx(np.sqrt(139.57039**2 + 100 + 400 + 4e6), rel=1e-9)
    np.testing.assert_array_equal(rays.x[0], [0.5, 0.001, 0, 0.4])
    assert rays.yield_ == 0.25


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; expected a header"),
        (f"{HEADER}\n", "empty; expected a header"),
        (f"{HEADER.replace('weight', 'wieght')}\n{ROW}\n", r"column 'weight' is missing. Did you mean 'wieght'\?"),
        (f"{HEADER},energy\n{ROW},1\n", "unknown column 'energy'"),
        (f"{HEADER},px\n{ROW},1\n", "column 'px' appears twice"),
        (f"{HEADER}\n{ROW}\n211,0,0\n", "row 2: 3 cells; the header has 9"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('2000', '2 GeV')}\n", "row 2: pz = '2 GeV' is not a number"),
        (f"{HEADER}\n{ROW.replace('2000', 'nan')}\n", "row 1: pz = nan is not a finite number"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('0.25', '-0.25')}\n", "row 2: weight = -0.25 per POT; allowed: >= 0"),
        (f"{HEADER}\n{ROW.replace('211', '211.5')}\n", "row 1: pdgid = 211.5 is not an integer"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('211', '987654321')}\n", "row 2: pdgid = 987654321: "),
    ],
)
def test_faults_in_csv(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rays.csv"
    path.write_text(text)
    with pytest.raises(InputFileError, match=message) as caught:
        read_rays(path)
    assert "rays.csv" in str(caught.value)


def arrays() -> dict[str, np.ndarray]:
    return {name: np.array([float(cell)]) for name, cell in zip(RAY_COLUMNS, ROW.split(","), strict=True)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": None}, "column 'weight' is missing"),
        ({"energy": np.ones(1)}, "unknown column 'energy'"),
        ({"px": np.ones(2)}, "expected one length for all"),
        ({"px": np.array(["fast"])}, "array 'px' has type"),
        ({"px": np.array([np.inf])}, "row 1: px = inf"),
        ({"px": np.array([{}], dtype=object)}, "not an NPZ archive of plain numbers"),
        (dict.fromkeys(RAY_COLUMNS, np.zeros(0)), "empty; expected at least one particle"),
    ],
)
def test_faults_in_npz(tmp_path: Path, change: dict[str, np.ndarray | None], message: str) -> None:
    content = {name: values for name, values in {**arrays(), **change}.items() if values is not None}
    np.savez(tmp_path / "rays.npz", **content)
    with pytest.raises(InputFileError, match=message):
        read_rays(tmp_path / "rays.npz")


def test_faults_of_the_file_itself(tmp_path: Path) -> None:
    for name in ("missing.csv", "missing.npz"):
        with pytest.raises(InputFileError, match=rf"{name}: No such file"):
            read_rays(tmp_path / name)
    with pytest.raises(InputFileError, match=r"kind '\.root'; allowed: \.csv, \.npz"):
        read_rays(tmp_path / "rays.root")
    (tmp_path / "bad.npz").write_bytes(b"not a zip archive")
    with pytest.raises(InputFileError, match="not an NPZ archive"):
        read_rays(tmp_path / "bad.npz")
    (tmp_path / "bad.csv").write_bytes(b"pdgid,\xff\n")
    with pytest.raises(InputFileError, match="not UTF-8"):
        read_rays(tmp_path / "bad.csv")


def test_write_refuses_what_it_could_not_read_back(tmp_path: Path) -> None:
    good = rays_of([211], np.zeros((1, 4)), np.array([[0.0, 0.0, 500.0]]), np.ones(1))
    off_shell = Rays.make(211, good.x, good.p * [1.001, 1, 1, 1], 1.0)
    with pytest.raises(RangeError, match=r"row 1: energy = 519\.\d+ MeV, but PDG number 211 has 519"):
        write_rays(tmp_path / "rays.csv", off_shell)
    with pytest.raises(RangeError, match="0 rays"):
        write_rays(tmp_path / "rays.csv", good[:0])
    with pytest.raises(InputFileError, match="pdgid = 9900032"):
        write_rays(tmp_path / "rays.csv", Rays.make(9900032, good.x, good.p, 1.0))
    with pytest.raises(InputFileError, match="kind"):
        write_rays(tmp_path / "rays.txt", good)
    with pytest.raises(OutputError, match="cannot write"):
        write_rays(tmp_path / "nowhere" / "rays.npz", good)
    assert not list(tmp_path.iterdir())


def test_columns_allow_others_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("# c\na, b ,c\n1,2,x\n3,4,y\n")
    assert read_columns(path, ("b",)) == {"a": ["1", "3"], "b": ["2", "4"], "c": ["x", "y"]}
    with pytest.raises(InputFileError, match=r"unknown column 'c'\. Known: b, a"):
        read_columns(path, ("b",), ("a",))
