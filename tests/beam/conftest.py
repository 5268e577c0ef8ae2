"""Reference tracks and horn profiles for the tests of the beam line."""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest
from tracks_by_ode import pions

from darkhorn.beam.beamline import Aperture, Beamline, ProtonBeam, RadialProfile, TargetRod
from darkhorn.beam.horn import G4BNB

REFERENCE = Path(os.environ.get("DARKHORN_REFERENCE", Path(__file__).parents[2].parent / "shared")) / "reference"


@pytest.fixture(scope="session")
def track_file() -> Path:
    path = REFERENCE / "horn_tracks.csv"
    if not path.is_file():
        pytest.skip(f"no reference tracks at {path}: set DARKHORN_REFERENCE")
    return path


@pytest.fixture(scope="session")
def track_rows(track_file: Path) -> list[dict[str, str]]:
    lines = [line for line in track_file.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


@pytest.fixture
def longer_profile(track_file: Path, tmp_path: Path) -> Path:
    """The profile whose nodes stand in the header of the reference file, as a CSV file."""
    header = next(line for line in track_file.read_text().splitlines() if line.startswith("# profile RKHORN"))
    nodes = re.findall(r"\(([\d.]+),([\d.]+)\)", header)
    path = tmp_path / "longer.csv"
    rows = [f"{float(z) / 100!r},{float(r) / 100!r},0.3" for z, r in nodes]
    path.write_text("z_m,r_in_m,r_out_m\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="session")
def bnb() -> Beamline:
    """A beam line with the published numbers, typed here so that the tests do not depend on the data file."""
    z = (0.0, 0.086, 0.655, 0.8, 0.877, 1.0, 1.106, 1.304, 1.606, 1.6867, 1.733, 1.7708, 1.7954, 1.804)
    inner = (22.0, 19.0, 19.0, 19.0, 30.0, 47.4, 62.4, 62.4, 19.0, 21.2, 38.0, 69.7, 112.4, 156.0)
    outer = (*(9 * [325.4]), 300.8, 284.0, 252.3, 209.6, 166.0)
    return Beamline(
        name="test",
        beam=ProtonBeam(8888.9, 1.51e-3, 0.75e-3, 0.66e-3, 0.4e-3, -1.0, -0.01),
        target=TargetRod("Be", 4.7625e-3, 0.034925, 0.746125, 1.2349e29),
        field=G4BNB,
        conductor=RadialProfile(z, tuple(r / 1000 for r in inner), tuple(r / 1000 for r in outer)),
        conductor_material="Al",
        apertures=(
            Aperture("collimator", 3.07, 5.2036, 0.3, 0.355, "steel"),
            Aperture("gap", 5.3, 5.889, 0.9144, 0.9144, "steel"),
            Aperture("pipe", 5.889, 50.314, 0.9144, 0.9144, "concrete"),
        ),
        current=174e3,
    )


@pytest.fixture(scope="session")
def some_pions() -> tuple[np.ndarray, np.ndarray]:
    return pions(400)
