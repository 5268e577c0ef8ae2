"""Named decays of dark particles: which width belongs to which name, and what it needs to know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, MUON
from darkhorn.core.species import mass as mass_of
from darkhorn.physics import chi_widths as chi
from darkhorn.physics import dark_decays as dark
from darkhorn.physics.pair_decays import tabulated_s


class Inputs(NamedTuple):
    """Numbers that a decay may need.

    Attributes
    ----------
    mass : float
        Mass of the decaying particle in MeV.
    coupling : float
        Its coupling in the unit of the decay.
    light : float or None
        Mass of the lighter dark daughter (chi, phi) in MeV.
    other : float or None
        Mass of the second dark daughter (chi') in MeV.
    vector : float or None
        Mass of the vector (V, Z') in MeV.
    pair_coupling : float or None
        Coupling of V to e+ e- or mu+ mu-.
    vector_width : float or None
        Total width of V in MeV; by default its width into the pair.
    """

    mass: float
    coupling: float = 1.0
    light: float | None = None
    other: float | None = None
    vector: float | None = None
    pair_coupling: float | None = None
    vector_width: float | None = None


@dataclass(frozen=True)
class Decay:
    """A decay by name: its coupling's unit, the inputs it needs, its daughters' masses and its width in MeV."""

    name: str
    unit: str
    needs: tuple[str, ...]
    daughters: Callable[[Inputs], tuple[float, ...]]
    width: Callable[[Inputs], float]

    def checked_width(self, inputs: Inputs) -> float:
        """Return the width in MeV after checking every input.

        Raises
        ------
        ScenarioError
            When an input that the decay needs is missing.
        RangeError
            For an input out of range.
        ThresholdError
            When the decay is closed.
        """
        for key in self.needs:
            if getattr(inputs, key) is None:
                wanted = ", ".join(key.replace("_", "-") for key in self.needs)
                raise ScenarioError(f"{self.name} needs {key.replace('_', '-')}; all that it needs: {wanted}")
        for key, unit in (("light", "MeV"), ("other", "MeV"), ("vector", "MeV"), ("vector_width", "MeV")):
            value = getattr(inputs, key)
            if value is not None:
                require_range(key.replace("_", "-"), value, 0.0, 1.0e6, unit)
        require_range("mass", inputs.mass, 0.0, 1.0e6, "MeV", open_low=True)
        require_range("coupling", inputs.coupling, 0.0, 1.0e6, "" if self.unit == "1" else self.unit)
        if inputs.pair_coupling is not None:
            require_range("pair-coupling", inputs.pair_coupling, 0.0, 1.0e6)
        chi.require_heavier(self.name, inputs.mass, *self.daughters(inputs))
        return self.width(inputs)


def _leptons(letter: str, width: Callable[..., Floats]) -> list[Decay]:
    """Return the decays of one boson into e e and mu mu."""
    decays = []
    for name, pdg in (("e e", ELECTRON), ("mu mu", MUON)):
        lepton = mass_of(pdg)
        decays.append(
            Decay(
                f"{letter} -> {name}",
                "1",
                (),
                lambda _, lepton=lepton: (lepton, lepton),  # type: ignore[misc]
                lambda i, lepton=lepton: float(width(i.coupling, i.mass, lepton)),  # type: ignore[misc]
            )
        )
    return decays


def _three_body(name: str, pdg: int) -> Decay:
    """Return chi' -> chi f f through V."""
    lepton = mass_of(pdg)

    def width(i: Inputs) -> float:
        """Return the width from the table of pair masses; V's own width is that into the pair where none is given."""
        vector, pair = _number(i.vector), _number(i.pair_coupling)
        own = float(dark.width_vector_to_fermions(pair, vector, lepton)) if i.vector_width is None else i.vector_width
        if i.coupling * pair == 0.0:
            return 0.0
        return tabulated_s(i.coupling, pair, (i.mass, _number(i.light), vector, lepton), own).width

    needs = ("light", "vector", "pair_coupling")
    return Decay(f"chi' -> chi {name}", "1", needs, lambda i: (_number(i.light), lepton, lepton), width)


def _number(value: float | None) -> float:
    """Return a number that was checked to be there."""
    return 0.0 if value is None else value


_ALL: Final = [
    *_leptons("phi", dark.width_scalar_to_fermions),
    *_leptons("a", dark.width_pseudoscalar_to_fermions),
    *_leptons("V", dark.width_vector_to_fermions),
    *_leptons("A", dark.width_axial_to_fermions),
    *(
        Decay(
            f"{letter} -> gamma gamma",
            "1/MeV",
            (),
            lambda _: (0.0, 0.0),
            lambda i: float(dark.width_scalar_to_two_photons(i.coupling, i.mass)),
        )
        for letter in ("phi", "a")
    ),
    *(
        Decay(
            f"{letter} -> gamma Z'",
            "1/MeV",
            ("vector",),
            lambda i: (0.0, _number(i.vector)),
            lambda i: float(dark.width_scalar_to_photon_vector(i.coupling, i.mass, _number(i.vector))),
        )
        for letter in ("phi", "a")
    ),
    *(
        Decay(
            f"Z' -> gamma {letter}",
            "1/MeV",
            ("light",),
            lambda i: (0.0, _number(i.light)),
            lambda i: float(dark.width_vector_to_photon_scalar(i.coupling, i.mass, _number(i.light))),
        )
        for letter in ("phi", "a")
    ),
    Decay(
        "V -> chi chi",
        "1",
        ("light",),
        lambda i: (_number(i.light), _number(i.light)),
        lambda i: float(dark.width_vector_to_fermions(i.coupling, i.mass, _number(i.light))),
    ),
    Decay(
        "V -> phi phi*",
        "1",
        ("light",),
        lambda i: (_number(i.light), _number(i.light)),
        lambda i: float(chi.width_vector_to_scalars(i.coupling, i.mass, _number(i.light))),
    ),
    Decay(
        "V -> chi chi'",
        "1",
        ("light", "other"),
        lambda i: (_number(i.light), _number(i.other)),
        lambda i: 2.0 * float(chi.width_vector_to_transition(i.coupling, i.mass, _number(i.light), _number(i.other))),
    ),
    Decay(
        "chi' -> chi V",
        "1",
        ("light", "vector"),
        lambda i: (_number(i.light), _number(i.vector)),
        lambda i: float(dark.width_fermion_to_fermion_vector(i.coupling, i.mass, _number(i.light), _number(i.vector))),
    ),
    _three_body("e e", ELECTRON),
    _three_body("mu mu", MUON),
]

DECAYS: Final = {item.name: item for item in _ALL}
"""Every decay by name. ``V -> chi chi'`` is the sum of both charge assignments."""


def decay(name: str) -> Decay:
    """Return a decay by name; spaces do not matter.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest.
    """
    plain = {key.replace(" ", ""): key for key in DECAYS}
    key = plain.get(name.replace(" ", ""))
    if key is None:
        raise unknown_name("decay", name, DECAYS)
    return DECAYS[key]
