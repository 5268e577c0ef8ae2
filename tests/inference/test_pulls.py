"""Injected signals come back without bias: 200 pseudo-experiments of every likelihood."""

import numpy as np
import pytest

from darkhorn.experiments.loader import Experiment
from darkhorn.inference.cost import Cost
from darkhorn.inference.minimise import minimise
from darkhorn.inference.official import official_cost
from darkhorn.inference.release import Release
from darkhorn.inference.shapes import Table2D, counting_cost, poisson_cost, shapes_2d_cost, shapes_cost
from darkhorn.inference.systematics import modes_in_cells, simulation_weight
from darkhorn.inference.template import Template

EXPERIMENTS = 200


def pulls(cost: Cost, truth: float, name: str = "mu") -> np.ndarray:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(EXPERIMENTS):
        fit = minimise(cost.draw({name: truth}, rng), allow_negative=True, start={name: truth})
        found.append((fit.values[name] - truth) / fit.errors[name])
    return np.array(found)


def require_unbiased(cost: Cost, truth: float) -> None:
    found = pulls(cost, truth)
    assert abs(found.mean()) < 0.15
    assert found.std(ddof=1) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("conservative", [False, True])
def test_combined_statistic(conservative: bool, release: Release, falling: dict[str, Template]) -> None:
    require_unbiased(official_cost(release, {"mu": falling}, conservative=conservative), 600.0)


def four() -> tuple[dict, dict]:
    spectra = {f"{m} {d.name}": d for m, mode in Experiment.load("miniboone").modes.items() for d in mode.distributions}
    templates = {}
    for label, spectrum in spectra.items():
        centres = 0.5 * (spectrum.edges[1:] + spectrum.edges[:-1])
        shape = np.exp(-centres / 250.0) if spectrum.name == "e_vis" else np.exp(2.0 * centres)
        share = 1.0 if label.startswith("neutrino") else 0.15
        templates[label] = Template.make(spectrum.name, spectrum.edges, share * shape / shape.sum())
    return spectra, templates


def test_four_distributions() -> None:
    """With the expected variance; what error bars from the data do is tested in test_fit."""
    spectra, templates = four()
    require_unbiased(shapes_cost(spectra, {"mu": templates}, variance="expected"), 500.0)


def test_two_dimensional_table(table: Table2D, forward: Template) -> None:
    require_unbiased(shapes_2d_cost(table, {"mu": forward}, 0.047), 500.0)


def test_two_dimensional_table_with_all_its_errors(table: Table2D, forward: Template, release: Release) -> None:
    modes, weight = modes_in_cells(release, table.edges), simulation_weight(table.background)
    cost = shapes_2d_cost(table, {"mu": forward}, 0.0, background_weight=weight, background_modes=modes)
    assert len(cost.parameters) == 1 + len(modes)
    require_unbiased(cost, 500.0)


def test_joint(table: Table2D, forward: Template) -> None:
    spectrum = Experiment.load("miniboone").mode("antineutrino").distribution("cos_theta")
    shape = np.exp(1.5 * 0.5 * (spectrum.edges[1:] + spectrum.edges[:-1]))
    other = Template.make("cos_theta", spectrum.edges, 0.15 * shape / shape.sum())
    joint = shapes_2d_cost(table, {"mu": forward}, 0.047) + poisson_cost("antineutrino", spectrum, {"mu": other})
    assert joint.parameters == ("mu", "norm neutrino", "norm antineutrino")
    require_unbiased(joint, 500.0)


def test_count() -> None:
    require_unbiased(counting_cost("a", 95.0, 69.7, 17.3, {"mu": 3.0}), 40.0)
