"""Data, background, best fit and limits of a likelihood as tables for publication."""

import numpy as np

from darkhorn.inference.cost import Cost
from darkhorn.inference.hepdata import Column, DataTable
from darkhorn.inference.limits import BANDS, only_strength, upper_limit
from darkhorn.inference.minimise import minimise


def cost_tables(cost: Cost, unit: str = "", *, level: float = 0.95) -> list[DataTable]:
    """Return one table a term (data, background and best-fit signal by bin of the fit) and one of the limits.

    Parameters
    ----------
    cost : Cost
        Likelihood with one strength, the square of a coupling product.
    unit : str
        Unit of the product.
    level : float
        Confidence level of the limits.

    Raises
    ------
    RangeError
        When there is not exactly one strength, or a fit does not converge.
    """
    name = only_strength(cost)
    best = minimise(cost)
    without = {**best.values, name: 0.0}
    tables = []
    for term in cost.terms:
        background = term.expected(without)
        columns = (
            Column("data", "events", term.data, {"stat": np.sqrt(np.maximum(term.data, 0.0))}),
            Column("background, fitted", "events", background),
            Column("signal, best fit", "events", term.expected(best.values) - background),
        )
        bins = Column("bin", "", np.arange(1, len(term.data) + 1))
        text = (
            f"Events in the bins of the likelihood '{term.name}', in the order of the fit; merged cells count as one."
        )
        tables.append(DataTable(term.name, text, (bins,), columns, {"observables": ["N"]}))
    limit = upper_limit(cost, name, level=level)
    values = np.sqrt([limit.observed, *limit.expected])
    rows = Column("quantile (0: observed, 1-5: expected at -2 to 2 standard deviations)", "", np.arange(len(BANDS) + 1))
    text = f"CLs upper limits of the coupling product at {100 * level:g} % confidence, asymptotic."
    tables.append(DataTable("limits", text, (rows,), (Column("upper limit of the coupling product", unit, values),)))
    return tables
