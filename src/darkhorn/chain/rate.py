"""The rate as a smooth function of two masses: what a detector reports is fixed, masses enter weights alone.

Points decide the meson, the line of flight, and the energy and angle of the PHOTON. Selection, efficiency, smearing and
bins then do not depend on the masses, and neither does anything of the beam or the geometry: ``chain/rate_sample.py``
computes all of that once. :func:`rate` is what remains, for any masses in the range of the sample: which particle made
the photon, how often it is emitted, and its cross section. It is array code for NumPy and JAX alike, so that a
derivative of the rate is a derivative of weights, exact in every bin.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.chain.setup import Setup
from darkhorn.core.arrays import histogram, is_jax, namespace, pick, root
from darkhorn.core.errors import ScenarioError, require_range
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.species import width as total_width
from darkhorn.models.catalogue import Production
from darkhorn.models.channels import Conversion, Model
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.productions import reduced_form_factors
from darkhorn.physics import leptonic, phase_space, radiative
from darkhorn.physics.directed import directed_density, rest_energy
from darkhorn.physics.photon_first import incoming_of_photon
from darkhorn.physics.weak import G_FERMI, meson_constants

_NODES: Final = 512
_ORDER: Final = 10
SOFT: Final = 0.02
"""Share of the range of a spectrum with an electron that a smooth step takes in place of a sharp one."""


class Rows(NamedTuple):
    """Photons of one kind of meson, (N,) each: everything that no mass changes.

    ``factor`` is what multiplies emission density, cross section and measure; ``cell`` counts bins, replicate by
    replicate, the last one of each for what lies outside of the edges.
    """

    photon: Floats
    versine: Floats
    cosine: Floats
    gamma: Floats
    beta: Floats
    factor: Floats
    cell: Ints


@dataclass(frozen=True)
class Sample:
    """Fixed photons of one mode, and the range of masses for which they serve.

    Attributes
    ----------
    model : Photoconversion
        The model that said where to put points; its choices by name hold, its masses are the reference.
    setup : Setup
        The mode.
    rows : tuple of Rows
        One entry a kind of meson; a meson and its antiparticle are one kind.
    parents : tuple of int
        PDG number of each kind, positive.
    replicates : int
        Independent sets.
    m_x_low, m_x_high : float
        Masses of X in MeV, exclusive, between which the same decays are open and every photon is covered.
    """

    model: Photoconversion
    setup: Setup
    rows: tuple[Rows, ...]
    parents: tuple[int, ...]
    replicates: int
    m_x_low: float
    m_x_high: float

    def require(self, m_x: ArrayLike, m_mediator: ArrayLike) -> None:
        """Refuse masses in MeV for which the sample does not serve.

        Raises
        ------
        RangeError
            Naming the mass, its value and the range.
        """
        require_range("m_x", m_x, self.m_x_low, self.m_x_high, "MeV", open_low=True, open_high=True)
        require_range("m_mediator", m_mediator, 0.0, unit="MeV", open_low=True)

    @property
    def edges(self) -> Floats:
        """Bin edges of E_vis in MeV."""
        return self.setup.edges["e_vis"]

    @property
    def cells(self) -> int:
        """Bins of E_vis and one for everything outside of them."""
        return len(self.edges)


def require_smooth(model: Model) -> Photoconversion:
    """Return the model if :func:`rate` can compute it.

    Raises
    ------
    ScenarioError
        For another kind of model, a production that is not a closed form, or a decay of X on its way.
    """
    if not isinstance(model, Photoconversion):
        raise ScenarioError(f"{type(model).__name__}: no rate in array code; allowed: models of photoconversion")
    if model.amplitude.msq.__module__ not in (leptonic.__name__, radiative.__name__):
        raise ScenarioError(
            f"production '{model.amplitude.name}': no rate in array code; allowed: named productions in closed form, "
            "without parameters"
        )
    if model.decay_on_the_way:
        raise ScenarioError("decay_on_the_way = true: no rate in array code; allowed: false")
    return model


def rate(sample: Sample, m_x: Any, m_mediator: Any) -> Floats:
    """Return the selected events in the exposure at unit couplings.

    Parameters
    ----------
    sample : Sample
        Fixed photons.
    m_x, m_mediator : float or scalar of JAX
        Masses in MeV; the second one is of no effect where the model fixes its mediator.

    Returns
    -------
    (replicates, cells) float
        By bin of E_vis, the last one for what lies outside of the edges: the sum over a row is the signal.

    Raises
    ------
    RangeError
        For masses for which the sample does not serve, unless they are of JAX.
    """
    if not is_jax(m_x, m_mediator):
        sample.require(m_x, m_mediator)
    total: Any = 0.0
    for index, rows in enumerate(sample.rows):
        weight = event_weights(sample, index, m_x, m_mediator)
        total = total + histogram(rows.cell, weight, sample.replicates * sample.cells)
    spectra: Floats = total.reshape(sample.replicates, sample.cells)
    return spectra


def event_weights(sample: Sample, index: int, m_x: Any, m_mediator: Any) -> Floats:
    """Return events in the exposure at unit couplings for each photon (N,) of one kind; parameters as :func:`rate`.

    Notes
    -----
    Sum over targets of (1/4 pi) (1/Gamma)(dGamma/dE*)/p* p n dsigma/dQ^2 d(E, Q^2)/d(E_gamma, 1 - cos), times what does
    not depend on the masses. Source: derived; checked against ``chain.predict`` in tests/chain/test_rate.py.
    """
    rows, model = sample.rows[index], _with_masses(sample.model, m_x, m_mediator)
    xp = namespace(m_x, m_mediator)
    parent = sample.parents[index]
    spectra = [emission_table(sample.model.amplitude, parent, lepton, m_x) for _, lepton in _open(sample, parent)]
    by_target = sorted(model.conversions(sample.setup.nuclei), key=_target_mass)
    weight: Any = xp.zeros(len(rows.photon))
    for target_mass, conversions in groupby(by_target, key=_target_mass):
        x = incoming_of_photon(rows.photon, rows.versine, m_x, target_mass)
        rest = rest_energy(x.energy, m_x, rows.cosine, rows.gamma, rows.beta)
        emitted: Any = sum(density(rest) for density in spectra)
        converted: Any = sum(item.number_density * item.dsigma_dq_sq_cm2(x.energy, x.q_sq) for item in conversions)
        weight = weight + directed_density(emitted, x.momentum) * converted * x.measure
    scaled: Floats = weight * rows.factor
    return scaled


def emission_table(item: Production, parent: int, lepton: int, m_x: Any) -> Callable[[Any], Floats]:
    """Return (1/Gamma)(dGamma/dE*)/p* in 1/MeV^2 as a function of the rest-frame energy of X in MeV, per coupling^2.

    E* = m_x + (E*_max - m_x)(1 - cos(pi y))/2 makes it an even function of y about both ends: it is tabulated at 512
    midpoints of y, continued by reflection, and interpolated by cubics. Zero above E*_max.

    With an electron, spectra of vectors end in a step, which moves with m_x and at which no fixed photon would ever be:
    there a smooth step takes 2 % of the range, half of it above E*_max. Widths change by less than 1e-3.

    Parameters
    ----------
    item : Production
        In closed form.
    parent, lepton : int
        PDG numbers of an open channel.
    m_x : float or scalar of JAX
        Mass of X in MeV.
    """
    xp = namespace(m_x)
    parent_mass, lepton_mass = mass(parent), mass(lepton)
    span = phase_space.energy_max(parent_mass, lepton_mass, m_x) - m_x
    share = 0.5 * (1.0 - np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES))
    above = span * share
    msq = _squared_amplitude(item, parent, parent_mass, lepton_mass, m_x)
    spectrum = phase_space.dgamma_de_inside(msq, m_x + above, parent_mass, lepton_mass, m_x, _ORDER)
    inner = spectrum / (root(above * (above + 2.0 * m_x)) * total_width(parent))
    table = xp.concatenate([inner[1::-1], inner, inner[:-3:-1]])
    before, here, after, last = table[:-3], table[1:-2], table[2:-1], table[3:]
    first = after - here / 2.0 - before / 3.0 - last / 6.0
    second = 0.5 * (before + after) - here
    third = 0.5 * (here - after) + (last - before) / 6.0

    width = SOFT if abs(lepton) == ELECTRON else 0.0
    plateau = 1.0 - 0.15 * SOFT
    end = plateau if width > 0.0 else 1.0

    def density(rest: Any) -> Floats:
        fraction = (rest - m_x) / span
        inside = (fraction > 0.0) & (fraction < end)
        place = xp.arccos(1.0 - 2.0 * pick(inside, fraction, plateau)) * (_NODES / np.pi) + 0.5
        cell = place.astype(int)
        t = place - cell
        value = xp.maximum(((third[cell] * t + second[cell]) * t + first[cell]) * t + here[cell], 0.0)
        if width == 0.0:
            return xp.where(inside, value, 0.0)
        step = xp.clip((1.0 + 0.5 * width - fraction) / width, 0.0, 1.0)
        return xp.where(fraction > 0.0, value * step**2 * (3.0 - 2.0 * step), 0.0)

    return density


def _squared_amplitude(
    item: Production, parent: int, parent_mass: float, lepton_mass: float, m_x: Any
) -> phase_space.SquaredAmplitude:
    """Return Sum|M|^2 per coupling squared, as ``productions.squared_amplitude`` does for masses that are numbers."""
    decay_constant, ckm = meson_constants(parent)
    scale = (G_FERMI * ckm / parent_mass if item.scale == "M" else G_FERMI * ckm * decay_constant) ** 2
    factors = reduced_form_factors(item, parent) if item.form_factors else ()
    named = dict(zip(("f_vector", "f_axial"), factors, strict=False))

    def amplitude(pair: Floats, other: Floats, delta: Floats) -> Floats:
        msq: Floats = scale * item.msq(pair, other, parent_mass, lepton_mass, m_x, q2_minus_m2=delta, **named)
        return msq

    return amplitude


def _with_masses(model: Photoconversion, m_x: Any, m_mediator: Any) -> Photoconversion:
    """Return the model at other masses, without the checks of its constructor: traced masses have no values."""
    moved = copy(model)
    vars(moved).update(m_x=m_x, m_mediator=m_mediator)
    return moved


def _target_mass(conversion: Conversion) -> float:
    return conversion.target_mass


def _open(sample: Sample, parent: int) -> tuple[tuple[int, int], ...]:
    """Return the decays that are open at the reference, and so in the whole range of the sample."""
    return sample.model.decay_channels(parent)
