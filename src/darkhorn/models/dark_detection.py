"""What chi does in a detector: elastic recoils of electrons and nucleons, upscattering on nuclei and nucleons."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, NEUTRON, PROTON, mass
from darkhorn.models.channels import Nucleus, PairDecay, Recoil, Upscatter
from darkhorn.physics.elastic import dsigma_dt_recoil_cm2
from darkhorn.physics.form_factors import f1_f2_bba2003
from darkhorn.physics.nuclear_response import coherent, incoherent_vector
from darkhorn.physics.scattering import msq_upscatter
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2
from darkhorn.physics.weak import ALPHA

if TYPE_CHECKING:
    from darkhorn.models.dark_matter import DarkMatter

_PER_ALPHA: Final = 16.0 * np.pi**2 * ALPHA
"""(g_chi e eps)^2 over alpha_D eps^2."""


def recoils(model: "DarkMatter", nuclei: tuple[Nucleus, ...], kind: str) -> list[Recoil]:
    """Return elastic scattering on the electrons or the free nucleons of each nucleus, at eps = 1.

    Parameters
    ----------
    model : DarkMatter
        Parameters.
    nuclei : tuple of Nucleus
        Of the detector.
    kind : str
        ``electron`` or ``nucleon``.
    """
    channels = []
    for nucleus in nuclei:
        protons, neutrons = nucleus.protons, nucleus.nucleons - nucleus.protons
        if kind == "electron":
            channels.append(_recoil(model, f"{nucleus.name} electrons", ELECTRON, protons * nucleus.density))
            continue
        channels.append(_recoil(model, f"{nucleus.name} protons", PROTON, protons * nucleus.density))
        if neutrons > 0:
            channels.append(_recoil(model, f"{nucleus.name} neutrons", NEUTRON, neutrons * nucleus.density))
    return channels


def _recoil(model: "DarkMatter", name: str, target: int, density: float) -> Recoil:
    """Return scattering on one kind of free target."""
    strength = _PER_ALPHA * (model.alpha_d1 if model.exchange == "v1" else model.alpha_d2)
    m_target, masses = mass(target), (model.m_chi, mass(target), model.m_exchanged)

    def dsigma(energy: Floats, recoil: Floats) -> Floats:
        f1, f2 = np.ones_like(recoil), np.zeros_like(recoil)
        if target != ELECTRON:
            f1, f2 = f1_f2_bba2003(2.0 * m_target * recoil, neutron=target == NEUTRON)
        return strength * dsigma_dt_recoil_cm2(energy, recoil, *masses, spin=model.spin, f1=f1, f2=f2)

    return Recoil(name, m_target, model.m_exchanged, density, model.recoil_min, model.recoil_max, dsigma)


def upscatterings(model: "DarkMatter", nuclei: tuple[Nucleus, ...]) -> list[Upscatter]:
    """Return chi N -> chi' N on each nucleus, coherent and on single nucleons, at eps = 1."""
    widths = model.widths
    decay = PairDecay(
        model.m_chi_prime,
        model.m_chi,
        mass(ELECTRON),
        widths.chi_prime,
        widths.visible,
        widths.pair_mass_sq,
        widths.lepton_cosine,
    )
    channels = []
    for nucleus in nuclei:
        z, n = nucleus.protons, nucleus.nucleons - nucleus.protons
        if nucleus.nucleons > 1:
            channels.append(_coherent(model, nucleus, decay))
        if model.incoherent or nucleus.nucleons == 1:
            channels.append(_on_nucleons(model, nucleus, z, n, decay))
    return channels


def _coherent(model: "DarkMatter", nucleus: Nucleus, decay: PairDecay) -> Upscatter:
    """Return scattering on a whole nucleus: of spin 0 where Z and N are even."""
    z, a = nucleus.protons, nucleus.nucleons
    spin = "zero" if z % 2 == 0 and (a - z) % 2 == 0 else "half"
    name = f"{nucleus.name} coherent"
    return _upscatter(
        model, name, nucleus, nucleus.mass, spin, lambda q_sq: coherent(q_sq, a, z, model.helm_radius), decay
    )


def _on_nucleons(model: "DarkMatter", nucleus: Nucleus, z: int, n: int, decay: PairDecay) -> Upscatter:
    """Return scattering on the single nucleons of a nucleus (on hydrogen, the free proton)."""

    def factor(q_sq: Floats) -> Floats:
        return incoherent_vector(q_sq, z, n, "charge", radius=model.helm_radius, pauli=model.pauli)

    kind = "nucleons" if nucleus.nucleons > 1 else "proton"
    return _upscatter(model, f"{nucleus.name} {kind}", nucleus, mass(PROTON), "half", factor, decay)


def _upscatter(
    model: "DarkMatter",
    name: str,
    nucleus: Nucleus,
    m_target: float,
    target_spin: str,
    factor: Callable[[Floats], Floats],
    decay: PairDecay,
) -> Upscatter:
    """Return a channel: point cross section times a nuclear factor of Q^2."""
    strength = _PER_ALPHA * (model.alpha_t1 if model.exchange == "v1" else model.alpha_t2)
    masses = (model.m_chi, model.m_chi_prime, m_target, model.m_exchanged)

    def dsigma(energy: Floats, q_sq: Floats) -> Floats:
        msq = msq_upscatter(energy, q_sq, *masses, spin=model.spin, target_spin=target_spin)
        return dsigma_dq_sq_cm2(strength * msq * factor(q_sq), energy, model.m_chi, m_target)

    return Upscatter(name, m_target, model.m_exchanged, nucleus.density, dsigma, decay)
