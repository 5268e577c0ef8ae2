"""Write the pages of the documentation that follow from the code: formulas, commands, one API page a room.

No option::

    python scripts/reference_pages.py
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from darkhorn.cli.app import build
from darkhorn.io.atomic import write_text_atomic

ROOT = Path(__file__).parent.parent
DOCS, PACKAGE = ROOT / "docs", ROOT / "src" / "darkhorn"
ROOMS = ("core", "io", "beam", "models", "detector", "experiments", "chain", "inference", "report", "bench", "testing")
"""Rooms with an API page; ``physics`` has pages by topic, ``cli`` the page of commands."""
HOLDS = re.compile(r"automodule:: darkhorn\.physics\.(\w+)")
MARKUP = re.compile(r"``(.+?)``|:\w+:`~?(?:[\w.]+\.)?(\w+)`|([\\*_<>\[\]|`])")
NOTE = "`scripts/reference_pages.py` writes this page from the code."


def markdown(text: str) -> str:
    """Return a line of a docstring as Markdown that shows the same characters."""
    return MARKUP.sub(lambda m: f"`{m[1] or m[2]}`" if m[1] or m[2] else "\\" + m[3], " ".join(text.split()))


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring before its first section."""
    return re.split(r"\n\w+\n-{3,}\n", f"\n{text}")[0].strip().split("\n\n")


def source(text: str) -> str:
    """Return what a docstring says after ``Source:``, to the end of its paragraph."""
    found = re.search(r"Source: (.*?)(?:\n\n|\Z)", text, re.DOTALL)
    return found[1] if found else ""


def public_functions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of each public function of a file."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""


def formulas_of(module: str) -> Iterator[str]:
    """Yield the lines of one file of ``physics/``."""
    path = PACKAGE / "physics" / f"{module}.py"
    about = [" ".join(part.split()) for part in paragraphs(ast.get_docstring(ast.parse(path.read_text())) or "")]
    yield f"### {module}.py"
    yield ""
    yield " ".join(markdown(part) for part in about)
    yield ""
    for name, text in public_functions(path):
        said = " ".join(markdown(part) for part in paragraphs(text) if not part.startswith("Source:"))
        cited = f" *{markdown(source(text))}*" if source(text) else ""
        yield f"- {{py:func}}`~darkhorn.physics.{module}.{name}`: {said}{cited}"
    yield ""


def formulas() -> str:
    """Return the page of every formula, in the order of the pages of physics."""
    lines = ["# Every formula", "", f"{NOTE} Search it (Ctrl-F) for a name, a symbol, or an arXiv number.", ""]
    for page in sorted((DOCS / "physics").glob("*.md")):
        text = page.read_text()
        modules = HOLDS.findall(text)
        if modules:
            title = text.splitlines()[0].removeprefix("# ")
            lines += [f"## {title}", "", f"Conventions and details: [{title}](physics/{page.name}).", ""]
            lines += [line for module in modules for line in formulas_of(module)]
    return "\n".join(lines)


def room(name: str) -> str:
    """Return the API page of one room."""
    about = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text())) or ""
    lines = [f"# darkhorn.{name}", "", *(markdown(part) + "\n" for part in about.split("\n\n"))]
    for path in sorted((PACKAGE / name).glob("[!_]*.py")):
        lines += [f"## {path.name}", "", "```{eval-rst}", f".. automodule:: darkhorn.{name}.{path.stem}", "```", ""]
    return "\n".join(lines)


def option(parameter: Any) -> str:
    """Return one row of a table of options."""
    words = [*parameter.opts, *parameter.secondary_opts]
    if not words[0].startswith("-"):
        words = [parameter.metavar or parameter.name]
    elif not parameter.is_flag:
        words[-1] += f" {parameter.metavar or parameter.name.upper()}"
    known = isinstance(parameter.default, (str, int, float)) and not isinstance(parameter.default, bool)
    default = "required" if parameter.required else (f"`{parameter.default}`" if known else "")
    names = ", ".join(f"`{word}`" for word in words).replace("|", "\\|")
    return f"| {names} | {default} | {markdown(getattr(parameter, 'help', '') or '')} |"


def commands() -> str:
    """Return the page of all verbs with their options."""
    verbs: dict[str, Any] = vars(typer.main.get_command(build()))["commands"]
    lines = ["# Commands", "", f"{NOTE} `darkhorn VERB --help` shows the same.", ""]
    for name, verb in verbs.items():
        about = (verb.help or "").split("\n\n")
        lines += [f"## darkhorn {name}", "", *(f"{markdown(part)}\n" for part in about)]
        lines += ["| option | default | meaning |", "|---|---|---|"]
        lines += [option(parameter) for parameter in verb.params if parameter.name != "help"]
        lines += ["", "```sh", (verb.epilog or "").removeprefix("Example: "), "```", ""]
    return "\n".join(lines)


def main() -> None:
    """Write every page."""
    write_text_atomic(DOCS / "formulas.md", formulas())
    write_text_atomic(DOCS / "commands.md", commands())
    for name in ROOMS:
        write_text_atomic(DOCS / "api" / f"{name}.md", room(name))


if __name__ == "__main__":
    main()
