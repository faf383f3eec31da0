"""The commands of step 4 speak JSON, one answer a line."""

import json
import uuid

from click.testing import CliRunner

from tests.establishment.applications import llc
from workflow.catalogues import editing
from workflow.catalogues.loaders import load_all
from workflow.catalogues.queries import catalogue, from_files
from workflow.db import forget_engines, transaction
from workflow.establishment.commands import address, scope_group, validate
from workflow.settings import settings


def lines(result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_address_match():
    text = '{"address": "武汉市武昌区东湖路105号"}\n\n{"address": "武汉市武昌区东湖路105号", "entity_type": "jsc"}\nnot json\n[1]\n'
    first, second, third, fourth = lines(CliRunner().invoke(address, ["match", "--jsonl"], input=text))
    assert first["authority"]["code"] == "HB-420106" and second["authority"]["code"] == "HB-420100"
    assert (third["line"], fourth["line"]) == (4, 5) and "error" in third


def test_address_match_of_one():
    assert (
        lines(CliRunner().invoke(address, ["match", "东湖高新区关山大道1号"]))[0]["authority"]["code"]
        == "HB-Z-wuhan-donghu"
    )
    assert CliRunner().invoke(address, ["match"]).exit_code == 2


def test_scope_search():
    found = lines(CliRunner().invoke(scope_group, ["search", "信息", "--json", "--limit", "3"]))[0]
    assert len(found) == 3
    assert found[0].keys() == {"code", "text", "licensed", "industry_code", "score"}
    assert "软件开发" in CliRunner().invoke(scope_group, ["search", "信息"]).output


def test_validate():
    good = llc(from_files())
    bad = {**llc(from_files()), "id": 7, "capital": 1}
    text = "\n".join(
        json.dumps(v, ensure_ascii=False) for v in (good, bad, {"no": 1}, [1], {"entity_type": "llp"})
    )
    whole, wrong, shape, not_one, unknown = lines(
        CliRunner().invoke(validate, ["--jsonl", "--day", "2026-11-24"], input=text)
    )
    assert whole["ok"] and all(p["severity"] == "warning" for p in whole["problems"])
    assert not wrong["ok"] and wrong["id"] == 7 and "LLC-02" in {p["code"] for p in wrong["problems"]}
    assert [p["code"] for p in shape["problems"]] == ["shape"] and not not_one["ok"]
    assert unknown["problems"][0]["field"] == "entity_type"


def test_the_commands_know_what_staff_changed(postgres, template_database, monkeypatch):
    """The database's lists where it answers, the shipped ones with an option or without a database."""
    url = postgres.create_database("commands_" + uuid.uuid4().hex[:8], template_database)
    monkeypatch.setenv("DATABASE_URL", url)
    settings.cache_clear()
    search = ["search", "租飞机玩", "--json", "--limit", "1"]
    empty = CliRunner().invoke(scope_group, search)
    assert "shipped" in empty.stderr and empty.exit_code == 0, "a database without lists"
    with transaction(url) as db:
        load_all(db)
        editing.put(db, "scope_synonyms", {"word": "租飞机玩", "texts": ["软件开发"]}, "0534")
        place = next(d for d in catalogue(db).divisions.values() if d.code == "420683")
        values = {"aliases": ["虚构老县城"]}
        editing.put(db, "divisions", editing.row_of("divisions", {}, place) | values, "0534")
    assert lines(CliRunner().invoke(scope_group, search))[0][0]["text"] == "软件开发"
    match = ["match", "虚构老县城解放路1号"]
    assert lines(CliRunner().invoke(address, match))[0]["division_code"] == "420683"
    assert lines(CliRunner().invoke(address, [*match, "--shipped"]))[0]["division_code"] != "420683"
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    settings.cache_clear()
    gone = CliRunner().invoke(address, match)
    assert "does not answer" in gone.stderr and json.loads(gone.stdout)["division_code"] != "420683"
    forget_engines()
