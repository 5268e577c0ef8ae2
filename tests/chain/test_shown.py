"""What a notebook shows: numbers at the couplings of the model, text that cannot inject."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np

from darkhorn.chain.predict import ModePrediction, Prediction
from darkhorn.chain.shown import HEADINGS, as_html, as_text
from darkhorn.models.presets import preset


def prediction(name: str = "neutrino") -> Prediction:
    model = replace(preset("scalar-benchmark"), coupling=2.0, g_n=0.5, lam=1.0)  # type: ignore[type-var]
    edges = np.array([0.0, 1.0])
    rows = np.array([[2.0], [4.0]])
    mode = ModePrediction(
        name=name, pot=1.875e21, edges={"e_vis": edges}, spectra={"e_vis": rows}, boson_edges=edges, bosons=rows,
        signal=rows[:, 0], crossing=rows[:, 0] * 1e-9, mean_chord=1.0, mean_arrival=1.0, mean_delay=0.0, n_eff=812.4,
        relvar=1.0, largest_over_mean=3.0, points=4,
    )  # fmt: skip
    return Prediction(model, {name: mode}, 1, 2)  # type: ignore[arg-type]


def test_the_table_holds_the_numbers() -> None:
    """Coupling product 1, so 3 +- 1 events; coupling 2, so 4 x 3e-9 particles per POT."""
    table = ET.fromstring(as_html(prediction()))
    cells = [cell.text for cell in table.iter("td")]
    assert cells == ["neutrino", "1.875e+21", "3", "1", "1.2e-08", "812"]
    assert [cell.text for cell in table.iter("th")] == list(HEADINGS)
    assert "m_X = " in str(table.findtext("caption"))


def test_a_line_a_mode() -> None:
    head, line = as_text(prediction()).splitlines()
    assert head.startswith("Prediction(")
    assert line == "  neutrino: 3 +- 1 events in 1.875e+21 POT"


def test_names_do_not_inject() -> None:
    name = "</td><script>alert(1)</script>"
    shown = as_html(prediction(name))
    assert "<script" not in shown
    assert next(cell.text for cell in ET.fromstring(shown).iter("td")) == name
