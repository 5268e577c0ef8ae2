#!/usr/bin/env -S uv run --script

# /// script
# dependencies = ["nox>=2025.2"]
# ///
"""Sessions for developers: ``nox`` runs lint, types and tests; ``nox -s wheel`` checks the distributions.

``nox -s docs`` builds the site, ``nox -s fuzz`` runs the long fuzz.
"""

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|venv"


@nox.session
def lint(session: nox.Session) -> None:
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    session.install("-e", ".", "mypy")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    session.install("-e", ".[all]")
    session.run("pytest", *(session.posargs or ("-n", "2", "--dist", "loadfile")))


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """A hundred thousand spoilt inputs: an hour or so."""
    session.install("-e", ".[all]")
    session.run("pytest", "tests/fuzz", env={"DARKHORN_FUZZ": "100000"})


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "docs", "site")


@nox.session(default=False)
def wheel(session: nox.Session) -> None:
    session.run("scripts/check_wheel.sh", external=True)


if __name__ == "__main__":
    nox.main()
