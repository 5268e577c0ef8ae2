"""What a terminal or a notebook shows of a prediction: a line for each mode, or a table of HTML."""

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from darkhorn.core.rays import Floats

if TYPE_CHECKING:
    from darkhorn.chain.predict import Prediction

HEADINGS: Final = ("mode", "POT", "events", "error", "reach the detector per POT", "effective number")
"""Columns of the table."""


def _rows(prediction: "Prediction") -> list[tuple[str, ...]]:
    """Return one row a mode, at the couplings of the model."""
    model = prediction.model
    events, crossing = model.coupling_product**2, model.coupling**2
    return [
        (
            name,
            f"{mode.pot:.4g}",
            f"{mode.signal.mean() * events:.4g}",
            f"{_error(mode.signal) * events:.2g}",
            f"{mode.crossing.mean() * crossing:.4g}",
            f"{mode.n_eff:.0f}",
        )
        for name, mode in prediction.modes.items()
    ]


def _error(rows: Floats) -> float:
    """Return the standard error of the mean over replicates; 0 for one."""
    return float(rows.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else 0.0


def _head(prediction: "Prediction") -> str:
    model = prediction.model
    return f"{model.title}; {model.product_name} = {model.coupling_product:.4g} {model.product_unit}"


def as_text(prediction: "Prediction") -> str:
    """Return a prediction in a few lines: what it is of, then selected events and their Monte-Carlo error by mode.

    Parameters
    ----------
    prediction : Prediction
        Numbers are shown at the couplings of its model.
    """
    lines = [f"  {name}: {events} +- {error} events in {pot} POT" for name, pot, events, error, *_ in _rows(prediction)]
    return "\n".join([f"Prediction({_head(prediction)})", *lines])


def as_html(prediction: "Prediction") -> str:
    """Return a prediction as a table of HTML, every name escaped.

    Parameters
    ----------
    prediction : Prediction
        Numbers are shown at the couplings of its model.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEADINGS)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in _rows(prediction))
    caption = f"<caption>{escape(_head(prediction))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
