"""The shipped yield tables against published cross sections and multiplicities, and against each other."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.beam.yields import PRODUCTS, YieldTable
from darkhorn.core.errors import UnknownNameError
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON, mass
from darkhorn.core.units import MB_IN_CM2
from darkhorn.experiments.reading import package_files
from darkhorn.experiments.yields import FILES, load_yields
from darkhorn.physics.passage import proton_production_cm2
from darkhorn.physics.production import PI_MINUS_BE, PI_PLUS_BE, sanford_wang

BEAM = 8888.89


def harp_window(density: object) -> float:
    """Integral over HARP's window, 0.75-6.5 GeV/c and 30-210 mrad, by midpoints."""
    p = np.linspace(750.0, 6500.0, 801)
    theta = np.linspace(0.03, 0.21, 401)
    p, theta = 0.5 * (p[1:] + p[:-1]), 0.5 * (theta[1:] + theta[:-1])
    values = density(p[:, None], theta[None, :]) * 2.0 * np.pi * np.sin(theta)  # type: ignore[operator]
    return float(values.sum() * (p[1] - p[0]) * (theta[1] - theta[0]))


@pytest.mark.parametrize(
    ("pion", "fit", "published_mb", "low", "high"),
    [
        (PI_PLUS, PI_PLUS_BE, 40.19, 0.90, 1.15),
        (PI_MINUS, PI_MINUS_BE, 22.83, 1.05, 1.40),
    ],
)
def test_pions_of_the_beam_in_the_harp_window(
    pion: int, fit: object, published_mb: float, low: float, high: float
) -> None:
    """Engine over fit, window chosen beforehand from the spread of hadronic models: a check of scale, not of shape."""
    table = load_yields(PROTON, "Be")
    sigma = float(proton_production_cm2(BEAM, "Be"))
    made = harp_window(lambda p, theta: table.density(pion, BEAM, p, theta)) * sigma / MB_IN_CM2
    measured = harp_window(lambda p, theta: sanford_wang(p, theta, BEAM, fit)) / MB_IN_CM2  # type: ignore[arg-type]
    assert measured == pytest.approx(published_mb, rel=2e-3)
    assert low < made / measured < high


def test_multiplicities_of_the_beam_against_the_published_parametrisation() -> None:
    """Sanford-Wang gives 0.894 pi+ and 0.813 pi- in the forward half per production interaction."""
    table = load_yields(PROTON, "Be")
    assert table.multiplicity(PI_PLUS, BEAM) == pytest.approx(0.894, rel=0.25)
    assert table.multiplicity(PI_MINUS, BEAM) == pytest.approx(0.813, rel=0.25)


@pytest.mark.parametrize(("projectile", "nucleus"), sorted(FILES))
def test_every_table_obeys_the_laws_of_a_collision(projectile: int, nucleus: str) -> None:
    """Pions take at most the projectile's energy, in the mean over collisions; charge comes from somewhere."""
    table = load_yields(projectile, nucleus)
    x = (np.arange(16) + 0.5) ** 2 / 256.0
    for rung, momentum in enumerate(table.momenta):
        mean = {product: table.counts[product][rung] / table.interactions[rung] for product in PRODUCTS}
        carried = sum(
            float(mean[pion].sum(axis=1) @ np.hypot(x * momentum, mass(pion))) for pion in (PI_PLUS, PI_MINUS)
        )
        available = np.hypot(momentum, mass(projectile)) - (mass(PROTON) if projectile == PROTON else 0.0)
        assert 0.02 < carried / available < 0.9, (momentum, carried)
        charge = sum(sign * float(mean[product].sum()) for product, sign in ((PI_PLUS, 1), (PI_MINUS, -1), (PROTON, 1)))
        assert 0.0 < charge < 1.0 + {"Be": 4, "Al": 13}[nucleus]
    for pion in (PI_PLUS, PI_MINUS):
        growth = table.multiplicity(pion, table.momenta[[0, -1]])
        assert growth[1] > growth[0]
    assert (table.quasi_elastic > 0.0).all()


@pytest.mark.parametrize("nucleus", ["Be", "Al"])
def test_mirrors(nucleus: str) -> None:
    p, n = load_yields(PROTON, nucleus), load_yields(NEUTRON, nucleus)
    assert isinstance(n, YieldTable)
    assert n.multiplicity(PI_MINUS, BEAM) == p.multiplicity(PI_PLUS, BEAM)
    assert (p.multiplicity(PI_PLUS, p.momenta) > p.multiplicity(PI_MINUS, p.momenta)).all()
    plus, minus = load_yields(PI_PLUS, nucleus), load_yields(PI_MINUS, nucleus)
    assert minus.multiplicity(PI_MINUS, 2000.0) == plus.multiplicity(PI_PLUS, 2000.0)
    assert (plus.multiplicity(PI_PLUS, plus.momenta) > plus.multiplicity(PI_MINUS, plus.momenta)).all()


def test_headers_state_the_provenance() -> None:
    for name in FILES.values():
        head = Path(package_files(".csv")[name]).read_text().split("momentum_GeV")[0]
        for word in ("Engine: UrQMD", "chromo", "Seeds", "Status: model", "terms of use", "Cite"):
            assert word in head


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(UnknownNameError, match="yield table '321 on Be'"):
        load_yields(321, "Be")
