"""Steps: text with a share, and items that are counted as they pass."""

import pytest

from darkhorn.core.progress import Step, counted


@pytest.mark.parametrize(("given", "kept"), [(0.25, 0.25), (-1.0, 0.0), (2.0, 1.0)])
def test_a_step_is_its_text_and_a_share(given: float, kept: float) -> None:
    step = Step("pions", given)
    assert step == "pions"
    assert isinstance(step, str)
    assert step.done == kept


def test_counted_passes_items_on_and_tells_after_each() -> None:
    heard: list[tuple[str, float]] = []

    def tell(text: str) -> None:
        heard.append((str(text), getattr(text, "done", -1.0)))

    passing = counted(iter("abcd"), 4, "letters", tell)
    assert next(passing) == "a"
    assert heard == [("letters", 0.0), ("letters", 0.25)]
    assert list(passing) == ["b", "c", "d"]
    assert heard[-1] == ("letters", 1.0)
    assert len(heard) == 5
