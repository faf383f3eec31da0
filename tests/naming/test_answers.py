"""The answer as a whole: JSON shape, `could_not_check`, suggestions, the commands, the load."""

import json
import uuid

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from tests.naming.conftest import NOW
from workflow.db import driver_url
from workflow.naming import queries
from workflow.naming.commands import names
from workflow.naming.loading import HEADER, load
from workflow.naming.models import NameImport, RegisterName
from workflow.naming.proposal import Proposal
from workflow.naming.queries import check, check_text, free_among
from workflow.naming.suggestions import suggest
from workflow.settings import settings


def test_json_shape(registered, ask):
    registered("武汉小张软件有限公司")
    answer = ask("武汉市小张软件有限公司").as_json()
    assert set(answer) == {"name", "verdict", "parts", "findings"}
    assert answer["parts"] == {
        "division": "武汉市",
        "trade_name": "小张",
        "industry": "软件",
        "form": "有限公司",
    }
    finding = answer["findings"][0]
    assert set(finding) == {"rule", "effect", "match", "message"}
    assert finding["match"] == {"name": "武汉小张软件有限公司", "status": "registered"}


def test_as_parts_and_as_text_are_one(ask, db):
    wish = Proposal(
        "420106", trade_name="小张", industry="软件", form="有限公司", division="武汉市", place="middle"
    )
    assert wish.name() == "小张（武汉市）软件有限公司"
    assert check(db, wish, now=NOW) == ask("小张（武汉市）软件有限公司")


def test_given_parts_win_over_the_reading_of_the_whole():
    wish = Proposal("420106", trade_name="云网络", industry="科技", form="有限公司", division="武汉")
    parts = wish.parts()
    assert (parts.trade_name, parts.industry, parts.industry_code) == ("云网络", "科技", "M75")


def test_could_not_check_never_looks_clear(db):
    db.execute(text("ALTER TABLE register_names RENAME TO register_names_gone"))
    answer = check_text(db, "武汉小张软件有限公司", "420106", now=NOW)
    assert answer.verdict == "could_not_check" and answer.findings


def test_an_unknown_authority_is_not_clear_either(ask):
    assert ask("武汉小张软件有限公司", "nowhere").verdict == "could_not_check"


def test_suggestions_are_clear_near_and_not_the_same_for_all(db, registered):
    registered("武汉晨曦软件有限公司")
    wish = Proposal("420106", text="武汉晨曦软件有限公司")
    found = suggest(db, wish, holder="a", now=NOW)
    assert len(found) == 8 == len(set(found))
    for name in found:
        assert check_text(db, name, "420106", now=NOW).verdict == "clear"
        assert set(name) & set("晨曦")
    assert found == suggest(db, wish, holder="a", now=NOW) != suggest(db, wish, holder="b", now=NOW)


@pytest.mark.parametrize("refused", ["毛泽东", "人民银行", "中国", "最佳", "ABC", "毛泽东云栖"])
def test_nothing_of_a_refused_word_is_proposed(db, refused):
    """LIM-05 to LIM-29: a forbidden word is not offered in pieces or with one character changed."""
    wish = Proposal("420106", refused, "食品", "有限公司", "武汉")
    found = suggest(db, wish, holder="a", now=NOW)
    assert len(found) == 8
    for name in found:
        assert not set(name.removesuffix("食品有限公司")) & set(refused.removesuffix("云栖"))


def test_many_asked_at_once_are_answered_as_one_by_one(db, registered):
    """NM-42: the suggestions' statement and the check agree on which names collide."""
    for name in ("武汉晨曦软件有限公司", "武汉星河餐饮有限公司", "武汉安康有限公司"):
        registered(name)
    words = ("软件", "餐饮", "科技", "")
    trade_names = ("晨曦", "辰曦", "晨曦明", "星河", "星合", "安康", "安", "云栖", "青柠檬")
    wishes = [
        Proposal("420106", text=f"武汉{trade_name}{word}有限公司")
        for trade_name in trade_names
        for word in words
    ]
    alone = [w.name() for w in wishes if not any(f.match for f in check(db, w, now=NOW).findings)]
    assert free_among(db, wishes, now=NOW) == alone
    assert 0 < len(alone) < len(wishes)
    assert free_among(db, [], now=NOW) == []


def test_the_planner_expects_no_more_rows_for_more_keys(db):
    """Otherwise it reads a register of 20 million names from end to end, for a name with ten keys."""
    values = {
        "trade_name": "晨曦", "length": 2, "whole": [1], "lookalikes": [], "trade": "I65", "words": [], "open": False, "now": NOW,
        "year_ago": NOW.date(), "own": None,
    }  # fmt: skip
    db.execute(text("SET LOCAL enable_seqscan = off"))
    plans = []
    for keys in ([1], list(range(40))):
        plan = db.connection().exec_driver_sql("EXPLAIN " + queries._SQL, values | {"keys": keys}).scalars()
        plans.append([line for line in plan if "ix_register_names_keys" in line])
    assert plans[0] == plans[1] != []


def test_no_value_lets_the_planner_expect_a_better_plan(registered, ask, db):
    """Otherwise it makes a new plan for each name: 0.3 ms a check."""
    registered("武汉晨曦软件有限公司")
    columns = ", ".join(c.name for c in RegisterName.__table__.columns if c.name != "id")
    db.execute(
        text(
            f"INSERT INTO register_names ({columns}) SELECT {columns} FROM register_names, generate_series(1, 2000)"
        )
    )
    db.execute(text("ANALYZE register_names"))
    for _ in range(6):
        ask("武汉云帆信息技术有限公司")
    name, types = db.execute(
        text(
            "SELECT name, parameter_types::text[] FROM pg_prepared_statements WHERE statement LIKE '%keys && %'"
        )
    ).one()
    values = {
        "text": "'云帆'", "text[]": "'{云帆}'", "bigint[]": "'{1, 2}'", "boolean": "false", "uuid": "NULL",
        "timestamp with time zone": "now()", "date": "current_date",
    }  # fmt: skip
    asked = f"EXPLAIN EXECUTE {name} ({', '.join(values.get(t, '2') for t in types)})"
    costs = []
    for mode in ("force_custom_plan", "force_generic_plan"):
        db.execute(text(f"SET LOCAL plan_cache_mode = {mode}"))
        costs.append(db.connection().exec_driver_sql(asked).scalars().first())
    assert costs[0] == costs[1]


FILE = """\
name,authority_code,status,status_date,uscc,industry_code
武汉小张软件有限公司,420106,registered,2020-01-02,91420106MA00000001,I65
武汉小李软件有限公司,420106,reserved,2026-12-31,,
坏行,420106,registered
武汉小王软件有限公司,420106,vanished,2020-01-02,,
武汉小赵软件有限公司,420106,deregistered,,,
武汉小钱软件有限公司,999,registered,,,
武汉小孙软件有限公司,420106,deregistered,2026-08-01,,
"""


@pytest.fixture
def register_file(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_load_tells_bad_lines_and_goes_on(fresh_database, register_file):
    told = []
    report = load(fresh_database, register_file, tell=lambda line, reason: told.append((line, reason)))
    assert (report.loaded, report.refused) == (3, 4)
    assert [line for line, _ in told] == [4, 5, 6, 7]
    assert (
        "3 to 200" in told[0][1] and "vanished" in told[1][1] and "date" in told[2][1] and "999" in told[3][1]
    )
    again = load(fresh_database, register_file)
    assert (again.loaded, again.resumed_at) == (0, 8)


def test_load_goes_on_where_it_was_interrupted(fresh_database, register_file, monkeypatch):
    monkeypatch.setattr("workflow.naming.loading.BLOCK", 2)
    seen = []

    def fail(line, reason):
        seen.append(line)
        if line == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(fresh_database, register_file, tell=fail)
    report = load(fresh_database, register_file)
    assert report.resumed_at == 5
    engine = create_engine(driver_url(fresh_database))
    with Session(engine) as db:
        assert db.scalar(select(func.count()).select_from(RegisterName)) == 3
        assert db.scalars(select(NameImport)).one().finished_at is not None
        indexes = set(db.scalars(text("SELECT indexname FROM pg_indexes WHERE tablename = 'register_names'")))
        assert {"ix_register_names_keys", "ix_register_names_name"} <= indexes
    engine.dispose()


def test_load_refuses_another_header(fresh_database, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="header"):
        load(fresh_database, path)
    assert HEADER[0] == "name"


def test_commands(fresh_database, register_file, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    settings.cache_clear()
    try:
        run = CliRunner()
        loaded = run.invoke(names, ["import", str(register_file), "--processes", "1"])
        assert loaded.exit_code == 0 and "3 names loaded, 4 lines refused" in loaded.output
        asked = [
            {"name": "武汉小张软件有限公司", "authority_code": "420106"},
            {"name": "武汉天马软件有限公司", "authority_code": "420106", "entity_type": "llc"},
            {"name": "武汉小孙软件有限公司", "authority_code": "420106", "industry_code": "I65"},
        ]
        lines = "".join(json.dumps(a, ensure_ascii=False) + "\n" for a in asked)
        out = [
            json.loads(x) for x in run.invoke(names, ["check", "--jsonl"], input=lines).output.splitlines()
        ]
        assert [x["name"] for x in out] == [a["name"] for a in asked]
        assert [x["verdict"] for x in out] == ["blocked", "clear", "blocked"]
        parsed = json.loads(run.invoke(names, ["parse", "--jsonl"], input=lines.splitlines()[0]).output)
        assert parsed["parts"]["trade_name"] == "小张"
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_measure(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text(
        "name,uscc_region,name_region,year,form,gbt4754\n武汉小张软件有限公司,420106,420100,2020,A,I65\n",
        encoding="utf-8",
    )
    shares = json.loads(CliRunner().invoke(names, ["measure", str(path)]).output)
    assert shares["agree"] == {"region": 1.0, "form": 1.0, "industry": 1.0}


def test_own_reservation_is_left_out(db, ask):
    assert ask("武汉小张软件有限公司", own_case=str(uuid.uuid4())).verdict == "clear"
