"""One table for the terminal: a parameter point against every experiment and every limit on rare decays."""

from typing import Final

from rich.table import Table
from rich.text import Text

from darkhorn.inference.confront import Confrontation, Row
from darkhorn.inference.confront_limits import LimitRow

HEAD: Final = ("", "predicted", "made by [%]", "measured", "pull (null)", "verdict")


def confront_table(result: Confrontation) -> Table:
    """Return the table, in three sections: decays that make X, experiments, limits.

    Parameters
    ----------
    result : Confrontation
        From :func:`darkhorn.inference.confront.confront`.

    Returns
    -------
    Table
        Events in the exposure; branching ratios at the given couplings. ``measured`` is
        data minus background with its whole error, or the limit with its confidence level; ``null`` is the pull
        without a signal, a ratio is predicted over limit.
    """
    from rich.box import SIMPLE

    title = f"{result.point.name}: {result.point.model.title}"
    table = Table(title=Text(title), title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for name in HEAD[:-1]:
        table.add_column(Text(name), no_wrap=True, overflow="fold")
    table.add_column(Text(HEAD[-1]), overflow="fold", min_width=30)

    def row(*cells: str) -> None:
        table.add_row(*map(Text, cells))

    for made in result.decays:
        row(made.decay, f"{made.branching:.3g}", "", "", "", "")
    table.add_section()
    for item in result.rows:
        row(_name(item), _events(item), made_by(item), _measured(item), _pulls(item), _verdict(item))
    table.add_section()
    row("limit on a decay", "", "", "limit (CL)", "ratio", "")
    for limit in result.limits:
        if limit.status != "refused":
            row(*_limit(limit))
    refused = [limit.name for limit in result.limits if limit.status == "refused"]
    if refused:
        row(f"{len(refused)} searches for a peak", "", "", "", "", "refused: two-body decays only")
    return table


def made_by(row: Row) -> str:
    """Return the two largest shares of the events by meson in per cent; empty without events."""
    total = row.signal
    if not total or row.channels is None:
        return ""
    shares = sorted(((events / total, name) for name, (events, _) in row.channels.items()), reverse=True)
    return ", ".join(f"{name} {100.0 * share:.0f}" for share, name in shares[:2] if share > 0.005)


def limit_verdict(row: LimitRow) -> str:
    """Return what a limit says about the point."""
    if row.ratio is None:
        return f"no comparison: {row.note}" if row.note else "no comparison"
    word = "exceeded" if row.ratio > 1.0 else "respected"
    if row.status == "indicative":
        return f"indicative, {word}: {row.note}"
    return word if row.origin == "read" else f"{word} ({row.origin})"


def _name(row: Row) -> str:
    """Return experiment and mode."""
    return " ".join(part for part in (row.experiment, row.mode) if part)


def _events(row: Row) -> str:
    """Return the predicted events; a bound where the efficiency or the selection is not known."""
    if row.signal is None:
        return "-"
    return f"{'< ' if row.at_most else ''}{row.signal:.3g}"


def _measured(row: Row) -> str:
    """Return data minus background with its error."""
    if row.excess is None:
        return "-"
    return f"{row.excess:.1f}" + (f" ± {row.error:.1f}" if row.error is not None else "")


def _pulls(row: Row) -> str:
    """Return the pull, and in parentheses that without a signal."""
    if row.pull_null is None:
        return ""
    return ("-" if row.pull is None else f"{row.pull:+.1f}") + f" ({row.pull_null:+.1f})"


def _verdict(row: Row) -> str:
    """Return the verdict with what stands in the way of a better one."""
    return row.verdict if not row.note else f"{row.verdict}: {row.note}"


def _limit(row: LimitRow) -> tuple[str, ...]:
    """Return the cells of a limit."""
    level = "" if row.cl is None else f" ({100.0 * row.cl:.0f} %)"
    predicted = "-" if row.predicted is None else f"{row.predicted:.3g}"
    limit = "-" if row.limit is None else f"{row.limit:.3g}{level}"
    ratio = "-" if row.ratio is None else f"{row.ratio:.3g}"
    return row.name, predicted, "", limit, ratio, limit_verdict(row)
