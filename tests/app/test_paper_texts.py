"""The texts of papers on the intranet: proposed, previewed, decided by another, followed by the papers made since."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from signing.papers import templates
from tests.page_laws import check_page
from workflow.clock import today
from workflow.establishment import texts
from workflow.establishment.drafts import draft_of
from workflow.establishment.facts import paper_facts
from workflow.establishment.models import Paper

NAME = "name_commitment"
AT = f"/paper-texts/{NAME}"


@pytest.fixture
def editors(house):
    """Two people who may edit and approve."""
    people = [house.staff("0417"), house.staff("0523")]
    for person in people:
        person.roles = [*person.roles, "editor"]
    house.db.commit()
    return [house.sign_in(house.client("intranet"), person) for person in people]


def typed(template, **changes):
    """The form as the page shows it, with some fields changed."""
    values = {"base": template.sha256, "reason": "按新规定修改"}
    for n, (kind, text, items, _) in enumerate(texts.passages(template)):
        values |= {f"text-{n}": text, f"items-{n}": items} if kind != "table" else {}
    return values | changes


def first(template, kind):
    return next(n for n, passage in enumerate(texts.passages(template)) if passage[0] == kind)


def test_a_change_is_in_force_once_another_approves_and_papers_say_which_text_they_follow(house, editors):
    one, two = editors
    case = house.named()
    template = templates.load(NAME)
    at = first(template, "number")
    for page in ("/paper-texts", AT, f"{AT}/edit"):
        check_page(one.get(page), 200)
    sent = one.post(
        f"{AT}/edit",
        data=typed(template) | {f"added-{at}": "新增的承诺：{name}如实使用名称。", f"kind-{at}": "number"},
    )
    assert sent.status_code == 303
    page = check_page(one.get(sent.location), 200)
    assert "".join(page.xpath("//ins//text()")).endswith("新增的承诺：{name}如实使用名称。")
    assert one.get(page.xpath("//main//img/@src")[0]).mimetype == "image/png"
    english = house.sign_in(house.client("intranet", english=True), house.staff("0523"))
    for address in ("/paper-texts", AT, f"{AT}/edit", sent.location):
        check_page(english.get(address), 200)
    assert one.post(sent.location, data={"action": ""}).status_code == 403, "not by the proposer"
    assert texts.current(house.db, NAME) == template
    assert two.post(sent.location, data={"action": ""}).status_code == 303
    assert two.post(sent.location, data={"action": ""}).status_code == 409
    house.db.rollback()
    held = texts.current(house.db, NAME)
    assert held.version == f"{today():%Y-%m-%d}.1" and len(held.blocks) == len(template.blocks) + 1
    application, _ = draft_of(house.db, case.id)
    facts = paper_facts(house.db, case, application)
    assert facts.texts[NAME] == held and facts.digest() != texts.sample_of(NAME)[1].digest()
    check_page(one.get(sent.location), 200)
    assert one.post(f"{AT}/edit", data=typed(template)).status_code == 409, "on the text of before"


def test_papers_record_the_version_of_their_text(house):
    case = house.submitted()
    rows = house.db.scalars(select(Paper).where(Paper.case_id == case.id)).all()
    found = {row.kind: row.text_version for row in rows}
    assert found["articles"] == templates.load("articles_llc").version and found["application"] == ""


def test_what_is_wrong_is_said_and_kept(house, editors):
    one, two = editors
    template = templates.load(NAME)
    field = f"text-{first(template, 'number')}"
    for changes, words in (
        ({}, "没有变化"), ({field: "{nobody}承诺。"}, "nobody"), ({field: "{name"}, "大括号"), ({field: "新", "reason": ""}, "理由"),
        ({field: "新", "valid_from": f"{today() - timedelta(days=1)}"}, "今天"),
        ({key: "" for key in typed(template) if key.startswith("text-")}, "全部删除"),
    ):  # fmt: skip
        answer = one.post(f"{AT}/edit", data=typed(template, **changes))
        check_page(answer, 422, typed=["{nobody}承诺。", "{name", "新"])
        assert words in answer.text, words
    row = one.post(f"{AT}/edit", data=typed(template, **{field: "新的一句。"})).location
    check_page(two.post(row, data={"action": "reject"}), 422)
    assert two.post(row, data={"action": "reject", "note": "不妥"}).status_code == 303
    house.db.rollback()
    assert texts.current(house.db, NAME) == template


def test_a_text_holds_from_its_day_on(house, editors):
    one, two = editors
    template = templates.load(NAME)
    field, day = f"text-{first(template, 'number')}", today() + timedelta(days=3)
    row = one.post(
        f"{AT}/edit", data=typed(template, **{field: "以后的一句。", "valid_from": f"{day}"})
    ).location
    two.post(row, data={"action": ""})
    house.db.rollback()
    assert NAME not in texts.in_force(house.db) and texts.in_force(house.db, day)[NAME].version == f"{day}.1"


def test_who_may_not(house):
    examiner = house.sign_in(house.client("intranet"), house.staff("0417"))
    check_page(examiner.get(AT), 200)
    check_page(examiner.get(f"{AT}/edit"), 403)
    check_page(examiner.get("/paper-texts/nothing"), 404)
