"""Every registered production passes the law suite, and the suite catches what it is for."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.models import productions as pr
from darkhorn.physics import leptonic, traces
from darkhorn.testing import check_matrix_element
from darkhorn.testing.matrix_element import independent_width

PARAMETRISED = {
    "vector-c0": {"c0": -0.6},
    "vector-full": {"sd_sign": -1, "slope": 0.1, "axial_form": "p"},
    "pseudoscalar-derivative": {"weak_vertex": False},
    "mixture": {"q_lepton": 0.5, "q_meson": -0.3, "c0": 0.4, "sd_sign": 1},
}


@pytest.mark.parametrize("name", sorted(pr.PRODUCTIONS))
def test_every_production(name: str) -> None:
    check_matrix_element(name)


@pytest.mark.parametrize("name", sorted(PARAMETRISED))
def test_parametrised_productions(name: str) -> None:
    check_matrix_element(pr.production(name, **PARAMETRISED[name]), masses=(10.0, 200.0))


def test_an_amplitude_of_ones_own() -> None:
    item = pr.from_amplitude("right", "vector", lambda at: traces.lepton_line(at, 0.0, 1.0))
    check_matrix_element(item, parents=(321,), leptons=(13,), masses=(50.0,))


def test_independent_width_has_a_typed_number() -> None:
    assert independent_width("vector-ib1", (211, 13), 5.0) == pytest.approx(1.94914779e-15, rel=1e-6, abs=0.0)
    assert independent_width("vector-ib1", (211, 11), 5.0) == pytest.approx(4.8619e-14, rel=2e-5, abs=0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"msq": lambda *p, **k: -leptonic.msq_scalar_ib1(*p, **k)}, "< 0"),
        ({"msq": lambda *p, **k: 0.0 * leptonic.msq_scalar_ib1(*p, **k)}, "0 everywhere"),
        ({"msq": lambda *p, **k: np.nan * leptonic.msq_scalar_ib1(*p, **k)}, "not finite"),
        ({"msq": lambda a, b, M, m, x, **k: leptonic.msq_scalar_ib1(a, b, M, m, x, **k) / x**2}, "claims not to grow"),
        ({"grows_at_low_mass": True}, "claims to grow"),
        ({"finite_when_massless": True}, "massless X"),
        ({"current_conserved": True}, "spin 0 with a current"),
    ],
)
def test_broken_scalars_are_caught(change: dict[str, object], message: str) -> None:
    item = replace(pr.production("scalar-ib1"), **change)
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check_matrix_element(item, parents=("K+",), leptons=("mu",), masses=(20.0,))


def test_rough_amplitudes_and_false_claims_are_caught() -> None:
    def spiked(m12_sq: np.ndarray, *rest: object, **keys: object) -> np.ndarray:
        return leptonic.msq_scalar_ib1(m12_sq, *rest, **keys) + 1e6 * (np.abs(m12_sq / 1e5 - 1.0) < 1e-2)

    with pytest.raises(AssertionError, match="width"):
        check_matrix_element(replace(pr.production("scalar-ib1"), msq=spiked), ("K+",), ("mu",), (20.0,))
    liar = replace(pr.production("vector-ib1"), current_conserved=True, grows_at_low_mass=False)
    with pytest.raises(AssertionError, match="claimed conserved = True"):
        check_matrix_element(liar, ("K+",), ("mu",), (20.0,))
    shy = replace(pr.production("vector-sum"), current_conserved=False, grows_at_low_mass=True)
    with pytest.raises(AssertionError, match="claimed conserved = False"):
        check_matrix_element(shy, ("K+",), ("mu",), (20.0,))
