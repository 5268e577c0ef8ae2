"""HEPEVT, Les Houches, Parquet and ROOT files, read back by other programs' libraries."""

import json
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Rays
from darkhorn.io.event_record import DARK_BOSON, EventRecord
from darkhorn.io.event_tables import (
    EVENT_COLUMNS,
    FLUX_COLUMNS,
    write_event_parquet,
    write_event_root,
    write_flux_table,
)
from darkhorn.io.hepevt import beside, read_hepevt, write_hepevt
from darkhorn.io.lhe import write_lhe


def test_hepevt(tmp_path: Path, record: EventRecord) -> None:
    """Columns 7 to 15 in GeV, cm, ns; only what the detector sees has status 1; weights stand beside."""
    file = tmp_path / "a.hepevt"
    write_hepevt(file, record)
    events = read_hepevt(file)
    assert [len(event) for event in events] == record.n_particles.tolist()
    carbon = events[4]
    assert carbon[:, 0].tolist() == [3, 3, 3, 3, 3, 3, 3, 3, 1, 1]
    photon = carbon[8]
    assert photon[1] == 22
    assert photon[2:6].tolist() == [7, 8, 0, 0]
    assert photon[6:11] == pytest.approx([0.0, 0.09, 0.12, 0.15, 0.0])
    assert photon[11:] == pytest.approx([0.0, 20.0, 54100.0, 1900.0])
    pion = carbon[3]
    assert pion[2:6].tolist() == [2, 2, 5, 7]
    assert pion[11:] == pytest.approx([10.0, 20.0, 3000.0, 100.0])
    decay = events[3]
    assert [int(row[1]) for row in decay if row[0] == 1] == [11, -11]
    note = json.loads(beside(file).read_text())
    assert note["pot"] == 1e20
    assert note["weight"] == record.weight.tolist()
    assert note["units"]["length"] == "cm"


@pytest.mark.parametrize(
    ("text", "message"),
    [("0 2\n" + "1 " * 15 + "\n", "truncated"), ("0 1\n1 2 3\n", "expected 15"), ("0 1\n" + "x " * 15, "line 2")],
)
def test_broken_hepevt(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputFileError, match=message):
        read_hepevt(tmp_path / "a.txt")
    with pytest.raises(InputFileError, match="cannot read"):
        read_hepevt(tmp_path / "none.txt")


def test_les_houches(tmp_path: Path, record: EventRecord) -> None:
    """pylhe reads both weights; the mean of XWGTUP is the cross section in pb; momenta balance."""
    pylhe = pytest.importorskip("pylhe", reason="pylhe is not installed")
    file = tmp_path / "a.lhe"
    write_lhe(file, record)
    whole = pylhe.LHEFile.fromfile(str(file))
    events = list(whole.events)
    init = whole.init
    assert init.initInfo.weightingStrategy == 4
    assert init.initInfo.beamA == DARK_BOSON
    assert sum(process.xSection for process in init.procInfo) == pytest.approx(3.0e-3)
    assert [process.procId for process in init.procInfo] == [150, 250, 780]
    assert [event.weights["CV"] for event in events] == record.weight.tolist()
    assert np.mean([event.eventinfo.weight for event in events]) == pytest.approx(3.0e-3)
    for event in events:
        sums = {-1: np.zeros(4), 1: np.zeros(4)}
        for item in event.particles:
            sums[int(item.status)] += [item.e, item.px, item.py, item.pz]
        assert sums[-1] == pytest.approx(sums[1], abs=1e-9 * sums[-1][0])
        assert [item.status for item in event.particles[:2]] == [-1, -1]
        assert all(item.mother1 == 1 and item.mother2 == 2 for item in event.particles[2:])
    text = file.read_text()
    assert "# lab_pos_m 0.0 0.2 541.0 t_ns 1900.0" in text
    assert '"pot": 1e+20' in text
    assert "by hand &amp; more" in text


def test_parquet(tmp_path: Path, record: EventRecord) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    write_event_parquet(tmp_path / "a.parquet", record)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert set(table.column_names) == {*EVENT_COLUMNS, *record.quantities}
    assert table["weight"].to_numpy().sum() == record.weight.sum()
    assert table["particle_pdgid"].combine_chunks().flatten().to_pylist() == record.pdgid.tolist()
    assert table["vertex_z"].combine_chunks().flatten().to_pylist() == record.x[:, 3].tolist()
    assert [len(row) for row in table["particle_E"].to_pylist()] == record.n_particles.tolist()
    note = json.loads(table.schema.metadata[b"darkhorn"])
    assert note["pot"] == 1e20
    assert note["cite"]["A:1"] == "arXiv:1234.56789"


def test_root(tmp_path: Path, record: EventRecord) -> None:
    uproot = pytest.importorskip("uproot", reason="uproot is not installed")
    awkward = pytest.importorskip("awkward", reason="awkward is not installed")
    write_event_root(tmp_path / "a.root", record)
    with uproot.open(tmp_path / "a.root") as file:
        tree = file["events"]
        assert {*EVENT_COLUMNS, *record.quantities, "nparticle", "nvertex"} == set(tree.keys())
        assert tree["weight"].array(library="np").tolist() == record.weight.tolist()
        energy = tree["particle_E"].array()
        assert awkward.num(energy).tolist() == record.n_particles.tolist()
        assert awkward.flatten(energy).tolist() == record.p[:, 0].tolist()
        assert awkward.flatten(tree["vertex_t"].array()).tolist() == record.x[:, 0].tolist()
        assert file["run"]["pot"].array(library="np").tolist() == [1e20]
        assert json.loads(str(file["about"]))["mode"] == "neutrino"


def test_flux_table(tmp_path: Path) -> None:
    """GeV and m in the columns of SIREN, one header line, weights in the exposure."""
    rays = Rays.make(DARK_BOSON, [[1800.0, 0.1, 0.2, 535.0]] * 2, [[130.0, 0.0, 50.0, 120.0]] * 2, [1e-9, 3e-9], 211)
    write_flux_table(tmp_path / "b.csv", rays, 1e20, 5.0)
    lines = (tmp_path / "b.csv").read_text().splitlines()
    assert lines[0] == ",".join(FLUX_COLUMNS)
    values = dict(zip(FLUX_COLUMNS, map(float, lines[2].split(",")), strict=True))
    assert values["E"] == 0.13
    assert values["pz"] == 0.12
    assert values["m"] == 0.005
    assert (values["x0"], values["z0"], values["t0"]) == (0.1, 535.0, 1800.0)
    assert values["weight"] == pytest.approx(3e11)
    assert values["parent_pdgid"] == 211
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    write_flux_table(tmp_path / "b.parquet", rays, 1e20, 5.0)
    table = parquet.read_table(tmp_path / "b.parquet")
    assert table.column_names == list(FLUX_COLUMNS)
    assert table["weight"].to_pylist() == pytest.approx([1e11, 3e11])
    with pytest.raises(RangeError, match="pot > 0"):
        write_flux_table(tmp_path / "c.csv", rays, 0.0, 5.0)


@pytest.mark.parametrize("write", [write_hepevt, write_lhe, write_event_parquet, write_event_root])
def test_wrong_suffixes(tmp_path: Path, record: EventRecord, write: object) -> None:
    with pytest.raises(RangeError, match="allowed suffix"):
        write(tmp_path / "a.dat", record)  # type: ignore[operator]
    assert not list(tmp_path.iterdir())
