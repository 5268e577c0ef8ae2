"""Every key that is used exists, and every BibTeX entry is well formed."""

import re
from pathlib import Path

import pytest

import darkhorn
from darkhorn.core import cite
from darkhorn.core.errors import UnknownNameError
from darkhorn.models.productions import PRODUCTIONS


def test_keys_are_unique_and_name_their_own_reference() -> None:
    entries = [item.bibtex().split(",", 1)[0] for item in cite.REFERENCES.values()]
    assert len(set(entries)) == len(entries) == len(cite._ALL)
    assert all(cite.reference(key).key == key for key in cite.REFERENCES)


def test_sources_of_productions_exist() -> None:
    used = {key for item in PRODUCTIONS.values() for key in item.sources}
    assert {"Dutta:2021", "Thompson:2022", "Carlson:2012", "PIBETA:2008"} <= used
    assert used <= set(cite.REFERENCES)
    assert all(item.sources for item in PRODUCTIONS.values())


def parse(entry: str) -> tuple[str, dict[str, str]]:
    """Read one entry by counting braces."""
    head = re.match(r"@misc\{([^,\s{}]+),\n", entry)
    assert head, entry
    depth, position, values = 1, head.end(), {}
    while depth:
        field = re.compile(r"\s*(\w+) = \{").match(entry, position)
        assert field, entry[position:]
        start, level, position = field.end(), 1, field.end()
        while level:
            level += {"{": 1, "}": -1}.get(entry[position], 0)
            position += 1
        assert field[1] not in values
        values[field[1]] = entry[start : position - 1]
        separator = re.compile(r",\n|\n\}$").match(entry, position)
        assert separator, entry[position:]
        depth -= separator[0].endswith("}")
        position = separator.end()
    assert position == len(entry)
    return head[1], values


@pytest.mark.parametrize("key", cite.REFERENCES)
def test_bibtex_parses(key: str) -> None:
    item = cite.reference(key)
    found, values = parse(item.bibtex())
    assert found == key
    assert values == {
        "author": item.authors,
        "title": "{" + item.title + "}",
        "note": item.where,
        "year": str(item.year),
        **({"eprint": item.arxiv, "archiveprefix": "arXiv"} if item.arxiv else {}),
    }
    assert all(values.values())
    assert not re.search(r"(?<!\\)[&%#$~^_]", item.authors + item.title + item.where)
    assert 1900 < item.year < 2030


def test_published_identifiers() -> None:
    assert "2110.11944" in cite.reference("Dutta:2021").where
    assert "0806.1449" in cite.reference("MiniBooNE:flux").where
    assert "2006.16883" in cite.reference("MiniBooNE:2020").where


def test_unknown_key_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown reference 'Duta:2021'\. Did you mean 'Dutta:2021'\?"):
        cite.reference("Duta:2021")


SOURCE = Path(darkhorn.__file__).parent


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Source: arXiv:2110.11944, Eq. (3)", ("2110.11944",)),
        ("hep-ph/9908481 and arXiv:0806.1449; again hep-ph/9908481", ("hep-ph/9908481", "0806.1449")),
        ("arXiv:nucl-th/9803035, physics/9711021.", ("nucl-th/9803035", "physics/9711021")),
        ("1807.06137v2", ("1807.06137",)),
        ("g = 1234.5678 MeV, 12345.67890, 1.2345.67890, 2110.119441 and 1/9803035", ()),
    ],
)
def test_arxiv_numbers_in_a_text(text: str, numbers: tuple[str, ...]) -> None:
    assert cite.arxiv_numbers(text) == numbers


def test_keys_of_the_works_that_a_text_names() -> None:
    assert cite.keys_in("as in arXiv:2110.11944 and hep-ex/0308005, not in arXiv:9912.99999") == (
        "Dutta:2021",
        "Budd:2003",
    )
    assert cite.keys_in("") == ()


def test_no_work_stands_twice() -> None:
    numbers = [item.arxiv for item in cite.REFERENCES.values() if item.arxiv]
    assert len(numbers) == len(set(numbers)) > 35
    assert len({item.title.lower() for item in cite.REFERENCES.values()}) == len(cite.REFERENCES)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_work_that_the_code_names_can_be_cited(path: Path) -> None:
    numbers = cite.arxiv_numbers(path.read_text())
    assert set(numbers) <= {item.arxiv for item in cite.REFERENCES.values()}
