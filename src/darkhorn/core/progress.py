"""How far a long calculation is: what a stage tells to whoever listens."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Tell = Callable[[str], None]
"""Listens to what is being done; a :class:`Step` also says how much of it."""

_Item = TypeVar("_Item")


class Step(str):
    """What is being done, and which share of it has been done.

    Parameters
    ----------
    text : str
        One line.
    done : float
        Share of the stage that is done, 0 to 1.
    """

    done: float

    def __new__(cls, text: str, done: float) -> "Step":
        """Return the text with its share."""
        step = super().__new__(cls, text)
        step.done = min(max(done, 0.0), 1.0)
        return step


def counted(items: Iterable[_Item], total: int, text: str, tell: Tell) -> Iterator[_Item]:
    """Yield items as they come, and tell before the first and after each how many of ``total`` there are.

    Parameters
    ----------
    items : iterable
        For instance the results of a thread pool, in order.
    total : int
        How many will come, >= 1.
    text : str
        What is being done.
    tell : callable
        Who listens.
    """
    tell(Step(text, 0.0))
    for number, item in enumerate(items, 1):
        tell(Step(text, number / total))
        yield item
