"""The catalogue of productions P -> l nu X: every name, its amplitude, and what a user must know before using it.

Whether a current is conserved, and whether the rate grows without bound as X becomes light. A production of one's own
is an object like these; it needs no entry here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from darkhorn.core.errors import ScenarioError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.models.mixture import CONSERVED_TO, FORM_FACTORS, Mixture, probe, violation
from darkhorn.physics import coherent, leptonic, radiative, traces
from darkhorn.physics.dirac import Complexes


@dataclass(frozen=True)
class Production:
    """One way to make a dark boson in the decay of a charged meson.

    Attributes
    ----------
    name : str
        Kebab-case name.
    spin : str
        ``scalar``, ``pseudoscalar`` or ``vector``.
    msq : callable
        (m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2=None) -> Sum|M|^2; (.., f_vector, f_axial, ..) with form factors.
    current_conserved : bool or None
        Whether the current that X couples to is conserved; None for spin 0.
    reason : str
        One line that says why.
    grows_at_low_mass : bool
        Whether the rate goes like 1/m_x^2.
    finite_when_massless : bool
        Whether the width has a finite limit at m_x = 0.
    coupling, coupling_unit : str
        Name and unit of the coupling; widths are per coupling squared.
    sources : tuple of str
        Keys of ``core.cite``.
    form_factors : tuple of (int, float, float)
        Rows (abs(pdgid), F_V, F_A); empty unless the amplitude depends on the structure of the meson.
    scale : str
        ``f``: msq is |M|^2/(G_F f V g)^2 and takes F_V/f, F_A/f in 1/MeV. ``M``: |M|^2/(G_F V g/M)^2, takes F_V, F_A.
    amplitude : callable, optional
        Momenta (N, 4) and, with form factors, the same two numbers, to X^mu or X of ``physics/traces.py``.
    mixture : Mixture, optional
        What a vector is made of.
    parameters : tuple of (str, object)
        What :func:`production` was given beside the name.
    """

    name: str
    spin: str
    msq: Callable[..., Floats]
    current_conserved: bool | None
    reason: str
    grows_at_low_mass: bool
    finite_when_massless: bool
    coupling: str
    coupling_unit: str
    sources: tuple[str, ...]
    form_factors: tuple[tuple[int, float, float], ...] = ()
    scale: str = "f"
    amplitude: Callable[..., Complexes] | None = None
    mixture: Mixture | None = None
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def normalisation(self) -> str:
        """What msq is divided by, what it sums, and its unit."""
        sums = "spins and X polarisations summed" if self.spin == "vector" else "spins summed"
        if self.scale == "M":
            return f"|M|^2/(G_F V {self.coupling}/M)^2; {sums}; MeV^6"
        unit = {"1": "MeV^2", "MeV": "dimensionless", "1/MeV": "MeV^4"}[self.coupling_unit]
        return f"|M|^2/(G_F f V {self.coupling})^2; {sums}; {unit}"


_SPIN_0: Final = "spin 0: there is no current to conserve"
_LEPTON_ONLY: Final = "only the lepton is charged: the weak vertex does not conserve the current"
_SUM: Final = "lepton and meson carry the same charge: IB1 + IB2 + contact is gauge invariant"
_SD_SOURCES: Final = ("PIBETA:2008", "PDG", "Thompson:2022")


def _scalar(name: str, msq: Callable[..., Floats], amplitude: Callable[..., Complexes], finite: bool) -> Production:
    spin = "pseudoscalar" if name.startswith("pseudo") else "scalar"
    coupling, unit = {"scalar-ib2": ("mu", "MeV"), "pseudoscalar-derivative": ("c/f_a", "1/MeV")}.get(name, ("g", "1"))
    sources = ("Carlson:2012", "Dutta:2021") if coupling == "g" else ("Thompson:2022",)
    return Production(name, spin, msq, None, _SPIN_0, False, finite, coupling, unit, sources, amplitude=amplitude)


def _broken(name: str, msq: Callable[..., Floats], mixture: Mixture, reason: str, *sources: str) -> Production:
    keys = (*sources, "Thompson:2022")
    made = Production(name, "vector", msq, False, reason, True, False, "g", "1", keys)
    return replace(made, mixture=mixture, amplitude=mixture.amplitude)


def from_mixture(mixture: Mixture, name: str = "mixture") -> Production:
    """Return a production for a coherent mixture of diagrams; its flags follow from the mixture."""
    conserved, reason = mixture.current()
    photon_like = mixture.q_lepton != 0.0 or mixture.q_meson != 0.0 or mixture.tensor is not None
    sources = _SD_SOURCES if mixture.sd_sign else ("Thompson:2022",)
    finite = conserved and not photon_like
    made = Production(name, "vector", mixture.msq, conserved, reason, not conserved, finite, "g", "1", sources)
    return replace(made, form_factors=mixture.form_factors, amplitude=mixture.amplitude, mixture=mixture)


def from_amplitude(
    name: str, spin: str, amplitude: Callable[[traces.Momenta], Complexes], coupling_unit: str = "1"
) -> Production:
    """Return a production for an amplitude of the user's own; no registration is needed.

    Parameters
    ----------
    name : str
        What tables and messages call it.
    spin : str
        ``scalar``, ``pseudoscalar`` or ``vector``.
    amplitude : callable
        Momenta (N, 4) of ``physics/traces.py`` to X (N, 4, 4), for a vector X^mu (N, 4, 4, 4), in
        M = (G_F f V g/sqrt2) ubar X (1 - gamma5) v. Sum diagrams here.
    coupling_unit : str
        Unit of g: ``1`` for a dimensionless X, ``MeV`` for X in 1/MeV, ``1/MeV`` for X in MeV.

    Raises
    ------
    UnknownNameError
        For another spin or unit.

    Notes
    -----
    Whether the current of a vector is conserved is found at test points, and a conserved one is taken to be infinite
    for a massless X, as bremsstrahlung is.
    """
    if spin not in ("scalar", "pseudoscalar", "vector"):
        raise unknown_name("spin", spin, ("scalar", "pseudoscalar", "vector"))
    if coupling_unit not in ("1", "MeV", "1/MeV"):
        raise unknown_name("unit of a coupling", coupling_unit, ("1", "MeV", "1/MeV"))
    conserved, reason = None, _SPIN_0
    if spin == "vector":
        worst = float(violation(amplitude, probe()).max())
        conserved, reason = worst < CONSERVED_TO, f"|k.M|/(|k||M|) up to {worst:.1g} at test points"
    msq = partial(traces.squared, amplitude)
    return Production(
        name, spin, msq, conserved, reason, conserved is False, False, "g", coupling_unit, (), amplitude=amplitude
    )


def structure_amplitude(at: traces.Momenta, f_vector: float, f_axial: float) -> Complexes:
    """Return X^mu (N, 4, 4, 4) of the structure-dependent part, L form, in units of G_F V g/(sqrt2 M)."""
    return traces.hadronic(at, traces.structure_tensor(at, f_vector, f_axial))


_IB1: Final = Mixture(q_lepton=1.0)
_ALL: Final = (
    _scalar("scalar-ib1", leptonic.msq_scalar_ib1, traces.lepton_scalar, False),
    _scalar("pseudoscalar-ib1", leptonic.msq_pseudoscalar_ib1, partial(traces.lepton_scalar, pseudo=True), True),
    _scalar("pseudoscalar-derivative", leptonic.msq_pseudoscalar_derivative, traces.lepton_derivative, True),
    _scalar("scalar-ib2", leptonic.msq_scalar_ib2, traces.meson_scalar, False),
    replace(from_mixture(Mixture(1.0, 1.0), "vector-sum"), msq=radiative.msq_vector_sum, reason=_SUM),
    replace(
        from_mixture(Mixture(1.0, 1.0, sd_sign=1), "vector-full"),
        reason=f"{_SUM}; the structure tensors are transverse",
    ),
    Production(
        "vector-sd",
        "vector",
        radiative.msq_structure,
        True,
        "both structure tensors are transverse by construction",
        False,
        True,
        "g",
        "1",
        _SD_SOURCES,
        FORM_FACTORS,
        "M",
        structure_amplitude,
        Mixture(sd_sign=1),
    ),
    _broken("vector-ib1", radiative.msq_vector_ib1, _IB1, _LEPTON_ONLY, "Carlson:2012", "Dutta:2021"),
    _broken(
        "axial-ib1",
        radiative.msq_axial_ib1,
        replace(_IB1, c_left=-1.0),
        "an axial current of a massive lepton is not conserved",
    ),
    _broken(
        "vector-ib2",
        radiative.msq_vector_ib2,
        Mixture(q_meson=1.0, contact=False),
        "one diagram of three: emission off the meson without contact",
    ),
    _broken(
        "vector-contact",
        radiative.msq_vector_contact,
        Mixture(q_meson=1.0, meson_pole=False),
        "one diagram of three: the contact vertex alone",
    ),
    _broken(
        "vector-hadronic",
        radiative.msq_vector_hadronic,
        Mixture(q_meson=1.0),
        "only the meson is charged: IB2 + contact without IB1",
    ),
    _broken(
        "vector-sum-minus",
        radiative.msq_vector_sum_minus,
        Mixture(1.0, -1.0),
        "lepton and meson carry opposite charges",
    ),
)

PRODUCTIONS: Final = {item.name: item for item in _ALL}
"""Every production that needs no parameter."""

_STRUCTURE_KEYS: Final = ("f_vector", "f_axial", "weight_vector", "weight_axial", "slope", "slope_axial", "axial_form")
PARAMETERS: Final = {
    "mixture": tuple(Mixture.__dataclass_fields__),
    "vector-c0": ("c0",),
    "vector-full": ("q_lepton", "q_meson", "sd_sign", *_STRUCTURE_KEYS),
    "vector-sd": _STRUCTURE_KEYS,
    "pseudoscalar-derivative": ("weak_vertex",),
}
"""Names that take parameters, and which; ``mixture`` and ``vector-c0`` need them."""


def production(name: str | Production, **parameters: Any) -> Production:
    """Return the production with this name, or the one given.

    Parameters
    ----------
    name : str or Production
        A key of :data:`PRODUCTIONS` or :data:`PARAMETERS`, or a production of one's own.
    **parameters
        Keys of :data:`PARAMETERS` for this name; those of a vector are the fields of ``Mixture``. ``vector-c0`` is the
        contact family alone and has no default c0. ``weak_vertex = False`` drops the contact vertex of the derivative
        coupling.

    Raises
    ------
    UnknownNameError
        For an unknown name or parameter; the message offers the nearest.
    ScenarioError
        When a parameter is missing or the name takes none.
    RangeError
        For a number out of range.
    """
    if isinstance(name, Production):
        if parameters:
            raise ScenarioError(f"production '{name.name}' is an object; allowed: no parameters beside it")
        return name
    known = {**PRODUCTIONS, **PARAMETERS}
    if name not in known:
        raise unknown_name("production", name, known)
    for key in parameters:
        if key not in PARAMETERS.get(name, ()):
            if name not in PARAMETERS:
                raise ScenarioError(f"production '{name}' takes no parameters; given: {key}")
            raise unknown_name(f"parameter of production '{name}'", key, PARAMETERS[name])
    if parameters or name not in PRODUCTIONS:
        return replace(_build(name, parameters), parameters=tuple(sorted(parameters.items())))
    return PRODUCTIONS[name]


def _build(name: str, parameters: dict[str, Any]) -> Production:
    """Return a production made of checked parameter names."""
    if name == "vector-c0":
        if "c0" not in parameters:
            raise ScenarioError("production 'vector-c0' needs c0: it has no default, the rate grows like 1/(1 + c0)^2")
        mixture = Mixture(q_meson=1.0, meson_pole=False, c0=parameters["c0"])
        reason = f"the contact family alone, c0 = {mixture.c0:g}: no emission off the meson line"
        return replace(_broken(name, partial(coherent.msq_contact_family, c0=mixture.c0), mixture, reason))
    if name == "pseudoscalar-derivative":
        msq = partial(leptonic.msq_pseudoscalar_derivative, **parameters)
        return replace(PRODUCTIONS[name], msq=msq, amplitude=partial(traces.lepton_derivative, **parameters))
    if name == "vector-full":
        return from_mixture(Mixture(**{"q_lepton": 1.0, "q_meson": 1.0, "sd_sign": 1, **parameters}), name)
    if name == "vector-sd":
        return from_mixture(Mixture(sd_sign=1, **parameters), name)
    return from_mixture(Mixture(**parameters), name)
