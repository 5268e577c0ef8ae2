"""Sources of a scenario: neutral mesons of the target and of a point, everything together, stopped pions."""

import numpy as np
import pytest

from darkhorn.beam.parametrised import SHAPES, integrated_cm2
from darkhorn.beam.prompt import AtOrigin, PromptParents, neutral_source
from darkhorn.chain.scenario import load_scenario
from darkhorn.chain.setup import Counted
from darkhorn.core.errors import DarkhornError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import ETA, K_MINUS, K_PLUS, PI0, PI_MINUS, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.passage import proton_production_cm2

ROOT = "examples/bdnmc_electron.toml"
LINE = load_beam("bnb", "neutrino")


@pytest.fixture(autouse=True)
def in_repository(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(request.config.rootpath)


def test_pi0_of_a_point_have_the_mean_momentum_and_angle_of_the_public_program() -> None:
    """Mean p 1.003 GeV/c and mean angle 0.460 rad, for (SW(pi+) + SW(pi-)) sin(theta)."""
    source = neutral_source(LINE, {"pi0": 0.9}, origin=True)
    parents = PromptParents(source, PI0, ImportanceGrid.uniform())
    rays = parents.sample(unit_points(2**16, seed=2))
    assert rays.yield_ == pytest.approx(0.9, rel=5e-3)
    assert np.average(rays.momentum, weights=rays.weight) == pytest.approx(1003.0, rel=3e-3)
    assert np.average(rays.theta, weights=rays.weight) == pytest.approx(0.460, abs=2e-3)
    assert not rays.x.any()
    assert isinstance(parents, Counted)
    assert parents.yield_per_pot == 0.9


@pytest.mark.parametrize("origin", [True, False])
@pytest.mark.parametrize(("species", "name", "given"), [(PI0, "pi0", None), (PI0, "pi0", 0.7), (ETA, "eta", 0.03)])
def test_known_yields_are_the_sums_of_weights(origin: bool, species: int, name: str, given: float | None) -> None:
    source = neutral_source(LINE, {name: given}, origin=origin)
    parents = PromptParents(source, species, ImportanceGrid.uniform())
    assert source.species == (species,)
    rays = parents.sample(unit_points(2**15, seed=1))
    assert parents.yield_per_pot == given
    sigma = float(proton_production_cm2(LINE.beam.momentum, "Be"))
    share = 1.0 if origin else source.interactions(unit_points(2**12, seed=3))
    whole = integrated_cm2(SHAPES[PI0], LINE.beam.momentum) / sigma * share
    assert rays.yield_ == pytest.approx(whole if given is None else given, rel=0.02)


def test_at_the_origin_every_proton_interacts() -> None:
    vertex, direction, momentum, weight = AtOrigin(8000.0)(np.zeros((3, 30)))
    assert not vertex.any()
    assert direction.tolist() == [[0.0, 0.0, 1.0]] * 3
    assert (momentum == 8000.0).all()
    assert (weight == 1.0).all()


def species_of(*changes: str) -> list[int]:
    (setup,) = load_scenario(ROOT, overrides=changes).setups()
    return [parents.species for parents in setup.parents]


def test_species_of_each_kind() -> None:
    assert species_of() == [PI0]
    assert species_of("source.eta_per_pot=0.03", "source.eta_prime_per_pot=0.003") == [PI0, ETA, 331]
    assert species_of("source.pi0_per_pot=0", "source.eta_per_pot=0.03") == [ETA]
    stopped = ["source={ kind = 'stopped' }", "model.production=vector-sum"]
    assert species_of(*stopped) == [PI_PLUS, PI0]
    together = "source={ kind = 'parametrised', pi0_per_pot = 0.9, eta_per_pot = 0.03 }"
    assert species_of(together) == [PI_PLUS, PI_MINUS, K_PLUS, K_MINUS, PI0, ETA]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("source.pi0_per_pot=-1", ["source.pi0_per_pot = -1 per POT", "[0, 1000] per POT"]),
        ("source.pi0_per_pot=nan", ["source.pi0_per_pot = nan"]),
        ("source.pi0_per_pot=many", ["source.pi0_per_pot = 'many'", "a number in per POT"]),
        ("source.pi0_per_pot=0", ["every yield is 0", "pi0_per_pot, eta_per_pot, eta_prime_per_pot above 0"]),
        ("source.place=orign", ["source.place = 'orign'", "Did you mean 'origin'?"]),
        ("source.pi_minus=harp", ["source.pi_minus: only with kind = 'sanford-wang' or 'parametrised'"]),
        ("source.kind=neutral-meson", ["Did you mean 'neutral-mesons'?"]),
        ("source={ kind = 'stopped', pi_plus = 5 }", ["5", "[0.037, 0.1] per POT"]),
        ("source={ kind = 'stopped', name = 'lujn' }", ["'lujn'", "Did you mean 'lujan'?"]),
        ("rings.options=angel", ["unknown ring option 'angel'", "Did you mean 'angle'?"]),
        ("rings.max_angle_degrees=200", ["max_angle_degrees = 200 degrees", "[0, 180] degrees"]),
        ("rings.soft=1", ["rings.soft: unknown key", "Did you mean 'soft_"]),
        ("rings.criterion=circle1", ["go with the option 'tables'"]),
        ("binning.delay=[1, 0]", ["binning.delay", "0 ns follows 1 ns"]),
    ],
)
def test_bad_input(change: str, words: list[str]) -> None:
    with pytest.raises(DarkhornError) as caught:
        load_scenario(ROOT, overrides=[change]).setups()
    for word in words:
        assert word in str(caught.value)


def test_thresholds_that_are_absent_say_what_to_get(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    with pytest.raises(DarkhornError, match=r"2210\.08021"):
        load_scenario(ROOT, overrides=["rings.options=['angle', 'tables']"]).setups()
