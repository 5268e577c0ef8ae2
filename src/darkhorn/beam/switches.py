"""Which physics of matter is on: one switch an effect, so that each can be removed and its weight be seen."""

from dataclasses import Field, dataclass, fields
from typing import Final

from darkhorn.core.errors import RangeError

CHOICES: Final = ("follow", "remove", "ignore")
"""What happens to a hadron that scatters: it goes on in its new direction, is lost, or goes on straight."""


@dataclass(frozen=True)
class Physics:
    """Everything that can be switched off; by default all is on.

    Attributes
    ----------
    energy_loss, multiple_scattering : bool
        Bethe loss and Highland scattering of everything that is charged.
    absorption : bool
        Mesons are attenuated by inelastic minus quasi-elastic collisions.
    meson_elastic, meson_quasi_elastic : str
        ``follow``, ``remove`` or ``ignore``. ``remove`` for the second means absorption on the full inelastic
        cross section.
    protons : str
        ``follow`` (loss and scattering on the way to the production vertex) or ``straight``.
    proton_elastic, proton_quasi_elastic : str
        As for mesons.
    skin_depth : bool
        Field inside the metal of the inner conductor.
    tube_and_fins, air, conductor : bool
        Whether that matter is there; a conductor that is not still carries its current.
    decay_in_horn : bool
        Whether mesons decay before the end of the horn.

    Raises
    ------
    RangeError
        For a text that is no choice.
    """

    energy_loss: bool = True
    multiple_scattering: bool = True
    absorption: bool = True
    meson_elastic: str = "follow"
    meson_quasi_elastic: str = "follow"
    protons: str = "follow"
    proton_elastic: str = "follow"
    proton_quasi_elastic: str = "follow"
    skin_depth: bool = True
    tube_and_fins: bool = True
    air: bool = True
    conductor: bool = True
    decay_in_horn: bool = True

    def changed(self) -> tuple[tuple[Field[object], object], ...]:
        """Return the switches that are not at their default, with their values."""
        pairs = ((item, getattr(self, item.name)) for item in fields(self))
        return tuple((item, value) for item, value in pairs if value != item.default)

    def __post_init__(self) -> None:
        """Refuse a value that is no choice."""
        for field in fields(self):
            value = getattr(self, field.name)
            choices = ("follow", "straight") if field.name == "protons" else CHOICES
            allowed: tuple[object, ...] = choices if isinstance(field.default, str) else (True, False)
            if value not in allowed:
                raise RangeError(f"physics.{field.name} = {value!r}; allowed: {', '.join(map(str, allowed))}")
