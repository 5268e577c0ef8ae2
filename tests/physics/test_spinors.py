"""The trace engine against sums over explicit spinors and polarisation vectors, in rotated frames."""

from collections.abc import Callable

import dirac_algebra as da
import numpy as np
import pytest

from darkhorn.core.rays import Floats
from darkhorn.physics import traces
from darkhorn.physics.phase_space import delta_limits

POINTS = 100
CHANNELS = ((139.57039, 105.6583755), (139.57039, 0.51099895), (493.677, 105.6583755), (493.677, 0.51099895))
LEFT = np.eye(4) - da.GAMMA5


def points(seed: int) -> tuple[Floats, ...]:
    rng = np.random.default_rng(seed)
    M, m_l = np.array(CHANNELS)[rng.integers(0, 4, POINTS)].T
    m_x = (M - m_l) * rng.uniform(0.05, 0.95, POINTS)
    m12_sq = m_l**2 + ((M - m_x) ** 2 - m_l**2) * rng.uniform(0.02, 0.98, POINTS)
    low, high = delta_limits(m12_sq, M, m_l, m_x)
    delta = low + (high - low) * rng.uniform(0.02, 0.98, POINTS)
    return m12_sq, M**2 + m_x**2 - m12_sq - delta, M, m_l, m_x, delta


def rotated(at: traces.Momenta, index: int, seed: int) -> tuple[Floats, ...]:
    """Momenta p, l, n, k of one point, turned by a random rotation."""
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn = np.eye(4)
    turn[1:, 1:] = matrix * np.sign(np.linalg.det(matrix))
    return tuple(vector[index] @ turn.T for vector in (at.p, at.l, at.n, at.k))


def spinor_sum(vertex: Callable[[Floats], Floats], l: Floats, n: Floats, m_l: float, vectors: list[Floats]) -> float:  # noqa: E741
    """(1/2) Sum |ubar vertex(eps) (1 - gamma5) v|^2 over spins and the given polarisation vectors."""
    total = 0.0
    for eps in vectors:
        for u in da.lepton_spinors(l, m_l):
            total += sum(abs(u @ vertex(eps) @ LEFT @ v) ** 2 for v in da.antineutrino_spinors(n))
    return total / 2.0


def lepton_side(eps: Floats, p: Floats, l: Floats, k: Floats, m_l: float) -> Floats:  # noqa: E741
    q = l + k
    return da.slash(eps) @ (da.slash(q) + m_l * da.IDENTITY) @ da.slash(p) / (da.dot(q, q) - m_l**2)


def meson_side(eps: Floats, p: Floats, k: Floats) -> Floats:
    pole = da.dot(p, p) - da.dot(p - k, p - k)
    return -da.dot(2.0 * p - k, eps) * da.slash(p - k) / pole - da.slash(eps)


def structure_side(eps: Floats, p: Floats, k: Floats, h_v: float, h_a: float, form: str) -> Floats:
    """h_A [(S.k) epsslash - (S.eps) kslash] + i h_V eps_{rho mu s t} gamma^rho eps^mu L^s k^t."""
    s = p - k if form == "L" else p
    axial = da.dot(s, k) * da.slash(eps) - da.dot(s, eps) * da.slash(k)
    vector = np.einsum("rmst,rab,m,s,t->ab", da.EPSILON, da.GAMMA, eps, p - k, k)
    return h_a * axial + 1j * h_v * vector


@pytest.mark.parametrize("charges", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.6, -1.3)])
@pytest.mark.parametrize(("h", "form"), [((0.0, 0.0), "L"), ((3e-5, 1e-5), "L"), ((-2e-5, 4e-5), "p")])
def test_vector_sums(charges: tuple[float, float], h: tuple[float, float], form: str) -> None:
    m12_sq, m23_sq, M, m_l, m_x, delta = points(1)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x, delta)
    parts = (
        traces.lepton_line(at, charges[0], charges[0]),
        traces.hadronic(at, (traces.contact_tensor() + traces.meson_pole_tensor(at)).scaled(charges[1])),
        traces.hadronic(at, traces.structure_tensor(at, *h, form)),
    )
    engine = traces.polarised_sum(at, sum(parts[1:], start=parts[0]))
    terms = sum(traces.polarised_sum(at, part) for part in parts)
    for i in range(POINTS):
        p, l, n, k = rotated(at, i, i)  # noqa: E741

        def vertex(eps: Floats, p: Floats = p, l: Floats = l, k: Floats = k, m: float = m_l[i]) -> Floats:  # noqa: E741
            whole = charges[0] * lepton_side(eps, p, l, k, m) + charges[1] * meson_side(eps, p, k)
            return whole + structure_side(eps, p, k, *h, form)

        explicit = spinor_sum(vertex, l, n, m_l[i], da.polarisation_vectors(k, m_x[i]))
        assert engine[i] == pytest.approx(explicit, rel=0.0, abs=1e-12 * terms[i])


@pytest.mark.parametrize("seed", [5, 6])
def test_complex_tensors_and_chiral_leptons(seed: int) -> None:
    """All six coefficients complex, and a lepton vertex of arbitrary chirality."""
    m12_sq, m23_sq, M, m_l, m_x, delta = points(seed)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x, delta)
    rng = np.random.default_rng(seed)
    c = rng.normal(size=(6, POINTS)) + 1j * rng.normal(size=(6, POINTS))
    c[1:] /= M**2
    left, right = rng.normal(size=2) + 1j * rng.normal(size=2)
    parts = traces.lepton_line(at, left, right), traces.hadronic(at, traces.Tensor(*c))
    engine = traces.polarised_sum(at, parts[0] + parts[1])
    terms = sum(traces.polarised_sum(at, part) for part in parts)
    for i in range(POINTS):
        p, l, n, k = rotated(at, i, i)  # noqa: E741
        pair, (a0, b0, b1, b2, b3, F) = p - k, c[:, i]

        def vertex(eps: Floats) -> Floats:
            chiral = 0.5 * (left * LEFT + right * (np.eye(4) + da.GAMMA5))
            q = l + k  # noqa: B023
            line = da.slash(eps) @ chiral @ (da.slash(q) + m_l[i] * da.IDENTITY) @ da.slash(p)  # noqa: B023
            line = line / (da.dot(q, q) - m_l[i] ** 2)  # noqa: B023
            pair_eps, k_eps = da.dot(pair, eps), da.dot(k, eps)  # noqa: B023
            tensor = a0 * da.slash(eps) + (b0 * pair_eps + b3 * k_eps) * da.slash(k)  # noqa: B023
            tensor = tensor + (b1 * k_eps + b2 * pair_eps) * da.slash(pair)  # noqa: B023
            turned = np.einsum("rmst,rab,m,s,t->ab", da.EPSILON, da.GAMMA, eps, pair, k)  # noqa: B023
            return line - tensor - F * turned  # noqa: B023

        explicit = spinor_sum(vertex, l, n, m_l[i], da.polarisation_vectors(k, m_x[i]))
        assert engine[i] == pytest.approx(explicit, rel=0.0, abs=1e-12 * terms[i])


def test_spin_zero() -> None:
    m12_sq, m23_sq, M, m_l, m_x, delta = points(2)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x, delta)
    unit = [np.zeros(4)]
    engines = {
        "scalar": traces.lepton_scalar(at),
        "pseudoscalar": traces.lepton_scalar(at, pseudo=True),
        "derivative": traces.lepton_derivative(at),
        "meson": traces.meson_scalar(at),
        "mixed": traces.lepton_scalar(at) - 70.0 * traces.meson_scalar(at),
    }
    scalar = traces.spin_sum(at, engines["scalar"])
    for name, amplitude in engines.items():
        engine = traces.spin_sum(at, amplitude)
        for i in range(POINTS):
            p, l, n, k = rotated(at, i, i)  # noqa: E741
            q, pole = l + k, M[i] ** 2 - da.dot(p - k, p - k)
            line = (da.slash(q) + m_l[i] * da.IDENTITY) @ da.slash(p) / (da.dot(q, q) - m_l[i] ** 2)
            matrix = {
                "scalar": line,
                "pseudoscalar": da.GAMMA5 @ line,
                "derivative": da.slash(k) @ da.GAMMA5 @ line / 2.0,
                "meson": da.slash(p - k) / pole,
                "mixed": line - 70.0 * da.slash(p - k) / pole,
            }[name]
            explicit = spinor_sum(lambda _, matrix=matrix: matrix, l, n, m_l[i], unit)
            size = scalar[i] * (M[i] ** 2 if name == "derivative" else 1.0)
            assert engine[i] == pytest.approx(explicit, rel=1e-12, abs=1e-12 * size), name


def test_spinors_are_complete() -> None:
    """Sum over s of u ubar = pslash + m, and of v vbar = pslash."""
    p = np.array([np.sqrt(0.7**2 + 1.1**2 + 0.3**2 + 0.2**2), 1.1, -0.3, 0.2])
    outer = sum(np.outer(da.GAMMA[0] @ u.conj(), u) for u in da.lepton_spinors(p, 0.7))
    assert outer == pytest.approx(da.slash(p) + 0.7 * da.IDENTITY, abs=1e-14)
    n = np.array([np.sqrt(1.1**2 + 0.3**2 + 0.2**2), 1.1, -0.3, 0.2])
    outer = sum(np.outer(v, v.conj() @ da.GAMMA[0]) for v in da.antineutrino_spinors(n))
    assert outer == pytest.approx(da.slash(n), abs=1e-14)
