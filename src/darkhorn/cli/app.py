"""The verbs in one place, and what becomes of an error."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from darkhorn import __version__
from darkhorn.cli import (
    alp,
    bench,
    cache,
    cite,
    confront,
    couplings,
    data,
    doctor,
    events,
    export,
    fit,
    flux,
    lifetime,
    limit,
    listing,
    msq,
    new,
    picture,
    plot,
    report,
    run,
    scan,
    schema,
    track,
    validate,
    width,
    xsec,
)
from darkhorn.cli.output import emit_error
from darkhorn.core.errors import DarkhornError

USER_ERROR = 2
"""Exit code of everything that the user can mend."""
INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
"""The typer application; :func:`invoke` adds the treatment of errors."""


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"darkhorn {__version__}")
        raise typer.Exit


@app.callback(epilog="Example: darkhorn run miniboone --model scalar-benchmark --out result")
def darkhorn(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """From protons on target to dark-sector signals at MiniBooNE.

    Units: MeV, m, ns, rad; cross sections in cm^2, exposures in protons on target (POT).
    """


app.command("run", epilog=run.EXAMPLE)(run.run)
app.command("width", epilog=width.EXAMPLE)(width.width)
app.command("msq", epilog=msq.EXAMPLE)(msq.msq)
app.command("couplings", epilog=couplings.EXAMPLE)(couplings.couplings)
app.command("xsec", epilog=xsec.EXAMPLE)(xsec.xsec)
app.command("lifetime", epilog=lifetime.EXAMPLE)(lifetime.lifetime)
app.command("fit", epilog=fit.EXAMPLE)(fit.fit)
app.command("limit", epilog=limit.EXAMPLE)(limit.limit)
app.command("scan", epilog=scan.EXAMPLE)(scan.scan)
app.command("plot", epilog=plot.EXAMPLE)(plot.plot)
app.command("picture", epilog=picture.EXAMPLE)(picture.picture)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.command("export", epilog=export.EXAMPLE)(export.export)
app.command("track", epilog=track.EXAMPLE)(track.track)
app.command("flux", epilog=flux.EXAMPLE)(flux.flux)
app.command("events", epilog=events.EXAMPLE)(events.events)
app.command("validate", epilog=validate.EXAMPLE)(validate.validate)
app.command("list", epilog=listing.EXAMPLE)(listing.listing)
app.command("doctor", epilog=doctor.EXAMPLE)(doctor.doctor)
app.command("data", epilog=data.EXAMPLE)(data.data)
app.command("confront", epilog=confront.EXAMPLE)(confront.confront)
app.command("alp", epilog=alp.EXAMPLE)(alp.alp)
app.command("bench", epilog=bench.EXAMPLE)(bench.bench)
app.command("cache", epilog=cache.EXAMPLE)(cache.cache)
app.command("cite", epilog=cite.EXAMPLE)(cite.cite)
app.command("new", epilog=new.EXAMPLE)(new.new)
app.command("schema", epilog=schema.EXAMPLE)(schema.schema)


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
