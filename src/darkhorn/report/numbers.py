"""Numbers as text, for figures and tables."""

from typing import Final

import numpy as np

_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Return a power of ten as text, for instance ``10⁻⁹``."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def scientific(value: float, digits: int = 3) -> str:
    """Return a number as text, for instance ``4.65×10⁻¹⁰``; plain between 0.01 and 10^4."""
    if value == 0.0 or not np.isfinite(value) or 1e-2 <= abs(value) < 1e4:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}×{power_of_ten(int(exponent))}"


def with_error(value: float, error: float, *, plain: bool = False) -> str:
    """Return value ± error with two digits of the error and a common power of ten, ``(7.13 ± 0.41)×10⁻⁹``.

    Parameters
    ----------
    value, error : float
        Any; an error that is not positive and finite is printed as it is.
    plain : bool
        Write the power of ten as ``e-09``, for terminals and files.
    """
    if not (np.isfinite(value) and np.isfinite(error)) or error <= 0.0:
        return f"{value:.4g} ± {error:.2g}"
    power = int(np.floor(np.log10(max(abs(value), error))))
    power = 0 if -3 <= power < 5 else power
    value, error = value / 10.0**power, error / 10.0**power
    decimals = max(0, 1 - int(f"{error:.1e}".partition("e")[2]))
    text = f"{value:.{decimals}f} ± {error:.{decimals}f}"
    if power == 0:
        return text
    return f"({text})e{power:+03d}" if plain else f"({text})×{power_of_ten(power)}"
