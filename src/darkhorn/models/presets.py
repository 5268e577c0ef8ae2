"""Named parameter points: the sixteen combinations of the literature and two published benchmarks.

A preset fixes the amplitude, the leptons and the mediator; masses and couplings
are defaults that a scenario may overwrite. Only a coupling product is observable
in one photon rate, and the default couplings of the vector presets are round
numbers, not fits.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from darkhorn.core.errors import unknown_name
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.productions import PRODUCTIONS


@dataclass(frozen=True)
class Benchmark:
    """A coupling product published elsewhere, second-hand: quoted by a public recast, not checked in the paper."""

    product: float
    source: str
    note: str


_SCALAR: Final = Photoconversion()
_PSEUDOSCALAR: Final = replace(
    _SCALAR, production="pseudoscalar-ib1", m_mediator=85.0, coupling=1.0e-2, g_n=1.0e-2, lam=6.5e-3
)
_VECTOR: Final = Photoconversion(
    "vector-ib1", ("mu",), "scalar", 17.0, 100.0, 2.1e-5, 1.0e-2, 1.0e-3, target_coupling="baryon"
)
_AMPLITUDES: Final = {
    "VIB1e": ("vector-ib1", ("e",)),
    "VIB1mu": ("vector-ib1", ("mu",)),
    "VIB2": ("vector-ib2", ("e", "mu")),
    "VIB3": ("vector-contact", ("e", "mu")),
}
_EXCHANGES: Final = {"S": "scalar", "P": "pseudoscalar", "Pi0": "pi0"}

PRESETS: Final[dict[str, Photoconversion]] = {
    "scalar-benchmark": _SCALAR,
    "pseudoscalar-benchmark": _PSEUDOSCALAR,
    "SIB1e": replace(_SCALAR, leptons=("e",)),
    "SIB1mu": _SCALAR,
    "PIB1e": replace(_PSEUDOSCALAR, leptons=("e",)),
    "PIB1mu": _PSEUDOSCALAR,
    **{
        f"{name}-{letter}": replace(_VECTOR, production=amplitude, leptons=leptons, mediator=mediator)
        for name, (amplitude, leptons) in _AMPLITUDES.items()
        for letter, mediator in _EXCHANGES.items()
    },
}
"""Every preset by name; S, P and Pi0 name the mediator of a vector X."""

BENCHMARKS: Final = {
    "scalar-benchmark": Benchmark(
        2.2e-8, "arXiv:2110.11944", "second-hand; vector mediator, nuclear charge Z; 'h.c.' convention not stated"
    ),
    "pseudoscalar-benchmark": Benchmark(
        5.9e-7,
        "arXiv:2110.11944",
        "second-hand; a comment prints 5.9e-8, the separate couplings multiply to 6.5e-7; 'h.c.' convention not stated",
    ),
}
"""Published coupling products in 1/MeV at the masses of the preset."""


def preset(name: str) -> Photoconversion:
    """Return the parameters of a preset, or the default point of a production amplitude.

    Parameters
    ----------
    name : str
        A key of :data:`PRESETS`, or a name such as ``vector-sum``, which gets both leptons and a fitting mediator.

    Raises
    ------
    UnknownNameError
        Naming the nearest preset.
    """
    if name in PRESETS:
        return PRESETS[name]
    if name not in PRODUCTIONS:
        raise unknown_name("model", name, {**PRESETS, **PRODUCTIONS})
    start = _VECTOR if PRODUCTIONS[name].spin == "vector" else _SCALAR
    return replace(start, production=name, leptons=("e", "mu"))


def parameter_names() -> tuple[str, ...]:
    """Return the keys that a scenario's model section may hold besides ``preset``."""
    return tuple(Photoconversion.__dataclass_fields__)


def with_changes(model: Photoconversion, changes: dict[str, Any]) -> Photoconversion:
    """Return a model with some parameters replaced (and checked again)."""
    return replace(model, **changes)
