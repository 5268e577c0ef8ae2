import pytest

from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"meson_elastic": "off"}, "physics.meson_elastic = 'off'; allowed: follow, remove, ignore"),
        ({"protons": "ignore"}, "physics.protons = 'ignore'; allowed: follow, straight"),
        ({"air": "yes"}, "physics.air = 'yes'; allowed: True, False"),
    ],
)
def test_values_that_are_no_choice(change: dict, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        Physics(**change)
