"""The `qibu` command."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from workflow.errors import RuleViolation
from workflow.postgres import PostgresUnavailable


class Plain(click.Group):
    """A group whose commands end with one clear sentence instead of a traceback for what a person can mend."""

    def invoke(self, ctx: click.Context) -> object:
        """See click.Group."""
        from sqlalchemy.exc import OperationalError

        from signing.errors import SigningError

        try:
            return super().invoke(ctx)
        except (PostgresUnavailable, SigningError, RuleViolation) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[-1]
            raise click.ClickException(f"The database does not answer: {reason}") from error


@click.group(cls=Plain)
def main() -> None:
    """Qibu (七步): open a company online in seven steps."""


@main.command()
@click.option("--once", is_flag=True, help="Prepare everything, start nothing.")
def up(once: bool) -> None:
    """Start the whole platform on this machine: database, doors, sandbox, worker."""
    from app.platform import run

    sys.exit(run(once))


@main.command()
def migrate() -> None:
    """Bring the configured database to the newest schema and load the catalogues."""
    from app.platform import prepare_database

    prepare_database()
    click.echo("The database is up to date.")


@main.command()
@click.option(
    "--name", default="worker", help="Stable name of this worker: what it left half done it takes up again."
)
def worker(name: str) -> None:
    """Run the durable workflows until stopped."""
    import gc
    import signal
    import threading

    from app.web.logs import configure_logging
    from workflow import jobs

    configure_logging()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    jobs.configure(name)
    jobs.launch()
    gc.collect()
    gc.freeze()  # as in `wsgi`
    click.echo("worker ready", err=True)
    stopping.wait()
    jobs.stop()


@main.command()
def upkeep() -> None:
    """Do now what the worker does every five minutes. Exit code 1 if a job failed; the others were done."""
    from app.web.logs import configure_logging
    from workflow.upkeep import run

    configure_logging()
    done, failed = run()
    for name, count in done.items():
        click.echo(f"{name}: {count}")
    for name, log_id in failed.items():
        click.echo(f"{name} failed, see {log_id} in the log", err=True)
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("instance/demo"), show_default=True)
def demo(out: Path) -> None:
    """Take the seed's example through all seven steps over HTTP, on free ports and a fresh database."""
    from app.demo import run

    sys.exit(run(out))


@main.group()
def audit() -> None:
    """The history of cases."""


@audit.command("verify")
def audit_verify() -> None:
    """Check the hash chain of every case, of what signatures rest on, and the daily roots; name what does not fit."""
    from workflow.case import event_count, verify_chains
    from workflow.db import transaction
    from workflow.evidence import anchoring

    with transaction() as db:
        broken = list(verify_chains(db))
        for row in broken:
            click.echo(f"case {row.case_number}: event {row.seq} (id {row.event_id}): {row.why}")
        faults = list(anchoring.faults(db))
        for said in faults:
            click.echo(said)
        click.echo(
            f"{event_count(db)} events, {len(broken)} broken case(s), {len(faults)} fault(s) of evidence and roots."
        )
    sys.exit(1 if broken or faults else 0)


@main.group()
def evidence() -> None:
    """Daily roots, evidence packages, and their check."""


@evidence.command("anchor")
def evidence_anchor() -> None:
    """Make the time-stamped root of every day that is over and has none; the worker does it after midnight."""
    from workflow.db import transaction
    from workflow.evidence.anchoring import anchor_due

    with transaction() as db:
        click.echo(f"{anchor_due(db)} root(s) made.")


@evidence.command("export")
@click.argument("case_number", metavar="CASE")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The package, a ZIP."
)
def evidence_export(case_number: str, out: Path) -> None:
    """Write the evidence package of a case, as the operator sees it; that it left is written down."""
    import getpass

    from sqlalchemy import select

    from workflow.case import Case
    from workflow.db import transaction
    from workflow.errors import NotFound
    from workflow.evidence.package import Holder, package

    with transaction() as db:
        case = db.scalar(select(Case).where(Case.number == case_number))
        if case is None:
            raise click.ClickException(f"There is no case {case_number}.")
        try:
            data = package(db, case, Holder("operator", getpass.getuser()))
        except NotFound as error:
            raise click.ClickException("The case has no papers yet.") from error
    out.write_bytes(data)
    click.echo(f"{out}: {len(data)} bytes")


@evidence.command(
    "verify",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evidence_verify(arguments: tuple[str, ...]) -> None:
    """Check an evidence package or evidence.json, offline: 0 all holds, 1 something does not, 2 it is none.

    FILE [--root root.pem] [--time-root time-roots.pem] [--json] [--event NUMBER]
    """
    from signing import dossier

    sys.exit(dossier.main(arguments))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--root",
    "root_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Root certificate; several files are possible (this installation's).",
)
@click.option(
    "--time-root",
    "time_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Root certificate of an outside time stamping authority, believed for time stamps only.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
def verify(file: Path, root_files: tuple[Path, ...], time_files: tuple[Path, ...], as_json: bool) -> None:
    """Validate the signatures of a PDF, offline: 0 all hold, 1 one does not, 2 there is none."""
    from signing import validation
    from signing.errors import PaperRefused

    times = validation.read_roots(time_files)
    if root_files:
        roots = validation.read_roots(root_files)
    else:
        from workflow.signer import authority

        roots, times = authority().roots, [*times, *authority().time_roots]
    try:
        reports = validation.validate(file.read_bytes(), roots, time_roots=times)
    except PaperRefused as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(validation.as_json(reports))
    else:
        for report in reports:
            says = validation.REASONS.get(report.reason, f"valid, {report.level or 'archive stamp'}")
            click.echo(f"{report.field}: {report.signer}, {report.time} ({report.time_source}): {says}")
    sys.exit(2 if not reports else 0 if all(report.valid for report in reports) else 1)


@main.group()
def signatures() -> None:
    """Archive time stamps on the papers of closed cases."""


@signatures.command("renew")
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d"]), help="Also what falls due until this day (default: now)."
)
def signatures_renew(before: datetime | None) -> None:
    """Renew what is due now, in batches; the worker does the same by itself. 1 when a file could not be stamped."""
    from workflow.archive.operations import renew_due
    from workflow.db import transaction

    until, stamped, failed = before and before.replace(tzinfo=UTC), 0, 0
    while True:
        with transaction() as db:
            done, not_done = renew_due(db, until)
        stamped, failed = stamped + done, failed + not_done
        if not done:
            break
    click.echo(f"{stamped} stamp(s) renewed, {failed} file(s) could not be stamped.")
    sys.exit(1 if failed else 0)


@main.group()
def docs() -> None:
    """Pages that are generated from the code."""


@docs.command("statechart")
@click.argument("target", type=click.Path(path_type=Path), default=Path("docs/statechart.md"))
def docs_statechart(target: Path) -> None:
    """Write the statecharts' pictures and role matrix."""
    from workflow.statechart import page

    target.write_text(page())


@main.group()
def papers() -> None:
    """The papers of a registration."""


@papers.command("sample")
@click.option(
    "--type", "entity_type", required=True, help="llc, jsc, sole, gp, sgp, lp, household, branch, cooperative"
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the PDFs.")
@click.option(
    "--case", type=click.Choice(["usual", "long"]), default="usual", show_default=True,
    help="long: fifty founders, a long scope, a very long address and name.",
)  # fmt: skip
def papers_sample(entity_type: str, out: Path, case: str) -> None:
    """Write a full set of unsigned papers for a fictitious case."""
    from signing.papers import sample_set
    from signing.papers.samples import SAMPLES

    if entity_type not in SAMPLES:
        raise click.ClickException(f"There is no type {entity_type!r}; choose one of {', '.join(SAMPLES)}.")
    out.mkdir(parents=True, exist_ok=True)
    for paper in sample_set(entity_type, case):
        target = out / f"{paper.kind}.pdf"
        target.write_bytes(paper.pdf)
        click.echo(str(target))


@main.group()
def bench() -> None:
    """Benchmarks of single rooms; `make bench` runs them all."""


def _mount(group: click.Group) -> None:
    """Add the rooms' own commands."""
    from benchmarks.names import command as bench_names
    from workflow.ca import ca
    from workflow.establishment.commands import address, scope_group, validate
    from workflow.naming.commands import names
    from workflow.tsa import tsa

    for command in (names, address, scope_group, validate, ca, tsa):
        group.add_command(command)
    bench.add_command(bench_names, "names")


_mount(main)


if __name__ == "__main__":
    main()
