"""CCM: what the vectors of stopped pi+ and of pi0 leave in argon, for the three diagrams and for their sum.

Two readings of the vector V with the same masses and couplings to mesons: it decays to chi chi at once, and chi makes
nuclei and electrons recoil; or it lives, and converts to a photon through a scalar.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import ScenarioError
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, PI0, PI_PLUS, mass
from darkhorn.experiments.loader import Experiment, Window
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_point import Point, Settings
from darkhorn.inference.pictures_rates import Rate, by_meson, log_edges, rate_json, setup_of
from darkhorn.models.channels import Channel, Nucleus, Recoil
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import PRESETS
from darkhorn.physics.elastic import dsigma_dt_recoil_cm2
from darkhorn.physics.nuclear_response import coherent
from darkhorn.physics.phase_space import energy_max
from darkhorn.physics.weak import ALPHA

SHAPES: Final = {"IB1": "vector-ib1", "IB2": "vector-ib2", "IB3": "vector-contact", "IB1+2+3": "vector-sum"}
"""Amplitudes by the name that pictures use; only the sum is gauge invariant."""
SEEN: Final = ("nuclear recoil", "electron recoil", "photon")
PHOTONS: Final = PRESETS["VIB1e-S"]
"""Mediator of the conversion to photons, its mass and couplings, where V lives."""
_PER_ALPHA: Final = 16.0 * np.pi**2 * ALPHA
_NUCLEAR: Final = log_edges(1.0e-4, 10.0, 50)
_ENERGY: Final = np.linspace(0.0, 400.0, 101)


@dataclass(frozen=True)
class OnNuclei(DarkMatter):
    """Dark matter that makes whole nuclei recoil: chi A -> chi A with the charge Z F(Q^2), nothing else."""

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Channel, ...]:
        """Return elastic scattering on each nucleus of the detector, at eps = 1; a nucleus is a Dirac particle."""
        return tuple(self._on(nucleus) for nucleus in nuclei if nucleus.nucleons > 1)

    def _on(self, nucleus: Nucleus) -> Recoil:
        strength = _PER_ALPHA * (self.alpha_d1 if self.exchange == "v1" else self.alpha_d2)

        def dsigma(energy: Floats, recoil: Floats) -> Floats:
            factor = coherent(2.0 * nucleus.mass * recoil, nucleus.nucleons, nucleus.protons, self.helm_radius)
            point = dsigma_dt_recoil_cm2(energy, recoil, self.m_chi, nucleus.mass, self.m_exchanged, spin=self.spin)
            return strength * factor * point

        limits = self.recoil_min, self.recoil_max
        return Recoil(f"{nucleus.name} nuclei", nucleus.mass, self.m_exchanged, nucleus.density, *limits, dsigma)


@dataclass(frozen=True)
class CcmSpectra:
    """Spectra of one experiment.

    Attributes
    ----------
    experiment : str
        Name.
    pot : float
        Exposure.
    model : DarkMatter
        Masses and couplings.
    edges : dict of str to (n+1,) float
        Bins in MeV by what is seen, and ``vector`` for the energy of V that lives and crosses the detector.
    rates : dict
        By what is seen and by shape: rates by meson at the couplings of the model; the charged mesons of each shape,
        and the pi0, which are the same for all, under the key ``pi0``.
    endpoint : float
        Largest energy of V from pi+ at rest, MeV.
    threshold : float
        Least energy in MeV of the first mode of the experiment: only drawn.
    """

    experiment: str
    pot: float
    model: DarkMatter
    edges: dict[str, Floats]
    rates: dict[str, dict[str, Rate]]
    endpoint: float
    threshold: float


def ccm_spectra(point: Point, tell: Tell = lambda _: None) -> CcmSpectra:
    """Return the spectra of nuclear and electron recoils and of photons in the first experiment of a point.

    Parameters
    ----------
    point : Point
        A model of dark matter: masses, eps1, alpha_D, leptons. The first of its experiments is the detector.
    tell : callable
        Told what is being done.

    Raises
    ------
    ScenarioError
        For a model of another kind.
    ThresholdError
        When nothing is made.
    """
    model = point.model
    if not isinstance(model, DarkMatter):
        raise ScenarioError(
            f"model {point.model_name}: pictures of CCM start from dark matter; allowed: a preset of it"
        )
    name = point.experiments[0]
    experiment = Experiment.load(name, given=point.supply.get(name))
    mode = list(experiment.modes.values())[-1]
    beams = Beams(point.settings, point.supply)
    edges = {"nuclear recoil": _NUCLEAR, "electron recoil": _ENERGY, "photon": _ENERGY, "vector": _ENERGY}
    rates: dict[str, dict[str, Rate]] = {seen: {} for seen in SEEN}
    for seen in SEEN:
        setup = setup_of(experiment, mode, beams, {"e_vis": edges[seen]}, _ENERGY, Window(), one_ring=False)
        for shape, production in SHAPES.items():
            tell(f"{experiment.name}: {seen}, {shape}")
            variant, made, seen_again = _variant(model, production, seen)
            for meson, rate in by_meson(variant, setup, point.settings, tell, _points(point.settings)).items():
                rates[seen]["pi0" if meson == "pi0" else shape] = rate.times(made * seen_again, made)
            setup = replace(setup, parents=tuple(item for item in setup.parents if item.species != PI0))
    endpoint = float(energy_max(mass(PI_PLUS), mass(ELECTRON), model.m_v1))
    threshold = next(iter(experiment.modes.values())).window.e_vis_min
    return CcmSpectra(experiment.name, mode.pot, model, edges, rates, endpoint, threshold)


def _points(settings: Settings) -> int:
    """Return points enough for smooth shapes, fewer where little precision is asked for."""
    return min(max(2**11, int(2**11 * (0.1 / settings.precision) ** 2)), 2**14)


def _variant(model: DarkMatter, production: str, seen: str) -> tuple[DarkMatter | Photoconversion, float, float]:
    """Return a model with one amplitude that leaves one kind of thing, and the squares of its two couplings."""
    made = model.coupling**2
    if seen == "photon":
        charge = float(np.sqrt(4.0 * np.pi * ALPHA))
        chosen = replace(PHOTONS, production=production, leptons=model.leptons, m_x=model.m_v1)
        return chosen, made * charge**2, (chosen.g_n * chosen.lam) ** 2
    found = (model.coupling_product / model.coupling) ** 2 if model.coupling > 0.0 else 0.0
    changed = replace(model, production=production, detection=("electron",))
    if seen == "nuclear recoil":
        return OnNuclei(**{item.name: getattr(changed, item.name) for item in fields(changed)}), made, found
    return changed, made, found


def ccm_json(found: CcmSpectra) -> dict[str, Any]:
    """Return the spectra as plain values."""
    rates: Mapping[str, Mapping[str, Rate]] = found.rates
    return {
        "experiment": found.experiment,
        "pot": found.pot,
        "model": dict(found.model.parameters()),
        "photons": {
            "mediator": PHOTONS.mediator,
            "m_mediator": PHOTONS.m_mediator,
            "g_n_lambda": PHOTONS.g_n * PHOTONS.lam,
        },
        "edges_MeV": {name: rows.tolist() for name, rows in found.edges.items()},
        "endpoint_of_V_MeV": found.endpoint,
        "threshold_MeV": found.threshold,
        "rates": {seen: rate_json(rows) for seen, rows in rates.items()},
    }
