"""`qibu names`: load the register, check and take apart names from a script, measure against names with known parts."""

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from workflow.db import session_factory
from workflow.naming.loading import load
from workflow.naming.parts import Parts, parse
from workflow.naming.queries import check_text
from workflow.settings import settings

FORM_LETTERS = {
    "A": ("有限公司",), "B": ("有限责任公司",), "C": ("股份有限公司", "股份公司"), "D": ("合作社", "联合社"),
    "E": ("普通合伙",), "F": ("有限合伙",), "G": ("厂",), "H": ("公司",), "I": ("中心",),
}  # fmt: skip


@click.group()
def names() -> None:
    """Names of enterprises: load, check, take apart."""


@names.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--processes", default=2, show_default=True, help="Processes that prepare the lines.")
@click.option("--synthetic", is_flag=True, help="Mark the rows as made up.")
def import_names(file: Path, processes: int, synthetic: bool) -> None:
    """Load FILE.csv (name,authority_code,status,status_date,uscc,industry_code) into the register of names."""

    def tell(line: int, reason: str) -> None:
        click.echo(f"line {line}: {reason}", err=True)

    try:
        report = load(settings().database_url, file, processes=processes, synthetic=synthetic, tell=tell)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    resumed = f", resumed after line {report.resumed_at}" if report.resumed_at > 1 else ""
    click.echo(f"{report.loaded} names loaded, {report.refused} lines refused{resumed}")


def _lines() -> Any:
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
        except json.JSONDecodeError as problem:
            raise click.ClickException(f"line {number} is not JSON: {problem}") from problem
        yield asked if isinstance(asked, dict) else {"name": str(asked)}


def _write(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


@names.command("check")
@click.option("--jsonl", is_flag=True, required=True, help="JSON lines in, JSON lines out.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def check_names(jsonl: bool, language: str) -> None:
    """Check names from standard input against all rules and the register."""
    with session_factory(settings().database_url)() as db:
        for asked in _lines():
            answer = check_text(
                db, str(asked.get("name", "")), str(asked.get("authority_code", "")),
                entity_type=asked.get("entity_type") or "llc", industry_code=asked.get("industry_code") or "",
                exemptions=frozenset(asked.get("exemptions") or ()),
            )  # fmt: skip
            _write({**answer.as_json(language), "name": asked.get("name", "")})
            db.rollback()


@names.command("parse")
@click.option("--jsonl", is_flag=True, required=True, help="JSON lines in, JSON lines out.")
def parse_names(jsonl: bool) -> None:
    """Take names from standard input apart."""
    for asked in _lines():
        name = str(asked.get("name", ""))
        _write({"name": name, "parts": parse(name).as_json()})


@names.command("measure")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--disagreements", default=0, help="How many of each kind to show.")
def measure(file: Path, disagreements: int) -> None:
    """Compare the parser with FILE.csv (name,uscc_region,name_region,year,form,gbt4754); writes shares as JSON."""
    with file.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    agreed: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for row in rows:
        parts = parse(row["name"])
        for what, same, found in _compared(row, parts):
            asked[what] += 1
            agreed[what] += same
            if not same and shown[what] < disagreements:
                shown[what] += 1
                click.echo(f"{what}: {row['name']}: {found}", err=True)
    shares = {what: round(agreed[what] / asked[what], 4) for what in asked}
    _write({"names": len(rows), "agree": shares, "compared": dict(asked)})


def _compared(row: dict[str, str], parts: Parts) -> Any:
    yield "region", parts.division_code == row["name_region"], f"{row['name_region']} / {parts.division_code}"
    form = parts.bracket or parts.form
    same = form.endswith(FORM_LETTERS[row["form"]])
    yield "form", same, f"{row['form']} / {form}"
    if row["gbt4754"]:
        same = parts.industry_code[:3] == row["gbt4754"][:3]
        yield "industry", same, f"{row['gbt4754']} / {parts.industry_code} {parts.industry}"
