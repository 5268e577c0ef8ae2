"""Mesons of every beam for ``confront``: each beam and mode is made once, whatever stands behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from darkhorn.beam.prompt import PromptParents
from darkhorn.beam.switches import Physics
from darkhorn.chain.dump_parents import past_target
from darkhorn.chain.send import Tables, tabulate_all
from darkhorn.chain.setup import Parents, Setup
from darkhorn.chain.source_table import Place, read_parents
from darkhorn.core.errors import unknown_name
from darkhorn.core.species import ETA, K_PLUS, PI0, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.modes import load_dump
from darkhorn.experiments.reading import Table, find_toml, read_toml
from darkhorn.inference.confront_point import Settings
from darkhorn.models.channels import Model

CHANNELS: Final = {PI_PLUS: "pi+-", K_PLUS: "K+-", PI0: "pi0", ETA: "eta"}
"""What a source of dark particles is called, by the absolute PDG number of the meson."""
PROTONS: Final = ("pi0_per_pot", "eta_per_pi0")
"""What may be supplied to a beam of protons on a target: its neutral mesons."""

Spot = tuple[float, float, float]
Channels = dict[str, tuple[float, float]]
"""Events and their Monte-Carlo error by the meson that they come from."""


class Part(NamedTuple):
    """Mesons, and the share of the protons that make them."""

    parents: tuple[Parents, ...]
    share: float


@dataclass
class Beams:
    """Makes the mesons of beams, each beam and mode once, for one model.

    Attributes
    ----------
    settings : Settings
        Seed and threads.
    supply : mapping
        Numbers of the user by beam: ``lampf = {"yields.pi_plus": 0.08}``, ``bnb = {"eta_per_pi0": 0.03}``.
    per_pot : dict
        Events per POT at coupling product 1 that are known already, and why there are none, by what they depend on.
    flux_errors : dict
        Relative error of the events from the beam that are known already, by what they depend on.
    """

    settings: Settings
    supply: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    per_pot: dict[str, tuple[Channels, str]] = field(default_factory=dict, init=False, repr=False)
    flux_errors: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _spectra: dict[int, Tables] = field(default_factory=dict, init=False, repr=False)
    _made: dict[tuple[str, str], tuple[Part, ...]] = field(default_factory=dict, init=False, repr=False)

    def of(self, beam: str, mode: str, towards: Spot) -> tuple[Part, ...]:
        """Return the mesons of a beam in one of its modes.

        Parameters
        ----------
        beam : str
            Name or path of a file of the kind ``beam``, ``dump`` or ``stopped``.
        mode : str
            Mode of a ``beam``; without meaning for the others.
        towards : tuple of float
            Centre in m of the detector. Points are spent for the first that asks; weights keep the others exact.

        Raises
        ------
        DarkhornError
            For a beam that is unknown, or lacks a number that nobody supplied: the message names the key.
        """
        key = (beam, mode)
        if key not in self._made:
            self._made[key] = self._make(beam, mode, towards)
        return self._made[key]

    def spectra(self, model: Model, parents: Parents, setup: Setup) -> Tables:
        """Return the spectra of X from one species, tabulated once for all detectors; empty where it makes none."""
        species = abs(parents.species)
        if species not in self._spectra:
            self._spectra[species] = tabulate_all(model, (replace(setup, parents=(parents,)),))
        return self._spectra[species]

    def _make(self, beam: str, mode: str, towards: Spot) -> tuple[Part, ...]:
        path = find_toml(beam, "beam", "dump", "stopped")
        makers: dict[str, Callable[[str, str, Spot], tuple[Part, ...]]] = {
            "beam": self._target,
            "dump": self._dump,
            "stopped": self._stopped,
        }
        return makers[read_toml(path).text("kind", makers)](beam, mode, towards)

    def _given(self, beam: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return what the user supplies to a beam; a key may carry the table of the file before a dot."""
        given = {key.rpartition(".")[2]: value for key, value in self.supply.get(beam, {}).items()}
        for key in given:
            if known and key not in known:
                raise unknown_name(f"number to supply to {beam}", key, known)
        return given

    def _place(self, beam: str, mode: str, towards: Spot) -> Place:
        line = load_beam(beam, mode)
        return Place(line, towards, Physics(), self.settings.seed, self.settings.threads, Path())

    def _target(self, beam: str, mode: str, towards: Spot) -> tuple[Part, ...]:
        """Return pi+-, K+-, pi0 and eta of protons on the target: eta by their ratio to pi0, which is an input."""
        given, place = self._given(beam, PROTONS), self._place(beam, mode, towards)
        wanted = {"pi0_per_pot": given["pi0_per_pot"]} if "pi0_per_pot" in given else {}
        made = read_parents(Table({"kind": "parametrised", **wanted}, f"supply.{beam}"), place)
        pi0 = sum(item.source.yield_per_pot(PI0) for item in made if isinstance(item, PromptParents))
        ratio = Table(given, f"supply.{beam}").number("eta_per_pi0", "", 0.0, 1.0) if "eta_per_pi0" in given else None
        eta = pi0 * (load_dump().eta_per_pi0 if ratio is None else ratio)
        if eta > 0.0:
            neutral = Table({"kind": "neutral-mesons", "pi0_per_pot": 0.0, "eta_per_pot": eta}, f"supply.{beam}")
            made = (*made, *read_parents(neutral, place))
        return (Part(made, 1.0),)

    def _dump(self, beam: str, mode: str, towards: Spot) -> tuple[Part, ...]:
        """Return mesons of the air and the steel, and what the scraped target adds."""
        dump = load_dump(beam, **self._given(Path(beam).stem))
        mesons = past_target(dump, towards, self.settings.seed, self.settings.threads)
        past = Part(mesons, 1.0 - dump.scrape_fraction)
        if dump.scrape_fraction == 0.0:
            return (past,)
        target = self.of("bnb", "neutrino" if dump.current else "off", towards)
        return (past, *(Part(part.parents, part.share * dump.scrape_fraction) for part in target))

    def _stopped(self, beam: str, mode: str, towards: Spot) -> tuple[Part, ...]:
        """Return pi+ at rest and pi0 of 800 MeV protons."""
        table = Table({"kind": "stopped", "name": beam, **self._given(Path(beam).stem)}, f"supply.{beam}")
        place = Place(None, towards, Physics(), self.settings.seed, self.settings.threads, Path())
        return (Part(read_parents(table, place), 1.0),)
