"""NuHepMC files: the checker passes what we write and sees each rule that is broken; pyhepmc reads it back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.units import C
from darkhorn.io.event_record import BEAM, EventRecord
from darkhorn.io.nuhepmc import write_nuhepmc
from darkhorn.testing.nuhepmc import check_nuhepmc

hep = pytest.importorskip("pyhepmc", reason="pyhepmc is not installed")


@pytest.fixture
def written(tmp_path: Path, record: EventRecord) -> Path:
    write_nuhepmc(tmp_path / "a.hepmc3", record)
    return tmp_path / "a.hepmc3"


def test_the_rules_are_kept(written: Path) -> None:
    assert check_nuhepmc(written) == []


def test_it_reads_back(written: Path, record: EventRecord) -> None:
    with hep.open(str(written)) as file:
        events = list(file)
    run = events[0].run_info
    assert float(str(run.attributes["NuHepMC.Exposure.POT"].astype(str))) == record.run.pot
    assert float(str(run.attributes["NuHepMC.FluxAveragedTotalCrossSection"].astype(str))) == pytest.approx(3.0e-3)
    assert str(run.attributes["NuHepMC.Citations.Generator.arXiv"].astype(str)) == "1234.56789"
    assert str(run.attributes["NuHepMC.Beam[9900032].Histogram.BinContent"].astype(str)) == "5.0 7.0"
    assert [event.weights[0] for event in events] == record.weight.tolist()
    assert sum(event.weights[0] for event in events) == record.weight.sum()
    x = record.x[record.primary()]
    for number, event in enumerate(events):
        assert (event.momentum_unit.name, event.length_unit.name) == ("MEV", "MM")
        assert int(str(event.attributes["signal_process_id"].astype(str))) == record.process[number]
        (primary,) = (vertex for vertex in event.vertices if vertex.status == 1)
        at = primary.position
        assert [at.t / C / 1e3, at.x / 1e3, at.y / 1e3, at.z / 1e3] == pytest.approx(x[number], rel=1e-14)
        lab = [float(word) for word in str(event.attributes["lab_pos"].astype(str)).split()]
        assert lab == pytest.approx([*(x[number, 1:] * 1e3), x[number, 0] * 1e-9], rel=1e-14, abs=0)
        (beam,) = (item for item in event.particles if item.status == BEAM)
        assert beam.end_vertex.id == primary.id
        assert beam.production_vertex.status == 24
        for vertex in event.vertices:
            balance = sum(np.array(i.momentum) for i in vertex.particles_in)
            balance = balance - sum(np.array(i.momentum) for i in vertex.particles_out)
            assert np.abs(balance).max() < 1e-9 * max(i.momentum.e for i in vertex.particles_in)


def drop(start: str) -> Callable[[str], str]:
    """Leave out the lines that start like this."""
    return lambda text: "".join(line for line in text.splitlines(True) if not line.startswith(start))


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


SPOILED = [
    ("G.R.2", swap("Version.Major 1", "Version.Major 0")),
    ("G.R.3", swap("T darkhorn", "T ")),
    ("G.R.4", drop("A NuHepMC.Conventions")),
    ("G.R.5", swap("G.C.2 ", "")),
    ("G.R.6", drop("A NuHepMC.Units.CrossSection.TargetScale")),
    ("G.R.7", swap("W CV\n", "W other\n")),
    ("G.R.8", drop("A NuHepMC.ProcessInfo[150].Name")),
    ("G.R.9", drop("A NuHepMC.VertexStatusIDs")),
    ("G.R.10", drop("A NuHepMC.ParticleStatusInfo[22].Description")),
    ("G.R.11", drop("A NuHepMC.AdditionalParticleNumber[9900032].Name")),
    ("G.R.11", swap("AdditionalParticleNumbers 9900032 ", "AdditionalParticleNumbers ")),
    ("G.C.1", swap("Exposure.POT 1e+20", "Exposure.POT 0")),
    ("G.C.2", drop("A NuHepMC.FluxAveragedTotalCrossSection ")),
    ("G.C.3", drop("A NuHepMC.Citations")),
    ("G.C.4", swap("BinContent 5.0 7.0", "BinContent 5.0")),
    ("E.R.2", swap("E 3 ", "E 2 ")),
    ("E.R.3", swap("signal_process_id 150", "signal_process_id 151")),
    ("E.R.3", drop("A 0 signal_process_id")),
    ("E.R.5", drop("A 0 lab_pos")),
    ("E.R.6", swap("V -4 1 ", "V -4 24 ")),
    ("V.R.1", swap("V -1 22 ", "V -1 3 ")),
    ("V.R.1", swap("V -1 22 ", "V -1 0 ")),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILED, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(SPOILED)])
def test_a_broken_rule_is_named(written: Path, rule: str, spoil: Callable[[str], str]) -> None:
    written.write_text(spoil(written.read_text()))
    assert any(f"{rule}:" in problem for problem in check_nuhepmc(written))


@pytest.mark.parametrize(
    ("rule", "pdgid", "old", "new"),
    [("E.R.7", 9900032, 4, 2), ("E.R.7", 1000060120, 20, 4), ("P.R.1", 22, 1, 5), ("P.R.1", 22, 1, 2)],
)
def test_a_wrong_status_is_named(
    tmp_path: Path, record: EventRecord, rule: str, pdgid: int, old: int, new: int
) -> None:
    record.status[(record.pdgid == pdgid) & (record.status == old)] = new
    if new == 2 and pdgid == 9900032:
        record.status[np.flatnonzero(record.pdgid == pdgid)[0]] = 4
    write_nuhepmc(tmp_path / "b.hepmc3", record)
    assert any(f"{rule}:" in problem for problem in check_nuhepmc(tmp_path / "b.hepmc3"))


def test_lost_momentum_is_named(tmp_path: Path, record: EventRecord) -> None:
    record.p[record.pdgid == 22] *= 1.0 + 1e-6
    write_nuhepmc(tmp_path / "b.hepmc3", record)
    assert any("not conserved at a vertex of status 1" in text for text in check_nuhepmc(tmp_path / "b.hepmc3"))
    assert check_nuhepmc(tmp_path / "b.hepmc3", tolerance=1e-3) == []


def test_files_that_cannot_be(tmp_path: Path, record: EventRecord) -> None:
    with pytest.raises(RangeError, match="suffixes"):
        write_nuhepmc(tmp_path / "b.dat", record)
    (tmp_path / "c.hepmc3").write_text(
        "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nHepMC::Asciiv3-END_EVENT_LISTING\n"
    )
    with pytest.raises(InputFileError, match="no event"):
        check_nuhepmc(tmp_path / "c.hepmc3")
