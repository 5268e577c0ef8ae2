"""The MiniBooNE data release of 2020: shipped spectra, and the covariance and transmutation files of the user."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Floats
from darkhorn.core.units import CM
from darkhorn.experiments.datadir import data_dir, data_file
from darkhorn.experiments.published import published_table
from darkhorn.inference.template import Template
from darkhorn.io.tables import as_numbers, read_columns
from darkhorn.physics.oscillation import appearance

MODES: Final = ("neutrino", "antineutrino")
"""Order of the modes in the release."""

COVARIANCE_FILES: Final = ("mb_combined_fraccov_2020.csv", "miniboone_full_fractcovmatrix_combined_lowe.txt")
"""Names under which the 60 x 60 fractional covariance is looked for: comma separated, or as released."""

TRANSMUTATION_FILES: Final = {
    "neutrino": "mb_nu_fulltransmutation_etrue_eqe_2020.csv",
    "antineutrino": "mb_nubar_fulltransmutation_etrue_eqe_2020.csv",
}
"""Events if every nu_mu became nu_e, by true energy and E_QE."""

EVENT_FILES: Final = {
    "neutrino": "miniboone_numunuefullosc_ntuple.txt",
    "antineutrino": "miniboone_nubarfullosc_ntuple.txt",
}
"""The same as released, one simulated event a line: E_QE (MeV), true energy (MeV), path (cm), weight."""

MEAN_DISTANCE: Final = 520.1
"""Mean path of the simulated neutrinos from decay to interaction, m."""

BEST_OSCILLATION: Final = (0.807, 0.0432)
"""Best grid point of the release: sin^2(2 theta), and the difference of squared masses in eV^2."""

WHERE_TO_GET: Final = (
    "It belongs to the data release of arXiv:2006.16883: HEPData record ins1804293 (doi 10.17182/hepdata.114365) "
    "or the data-release page of the MiniBooNE experiment."
)

_SIZE: Final = 60
_TABLES: Final = {"neutrino": "miniboone_nu_e_qe", "antineutrino": "miniboone_nubar_e_qe"}
_WINDOW: Final = (200.0, 1250.0)


@dataclass(frozen=True, eq=False)
class Release:
    """Everything that the combined statistic needs.

    Attributes
    ----------
    edges : (12,) float
        Bins of E_QE of the electron-like samples, MeV.
    data : (38,) float
        Observed events: 11 electron-like and 8 muon-like bins of neutrino mode, then of antineutrino mode.
    prediction : (60,) float
        v without signal: 11 zeros, 11 backgrounds (unconstrained), 8 muon neutrinos, and the same again.
    fractional_covariance : (60, 60) float
        F, symmetric.
    """

    edges: Floats
    data: Floats
    prediction: Floats
    fractional_covariance: Floats

    def electron_data(self, mode: str) -> Floats:
        """Return the observed electron-like events of a mode, shape (11,)."""
        start = 19 * MODES.index(mode)
        return self.data[start : start + 11]

    def background(self, mode: str) -> Floats:
        """Return the unconstrained background of a mode, shape (11,), events."""
        start = 30 * MODES.index(mode) + 11
        return self.prediction[start : start + 11]

    def muon_data(self, mode: str) -> Floats:
        """Return the observed muon-like events of a mode, shape (8,)."""
        start = 19 * MODES.index(mode) + 11
        return self.data[start : start + 8]

    def totals(self, mode: str) -> dict[str, float]:
        """Return data, unconstrained background, its error and the excess over it in 200 < E_QE < 1250 MeV.

        The published excess (560.6 and 77.4) is over the *constrained* background and is another number.
        """
        inside = (self.edges[:-1] >= _WINDOW[0]) & (self.edges[1:] <= _WINDOW[1])
        start = 30 * MODES.index(mode) + 11
        rows = start + np.flatnonzero(inside)
        background = self.prediction[rows]
        error = np.sqrt(background @ self.fractional_covariance[np.ix_(rows, rows)] @ background)
        data = float(self.electron_data(mode)[inside].sum())
        return {
            "data": data,
            "background_unconstrained": float(background.sum()),
            "background_unconstrained_error": float(error),
            "excess_unconstrained": data - float(background.sum()),
            "muon_neutrino_data": float(self.muon_data(mode).sum()),
        }


def load_release() -> Release:
    """Return the release: spectra that the package ships, covariance from the data directory.

    Raises
    ------
    InputFileError
        When the covariance is absent (the message says what to get and where to put it), is not a symmetric 60 x 60
        matrix of finite numbers, or does not fit the shipped errors of the background.
    """
    tables = {mode: published_table(name) for mode, name in _TABLES.items()}
    muons = published_table("miniboone_numu")
    data, prediction = [], []
    for mode in MODES:
        data += [tables[mode]["data"], muons[f"{mode}_data"]]
        prediction += [np.zeros(11), tables[mode]["background_unconstrained"], muons[f"{mode}_prediction"]]
    low, high = tables["neutrino"]["e_qe_lo_MeV"], tables["neutrino"]["e_qe_hi_MeV"]
    systematic = np.concatenate([tables[mode]["systematic"] for mode in MODES])
    path = _first_present(COVARIANCE_FILES, "fractional covariance, 60 rows of 60 numbers, neutrino then antineutrino")
    vector = np.concatenate(prediction)
    matrix = _read_matrix(path)
    _check_order(path, matrix, vector, systematic)
    return Release(np.append(low, high[-1]), np.concatenate(data), vector, matrix)


def _first_present(names: tuple[str, ...], content: str) -> Path:
    """Return the first of the files that is in the data directory."""
    for name in names:
        if (data_dir() / name).is_file():
            return data_dir() / name
    try:
        return data_file(names[0])
    except InputFileError as error:
        other = f" (or '{names[1]}', as released)" if len(names) > 1 else ""
        raise InputFileError(f"{error} It should hold{other}: {content}. {WHERE_TO_GET}") from error


def _read_matrix(path: Path) -> Floats:
    """Return a symmetric 60 x 60 matrix from a file of numbers with ``#`` comments."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"cannot read {path}: {error}") from error
    rows = [line.replace(",", " ").split() for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    try:
        matrix = np.array([[float(cell) for cell in row] for row in rows])
    except ValueError as error:
        raise InputFileError(f"{path}: not a matrix of numbers: {error}") from error
    if matrix.shape != (_SIZE, _SIZE):
        raise InputFileError(f"{path}: a table of shape {matrix.shape}; expected ({_SIZE}, {_SIZE})")
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=1e-4, atol=1e-9):
        raise InputFileError(f"{path}: the matrix is not finite and symmetric; is it cut or of another release?")
    return np.asarray(0.5 * (matrix + matrix.T))


def _check_order(path: Path, matrix: Floats, vector: Floats, systematic: Floats) -> None:
    """Refuse a matrix whose diagonal does not give the shipped errors of the backgrounds."""
    rows = np.concatenate([30 * block + 11 + np.arange(11) for block in (0, 1)])
    errors = np.sqrt(np.maximum(np.diag(matrix)[rows], 0.0)) * vector[rows]
    if not np.allclose(errors, systematic, rtol=2e-3, atol=0.01):
        raise InputFileError(
            f"{path}: its diagonal gives a background error of {errors[0]:.4g} events in the first bin; expected "
            f"{systematic[0]:.4g}: another release, or another order of the blocks"
        )


def oscillation_signal(sin_sq_2theta: float, delta_m_sq: float, distance: float = MEAN_DISTANCE) -> dict[str, Template]:
    """Return the electron-like events of two-flavour oscillation in E_QE, by mode, from the binned release.

    Parameters
    ----------
    sin_sq_2theta : float
        In [0, 1].
    delta_m_sq : float
        eV^2.
    distance : float
        Path of every neutrino, m.

    Returns
    -------
    dict of str to Template
        11 bins of E_QE; the oscillation probability is taken at the centre of each 100 MeV bin of true energy.

    Raises
    ------
    InputFileError, RangeError
        When the files are not in the data directory, or a parameter is out of range.

    Notes
    -----
    At the best point of the release (0.807, 0.0432 eV^2) the statistic falls by 29.27 with this table; the surface
    of the release falls by 28.886, and with one path and energy an event by 28.92 (:func:`event_signal`). The
    difference is the width of the bins: 3 % of the lowest bin of E_QE move the drop by 0.4.
    """
    edges = _release_edges()
    found = {}
    for mode, name in TRANSMUTATION_FILES.items():
        path = _first_present((name,), "events if every nu_mu became nu_e, by true energy (rows) and E_QE (columns)")
        cells = read_columns(path, ("e_true_lo", "e_true_hi"))
        table = {key: as_numbers(path, key, column) for key, column in cells.items()}
        energy = 0.5 * (table.pop("e_true_lo") + table.pop("e_true_hi"))
        events = np.array(list(table.values()))
        if events.shape != (len(edges) - 1, len(energy)):
            raise InputFileError(f"{path}: {len(events)} columns of E_QE; expected {len(edges) - 1}")
        found[mode] = Template.make("e_qe", edges, events @ appearance(energy, distance, sin_sq_2theta, delta_m_sq))
    return found


def event_signal(sin_sq_2theta: float, delta_m_sq: float) -> dict[str, Template]:
    """Return the same as :func:`oscillation_signal` from the simulated events of the release, one path an event.

    Raises
    ------
    InputFileError, RangeError
        When the files are not in the data directory or not four columns of numbers, or a parameter is out of range.
    """
    edges = _release_edges()
    found = {}
    for mode, name in EVENT_FILES.items():
        path = _first_present((name,), "simulated events: E_QE (MeV), true energy (MeV), path (cm), weight")
        try:
            rows = np.loadtxt(path, ndmin=2)
        except ValueError as error:
            raise InputFileError(f"{path}: not a table of numbers: {error}") from error
        if rows.shape[1] != 4:
            raise InputFileError(f"{path}: {rows.shape[1]} columns; expected 4: E_QE, true energy, path, weight")
        e_qe, energy, path_cm, weight = rows.T
        if np.median(energy) < 10.0:
            raise RangeError(
                f"{path}: median true energy {np.median(energy):g}; allowed: above 10 MeV (energies in MeV)"
            )
        weight = weight / len(rows) * appearance(energy, path_cm * CM, sin_sq_2theta, delta_m_sq)
        events, _ = np.histogram(e_qe, edges, weights=weight)
        squares, _ = np.histogram(e_qe, edges, weights=weight**2)
        found[mode] = Template.make("e_qe", edges, events, squares)
    return found


def _release_edges() -> Floats:
    """Return the 12 edges of E_QE, MeV."""
    table = published_table("miniboone_nu_e_qe")
    return np.append(table["e_qe_lo_MeV"], table["e_qe_hi_MeV"][-1])
