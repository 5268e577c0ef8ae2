"""``darkhorn flux`` with all parents and in all modes, and ``darkhorn validate``, through the command line."""

import csv
from pathlib import Path

import numpy as np
import pytest
import typer
from command import Command, caller

from darkhorn.cli.validate import validate
from darkhorn.core.rays import Rays
from darkhorn.io.tables import write_rays

QUICK = ("--precision", "0.05", "--no-again")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_all_parents(cli: Command, tmp_path: Path) -> None:
    table, picture = tmp_path / "flux.csv", tmp_path / "flux.png"
    answer = cli("flux", "bnb", *QUICK, "--by-parent", "--universes", "4", "--out", table, "--plot", picture, "--json")
    assert answer.code == 0, answer.out
    found = answer.json
    rows = {(row["flavour"], row["parent"]): row for row in found["fluxes"]}
    assert rows["numu", "all"]["total_per_cm2_per_POT"] == pytest.approx(5.2e-10, rel=0.25, abs=0)
    assert rows["numu", "K"]["total_per_cm2_per_POT"] == pytest.approx(1.38e-11, rel=0.25, abs=0)
    parts = sum(row["total_per_cm2_per_POT"] for (f, p), row in rows.items() if f == "numu" and p != "all")
    assert parts == pytest.approx(rows["numu", "all"]["total_per_cm2_per_POT"], rel=1e-6, abs=0)
    assert 0.02 < rows["numu", "all"]["systematic_error"] / rows["numu", "all"]["total_per_cm2_per_POT"] < 0.4
    assert picture.read_bytes().startswith(b"\x89PNG")
    with table.open() as file:
        lines = list(csv.DictReader(file))
    total = sum(
        float(line["flux_per_cm2_per_POT_per_GeV"]) * 0.05
        for line in lines
        if (line["flavour"], line["parent"]) == ("numu", "all")
    )
    assert total == pytest.approx(rows["numu", "all"]["total_per_cm2_per_POT"], rel=1e-6, abs=0)


def test_nearer_detectors_see_more(cli: Command) -> None:
    """Between SBND at 110 m and MicroBooNE at 470 m the flux falls about as 1/d^2 beyond the decay pipe."""
    near, far = (cli("flux", "bnb", *QUICK, "--detector", name, "--json").json for name in ("sbnd", "microboone"))
    assert near["published"] == far["published"] == []
    ratio = near["fluxes"][0]["total_per_cm2_per_POT"] / far["fluxes"][0]["total_per_cm2_per_POT"]
    assert 12.0 < ratio < (470.0 / 60.0) ** 2


def test_dump_mode(cli: Command) -> None:
    """Air and steel: above the simple lower bound of 4e-12, far below the target mode; scraping adds its share."""
    found = cli("flux", "bnb", "--mode", "dump", *QUICK, "--json").json
    dump = found["dump"]
    assert dump["air_interactions"] == pytest.approx(0.065, abs=1e-3)
    total = dump["numu_air_per_cm2_per_POT"] + dump["numu_steel_per_cm2_per_POT"]
    assert 4.0e-12 < total < 3.0e-11
    assert dump["numu_dump_over_target"] == pytest.approx(total / dump["numu_target_per_cm2_per_POT"])
    assert {row["component"] for row in found["components"]} == {"air", "steel"}
    scraped = cli("flux", "bnb", "--mode", "dump", "--scrape", "0.02", *QUICK, "--json").json["dump"]
    assert scraped["numu_dump_over_target"] == pytest.approx(0.98 * dump["numu_dump_over_target"] + 0.02)
    shown = cli("flux", "bnb", "--mode", "dump", *QUICK)
    assert "dump over target, numu" in shown.err
    assert "no cascade" in shown.err


def test_cut_window(cli: Command) -> None:
    found = cli("flux", "bnb", "--mode", "window", *QUICK, "--json").json
    assert 1.5 < found["published"][0]["ratio_total"] < 4.0
    assert any("comparison only" in text for text in found["notes"])


def test_decays_from_a_file(cli: Command, tmp_path: Path) -> None:
    path = tmp_path / "decays.npz"
    p4 = [[np.hypot(2000.0, 139.57039), 0.0, 0.0, 2000.0]]
    write_rays(path, Rays.make(211, [0.0, 0.0, 0.0, 20.0], p4, 1.0e-3))
    place = tmp_path / "near.toml"
    head = 'kind = "detectors"\n[detectors.near]\nsource = "a drawing"\nstatus = "read"\n'
    place.write_text(head + 'shape = { kind = "sphere", center = [0, 0, 520], radius = 2 }\n')
    found = cli("flux", "bnb", *QUICK, "--source", path, "--detector", f"{place}:near", "--json").json
    assert found["detector"] == "near"
    assert found["fluxes"][0]["flavour"] == "numu"
    assert found["fluxes"][0]["total_per_cm2_per_POT"] > 0.0
    assert "per POT" in found["source"]["normalisation"]


def test_births_from_a_file_pass_the_horn(cli: Command, tmp_path: Path) -> None:
    """Pions born on the axis along it: as many decay as fly, so that the flux is below that of all of them decaying."""
    path = tmp_path / "births.npz"
    p4 = [[np.hypot(2000.0, 139.57039), 0.0, 0.0, 2000.0]]
    write_rays(path, Rays.make(211, [0.0, 0.0, 0.0, 2.0], p4, 1.0e-3))
    born, decayed = (
        cli("flux", "bnb", *QUICK, "--source", path, "--stage", stage, "--json").json["fluxes"][0]
        for stage in ("production", "decay")
    )
    share = 1.0 - np.exp(-48.3 / (2000.0 / 139.57039 * 7.8045))
    ratio = born["total_per_cm2_per_POT"] / decayed["total_per_cm2_per_POT"]
    assert 0.7 * share < ratio < 1.2 * share


def test_primary_pions_can_be_drawn(cli: Command, tmp_path: Path) -> None:
    path = tmp_path / "pions.png"
    answer = cli("flux", "bnb", "--precision", "0.05", "--plot", path, "--json")
    assert answer.json["published"]["parents"] == "primary_pi_plus"
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--detector", "sbn"), "Did you mean 'sbnd'"),
        (("--mode", "dump", "--universes", "4"), "universes"),
        (("--mode", "dump", "--scrape", "2"), "scrape_fraction"),
        (("--detector", "sbnd", "--precision", "2"), "precision"),
        (("--detector", "sbnd", "--universes", "1"), "universes"),
        (("--by-parent", "--mode", "neutrin"), "Did you mean 'neutrino'"),
        (("--by-parent", "--out", "/nowhere/at/all.csv"), "cannot write"),
        (("--by-parent", "--source", "missing.npz"), "missing.npz"),
        (("--source", "missing.npz", "--stage", "birth"), "decay, production"),
    ],
)
def test_mistakes(cli: Command, args: tuple[str, ...], words: str) -> None:
    answer = cli("flux", "bnb", *QUICK[-1:], *args)
    assert answer.code == 2
    assert words in answer.err.replace("\n", " ")


@pytest.mark.parametrize("mode", ["neutrino", "antineutrino"])
def test_validate(mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()
    app.command()(validate)
    with pytest.raises(SystemExit) as stop:
        app(["flux", "--mode", mode, *QUICK, "--out", str(tmp_path / "new")])
    assert stop.value.code == 0
    shown = capsys.readouterr()
    assert "all" in shown.out
    assert "p, n again: off" in shown.err
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"flux_{mode}_ratios.csv", f"flux_{mode}.png", f"flux_{mode}.pdf"}
