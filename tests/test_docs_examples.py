"""The documentation does what it says: examples run, commands parse, links lead somewhere, nothing is left out."""

import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from darkhorn.cli import invoke
from darkhorn.cli.app import build
from darkhorn.core import species
from darkhorn.core.rays import Floats
from darkhorn.core.species import PI_PLUS
from darkhorn.io.tables import read_rays
from darkhorn.physics import weak
from darkhorn.physics.phase_space import dots, three_body_width

REPOSITORY = Path(__file__).parent.parent
DOCS, PACKAGE = REPOSITORY / "docs", REPOSITORY / "src" / "darkhorn"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(darkhorn [^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FAST = (
    (r"precision=0\.\d+", "precision=0.3"),
    (r"n_events=\d+", "n_events=2"),
    (r"(--grid \w+=[\d.]+:[\d.]+):\d+", r"\1:2"),
)
QUICK = {
    "run": "--precision 0.5 --quiet",
    "fit": "--precision 0.5",
    "limit": "--precision 0.5",
    "export": "--precision 0.5",
    "scan": "--precision 0.5 --workers 1 --quiet",
    "flux": "--precision 0.4 --quiet",
    "events": "-n 20 --set run.precision=0.5 --quiet",
}
"""Options that make a verb quick; the last one of each kind counts."""
SLOW = {"confront", "report", "validate"}
"""Verbs that are parsed but not run here; they have tests of their own."""
OUTSIDE = {"urqmd": "chromo", "geant4": None}
"""Event generators: blocks that use them need a package, or (None) data sets that no test can expect."""
NO_COMMAND = {"darkhorn ru", "darkhorn VERB --help"}


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in FENCE.findall(page.read_text()) if language in languages]


def quicker(text: str) -> str:
    for pattern, replacement in FAST:
        text = re.sub(pattern, replacement, text)
    return text


def commands(text: str) -> list[list[str]]:
    """Words behind ``darkhorn`` on each line of a shell block."""
    found = []
    for line in re.split(r"\n|&&|\|\|", text):
        words = shlex.split(line.strip(), comments=True)
        if words[:1] == ["darkhorn"]:
            end = next((place for place, word in enumerate(words) if word == ">"), len(words))
            found.append(words[1:end])
    return found


def imports_only(block: str) -> str:
    body = [node for node in ast.parse(block).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return ast.unparse(ast.Module(body, []))


def runnable(block: str) -> str:
    """The block, or its imports alone where it needs a generator that is not there."""
    for word, package in OUTSIDE.items():
        if f"beam.{word}" in block and (package is None or importlib.util.find_spec(package) is None):
            return imports_only(block)
    return block


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the shipped examples, and the files that pages speak of."""
    for path in (REPOSITORY / "examples").iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mesons(place: Path) -> None:
    """``mesons.hepmc3``."""
    pytest.importorskip("pyhepmc", reason="the page reads HepMC3: install darkhorn[io]")
    from darkhorn.io.hepmc import write_hepmc

    write_hepmc(place / "mesons.hepmc3", read_rays(place / "pions_at_target.csv"), pot=100.0)


def events(_: Path) -> None:
    """``events.root``."""
    pytest.importorskip("uproot", reason="the page reads ROOT: install darkhorn[io]")
    assert invoke(["events", "stopped_pion.toml", "-n", "20", "--out", "events.root"]) == 0


PREPARE: dict[str, Callable[[Path], None]] = {"docs/sources.md": mesons, "docs/events.md": events}
EXECUTED = [page for page in PAGES if blocks(page, "python") and page.name != "your_own_model.md"]


@pytest.mark.parametrize("page", EXECUTED, ids=name_of)
def test_python_and_commands_of_a_page(page: Path, place: Path) -> None:
    """Every block of Python runs, in order; on tutorials every command between them, too."""
    PREPARE.get(name_of(page), lambda _: None)(place)
    tutorial = page.parent.name == "tutorials"
    names: dict[str, Any] = {"__name__": "page"}
    for language, text in FENCE.findall(page.read_text()):
        if language == "python":
            exec(compile(runnable(quicker(text)), str(page), "exec"), names)  # noqa: S102
        elif language == "sh" and tutorial:
            for words in commands(quicker(text)):
                if words[0] not in SLOW:
                    assert invoke([*words, *QUICK.get(words[0], "").split()]) == 0, words


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Parse a command line as ``darkhorn`` would, and do nothing; a verb alone is a name."""
    group: Any = typer.main.get_command(build())
    for verb in group.commands.values():
        monkeypatch.setattr(verb, "callback", lambda **_: None)

    def call(words: list[str]) -> None:
        assert words[0].startswith("-") or words[0] in group.commands, words
        if len(words) > 1:
            group(args=words, prog_name="darkhorn", standalone_mode=False)

    return call


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_parse(page: Path, parse: Callable[[list[str]], None]) -> None:
    """Verbs and options exist, in blocks and in running text."""
    spoken = [text for text in SPAN.findall(FENCE.sub("", page.read_text())) if text not in NO_COMMAND]
    for text in (*blocks(page, "sh", ""), *spoken):
        for words in commands(text.replace("\\|", "|")):
            parse(words)


def test_parsing_can_fail(parse: Callable[[list[str]], None]) -> None:
    with pytest.raises(Exception, match="grind"):
        parse(["scan", "miniboone", "--grind", "m_x=1:2:3", "--out", "a"])


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=name_of)
def test_toml_parses(page: Path) -> None:
    for block in blocks(page, "toml"):
        assert tomllib.loads(block)


def anchors(page: Path) -> set[str]:
    """Names of the headings of a page, as links spell them."""
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links(page: Path) -> None:
    """Files and headings that a page links to exist."""
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{name_of(page)}: {target}"
        assert not anchor or anchor in anchors(goal), f"{name_of(page)}: {target}"


def test_architecture_names_every_file_and_no_other() -> None:
    """Except private files, and the verbs, which have one file each."""
    text = (DOCS / "architecture.md").read_text()
    files = {path.name for path in PACKAGE.rglob("*.py")}
    assert set(re.findall(r"`(?:\w+/)*(\w+\.py)`", text)) - files <= {"test_floors.py"}
    rooms = [path for path in PACKAGE.glob("*/*.py") if path.parent.name != "cli"]
    shown = {path.name for path in rooms if not path.name.startswith("_")}
    missing = {name for name in shown if f"{name}`" not in text}
    assert not missing - {"rules.py"}


def test_pages_written_from_the_code_leave_nothing_out() -> None:
    """Mended by ``python scripts/reference_pages.py``."""
    formulas = (DOCS / "formulas.md").read_text()
    topics = "".join(path.read_text() for path in (DOCS / "physics").glob("*.md"))
    for path in (PACKAGE / "physics").glob("[!_]*.py"):
        assert topics.count(f"automodule:: darkhorn.physics.{path.stem}\n") == 1, path.name
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert f"darkhorn.physics.{path.stem}.{node.name}`" in formulas
    for path in PACKAGE.glob("*/[!_]*.py"):
        room = path.parent.name
        if room not in {"physics", "cli"}:
            assert f"automodule:: darkhorn.{room}.{path.stem}\n" in (DOCS / "api" / f"{room}.md").read_text()
    group: Any = typer.main.get_command(build())
    assert set(re.findall(r"^## darkhorn (\w+)$", (DOCS / "commands.md").read_text(), re.MULTILINE)) == set(
        group.commands
    )


def test_readme_names_every_verb() -> None:
    group: Any = typer.main.get_command(build())
    text = (REPOSITORY / "README.md").read_text()
    assert not {verb for verb in group.commands if f"darkhorn {verb}" not in text}


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """With the extra ``docs``."""
    for package in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: darkhorn[docs]")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "trees", DOCS, tmp_path / "site"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "site" / "physics" / "08_photoconversion.html").read_text()
    assert 'id="darkhorn.physics.primakoff.msq_v_via_scalar"' in page


def own_msq(m12_sq: Floats, m23_sq: Floats, delta: Floats) -> Floats:
    """The example's square by hand: the meson diagram is a mass insertion, so X = A + B kslash."""
    m, m_x, ratio = species.mass(13), 5.0, 40.0
    at = dots(m12_sq, m23_sq, species.mass(PI_PLUS), m, m_x, delta)
    a, b = 1.0 + 2.0 * m**2 / delta - ratio * m / at.pole, m / delta
    kinetic = 2.0 * at.k_l * at.k_n - m_x**2 * at.l_n
    decay_constant, ckm = weak.meson_constants(PI_PLUS)
    square = 4.0 * (a * a * at.l_n + b * b * kinetic + 2.0 * a * b * m * at.k_n)
    return (weak.G_FERMI * decay_constant * ckm) ** 2 * square


def test_your_own_model(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty lines, and the branching ratio of the coherent sum."""
    page = DOCS / "your_own_model.md"
    (block,) = blocks(page, "python")
    assert len([line for line in block.splitlines() if line.strip()]) <= 20
    monkeypatch.chdir(REPOSITORY)
    exec(compile(block, str(page), "exec"), {"__name__": "own"})  # noqa: S102
    branching, photons = (float(line.split(" = ")[1]) for line in capsys.readouterr().out.splitlines())
    expected = three_body_width(own_msq, species.mass(211), species.mass(13), 5.0) / species.width(211)
    assert branching == pytest.approx(expected, rel=1e-8)
    assert branching == pytest.approx(0.0111268805, rel=1e-6)
    assert photons > 0.0
