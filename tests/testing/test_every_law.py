"""The law suites on every named process, every named decay and every shipped detector."""

from dataclasses import replace

import pytest

from darkhorn.core.errors import ScenarioError, ThresholdError
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.detectors import detector_names
from darkhorn.experiments.loader import Experiment
from darkhorn.models.cross_sections import PROCESSES, Aim, Collision
from darkhorn.models.lifetimes import DECAYS, Inputs
from darkhorn.testing import check_decay, check_detector, check_scattering

AIMS = {
    "electron": Aim("e", 0.51099895, 0, 0),
    "nucleon": Aim("p", 938.272, 1, 0),
    "nucleus": Aim("C12", 11174.86, 6, 6),
}
MEDIATOR = 50.0
LIGHT, OTHER, VECTOR = 3.0, 7.0, 11.0


@pytest.mark.parametrize(
    ("name", "kind", "spin"),
    [
        (name, kind, spin)
        for name, process in PROCESSES.items()
        for kind in process.targets
        for spin in (("dirac", "scalar") if "chi" in process.text else ("dirac",))
    ],
)
def test_every_process(name: str, kind: str, spin: str) -> None:
    m_out = 12.0 if PROCESSES[name].outgoing == "any" else 0.0
    start = Collision(name, AIMS[kind], 1000.0, 5.0, MEDIATOR, m_out, spin)

    def at(energy: float) -> Collision:
        return replace(start, energy=float(energy))

    closed = (20.0,) if (m_out and kind == "electron") else ()  # below the threshold of 125 MeV on electrons
    check_scattering(
        lambda e, q_sq: at(e.flat[0]).dsigma_dq_sq(q_sq),
        lambda e: at(e).limits(),
        (300.0, 3000.0),
        closed,
        scale=MEDIATOR**2,
    )


@pytest.mark.parametrize("name", DECAYS)
def test_every_decay(name: str) -> None:
    inputs = Inputs(1.0, 1.0, LIGHT, OTHER, VECTOR, 0.3, 1.0e-3)
    decay = DECAYS[name]
    threshold = sum(decay.daughters(inputs))

    def width(mass: float) -> float:  # a chain of two steps says that it is closed by an error, the others by 0
        try:
            return decay.width(inputs._replace(mass=mass))
        except ThresholdError:
            assert mass < threshold
            return 0.0

    check_decay(
        width,
        (1.05 * threshold + 1.0, 2.0 * threshold + 5.0, 2000.0),
        (0.5 * threshold, 0.999 * threshold) if threshold else (),
    )
    if threshold:
        with pytest.raises(ThresholdError):
            decay.checked_width(inputs._replace(mass=0.9 * threshold))
    if decay.needs:
        with pytest.raises(ScenarioError, match="needs"):
            decay.checked_width(Inputs(5000.0))


@pytest.mark.parametrize("name", ["miniboone", "sbnd", "microboone", "icarus", "ccm120", "ccm200", "lsnd", "karmen"])
def test_every_detector(name: str) -> None:
    check_detector(build_shape(Experiment.load(name).shape), points=2**11)


def test_sites_are_experiments() -> None:
    assert {"miniboone", "sbnd", "microboone", "icarus"} <= set(detector_names())
