"""Named parameter points: the sixteen combinations of the literature and two published benchmarks.

A preset fixes the amplitude, the leptons and the mediator; masses and couplings
are defaults that a scenario may overwrite. Only a coupling product is observable
in one photon rate, and the default couplings of the vector presets are round
numbers, not fits.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from darkhorn.core.errors import unknown_name
from darkhorn.models.channels import Model
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.productions import PRODUCTIONS
from darkhorn.models.visible import VisibleDecay


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
"""Every preset of photoconversion by name; S, P and Pi0 name the mediator of a vector X."""

_DOUBLE: Final = DarkMatter(
    m_v1=17.0,
    m_v2=200.0,
    m_chi=8.0,
    m_chi_prime=50.0,
    eps1=7.0e-5,
    eps2=1.0e-4,
    alpha_t1=0.5,
    alpha_t2=0.5,
    branching_v1=0.5,
    production="vector-ib1",
    exchange="v2",
    detection=("upscatter",),
)
DARK_PRESETS: Final[dict[str, Model]] = {
    "dark-matter": DarkMatter(),
    "visible-decay": VisibleDecay(),
    "dm-double-benchmark": _DOUBLE,
    "dm-single-benchmark": replace(_DOUBLE, m_chi_prime=40.0, eps1=6.0e-5, alpha_t1=1.0, exchange="v1"),
}
"""Presets of the other kinds of models; those without ``benchmark`` in their name are places to start from."""

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


def preset(name: str) -> Any:
    """Return the parameters of a preset, or the default point of a production amplitude.

    Parameters
    ----------
    name : str
        A key of :data:`PRESETS` or :data:`DARK_PRESETS`, or a production such as ``vector-sum``, which gets both
        leptons and a fitting mediator.

    Returns
    -------
    Photoconversion, DarkMatter or VisibleDecay
        A ``Model``.

    Raises
    ------
    UnknownNameError
        Naming the nearest preset.
    """
    presets = {**PRESETS, **DARK_PRESETS}
    if name in presets:
        return presets[name]
    if name not in PRODUCTIONS:
        raise unknown_name("model", name, {**presets, **PRODUCTIONS})
    start = _VECTOR if PRODUCTIONS[name].spin == "vector" else _SCALAR
    return replace(start, production=name, leptons=("e", "mu"))


def parameter_names(model: Any = _SCALAR) -> tuple[str, ...]:
    """Return the keys that a scenario's model table may hold besides ``preset``, for the kind of a model."""
    return tuple(item.name for item in fields(model))


def with_changes(model: Any, changes: dict[str, Any]) -> Any:
    """Return a model with some parameters replaced (and checked again)."""
    return replace(model, **changes)
