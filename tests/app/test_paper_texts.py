"""The texts of papers on the intranet: proposed, previewed, decided by another, followed by the papers made since."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.intranet.papertexts import CONDITIONS
from signing.papers import registry, templates
from tests.page_laws import check_page
from tests.signing.papers import reading
from workflow import objects
from workflow.clock import today
from workflow.establishment import submission, texts
from workflow.establishment.drafts import draft_of
from workflow.establishment.facts import paper_facts
from workflow.establishment.models import Paper
from workflow.review import operations as review
from workflow.review.operations import Wanted

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
    assert facts.texts[NAME] == held
    check_page(one.get(sent.location), 200)
    assert one.post(f"{AT}/edit", data=typed(template)).status_code == 409, "on the text of before"


def test_papers_record_the_version_of_their_text(house):
    case = house.submitted()
    rows = house.db.scalars(select(Paper).where(Paper.case_id == case.id)).all()
    found = {row.kind: row.text_version for row in rows}
    for kind, text in (("articles", "articles_llc"), ("application", "application")):
        assert found[kind] == templates.load(text).version
    for row in rows:
        foot = reading.page_text(objects.get(row.key), 0)
        assert f"文件编号{row.number}" in foot and f"文本{row.text_version}" in foot, row.kind


def agreed(editors, name, **changes):
    """A change that one proposes and the other approves."""
    one, two = editors
    sent = one.post(f"/paper-texts/{name}/edit", data=typed(templates.load(name), **changes))
    assert sent.status_code == 303, sent.text
    page = check_page(one.get(sent.location), 200)
    assert two.post(sent.location, data={"action": ""}).status_code == 303
    return page


def test_notices_follow_the_text_that_is_in_force(house, editors):
    """Editing the correction's sentences changes the next notice, and no other one."""
    template = templates.load("notice_correction")
    field = f"text-{first(template, 'table') + 1}"
    page = agreed(editors, "notice_correction", **{field: "请在十五日内补正{entity_name}的申请。"})
    assert "请在十五日内补正" in "".join(page.xpath("//ins//text()"))
    case = house.submitted()
    review.claim(house.db, house.staff(), case.id)
    wanted = [Wanted("phone", "号码有误。", "", "联系电话")]
    made = objects.get(submission.return_for_correction(house.db, house.staff(), case.id, wanted).notice_key)
    found = reading.text(made)
    assert f"请在十五日内补正{case.name}的申请。" in found and "请在登记系统中补正后" not in found
    assert f"文本{today():%Y-%m-%d}.1" in found and "联系电话：号码有误。" in found
    number = f"{case.number}-C1"
    assert f"/verify/document/{number}" in found and f"文件编号{number}" in found


def test_the_form_is_changed_with_the_edition_it_follows(house, editors):
    """Official wording: its edition is shown, must be named, and goes with the text."""
    template = templates.load("application")
    one, _ = editors
    page = check_page(one.get("/paper-texts/application/edit"), 200)
    assert page.xpath("//input[@name='edition']/@value") == [template.edition]
    field = f"text-{first(template, 'number')}"
    answer = one.post("/paper-texts/application/edit", data=typed(template, **{field: "新", "edition": " "}))
    check_page(answer, 422)
    assert "文书规范版本" in answer.text
    check_page(one.get("/paper-texts"), 200)
    agreed(editors, "application", **{field: "申请材料真实、合法、有效。", "edition": "2027 年版文书规范"})
    house.db.rollback()
    held = texts.current(house.db, "application")
    assert held.edition == "2027 年版文书规范" and held.version != template.version
    check_page(one.get("/paper-texts/application"), 200)
    case = house.submitted()
    form = house.db.scalars(select(Paper).where(Paper.case_id == case.id, Paper.kind == "application")).one()
    assert form.text_version == held.version
    assert "申请材料真实、合法、有效。" in reading.text(objects.get(form.key))


def test_a_preview_shows_the_type_whose_passage_changed(house, editors):
    """A passage of special partnerships is not previewed in the agreement of a general one."""
    template = templates.load("articles_partnership")
    at = next(n for n, (_, text, _, when) in enumerate(texts.passages(template)) if when == ["sgp"])
    one, _ = editors
    sent = one.post(
        "/paper-texts/articles_partnership/edit",
        data=typed(template, **{f"text-{at}": "本企业是特殊的普通合伙企业。"}),
    )
    row = texts.changes(house.db)[0]
    assert sent.location.endswith(str(row.id))
    assert "本企业是特殊的普通合伙企业。" in reading.text(texts.preview(row, template))


def test_every_condition_of_a_text_is_said_in_words():
    """No editor reads a tag of the code."""
    tags = {
        tag.removeprefix("!")
        for name in registry.editable_texts()
        for *_, when in texts.passages(templates.load(name))
        for tag in when
    }
    assert tags - set(CONDITIONS) == set()


@pytest.mark.parametrize("name", registry.editable_texts())
def test_every_text_has_a_sample_with_all_its_words(name):
    """Whatever an editor opens can be previewed and checked for values that nothing fills in."""
    for sample in texts.samples_of(name):
        assert templates.load(name).title(sample.tags)
        for _, text, items, _ in texts.passages(templates.load(name)):
            f"{text}{items}".format_map(sample.values)


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
