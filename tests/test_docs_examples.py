"""The Python block of the page on own models runs as it is printed."""

import re
from pathlib import Path

import pytest

from darkhorn.core import species
from darkhorn.core.rays import Floats
from darkhorn.physics import weak
from darkhorn.physics.phase_space import dots, three_body_width

REPOSITORY = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN = REPOSITORY / "docs" / "your_own_model.md"


def own_msq(m12_sq: Floats, m23_sq: Floats, delta: Floats) -> Floats:
    """The example's square by hand: the meson diagram is a mass insertion, so X = A + B kslash."""
    m, m_x, ratio = species.mass(13), 5.0, 40.0
    at = dots(m12_sq, m23_sq, species.mass(211), m, m_x, delta)
    a, b = 1.0 + 2.0 * m**2 / delta - ratio * m / at.pole, m / delta
    kinetic = 2.0 * at.k_l * at.k_n - m_x**2 * at.l_n
    decay_constant, ckm = weak.meson_constants(211)
    square = 4.0 * (a * a * at.l_n + b * b * kinetic + 2.0 * a * b * m * at.k_n)
    return (weak.G_FERMI * decay_constant * ckm) ** 2 * square


def test_your_own_model(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty lines, and the branching ratio of the coherent sum."""
    (block,) = BLOCK.findall(OWN.read_text())
    assert len([line for line in block.splitlines() if line.strip()]) <= 20
    monkeypatch.chdir(REPOSITORY)
    exec(compile(block, str(OWN), "exec"), {"__name__": "own"})  # noqa: S102
    branching, photons = (float(line.split(" = ")[1]) for line in capsys.readouterr().out.splitlines())
    expected = three_body_width(own_msq, species.mass(211), species.mass(13), 5.0) / species.width(211)
    assert branching == pytest.approx(expected, rel=1e-8)
    assert branching == pytest.approx(0.0111268805, rel=1e-6)
    assert photons > 0.0
