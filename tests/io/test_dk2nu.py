"""dk2nu files: round trip, one row a decay, units, and wrong files. The tests make every file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Rays
from darkhorn.core.species import mass
from darkhorn.core.units import C
from darkhorn.io.dk2nu import NEUTRINO_SHARE, read_dk2nu, write_dk2nu
from darkhorn.io.read import read_any

uproot = pytest.importorskip("uproot", reason="needs uproot: pip install 'darkhorn[io]'")
ak = pytest.importorskip("awkward", reason="needs awkward: pip install 'darkhorn[io]'")


def parents(n: int, seed: int = 5) -> Rays:
    rng = np.random.default_rng(seed)
    pdgid = rng.choice([211, -211, 321, -321, 130, 13, -13], n)
    p = rng.normal(size=(n, 3)) * [50.0, 50.0, 300.0] + [0.0, 0.0, 2000.0]
    energy = np.hypot(np.linalg.norm(p, axis=1), [mass(int(number)) for number in pdgid])
    x = np.column_stack([rng.uniform(0.0, 170.0, n), rng.normal(size=(n, 2)), rng.uniform(1.0, 50.0, n)])
    return Rays.make(pdgid, x, np.column_stack([energy, p]), rng.uniform(1e-8, 1e-6, n))


def decays(scale_x: float = 1.0, scale_p: float = 1.0, **changes: Any) -> dict[str, Any]:
    """Branches of two decays typed by hand: a pi+ of 3 GeV/c that flew 9.0 m, and a K+ of 1 GeV/c that flew 1.8 m."""
    content: dict[str, Any] = {
        "decay.ptype": np.array([211, 321]),
        "decay.vx": np.zeros(2) * scale_x,
        "decay.vy": np.array([10.0, 0.0]) * scale_x,
        "decay.vz": np.array([1000.0, 200.0]) * scale_x,
        "decay.pdpx": np.zeros(2),
        "decay.pdpy": np.array([0.03, 0.0]) * scale_p,
        "decay.pdpz": np.array([3.0, 1.0]) * scale_p,
        "decay.nimpwt": np.array([1.0, 3.0]),
        "decay.necm": np.array([0.0298, 0.2355]) * scale_p,
        "ancestor.pdg": [[2212, 211, 14], [2212, 321, 14]],
        "ancestor.startx": [[0.0] * 3] * 2,
        "ancestor.starty": [[0.0, 0.0, 10.0 * scale_x], [0.0] * 3],
        "ancestor.startz": [[-50.0, 100.0 * scale_x, 1000.0 * scale_x], [-50.0, 20.0 * scale_x, 200.0 * scale_x]],
        "ancestor.startt": [[0.0, 5.0, 5.0 + 30.1], [0.0, 2.0, 2.0 + 6.696]],
    }
    return content | changes


def save(file: Path, content: dict[str, Any], pots: list[float] | None) -> Path:
    """Write the branches: jagged ones are grouped as the real layout groups them."""
    flat = {k: v for k, v in content.items() if not k.startswith("ancestor")}
    chain = ak.zip({k.split(".")[1]: ak.Array(v) for k, v in content.items() if k.startswith("ancestor")})
    with uproot.recreate(str(file)) as root:
        types = {k: np.asarray(v).dtype for k, v in flat.items()} | {
            "ancestor": "var * " + str(chain.type.content.content)
        }
        tree = root.mktree("dk2nuTree", types, field_name=lambda a, b: f"{a}.{b}" if b else a)
        tree.extend(flat | {"ancestor": chain})
        if pots is not None:
            root.mktree("dkmetaTree", {"pots": np.float64}).extend({"pots": np.array(pots)})
    return file


def test_round_trip(tmp_path: Path) -> None:
    rays = parents(200)
    write_dk2nu(tmp_path / "a.root", rays, 5e5)
    back, about = read_any(tmp_path / "a.root")
    assert np.array_equal(back.pdgid, rays.pdgid)
    np.testing.assert_allclose(back.x, rays.x, rtol=1e-12)
    np.testing.assert_allclose(back.p, rays.p, rtol=1e-12)
    np.testing.assert_allclose(back.weight, rays.weight, rtol=1e-12)
    assert float(about["pot"]) == 5e5


def test_units_of_a_file_written_by_hand(tmp_path: Path) -> None:
    rays, about = read_dk2nu(save(tmp_path / "h.root", decays(), [100.0, 300.0]))
    np.testing.assert_allclose(rays.x, [[35.1, 0.0, 0.1, 10.0], [8.696, 0.0, 0.0, 2.0]], rtol=1e-12)
    np.testing.assert_allclose(rays.p[:, 1:], [[0.0, 30.0, 3000.0], [0.0, 0.0, 1000.0]], rtol=1e-12)
    np.testing.assert_allclose(rays.energy[1], np.hypot(1000.0, 493.677), rtol=1e-6)
    np.testing.assert_allclose(rays.weight, [1.0 / 400.0, 3.0 / 400.0], rtol=1e-12)
    assert about["normalisation"].startswith("nimpwt / POT")


def test_all_decays_of_kaons(tmp_path: Path) -> None:
    file = save(tmp_path / "h.root", decays(), [400.0])
    some, every = read_dk2nu(file)[0], read_dk2nu(file, all_decays=True)[0]
    np.testing.assert_allclose(some.weight / every.weight, [1.0, 0.6356 + 0.0507 + 0.0335], rtol=3e-4)
    assert NEUTRINO_SHARE[130] == pytest.approx(0.4055 + 0.2704)


def test_shifted_frame_and_given_pot(tmp_path: Path) -> None:
    rays, _ = read_dk2nu(save(tmp_path / "h.root", decays(), None), 10.0, frame=(0.0, 0.0, 0.5))
    np.testing.assert_allclose(rays.x[:, 3], [9.5, 1.5], rtol=1e-12)
    np.testing.assert_allclose(rays.weight, [0.1, 0.3], rtol=1e-12)


def test_two_neutrinos_of_one_muon_are_one_decay(tmp_path: Path) -> None:
    twice: dict[str, Any] = {}
    for name, values in decays().items():
        twice[name] = list(values) + list(values) if name.startswith("ancestor") else np.concatenate([values, values])
    twice["ancestor.pdg"] = [[2212, 211, 14], [2212, 321, 14], [2212, 211, -12], [2212, 321, -12]]
    rays, _ = read_dk2nu(save(tmp_path / "m.root", twice, [400.0]))
    assert list(rays.pdgid) == [211, 321]
    np.testing.assert_allclose(rays.weight, [1.0 / 400.0, 3.0 / 400.0], rtol=1e-12)


def test_the_hand_written_flight_is_possible() -> None:
    """The times typed above are those of the momenta typed above, so that the unit checks test what they say."""
    for p, m, distance, duration in ((3000.0, 139.57, 9.0, 30.1), (1000.0, 493.68, 1.8, 6.696)):
        assert distance / (C * duration) == pytest.approx(p / np.hypot(p, m), rel=2e-3)


@pytest.mark.parametrize(
    ("changes", "pots", "message"),
    [
        ({}, None, "protons on target are not given: 'pots' of the tree dkmetaTree is missing"),
        ({}, [0.0], "pot = 0; allowed: a finite number > 0"),
        ({"scale_x": 10.0}, [1.0], "faster than light; expected cm and ns"),
        ({"scale_x": 0.01}, [1.0], "less than 0.3 c t; expected cm"),
        ({"scale_p": 1000.0}, [1.0], "decay.pdp. in MeV"),
        ({"decay.necm": np.array([29.8, 235.5])}, [1.0], "decay.necm is .* expected GeV"),
        ({"decay.ptype": np.array([8, 11])}, [1.0], "decay.ptype = 8 is no PDG number"),
        ({"decay.nimpwt": np.array([-1.0, 1.0])}, [1.0], "weight = -1"),
        ({"decay.vz": np.array([np.nan, 1.0])}, [1.0], "x is not a finite number"),
        ({"ancestor.pdg": [[2212, 211, 211], [2212, 321, 14]]}, [1.0], "entry 1: the last ancestor has PDG number 211"),
    ],
)
def test_wrong_numbers(tmp_path: Path, changes: dict[str, Any], pots: list[float] | None, message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        read_dk2nu(save(tmp_path / "w.root", decays(**changes), pots))


def test_missing_branch_names_the_nearest(tmp_path: Path) -> None:
    content = decays()
    content["decay.nimpwgt"] = content.pop("decay.nimpwt")
    with pytest.raises(InputFileError, match=r"branch 'decay.nimpwt' is missing .* Did you mean 'decay.nimpwgt'"):
        read_dk2nu(save(tmp_path / "b.root", content, [1.0]))


def test_truncated_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_dk2nu(tmp_path / "none.root")
    file = save(tmp_path / "t.root", decays(), [1.0])
    whole = file.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:200], b"", b"no root file at all"):
        file.write_bytes(part)
        with pytest.raises(InputFileError, match="truncated or not a ROOT file"):
            read_dk2nu(file)
    with uproot.recreate(str(file)) as root:
        root.mktree("dk2nuTre", {"a": np.float64}).extend({"a": np.ones(1)})
    with pytest.raises(InputFileError, match=r"tree 'dk2nuTree' is missing. Did you mean 'dk2nuTre'"):
        read_dk2nu(file)


def test_nothing_wrong_is_written(tmp_path: Path) -> None:
    with pytest.raises(RangeError, match="0 rays to write"):
        write_dk2nu(tmp_path / "a.root", parents(2)[:0], 1.0)
    with pytest.raises(InputFileError, match="pot = -1"):
        write_dk2nu(tmp_path / "a.root", parents(2), -1.0)
    assert not list(tmp_path.iterdir())
