"""A prediction with known numbers, beside the published data."""

import numpy as np
import pytest

from darkhorn.chain.flux import Flux
from darkhorn.chain.predict import ModePrediction, Prediction
from darkhorn.experiments.loader import Experiment, Mode
from darkhorn.inference.fit import FitResult, fit_normalisation
from darkhorn.models.presets import preset

REPLICATES = 4


def mode_prediction(name: str, pot: float, edges: dict[str, np.ndarray], seed: int) -> ModePrediction:
    """Spectra at unit couplings that fall with energy and peak forward, with some spread over replicates."""
    rng = np.random.default_rng(seed)
    shapes = {
        key: np.exp(-2.0 * np.linspace(0, 1, len(e) - 1))[:: -1 if key == "cos_theta" else 1]
        for key, e in edges.items()
    }
    spread = 1.0 + 0.02 * rng.standard_normal((REPLICATES, 1))
    spectra = {key: 1.0e18 * shape / shape.sum() * spread for key, shape in shapes.items()}
    boson_edges = np.linspace(0.0, 8000.0, 5)
    return ModePrediction(
        name=name, pot=pot, edges=edges, spectra=spectra, boson_edges=boson_edges,
        bosons=np.full((REPLICATES, 4), 1.0e-6), signal=1.0e18 * spread[:, 0], crossing=4.0e-6 * spread[:, 0],
        mean_chord=8.2, mean_arrival=1795.0, mean_delay=2.8, n_eff=1000.0, relvar=7.0, largest_over_mean=80.0,
        points=2048,
    )  # fmt: skip


@pytest.fixture(scope="session")
def modes() -> dict[str, Mode]:
    return Experiment.load("miniboone").modes


@pytest.fixture(scope="session")
def prediction(modes: dict[str, Mode]) -> Prediction:
    found = {
        name: mode_prediction(name, mode.pot, {d.name: d.edges for d in mode.distributions}, seed)
        for seed, (name, mode) in enumerate(modes.items())
    }
    return Prediction(preset("scalar-benchmark"), found, seed=1, replicates=REPLICATES)


@pytest.fixture(scope="session")
def fit(prediction: Prediction, modes: dict[str, Mode]) -> FitResult:
    spectra, signals = {}, {}
    for name, mode in prediction.modes.items():
        for item in modes[name].distributions:
            spectra[f"{name} {item.name}"] = item
            signals[f"{name} {item.name}"] = mode.spectra[item.name].mean(axis=0)
    return fit_normalisation(spectra, signals)


@pytest.fixture(scope="session")
def flux() -> Flux:
    """A falling flux in 50 MeV bins that integrates to 4.8e-10 per cm^2 and POT, 1 % spread over replicates."""
    edges = np.linspace(0.0, 10000.0, 201)
    shape = np.exp(-0.5 * ((0.5 * (edges[1:] + edges[:-1]) - 700.0) / 450.0) ** 2)
    rows = 4.8e-10 * shape / shape.sum() * np.array([[0.99], [1.01], [1.0], [1.0]])
    return Flux(edges, rows, np.full(4, 800.0))
