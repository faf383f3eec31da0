"""Commands of step 4, to be mounted under `qibu`: `address match`, `scope search`, `scope import`, `validate`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from workflow.catalogues.queries import Catalogue, catalogue, from_files
from workflow.db import transaction
from workflow.errors import NotFound, Problem
from workflow.establishment import jurisdiction, rules, scope
from workflow.establishment.data import Application
from workflow.postgres import EmbeddedPostgres, PostgresUnavailable, wait_until_ready
from workflow.settings import settings


def _lines(stream: TextIO) -> Iterator[tuple[int, Any]]:
    """Each line as JSON; a line that is none is reported as an error object with its number."""
    for number, line in enumerate(stream, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as problem:
                yield number, problem


def _write(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def lists_in_use(shipped: bool) -> Catalogue:
    """The lists as staff have made them, where an installation's database is configured (or the embedded one runs) and
    answers; otherwise, and with `shipped`, the files. Says so when a database was expected and did not answer."""
    config = settings()
    embedded = EmbeddedPostgres(config.instance / "postgres")
    url = config.database_url or (embedded.url_of("qibu") if embedded.running() else "")
    if shipped or not url:
        return from_files()
    try:
        wait_until_ready(url, seconds=0)
        with transaction(url) as db:
            return catalogue(db)
    except (PostgresUnavailable, SQLAlchemyError, LookupError):
        click.echo(
            "The database does not answer or has no lists yet; using those that were shipped.", err=True
        )
        return from_files()


SHIPPED = click.option("--shipped", is_flag=True, help="Use the lists as shipped, whatever staff changed.")


@click.group()
def address() -> None:
    """Addresses and registration authorities."""


@address.command("match")
@click.option(
    "--jsonl", is_flag=True, help='Read lines {"address": "...", "entity_type": "llc"} from standard input.'
)
@click.argument("text", required=False)
@click.option("--type", "entity_type", default="llc", show_default=True)
@SHIPPED
def address_match(jsonl: bool, text: str | None, entity_type: str, shipped: bool) -> None:
    """Find the registration authority of an address."""
    facts = lists_in_use(shipped)
    if not jsonl:
        if text is None:
            raise click.UsageError("Give an address, or --jsonl and lines on standard input.")
        _write(jurisdiction.match(text, entity_type, catalogue=facts).as_json())
        return
    for number, line in _lines(sys.stdin):
        if not isinstance(line, dict) or not isinstance(line.get("address"), str):
            _write({"line": number, "error": "a line needs an object with a text `address`"})
            continue
        found = jurisdiction.match(
            line["address"],
            str(line.get("entity_type") or "llc"),
            foreign=bool(line.get("foreign")),
            provincial_state=bool(line.get("provincial_state")),
            catalogue=facts,
        )
        _write(found.as_json())


@click.group("scope")
def scope_group() -> None:
    """Business scope."""


@scope_group.command("search")
@click.argument("term")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@SHIPPED
def scope_search(term: str, as_json: bool, limit: int, shipped: bool) -> None:
    """Find standard wordings for a keyword."""
    hits = scope.search(term, limit, catalogue=lists_in_use(shipped))
    if as_json:
        _write([hit.as_json() for hit in hits])
    else:
        for hit in hits:
            kind = "许可" if hit.entry.licensed else "一般"
            click.echo(
                f"{hit.score:6.1f}  {kind}  {hit.entry.industry_code:6}  {hit.entry.code:7} {hit.entry.text}"
            )


@scope_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only say what is wrong and what would change.")
def scope_import(file: Path, check: bool) -> None:
    """Load a catalogue of scope entries (CSV) into the database; begin again after a break, nothing is loaded twice."""
    from workflow.establishment.scope_import import load

    try:
        report = load(file, check, lambda number, why: click.echo(f"line {number}: {why}", err=True))
    except (ValueError, UnicodeDecodeError) as wrong:
        raise click.ClickException(f"{file}: {wrong}") from wrong
    click.echo(
        f"{report.new} new, {report.changed} changed, {report.same} unchanged, {report.kept} kept as staff edited them, "
        f"{len(report.bad)} bad lines{' (nothing was written)' if check else ''}"
    )
    sys.exit(1 if report.bad else 0)


@click.command("validate")
@click.option("--jsonl", is_flag=True, required=True, help="Read whole applications, one a line.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of the application, by default today."
)
@SHIPPED
def validate(jsonl: bool, day: Any, shipped: bool) -> None:
    """Check applications: a line {"ok", "problems": [...]} for each; an `id` in the line is repeated."""
    facts = lists_in_use(shipped)
    context = rules.Context(catalogue=facts, **({"today": day.date()} if day else {}))
    for number, line in _lines(sys.stdin):
        _write({"line": number, **validate_one(line, context)})


def validate_one(line: Any, context: rules.Context) -> dict[str, Any]:
    """The answer for one application given as parsed JSON."""
    if not isinstance(line, dict):
        return {"ok": False, "problems": [_shape("", "not a JSON object")]}
    values = {k: v for k, v in line.items() if k != "id"}
    answer: dict[str, Any] = {"id": line["id"]} if "id" in line else {}
    try:
        problems = [as_json(p) for p in rules.check(Application.model_validate(values), context)]
    except ValidationError as wrong:
        problems = [_shape(".".join(map(str, e["loc"])), e["msg"]) for e in wrong.errors()]
    except NotFound as missing:
        problems = [_shape("entity_type", str(missing))]
    return {**answer, "ok": not any(p["severity"] == "error" for p in problems), "problems": problems}


def as_json(problem: Problem) -> dict[str, str]:
    """A problem as the commands print it."""
    return {
        "code": problem.code,
        "field": problem.field,
        "severity": problem.severity,
        "zh": problem.words.zh,
        "en": problem.words.en,
        "basis": problem.basis,
        "section": rules.section_of(problem),
    }


def _shape(field: str, message: str) -> dict[str, str]:
    words = f"数据格式不正确：{message}"
    return {
        "code": "shape",
        "field": field,
        "severity": "error",
        "zh": words,
        "en": message,
        "basis": "",
        "section": "check",
    }
