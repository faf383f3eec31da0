"""The commands of step 4 speak JSON, one answer a line."""

import json

from click.testing import CliRunner

from tests.establishment.applications import llc
from workflow.catalogues.queries import from_files
from workflow.establishment.commands import address, scope_group, validate


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
