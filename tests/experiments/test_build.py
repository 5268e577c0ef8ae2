"""Detector objects from parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError
from darkhorn.detector.geometry import Box, Cylinder, Sphere
from darkhorn.detector.response import Response
from darkhorn.experiments.build import build_composition, build_response, build_shape

CENTER = [0.0, 0.0, 100.0]


def test_shapes() -> None:
    assert build_shape({"kind": "sphere", "center": CENTER, "radius": 2}) == Sphere((0.0, 0.0, 100.0), 2.0)
    assert build_shape({"kind": "box", "center": CENTER, "size": [4, 4, 5]}) == Box((0.0, 0.0, 100.0), (4.0, 4.0, 5.0))
    upright = {"kind": "cylinder", "center": CENTER, "radius": 1.0, "length": 3.0}
    assert build_shape(upright) == Cylinder((0.0, 0.0, 100.0), 1.0, 3.0)
    assert build_shape({**upright, "axis": [0, 0, 2]}) == Cylinder((0.0, 0.0, 100.0), 1.0, 3.0, (0.0, 0.0, 1.0))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: np.linalg.norm(a) > 0.1), angle=st.floats(-7, 7))
def test_rotation_is_that_of_scipy(axis: tuple[float, float, float], angle: float) -> None:
    from scipy.spatial.transform import Rotation

    params = {"kind": "box", "center": CENTER, "size": [1, 2, 3], "rotation": {"axis": axis, "angle": angle}}
    shape = build_shape(params)
    assert isinstance(shape, Box)
    expected = Rotation.from_rotvec(angle * np.array(axis) / np.linalg.norm(axis)).as_matrix()
    np.testing.assert_allclose(shape.rotation, expected, atol=1e-12)


def test_materials_agree() -> None:
    by_formula = build_composition({"mass_density_g_cm3": 0.86, "formula": {"C": 1, "H": 2}})
    carbon = 12.011 / (12.011 + 2 * 1.008)
    by_mass = build_composition({"mass_density_g_cm3": 0.86, "mass_fractions": {"C": carbon, "H": 1 - carbon}})
    densities = {target.name: target.density * 1e-6 for target in by_formula.targets}
    by_number = build_composition({"number_density_per_cm3": densities})
    for other in (by_mass, by_number):
        found = [target.density for target in other.targets]
        np.testing.assert_allclose(found, [target.density for target in by_formula.targets], rtol=1e-12)


def test_responses() -> None:
    assert build_response({"perfect": True}) == Response.perfect() == build_response({})
    curve = {"energy": [0, 100], "value": [0, 0.5]}
    assert build_response({"efficiency": curve}).efficiency_at(np.array([50.0])) == pytest.approx([0.25])
    fixed = build_response({"angular": "constant", "angular_degrees": 3})
    assert np.degrees(fixed.sigma_angle(10.0)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("build", "params", "error", "message"),
    [
        (build_shape, {}, ScenarioError, "shape.kind: missing; expected one of sphere, box, cylinder"),
        (build_shape, {"kind": "sphere", "center": [0, 0], "radius": 1}, ScenarioError, "list of 3 numbers in m"),
        (build_shape, {"kind": "sphere", "center": CENTER, "radius": 0}, RangeError, "shape.radius = 0 m is outside"),
        (build_shape, {"kind": "sphere", "center": CENTER, "radius": 1, "size": 1}, ScenarioError, "shape.size: unkn"),
        (build_shape, {"kind": "box", "center": CENTER, "size": [1, 0, 1]}, RangeError, "shape.size = 0 m is outside"),
        (
            build_shape,
            {"kind": "cylinder", "center": CENTER, "radius": 1, "length": 1, "axis": [0, 0, 0]},
            RangeError,
            "length of shape.axis = 0 is outside",
        ),
        (build_composition, {}, ScenarioError, "exactly one of .*; found none"),
        (build_composition, {"formula": {"C": 1}}, ScenarioError, "mass_density_g_cm3: missing"),
        (
            build_composition,
            {"formula": {"C": 1}, "mass_fractions": {"C": 1}, "mass_density_g_cm3": 1},
            ScenarioError,
            "found formula, mass_fractions",
        ),
        (
            build_composition,
            {"number_density_per_cm3": {"C": 1e22}, "mass_density_g_cm3": 1},
            ScenarioError,
            "not together with number_density_per_cm3",
        ),
        (build_composition, {"number_density_per_cm3": {"C": -1}}, RangeError, "per_cm3.C = -1 1/cm"),
        (
            build_composition,
            {"mass_fractions": {"C": 0.5}, "mass_density_g_cm3": 1},
            RangeError,
            "material.mass_fractions: sum of mass_fractions = 0.5",
        ),
        (build_response, {"perfect": False}, ScenarioError, "perfect = False: expected true and no other key"),
        (build_response, {"perfect": True, "angular": "log"}, ScenarioError, "no other key"),
        (build_response, {"angular": "logg", "angular_degrees": 1}, ScenarioError, "Did you mean 'log'"),
        (build_response, {"angular": "log"}, ScenarioError, "angular_degrees: missing; expected a number in degrees"),
        (build_response, {"angular_degrees": 3}, ScenarioError, "only together with angular"),
        (build_response, {"energy_sqrt_GeV": -0.1}, RangeError, "energy_sqrt_GeV = -0.1 GeV is outside"),
        (build_response, {"efficiency": {"energy": [1, 2], "value": [1]}}, ScenarioError, "list of 2 numbers"),
        (build_response, {"efficiency": [1, 2]}, ScenarioError, "efficiency = .*: expected a table"),
    ],
)
def test_mistakes_are_named(build, params: dict, error: type[DarkhornError], message: str) -> None:
    with pytest.raises(error, match=message):
        build(params)
