"""Staff edit words, synonyms and look-alikes: second person, at once in force everywhere, with a preview."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.naming.conftest import NOW
from tests.page_laws import at_most_queries
from workflow.db import driver_url
from workflow.errors import Conflict, NotAllowed, RuleViolation
from workflow.naming import lists
from workflow.naming.models import NameCatalogueChange
from workflow.naming.queries import check_text, current_catalogue

ANNA, BEN = uuid.UUID(int=1), uuid.UUID(int=2)
WORD = {"word": "星链", "category": "测试", "rule": "LIM-10", "effect": "forbid", "valid_from": "2026-01-01"}


def change(db, kind="word", action="add", values=WORD, by=ANNA):
    return lists.propose(db, kind=kind, action=action, values=values, reason="测试", by=by, now=NOW)


def test_a_reason_and_complete_values_are_needed(db):
    with pytest.raises(RuleViolation) as caught:
        lists.propose(db, kind="word", action="add", values={"word": "星链"}, reason=" ", by=ANNA, now=NOW)
    assert {"reason", "category", "effect"} <= {p.field for p in caught.value.problems}


def test_nothing_changes_before_a_second_person_approves(db, ask):
    row = change(db)
    assert ask("武汉星链软件有限公司").verdict == "clear"
    with pytest.raises(NotAllowed):
        lists.approve(db, change_id=row.id, by=ANNA, now=NOW)
    lists.approve(db, change_id=row.id, by=BEN, now=NOW)
    assert [f.rule for f in ask("武汉星链软件有限公司").findings] == ["LIM-10"]
    with pytest.raises(Conflict):
        lists.approve(db, change_id=row.id, by=BEN, now=NOW)


def test_the_database_wants_two_persons_too(db):
    row = change(db)
    with pytest.raises(IntegrityError, match="second_person"), db.begin_nested():
        row.approved_by = ANNA
        db.flush()


def test_withdrawn_and_dated_words(db, ask):
    later = (NOW.date() + timedelta(days=30)).isoformat()
    for values in (WORD | {"valid_from": later}, WORD):
        lists.approve(db, change_id=change(db, values=values).id, by=BEN, now=NOW)
        expected = [] if values["valid_from"] == later else ["LIM-10"]
        assert [f.rule for f in ask("武汉星链软件有限公司").findings] == expected
    lists.approve(db, change_id=change(db, action="withdraw", values={"word": "星链"}).id, by=BEN, now=NOW)
    assert ask("武汉星链软件有限公司").verdict == "clear"


def test_a_synonym_of_another_class_counts_without_touching_the_register(db, registered, ask):
    registered("武汉小张茶叶有限公司")
    assert ask("武汉小张软件有限公司").verdict == "clear"
    row = change(db, "synonym", "add", {"word": "茶叶", "group": "信息技术"})
    lists.approve(db, change_id=row.id, by=BEN, now=NOW)
    assert [f.rule for f in ask("武汉小张软件有限公司").findings] == ["CMP-N1"]


def test_a_change_to_another_list_does_not_make_checks_ask_again(db, ask):
    """Lists share their numbers; a check compares only with those that it uses."""
    lists.approve(db, change_id=change(db).id, by=BEN, now=NOW)
    for kind, number in (("everyday", 10**6), ("word", None)):
        db.add(NameCatalogueChange(
            number=number, kind=kind, action="add", values={}, reason="测试", proposed_by=ANNA, proposed_at=NOW,
            approved_by=BEN if number else None, approved_at=NOW if number else None,
        ))  # fmt: skip
    ask("武汉小张软件有限公司")
    with at_most_queries(db.get_bind().engine, 1):
        ask("武汉小张软件有限公司")


def test_lookalikes(db, registered, ask):
    registered("武汉小张软件有限公司")
    row = change(db, "lookalike", "add", {"a": "张", "b": "强"})
    lists.approve(db, change_id=row.id, by=BEN, now=NOW)
    assert [f.rule for f in ask("武汉小强软件有限公司").findings] == ["CMP-N6"]


def test_preview_shows_whom_it_would_have_met(db, registered):
    registered("武汉星链软件有限公司")
    registered("武汉小张软件有限公司")
    effects = lists.preview(db, kind="word", action="add", values=WORD, now=NOW)
    assert [(e.name, e.before, e.after) for e in effects] == [("武汉星链软件有限公司", "clear", "blocked")]
    assert current_catalogue(db).number == 0


def test_preview_of_a_lookalike(db, registered):
    registered("武汉小张软件有限公司")
    registered("武汉小强软件有限公司")
    effects = lists.preview(db, kind="lookalike", action="add", values={"a": "张", "b": "强"}, now=NOW)
    assert {(e.before, e.after) for e in effects} == {("", "CMP-N6")} and len(effects) == 2


def test_another_connection_sees_it_at_its_next_check(fresh_database):
    engine = create_engine(driver_url(fresh_database), pool_size=2)
    with Session(engine) as reader, Session(engine) as writer:
        assert check_text(reader, "武汉星链软件有限公司", "420106", now=NOW).verdict == "clear"
        reader.commit()
        lists.approve(writer, change_id=change(writer).id, by=BEN, now=NOW)
        writer.commit()
        assert check_text(reader, "武汉星链软件有限公司", "420106", now=NOW).verdict == "blocked"
    engine.dispose()
