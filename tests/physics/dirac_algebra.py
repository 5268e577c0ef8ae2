"""Explicit 4x4 Dirac matrices and explicit kinematics: what the closed forms are compared with."""

import itertools

import numpy as np

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])

_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
_ZERO, _ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array([np.block([[_ONE, _ZERO], [_ZERO, -_ONE]])] + [np.block([[_ZERO, s], [-s, _ZERO]]) for s in _PAULI])
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
IDENTITY = np.eye(4)

EPSILON = np.zeros((4, 4, 4, 4))
for order in itertools.permutations(range(4)):
    EPSILON[order] = np.linalg.det(np.eye(4)[list(order)])


def dot(a, b):
    return a @ METRIC @ b


def slash(p):
    return np.einsum("m,mij->ij", METRIC @ p, GAMMA)


def polarisations(p, mass):
    """Sum over polarisations with both indices down; mass 0 gives -g."""
    low = METRIC @ p
    return -METRIC + (np.outer(low, low) / mass**2 if mass else 0.0)


def current_tensor(p_out, m_out, p_in, m_in):
    """Tr[(p_out + m_out) gamma^m (p_in + m_in) gamma^n], indices up."""
    left, right = slash(p_out) + m_out * IDENTITY, slash(p_in) + m_in * IDENTITY
    return np.einsum("ij,mjk,kl,nli->mn", left, GAMMA, right, GAMMA).real


def vertex_even(k1, k2):
    """Vertex of (1/4) X F H with both indices up."""
    return 0.5 * (dot(k1, k2) * METRIC - np.outer(k2, k1))


def vertex_odd(k1, k2):
    """Vertex of (1/4) X F Htilde with both indices up."""
    return 0.5 * np.einsum("mnab,a,b->mn", EPSILON, METRIC @ k1, METRIC @ k2)


def scatter(energy, m, target, m_out, cos_cm, phi=0.4):
    """Momenta p, P (at rest), k, P' of m + M -> m_out + M in the laboratory, from the centre-of-mass angle."""
    p = np.array([energy, 0, 0, np.sqrt(energy**2 - m**2)])
    rest = np.array([target, 0, 0, 0])
    s = m**2 + target**2 + 2 * target * energy
    e_star = (s + m_out**2 - target**2) / (2 * np.sqrt(s))
    p_star = np.sqrt(e_star**2 - m_out**2)
    sin_cm = np.sqrt(1 - cos_cm**2)
    k = np.array([e_star, p_star * sin_cm * np.cos(phi), p_star * sin_cm * np.sin(phi), p_star * cos_cm])
    beta = p[3] / (energy + target)
    gamma = (energy + target) / np.sqrt(s)
    boost = np.eye(4)
    boost[0, 0] = boost[3, 3] = gamma
    boost[0, 3] = boost[3, 0] = gamma * beta
    k = boost @ k
    return p, rest, k, p + rest - k


def lepton_spinors(p, mass):
    """Both spinors ubar(p, s) of a lepton, rows of shape (2, 4), by boosting those at rest."""
    boost = slash(p) + mass * IDENTITY
    at_rest = np.eye(4)[:2]
    return [(boost @ u / np.sqrt(p[0] + mass)).conj() @ GAMMA[0] for u in at_rest]


def antineutrino_spinors(p):
    """Both spinors v(p, s) of a massless antiparticle, shape (2, 4)."""
    return [slash(p) @ v / np.sqrt(p[0]) for v in np.eye(4)[2:]]


def polarisation_vectors(k, mass):
    """Three real polarisation vectors of a massive vector with momentum k in any direction."""
    space = np.sqrt(k[1:] @ k[1:])
    along = k[1:] / space
    first = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    first = first / np.sqrt(first @ first)
    flat = [np.concatenate([[0.0], vector]) for vector in (first, np.cross(along, first))]
    return [*flat, np.concatenate([[space], k[0] * along]) / mass]
