"""Mesons from Geant4 through geant4-pybind: protons through the rod of a beam line, in a process of their own.

Two planes are kept apart. pi0 and eta are booked where they are born, since they never leave the target;
charged pions and kaons where they leave the rod, after everything that the rod does to them.

A result is called physics only when every data set of Geant4 is there at the expected version. The machinery mode
runs without them, on placeholder files that a test makes: it has no electromagnetic and no elastic physics, kills
neutrons at birth, and tests the code, not nature.

Source: Geant4, NIM A 506 (2003) 250; physics lists of release 11.4.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline, ProtonBeam, TargetRod
from darkhorn.beam.source import Provenance
from darkhorn.beam.table import draw_rows
from darkhorn.beam.worker import run_worker
from darkhorn.core.errors import DarkhornError, RangeError, require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PROTON, mass
from darkhorn.core.units import GEV, MM, C

VERSION: Final = "geant4-11-04-patch-01"
"""Release whose data sets :data:`DATA_SETS` lists."""

PHYSICS_LISTS: Final = ("NuBeam", "FTFP_BERT")
MOMENTUM_MIN: Final = 1.0 * GEV
MOMENTUM_MAX: Final = 1.0e5 * GEV


@dataclass(frozen=True)
class DataSet:
    """A data set: folder name without version, version, environment variable, and the least size of a real one."""

    name: str
    version: str
    variable: str
    least_bytes: int

    @property
    def folder(self) -> str:
        """Name of the unpacked folder."""
        return f"{self.name}{self.version}"

    def find(self, environment: Mapping[str, str]) -> Path | None:
        """Return the folder that the environment gives for this set, whatever is in it."""
        if environment.get(self.variable):
            return Path(environment[self.variable])
        if environment.get("GEANT4_DATA_DIR"):
            return Path(environment["GEANT4_DATA_DIR"]) / self.folder
        return None

    def fault(self, environment: Mapping[str, str]) -> str:
        """Return what is wrong with this set, or an empty text."""
        path = self.find(environment)
        if path is None:
            return "not set"
        if path.name.removeprefix("G4") != self.folder.removeprefix("G4"):
            return f"is '{path.name}', another version"
        if not path.is_dir():
            return f"'{path}' does not exist"
        return "" if _holds(path, self.least_bytes) else f"'{path}' holds less than {self.least_bytes:.0e} bytes"


DATA_SETS: Final = (
    DataSet("G4PARTICLEXS", "4.2", "G4PARTICLEXSDATA", 10**7),
    DataSet("PhotonEvaporation", "6.1.2", "G4LEVELGAMMADATA", 10**6),
    DataSet("G4ENSDFSTATE", "3.0", "G4ENSDFSTATEDATA", 10**5),
    DataSet("G4EMLOW", "8.8", "G4LEDATA", 10**8),
    DataSet("G4INCL", "1.3", "G4INCLDATA", 1),
    DataSet("G4SAIDDATA", "2.0", "G4SAIDXSDATA", 1),
    DataSet("G4NDL", "4.7.1", "G4NEUTRONHPDATA", 10**8),
    DataSet("G4ABLA", "3.3", "G4ABLADATA", 1),
    DataSet("G4PII", "1.3", "G4PIIDATA", 1),
    DataSet("RadioactiveDecay", "6.1.2", "G4RADIOACTIVEDATA", 1),
    DataSet("RealSurface", "2.2", "G4REALSURFACEDATA", 1),
    DataSet("G4CHANNELING", "2.0", "G4CHANNELINGDATA", 1),
)
"""What has to be present. Names and versions: the list inside geant4-pybind 0.1.3. The sizes are lower bounds that
tell a placeholder from a real set (about 100 MB for G4PARTICLEXS, 580 MB for G4EMLOW and G4NDL)."""


class DataSetError(DarkhornError, LookupError):
    """Geant4 data sets are missing or of another version."""


def is_installed() -> bool:
    """Return True where geant4-pybind is installed (it is not imported: the import asks questions)."""
    return find_spec("geant4_pybind") is not None


def require_data_sets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables that point to every data set.

    Parameters
    ----------
    environment : mapping, optional
        Variables to look in; those of the process by default. A set is found through its own variable or under
        ``GEANT4_DATA_DIR``.

    Raises
    ------
    DataSetError
        Listing each set that is missing, of another version or too small, its variable and where to get it.
    """
    known = os.environ if environment is None else environment
    faults = {item: item.fault(known) for item in DATA_SETS}
    bad = [f"  {s.folder} in {s.variable}: {why}" for s, why in faults.items() if why]
    if bad:
        raise DataSetError(
            f"Geant4 ({VERSION}) needs its data sets to make physics; {len(bad)} of {len(DATA_SETS)} are not there:\n"
            + "\n".join(bad)
            + "\nGet them from https://geant4.web.cern.ch/download (11.4.1, data files), unpack them into one folder "
            "and set GEANT4_DATA_DIR to it, or each variable to its own."
        )
    return {item.variable: str(item.find(known)) for item in DATA_SETS}


def check_geometry(rod: TargetRod, *, timeout: float = 300.0) -> dict[str, float | str]:
    """Return volume (m^3), atoms per m^3 and engine version of the rod as the engine builds it; needs no data sets."""
    found = run_worker(
        "darkhorn.beam._geant4_worker",
        {"rod": _rod(rod), "check": True},
        timeout=timeout,
        environment={"GEANT4_DATA_DIR": os.curdir, "CI": ""},
    )
    density, volume = float(found["number_density"]), float(found["volume"])
    return {"volume": volume, "number_density": density, "version": str(found["version"])}


@dataclass(frozen=True, eq=False)
class Geant4Source:
    """Mesons of a run: pi0 and eta at birth, charged pions and kaons where they leave the rod.

    Attributes
    ----------
    rays : Rays
        Weight 1/protons: the sum is the yield per POT. t = 0 when the proton passes the upstream face of the rod.
    interacted : float
        Share of the protons that interacted inelastically.
    provenance : Provenance
        Engine, version, data sets, physics list, seed; the label says ``machinery`` for a run without data.
    """

    rays: Rays
    interacted: float
    provenance: Provenance

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers found, in ascending order."""
        return tuple(int(number) for number in np.unique(self.rays.pdgid))

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one row a point (coordinate MOMENTUM); the weights sum to the yield per POT. No use for the grid.

        Raises
        ------
        InputFileError
            When the run holds no meson of this species.
        """
        return draw_rows(self.rays[self.rays.pdgid == species], points[:, Axis.MOMENTUM])


def run_geant4(
    beamline: Beamline,
    n_protons: int,
    seed: int,
    physics_list: str = "NuBeam",
    *,
    placeholders: Mapping[str, str] | None = None,
    timeout: float = 3600.0,
) -> Geant4Source:
    """Send protons of a beam line through its rod and return the mesons.

    Parameters
    ----------
    beamline : Beamline
        Proton spot and rod (its tube, fins and horn are not part of this run).
    n_protons : int
        1 to 10^8; some 400 a second.
    seed : int
        1 to 2^31 - 1; the same seed gives the same mesons.
    physics_list : str
        ``NuBeam`` or ``FTFP_BERT``.
    placeholders : mapping, optional
        Environment variables of placeholder data sets: switches to the machinery mode, whose result is labelled so.
        For tests only.
    timeout : float
        Seconds after which the engine is ended.

    Returns
    -------
    Geant4Source
        Photons, leptons and neutrinos are ended at birth; everything that leaves the rod is ended there.

    Raises
    ------
    DataSetError
        Without ``placeholders``, when a data set is missing or of another version.
    RangeError, UnknownNameError
        For a number, a seed or a momentum out of range, an unknown list, or another release of the engine.
    DarkhornError
        When geant4-pybind is not installed.
    WorkerError
        When the engine fails or takes longer than ``timeout``.
    """
    if physics_list not in PHYSICS_LISTS:
        raise unknown_name("physics list", physics_list, PHYSICS_LISTS)
    require_range("n_protons", n_protons, 1, 10**8)
    require_range("seed", seed, 1, 2**31 - 1)
    require_range("proton momentum of Geant4", beamline.beam.momentum, MOMENTUM_MIN, MOMENTUM_MAX, "MeV/c")
    machinery = placeholders is not None
    variables = dict(placeholders) if placeholders is not None else require_data_sets()
    if not is_installed():
        raise DarkhornError("the Geant4 source needs the package 'geant4-pybind': pip install 'darkhorn[geant4]'")
    beam, rod = beamline.beam, beamline.target
    position, direction, delay = _protons(beam, rod, n_protons, seed)
    folder = Path(next(iter(variables.values()), os.curdir)).parent
    request = {
        "rod": _rod(rod),
        "check": False,
        "machinery": machinery,
        "physics_list": physics_list,
        "seed": int(seed),
        "momentum": float(beam.momentum),
    }
    found = run_worker(
        "darkhorn.beam._geant4_worker",
        request,
        {"position": position, "direction": direction},
        timeout=timeout,
        environment={"GEANT4_DATA_DIR": str(folder), "CI": ""} | variables,
    )
    version = str(found["version"])
    if not machinery and version != VERSION:
        raise RangeError(f"Geant4 release = '{version}'; allowed: {VERSION}, whose data sets are known here")
    rays = _rays(found["rows"], rod, delay, n_protons)
    origin = _origin(version, physics_list, machinery, int(n_protons), int(seed))
    return Geant4Source(rays, float(found["interacted"]) / n_protons, origin)


def _origin(version: str, physics_list: str, machinery: bool, n_protons: int, seed: int) -> Provenance:
    """Return what the run declares; only a run with every data set names Geant4 as its engine."""
    ended = "photons and leptons ended at birth"
    return Provenance(
        engine=f"machinery test on Geant4 code ({physics_list})" if machinery else f"Geant4 {physics_list}",
        version=version if machinery else f"{version}; {', '.join(item.folder for item in DATA_SETS)}",
        normalisation="1/protons sent: pi0 and eta at birth, charged pions and kaons leaving the rod",
        thresholds=f"{ended}; neutrons too, no electromagnetic and no elastic physics" if machinery else ended,
        pot=float(n_protons),
        seed=seed,
        label="machinery" if machinery else "physics",
    )


def _rod(rod: TargetRod) -> dict[str, float | str]:
    """Return the rod as the worker wants it, in m and 1/m^3."""
    return {
        "material": rod.material,
        "radius": rod.radius,
        "half_length": 0.5 * (rod.z_end - rod.z_start),
        "number_density": rod.number_density,
    }


def _protons(beam: ProtonBeam, rod: TargetRod, n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return where protons start (m, from the centre of the rod), their directions and the time to its face (ns)."""
    from scipy.special import ndtri

    points = unit_points(n, seed=seed, stream=(PROTON,), kind="random")
    g = ndtri(points[:, [Axis.SPOT_X, Axis.SPOT_Y]])
    slope = beam.correlation * g * [beam.sigma_xp, beam.sigma_yp]
    per_z = np.sqrt(1.0 + np.einsum("ij,ij->i", slope, slope))
    z = np.full(n, beam.z_start - 0.5 * (rod.z_start + rod.z_end))
    position = np.column_stack([g * [beam.sigma_x, beam.sigma_y], z])
    direction = np.column_stack([slope, np.ones(n)]) / per_z[:, None]
    speed = C * beam.momentum / np.hypot(beam.momentum, mass(PROTON))
    return position, direction, (rod.z_start - beam.z_start) * per_z / speed


def _rays(rows: Floats, rod: TargetRod, delay: Floats, n_protons: int) -> Rays:
    """Return the booked mesons in the frame of the beam line, energies on the PDG mass shell."""
    pdgid = rows[:, 1].astype(np.int64)
    time = rows[:, 4] - delay[rows[:, 0].astype(np.int64)]
    place = rows[:, 5:8] * MM + [0.0, 0.0, 0.5 * (rod.z_start + rod.z_end)]
    momentum = rows[:, 9:12]
    masses = np.array([mass(int(number)) for number in np.unique(pdgid)])[np.unique(pdgid, return_inverse=True)[1]]
    energy = np.hypot(np.linalg.norm(momentum, axis=1), masses)
    return Rays.make(pdgid, np.column_stack([time, place]), np.column_stack([energy, momentum]), 1.0 / n_protons)


def _holds(path: Path, least: int) -> bool:
    """Return True where the files below ``path`` have at least ``least`` bytes together."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            total += (Path(folder) / name).stat().st_size
            if total >= least:
                return True
    return False
