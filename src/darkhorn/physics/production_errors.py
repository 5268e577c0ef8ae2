"""Uncertainty of the meson fits: covariances of their constants, universes, weights.

The matrices are rounded (entries such as 0.0005 hold one digit), so parameters are drawn through the eigenvectors of
the correlation matrix with eigenvalues clipped at zero.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.physics.production import (
    K0_SHORT_BE,
    K_PLUS_BE,
    PI_MINUS_BE,
    PI_PLUS_BE,
    FeynmanScalingConstants,
    SanfordWangConstants,
    feynman_scaling,
    sanford_wang,
)

Constants = SanfordWangConstants | FeynmanScalingConstants


def _symmetric(*triangle: tuple[float, ...]) -> Floats:
    """Return the symmetric matrix with these rows of its upper triangle."""
    matrix = np.zeros((len(triangle), len(triangle)))
    for i, row in enumerate(triangle):
        matrix[i, i:] = matrix[i:, i] = row
    matrix.flags.writeable = False
    return matrix


@dataclass(frozen=True, eq=False)
class Fit:
    """Fitted constants and the covariance of those that were free.

    Attributes
    ----------
    constants : SanfordWangConstants or FeynmanScalingConstants
        Best values.
    names : tuple of str
        The k free constants, in the order of the matrix.
    covariance : (k, k) float
        In the units of the constants (GeV/c, rad, mb).
    """

    constants: Constants
    names: tuple[str, ...]
    covariance: Floats

    @property
    def best(self) -> Floats:
        """Best values of the free constants, (k,), in their units. Source: that of ``constants``."""
        return np.array([getattr(self.constants, name) for name in self.names])

    @property
    def correlation(self) -> Floats:
        """Correlations V_ij/sqrt(V_ii V_jj), shape (k, k), dimensionless. Source: definition."""
        sigma = np.sqrt(np.diag(self.covariance))
        correlation: Floats = self.covariance / np.outer(sigma, sigma)
        return correlation

    def cross_section(self, p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike, values: ArrayLike) -> Floats:
        """Return d2sigma/dp dOmega in cm^2/(MeV/c)/sr with other values of the k free constants.

        Never negative: a drawn constant that turns the form negative gives zero. Arguments otherwise as
        :func:`darkhorn.physics.production.sanford_wang`.

        Raises
        ------
        RangeError
            For a number of values that is not k.

        Notes
        -----
        Source: arXiv:0806.1449, as :mod:`darkhorn.physics.production`.
        """
        given = np.asarray(values, dtype=float)
        if given.shape != (len(self.names),):
            raise RangeError(f"values have shape {given.shape}; allowed: ({len(self.names)},)")
        constants = replace(self.constants, **dict(zip(self.names, given.tolist(), strict=True)))
        if isinstance(constants, FeynmanScalingConstants):
            value = feynman_scaling(p, theta, p_beam, constants)
        else:
            value = sanford_wang(p, theta, p_beam, constants)
        return np.maximum(value, 0.0)


_PION_NAMES: Final = ("c1", "c2", "c4", "c5", "c6", "c7", "c8")

PI_PLUS_FIT: Final = Fit(
    PI_PLUS_BE,
    _PION_NAMES,
    _symmetric(
        (1707.2, 1.146, -17.646, -15.968, -8.81, -0.7347, -60.816),
        (0.0396, -0.1072, -0.0993, 0.0325, 0.0007, -0.0777),
        (0.5945, 0.5049, 0.0655, 0.0025, 0.198),
        (0.4411, 0.0568, 0.0025, 0.2271),
        (0.2066, 0.0047, 0.1031),
        (0.0005, 0.0641),
        (16.0189,),
    ),
)
"""pi+; c3 and c9 were fixed. Source: arXiv:0806.1449, as the public macro ExternalDataBNB carries it (unverified)."""

PI_MINUS_FIT: Final = Fit(
    PI_MINUS_BE,
    _PION_NAMES,
    _symmetric(
        (3688.9, 7.61, -15.666, -17.48, -11.329, -0.9925, -91.4),
        (0.0388, -0.0437, -0.0509, 0.0102, -0.0009, -0.1957),
        (0.0841, 0.0895, 0.0301, 0.0029, 0.2588),
        (0.0986, 0.0375, 0.0033, 0.3141),
        (0.1595, 0.0051, 0.1933),
        (0.0005, 0.064),
        (17.242,),
    ),
)
"""pi-; c3 and c9 were fixed. Source: as :data:`PI_PLUS_FIT`."""

K0_SHORT_FIT: Final = Fit(
    K0_SHORT_BE,
    ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"),
    _symmetric(
        (32.3, -0.09687, 0.8215, -0.1018, -0.2124, -0.8902, -0.1333, 16.55, -1.789),
        (0.09574, 0.03248, 0.00131, -0.01303, 0.08836, -0.00031, -1.536, -0.2156),
        (0.5283, -0.01922, 0.02267, -0.0033, -0.00236, 0.0391, -0.08017),
        (0.08442, 0.00405, 0.00071, -0.00037, -0.01443, -0.07301),
        (0.00982, 0.00287, 0.00028, -0.05777, 0.02966),
        (0.3599, 0.00385, -4.751, -0.1577),
        (0.00105, 0.05806, 0.00686),
        (130.2, 1.222),
        (2.948,),
    ),
)
"""K0S. The c1-c9 entry reads -1.789 in one triangle and -1.798 in the other. Source: as :data:`PI_PLUS_FIT`."""

K_PLUS_FIT: Final = Fit(
    K_PLUS_BE,
    ("c1", "c2", "c3", "c4", "c5", "c6", "c7"),
    _symmetric(
        (1.094, 0.0502, 0.00299, -0.0332, -0.0375, 0.125, 0.0743),
        (0.0161, 0.00139, -0.00144, -0.0126, 0.0322, 0.022),
        (0.00747, 0.00206, 0.00193, 0.0135, -0.00334),
        (0.00346, 0.00203, -0.00411, -0.00628),
        (0.0146, -0.0154, -0.0244),
        (0.182, 0.126),
        (0.159,),
    ),
)
"""K+ by Feynman scaling. Source: as :data:`PI_PLUS_FIT`."""


def sample_parameters(u: ArrayLike, fit: Fit) -> Floats:
    """Return universes of the free constants, best + sigma V sqrt(max(lambda, 0)) z with z normal.

    lambda and V are eigenvalues and eigenvectors of the correlation matrix.

    Parameters
    ----------
    u : (n, k) array_like
        Points of the unit cube, strictly inside; one row a universe.
    fit : Fit
        Best values and covariance of k constants.

    Returns
    -------
    (n, k) float
        In the units of the constants.

    Raises
    ------
    RangeError
        For points on the edge of the cube or of another width.

    Notes
    -----
    Source: definition of the multivariate normal distribution; the clipping removes rounding only.
    """
    from scipy.special import ndtri

    points = np.asarray(u, dtype=float)
    require_range("u", points, 0.0, 1.0, open_low=True, open_high=True)
    if points.ndim != 2 or points.shape[1] != len(fit.names):
        raise RangeError(f"points have shape {points.shape}; allowed: (n, {len(fit.names)})")
    eigenvalue, vector = np.linalg.eigh(fit.correlation)
    root = vector * np.sqrt(np.maximum(eigenvalue, 0.0))
    drawn: Floats = fit.best + np.sqrt(np.diag(fit.covariance)) * (ndtri(points) @ root.T)
    return drawn


def universe_weights(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike, fit: Fit, universes: ArrayLike) -> Floats:
    """Return the ratio of each universe's cross section to the best one for N mesons; never negative.

    Parameters
    ----------
    p, theta, p_beam : array_like
        Momenta in MeV/c and angle to the proton in rad of the mesons, broadcasting to (N,).
    fit : Fit
        The fit that made them.
    universes : (n, k) array_like
        From :func:`sample_parameters`.

    Returns
    -------
    (n, N) float
        1 where the best cross section is zero, for there is nothing to weight.

    Raises
    ------
    RangeError
        As the cross section; also for a universe of another width.

    Notes
    -----
    A universe that opens momenta closed in the best fit (another c9) cannot put mesons there.

    Source: definition of a reweighting.
    """
    best = fit.cross_section(p, theta, p_beam, fit.best)
    there = best > 0.0
    safe = np.where(there, best, 1.0)
    rows = [np.where(there, fit.cross_section(p, theta, p_beam, row) / safe, 1.0) for row in np.asarray(universes)]
    return np.array(rows)


def linear_weights(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike, fit: Fit, universes: ArrayLike) -> Floats:
    """Return max(0, 1 + sum_i (d ln sigma/d c_i) (c_i - best_i)) for N mesons: the weights to first order.

    Arguments, shape and errors as :func:`universe_weights`.

    Notes
    -----
    The spread of any integral over these weights is its linearly propagated error (5.9 % for pi+ in HARP's window),
    while the ratios of the full formula spread three times as far: the fit left c4 and c5 of pi+ with errors of
    40 and 50 %, far outside the region where the covariance describes the data. Derivatives are central differences
    with steps of 1e-4 of the errors.

    Source: linear propagation of a covariance.
    """
    best = fit.cross_section(p, theta, p_beam, fit.best)
    there = best > 0.0
    safe = np.where(there, best, 1.0)
    sigma = np.sqrt(np.diag(fit.covariance))
    slopes = []
    for shift in np.diag(1.0e-4 * sigma):
        high, low = (fit.cross_section(p, theta, p_beam, fit.best + sign * shift) for sign in (1.0, -1.0))
        slopes.append(np.where(there, (high - low) / (2.0e-4 * safe), 0.0))
    pulls = (np.asarray(universes, dtype=float) - fit.best) / sigma
    weights: Floats = np.maximum(1.0 + np.tensordot(pulls, np.array(slopes), axes=1), 0.0)
    return weights
