"""The verbs in one place, and what becomes of an error."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from darkhorn import __version__
from darkhorn.cli.output import emit_error
from darkhorn.core.errors import DarkhornError

VERBS: Final = (
    *("run", "width", "msq", "couplings", "xsec", "lifetime", "fit", "limit", "scan", "plot", "picture", "report"),
    *("export", "track", "flux", "events", "validate", "list", "doctor", "data", "confront", "alp", "bench", "cache"),
    *("cite", "new", "schema"),
)
"""In the order of the help; each is a function of its name in the module of its name, ``list`` in ``listing``."""
USER_ERROR = 2
"""Exit code of everything that the user can mend."""
INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"darkhorn {__version__}")
        raise typer.Exit


def darkhorn(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """From protons on target to dark-sector signals at MiniBooNE.

    Units: MeV, m, ns, rad; cross sections in cm^2, exposures in protons on target (POT).
    """


def build(verbs: Sequence[str] = VERBS) -> typer.Typer:
    """Return the typer application with some of its verbs; those left out are not imported.

    Parameters
    ----------
    verbs : sequence of str
        Of :data:`VERBS`.
    """
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback(epilog="Example: darkhorn run miniboone --model scalar-benchmark --out result")(darkhorn)
    for verb in verbs:
        name = "listing" if verb == "list" else verb
        module = import_module(f"darkhorn.cli.{name}")
        app.command(verb, epilog=module.EXAMPLE)(getattr(module, name))
    return app


def invoke(args: Sequence[str]) -> int:
    """Carry out one command and return its exit code.

    Parameters
    ----------
    args : sequence of str
        What follows ``darkhorn`` on the command line.

    Returns
    -------
    int
        0 when all went well; 2 for anything that the user can mend (a :class:`DarkhornError` or a wrong option),
        after a message; 130 after an interrupt.
    """
    try:
        app = build(args[:1] if args and args[0] in VERBS else VERBS)
        app(args=list(args), prog_name="darkhorn")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except DarkhornError as error:
        emit_error(error, as_json="--json" in args)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(invoke(sys.argv[1:]))
