"""Geant4 as a source: import, geometry, the refusal without data, and a machinery run on files made here."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from darkhorn.beam import geant4
from darkhorn.beam.geant4 import DATA_SETS, DataSetError, Geant4Source, check_geometry, require_data_sets, run_geant4
from darkhorn.beam.source import Provenance
from darkhorn.beam.worker import WorkerError
from darkhorn.core.errors import DarkhornError, RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import mass
from darkhorn.experiments.beams import load_beam
from darkhorn.io.parquet import write_parquet
from darkhorn.io.read import read_any

needs_geant4 = pytest.mark.skipif(
    not geant4.is_installed(), reason="needs geant4-pybind: pip install 'darkhorn[geant4]'"
)
PROTONS = 400


def placeholders(folder: Path, scale: float) -> dict[str, str]:
    """Write cross-section files of the right form and made-up content; return the variables that point to them."""
    energies = np.logspace(-11.0, np.log10(20.0), 30)
    neutron = folder / "G4PARTICLEXS4.2" / "neutron"
    neutron.mkdir(parents=True)
    for name, value in (("inel", 2.0e-23), ("cap", 1.0e-25)):
        rows = "\n".join(f"{energy:.10e} {value * scale:.6e}" for energy in energies)
        for charge in range(1, 93):
            (neutron / f"{name}{charge}").write_text(f"{energies[0]:.10e} {energies[-1]:.10e} 30\n30\n{rows}\n")
    levels, states = folder / "PhotonEvaporation6.1.2", folder / "G4ENSDFSTATE3.0"
    levels.mkdir()
    states.mkdir()
    (states / "ENSDFSTATE.dat").write_text("")
    return {
        "G4PARTICLEXSDATA": str(neutron.parent),
        "G4LEVELGAMMADATA": str(levels),
        "G4ENSDFSTATEDATA": str(states),
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Geant4Source]:
    """The same protons with placeholder values as written and a hundred times larger."""
    if not geant4.is_installed():
        pytest.skip("needs geant4-pybind: pip install 'darkhorn[geant4]'")
    release = check_geometry(load_beam("bnb").target)["version"]
    if release != geant4.VERSION:
        pytest.skip(f"placeholder files are made for {geant4.VERSION}, installed is {release}")
    found = {}
    for scale in (1.0, 100.0):
        variables = placeholders(tmp_path_factory.mktemp("data"), scale)
        found[scale] = run_geant4(load_beam("bnb"), PROTONS, 5, placeholders=variables, timeout=300.0)
    return found


def test_machinery_does_not_see_the_placeholder_values(runs: dict[float, Geant4Source]) -> None:
    one, hundred = runs[1.0].rays, runs[100.0].rays
    for name in ("pdgid", "x", "p", "weight"):
        assert np.array_equal(getattr(one, name), getattr(hundred, name))


def test_machinery_is_labelled(runs: dict[float, Geant4Source]) -> None:
    origin = runs[1.0].provenance
    assert origin.label == "machinery"
    assert origin.engine.startswith("machinery test")
    assert "neutrons too, no electromagnetic and no elastic physics" in origin.thresholds
    assert (origin.seed, origin.pot) == (5, float(PROTONS))
    assert origin.version == geant4.VERSION


def test_yields_per_proton(runs: dict[float, Geant4Source]) -> None:
    """Known from 15,000 protons: 0.840 interact; 1.033 pi+ and 0.832 pi- leave, 1.062 pi0 and 0.060 eta are born."""
    source = runs[1.0]
    error = np.sqrt(0.84 * 0.16 / PROTONS)
    assert source.interacted == pytest.approx(0.8396, abs=4.5 * error)
    yields = {number: source.rays[source.rays.pdgid == number].yield_ for number in source.species}
    for number, expected in {211: 1.033, -211: 0.832, 111: 1.062, 221: 0.060}.items():
        assert yields[number] == pytest.approx(expected, abs=5.0 * np.sqrt(1.5 * expected / PROTONS))
    assert set(yields) <= {111, 130, 211, -211, 221, 310, 321, -321}


def test_births_are_inside_and_exits_on_the_surface(runs: dict[float, Geant4Source]) -> None:
    rays, rod = runs[1.0].rays, load_beam("bnb").target
    radius, z = np.hypot(rays.x[:, 1], rays.x[:, 2]), rays.x[:, 3]
    born = np.isin(rays.pdgid, [111, 221])
    assert (radius[born] < rod.radius).all()
    assert (z[born] > rod.z_start).all()
    assert (z[born] < rod.z_end).all()
    side = np.abs(radius[~born] - rod.radius)
    face = np.minimum(np.abs(z[~born] - rod.z_start), np.abs(z[~born] - rod.z_end))
    assert np.minimum(side, face).max() < 1e-8
    np.testing.assert_allclose(rays.mass[rays.pdgid == 211], mass(211), rtol=1e-6)


def test_time_starts_at_the_upstream_face(runs: dict[float, Geant4Source]) -> None:
    rays, rod = runs[1.0].rays, load_beam("bnb").target
    earliest = (rays.x[:, 3] - rod.z_start) / 0.299792458
    born = np.isin(rays.pdgid, [111, 221])
    assert (rays.x[:, 0] > earliest - 1e-9)[born].all()
    late = rays.x[born, 0] / np.maximum(earliest[born], 0.1)
    assert np.median(late) == pytest.approx(8938.3 / 8888.9, abs=0.02)  # most come from the protons themselves


def test_the_sample_keeps_the_yield(runs: dict[float, Geant4Source]) -> None:
    source = runs[1.0]
    rays = source.sample(unit_points(2**10, seed=1), 211, ImportanceGrid.uniform())
    assert rays.yield_ == pytest.approx(source.rays[source.rays.pdgid == 211].yield_, rel=1e-12)
    assert set(rays.pdgid) == {211}


def test_the_label_survives_a_file(runs: dict[float, Geant4Source], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'darkhorn[io]'")
    source = runs[1.0]
    write_parquet(tmp_path / "mesons.parquet", source.rays, source.provenance.as_text())
    rays, about = read_any(tmp_path / "mesons.parquet")
    assert Provenance.of_file(about) == source.provenance
    assert np.array_equal(rays.p, source.rays.p)


@needs_geant4
def test_geometry_of_the_rod() -> None:
    rod = load_beam("bnb").target
    found = check_geometry(rod)
    assert found["volume"] == pytest.approx(np.pi * rod.radius**2 * 0.7112, rel=1e-6)
    assert found["number_density"] == pytest.approx(1.2349e29, rel=1e-9)
    assert found["version"] == geant4.VERSION


def real_looking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Folders with the right names and one byte each, and sizes that ask for no more."""
    small = tuple(dataclasses.replace(item, least_bytes=1) for item in DATA_SETS)
    monkeypatch.setattr(geant4, "DATA_SETS", small)
    for item in small:
        (folder / item.folder).mkdir()
        (folder / item.folder / "file").write_text("x")
    return {"GEANT4_DATA_DIR": str(folder)}


def test_refusal_without_data_lists_every_set() -> None:
    with pytest.raises(DataSetError, match="12 of 12 are not there") as caught:
        require_data_sets({})
    for expected in (
        "G4PARTICLEXS4.2 in G4PARTICLEXSDATA",
        "G4EMLOW8.8 in G4LEDATA",
        "G4ENSDFSTATE3.0 in G4ENSDFSTATEDATA",
        "PhotonEvaporation6.1.2 in G4LEVELGAMMADATA",
        "G4INCL1.3 in G4INCLDATA",
        "G4NDL4.7.1 in G4NEUTRONHPDATA",
        "https://geant4.web.cern.ch",
    ):
        assert expected in str(caught.value)


def test_physics_is_refused_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in DATA_SETS:
        monkeypatch.delenv(item.variable, raising=False)
    monkeypatch.delenv("GEANT4_DATA_DIR", raising=False)
    with pytest.raises(DataSetError, match="needs its data sets to make physics"):
        run_geant4(load_beam("bnb"), 10, 1)


def test_placeholders_are_not_taken_for_data(tmp_path: Path) -> None:
    variables = placeholders(tmp_path, 1.0)
    with pytest.raises(DataSetError, match=r"G4PARTICLEXS4.2 in G4PARTICLEXSDATA: '.*' holds less than 1e\+07 bytes"):
        require_data_sets(variables)


def test_all_sets_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = require_data_sets(real_looking(tmp_path, monkeypatch))
    assert found["G4LEDATA"] == str(tmp_path / "G4EMLOW8.8")
    assert len(found) == 12


@pytest.mark.parametrize(
    ("folder", "message"),
    [("G4EMLOW8.6.1", "is 'G4EMLOW8.6.1', another version"), ("none/G4EMLOW8.8", "does not exist")],
)
def test_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, message: str) -> None:
    variables = real_looking(tmp_path, monkeypatch) | {"G4LEDATA": str(tmp_path / folder)}
    with pytest.raises(DataSetError, match=f"(?s)1 of 12.*G4EMLOW8.8 in G4LEDATA: .*{message}"):
        require_data_sets(variables)


def test_absent_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geant4, "is_installed", lambda: False)
    with pytest.raises(DarkhornError, match=r"pip install 'darkhorn\[geant4\]'"):
        run_geant4(load_beam("bnb"), 10, 1, placeholders={})


@needs_geant4
def test_a_fatal_error_of_the_engine_is_reported(tmp_path: Path) -> None:
    variables = placeholders(tmp_path, 1.0)
    (tmp_path / "G4PARTICLEXS4.2" / "neutron" / "inel4").unlink()
    with pytest.raises(WorkerError, match=r"(?s)ended with code.*inel4> is not opened"):
        run_geant4(load_beam("bnb"), 10, 1, placeholders=variables, timeout=300.0)


def test_refusals() -> None:
    line = load_beam("bnb")
    with pytest.raises(UnknownNameError, match="Did you mean 'NuBeam'"):
        run_geant4(line, 10, 1, "Nubeam", placeholders={})
    with pytest.raises(RangeError, match="n_protons = 0"):
        run_geant4(line, 0, 1, placeholders={})
    with pytest.raises(RangeError, match="seed = 0"):
        run_geant4(line, 10, 0, placeholders={})
    slow = dataclasses.replace(line, beam=dataclasses.replace(line.beam, momentum=500.0))
    with pytest.raises(RangeError, match="proton momentum of Geant4 = 500 MeV/c"):
        run_geant4(slow, 10, 1, placeholders={})
