"""What the law suites share: a statement that fails with a message, and a quadrature that the package does not use."""

from functools import lru_cache

import numpy as np

from darkhorn.core.rays import Floats


def require(holds: object, message: str) -> None:
    """Raise AssertionError with the message unless the statement holds."""
    if not holds:
        raise AssertionError(message)


def require_close(value: float, expected: float, rel: float, law: str) -> None:
    """Raise AssertionError unless two finite numbers agree to ``rel`` of the larger one; the message shows both."""
    finite = bool(np.isfinite(value) and np.isfinite(expected))
    difference = abs(value - expected)
    close = finite and difference <= rel * max(abs(value), abs(expected))
    require(close, f"{law}: {value:.12g} against {expected:.12g}; allowed: a relative difference up to {rel:g}")


@lru_cache(maxsize=8)
def double_exponential(n: int) -> tuple[Floats, Floats]:
    """Return n nodes in (0, 1) and their weights, by the double-exponential map of the trapezoidal rule; read-only.

    Good for integrands that are not smooth at the ends.

    Notes
    -----
    Source: H. Takahasi and M. Mori, Publ. RIMS Kyoto Univ. 9, 721 (1974).
    """
    t = np.linspace(-3.1, 3.1, n)
    inner = 0.5 * np.pi * np.sinh(t)
    nodes = 1.0 / (1.0 + np.exp(-2.0 * inner))
    weights = (t[1] - t[0]) * np.pi * np.cosh(t) * nodes / (1.0 + np.exp(2.0 * inner))
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights
