"""Any coherent mixture of the diagrams of P -> l nu V: charges, contact family, structure, a tensor of one's own.

Diagrams are added as amplitudes by the engine of ``physics/traces.py`` and squared once. A mixture also says whether
its current is conserved, and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core import species
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.physics import coherent, traces
from darkhorn.physics.dirac import Complexes, dot
from darkhorn.physics.phase_space import delta_limits
from darkhorn.physics.radiative import msq_vector

FORM_FACTORS: Final = ((species.PI_PLUS, 0.0254, 0.0119), (species.K_PLUS, 0.0945, 0.0385))
"""Rows (PDG number, F_V, F_A) at L^2 = 0. Source: PIBETA:2008 (pion); PDG listings, with the kaon's difference an
assumption (the measured sum 0.133 with F_A - F_V = -0.056)."""

CONSERVED_TO: Final = 1e-9
"""|k.M|/(|k||M|) below which a current counts as conserved."""


@dataclass(frozen=True)
class Mixture:
    """Coefficients of the diagrams of P -> l nu V, in units of the coupling g; every one is off unless given.

    Attributes
    ----------
    q_lepton, q_meson : float
        Charges of the lepton line (IB1) and of the meson (IB2 and contact).
    c_left, c_right : float
        Chiral factors of the lepton vertex gamma^mu (c_left P_L + c_right P_R): (1, 1) vector, (-1, 1) axial.
    meson_pole, contact : bool
        Whether IB2 and the contact family are there.
    c0 : float
        Member of the contact family, c0 != -1; 0 is the contact vertex.
    sd_sign : int
        Sign of the structure-dependent part relative to bremsstrahlung, +1 or -1; 0 leaves it out. With +1 the
        hadronic tensor is that of ``traces.structure_tensor`` added to q_meson (contact + pole).
    f_vector, f_axial : float, optional
        F_V, F_A at L^2 = 0 for every meson; by default the pion's and the kaon's own.
    weight_vector, weight_axial : float
        Factors on F_V and F_A, for a vector that does not couple like the photon.
    slope, slope_axial : float
        a in F(L^2) = F(0) (1 + a L^2/m_pi^2) of F_V and F_A.
    axial_form : str
        ``L`` or ``p``: the axial tensor off the photon's mass shell.
    tensor : callable, optional
        Momenta (N, 4) to a ``traces.Tensor`` in units of i f that is added with the factor +1: complex functions of
        the invariants.
    """

    q_lepton: float = 0.0
    q_meson: float = 0.0
    c_left: float = 1.0
    c_right: float = 1.0
    meson_pole: bool = True
    contact: bool = True
    c0: float = 0.0
    sd_sign: int = 0
    f_vector: float | None = None
    f_axial: float | None = None
    weight_vector: float = 1.0
    weight_axial: float = 1.0
    slope: float = 0.0
    slope_axial: float = 0.0
    axial_form: str = "L"
    tensor: Callable[[traces.Momenta], traces.Tensor] | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of range, names that do not exist, and an amplitude that is identically zero."""
        for key in ("q_lepton", "q_meson", "c_left", "c_right", "c0", "weight_vector", "weight_axial"):
            require_range(key, getattr(self, key), -1.0e6, 1.0e6)
        for key in ("slope", "slope_axial", "f_vector", "f_axial"):
            if getattr(self, key) is not None:
                require_range(key, getattr(self, key), -1.0e3, 1.0e3)
        coherent.require_c0(self.c0)
        if self.sd_sign not in (-1, 0, 1):
            raise ScenarioError(f"sd_sign = {self.sd_sign}; allowed: 1, -1, or 0 for no structure-dependent part")
        if self.axial_form not in ("L", "p"):
            raise unknown_name("axial form", str(self.axial_form), ("L", "p"))
        factors = (self.f_vector, self.f_axial, self.slope, self.slope_axial)
        if self.sd_sign == 0 and any(value not in (None, 0.0) for value in factors):
            raise ScenarioError("f_vector, f_axial and slopes need sd_sign; allowed: sd_sign = 1 or -1")
        lepton = self.q_lepton != 0.0 and (self.c_left, self.c_right) != (0.0, 0.0)
        meson = self.q_meson != 0.0 and (self.meson_pole or self.contact)
        if not (lepton or meson or self.sd_sign or self.tensor):
            raise ScenarioError("mixture: every diagram is off; allowed: q_lepton, q_meson, sd_sign or tensor not zero")

    @property
    def form_factors(self) -> tuple[tuple[int, float, float], ...]:
        """Rows (PDG number, F_V, F_A) at L^2 = 0 with sign and weights; empty without structure."""
        if self.sd_sign == 0:
            return ()
        rows = []
        for pdg, own_vector, own_axial in FORM_FACTORS:
            f_vector = own_vector if self.f_vector is None else self.f_vector
            f_axial = own_axial if self.f_axial is None else self.f_axial
            rows.append((pdg, self.sd_sign * self.weight_vector * f_vector, self.sd_sign * self.weight_axial * f_axial))
        return tuple(rows)

    @property
    def has_closed_form(self) -> bool:
        """Whether a closed form holds: vector vertex, whole meson side with c0 = 0, no tensor of one's own."""
        plain = (self.c_left, self.c_right, self.c0, self.tensor) == (1.0, 1.0, 0.0, None)
        return plain and (self.q_meson == 0.0 or (self.meson_pole and self.contact))

    def hadronic_tensor(self, at: traces.Momenta, f_vector: float = 0.0, f_axial: float = 0.0) -> traces.Tensor:
        """Return the hadronic tensor in units of i f at momenta (N, 4), for F_V/f and F_A/f at L^2 = 0 in 1/MeV."""
        total = traces.Tensor()
        if self.contact:
            total = total + traces.contact_family_tensor(at, self.c0).scaled(self.q_meson)
        if self.meson_pole:
            total = total + traces.meson_pole_tensor(at).scaled(self.q_meson)
        if self.sd_sign:
            parent, pair_sq = at.p[..., 0], dot(at.pair, at.pair)
            first, second = self._with_slopes(pair_sq, f_vector, f_axial)
            total = total + traces.structure_tensor(at, first / parent, second / parent, self.axial_form)
        return total if self.tensor is None else total + self.tensor(at)

    def amplitude(self, at: traces.Momenta, f_vector: float = 0.0, f_axial: float = 0.0) -> Complexes:
        """Return X^mu (N, 4, 4, 4) of the coherent sum; arguments as for :meth:`hadronic_tensor`."""
        hadrons = traces.hadronic(at, self.hadronic_tensor(at, f_vector, f_axial))
        if self.q_lepton == 0.0:
            return hadrons
        return hadrons + traces.lepton_line(at, self.q_lepton * self.c_left, self.q_lepton * self.c_right)

    def msq_by_matrices(
        self,
        m12_sq: ArrayLike,
        m23_sq: ArrayLike,
        M: ArrayLike,
        m_l: ArrayLike,
        m_x: ArrayLike,
        q2_minus_m2: ArrayLike | None = None,
        *,
        f_vector: float = 0.0,
        f_axial: float = 0.0,
    ) -> Floats:
        """Return Sum|M|^2/(G_F f V g)^2 in MeV^2, broadcast shape, from explicit matrices; any mixture.

        Arguments in MeV and MeV^2 as for ``traces.squared``; F_V/f and F_A/f at L^2 = 0 in 1/MeV.
        """

        def amplitude(at: traces.Momenta) -> Complexes:
            return self.amplitude(at, f_vector, f_axial)

        return traces.squared(amplitude, m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)

    def msq(
        self,
        m12_sq: ArrayLike,
        m23_sq: ArrayLike,
        M: ArrayLike,
        m_l: ArrayLike,
        m_x: ArrayLike,
        q2_minus_m2: ArrayLike | None = None,
        *,
        f_vector: float = 0.0,
        f_axial: float = 0.0,
    ) -> Floats:
        """Return :meth:`msq_by_matrices`, by the closed form where there is one."""
        point = (m12_sq, m23_sq, M, m_l, m_x)
        if not self.has_closed_form:
            return self.msq_by_matrices(*point, q2_minus_m2, f_vector=f_vector, f_axial=f_axial)
        charges = (self.q_lepton, self.q_meson)
        if self.sd_sign == 0:
            return msq_vector(*point, *charges, q2_minus_m2)
        factors = self._with_slopes(np.asarray(m12_sq, dtype=float), f_vector, f_axial)
        return coherent.msq_full(*point, *charges, *factors, q2_minus_m2, axial_form=self.axial_form)

    def current(self) -> tuple[bool, str]:
        """Return whether k.M = 0 for a massive lepton, and one line that says why."""
        if self.tensor is not None:
            worst = float(violation(self.amplitude, probe()).max())
            return (
                worst < CONSERVED_TO,
                f"a hadronic tensor of its own: |k.M|/(|k||M|) up to {worst:.1g} at test points",
            )
        if self.q_lepton != 0.0 and self.c_left != self.c_right:
            return False, "an axial current of a massive lepton is not conserved"
        charge = self.q_lepton * self.c_left
        meson = self.q_meson != 0.0
        if meson and not (self.meson_pole and self.contact):
            return False, "emission off the meson without both the pole and the contact vertex"
        if charge == self.q_meson:
            what = "IB1 + IB2 + contact is gauge invariant" if meson else "the structure tensors are transverse"
            return True, f"lepton and meson carry the same charge, {charge:g}: {what}"
        return False, f"the charges of lepton ({charge:g}) and meson ({self.q_meson:g}) differ; the neutrino is neutral"

    def _with_slopes(self, pair_sq: Floats, f_vector: float, f_axial: float) -> tuple[Floats, Floats]:
        """Return F_V/f and F_A/f at L^2 in MeV^2, shape (N,)."""
        m_pi = species.mass(species.PI_PLUS)
        first = coherent.with_slope(f_vector, pair_sq, self.slope, m_pi)
        return first, coherent.with_slope(f_axial, pair_sq, self.slope_axial, m_pi)


def momenta_inside(parent: float, lepton: float, boson: float, grid: Floats) -> traces.Momenta:
    """Return momenta at the points of grid x grid, fractions of the Dalitz region in (0, 1); masses in MeV."""
    first, second = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing="ij"))
    pair = lepton**2 + ((parent - boson) ** 2 - lepton**2) * first
    low, high = delta_limits(pair, parent, lepton, boson)
    delta = low * (high / low) ** second
    return traces.momenta(pair, parent**2 + boson**2 - pair - delta, parent, lepton, boson, delta)


def probe() -> traces.Momenta:
    """Return momenta of pi -> mu nu V at m_V = 10 MeV at 25 fixed points inside the Dalitz region."""
    parent, lepton = species.mass(species.PI_PLUS), species.mass(species.MUON)
    return momenta_inside(parent, lepton, 10.0, np.linspace(0.1, 0.9, 5))


def violation(amplitude: Callable[..., Complexes], at: traces.Momenta, *factors: float) -> Floats:
    """Return |k.M|/(|k||M|), shape (N,), of an amplitude X^mu at momenta (N, 4); 0 for a conserved current."""
    matrices = amplitude(at, *factors)
    return np.asarray(traces.ward(at, matrices) / traces.size(at, matrices))
