"""From the application to what its papers say."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.establishment.applications import application
from tests.signing.papers import reading
from workflow import objects
from workflow.catalogues.queries import from_files
from workflow.clock import local_date, today
from workflow.establishment import facts, papers, submission
from workflow.establishment.data import Officer
from workflow.establishment.drafts import draft_of
from workflow.establishment.models import Paper
from workflow.licensing import operations as licensing
from workflow.review import operations as review

FACTS = from_files()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("CHN", "中国"),
        ("USA", "美国"),
        ("gbr", "英国"),
        ("HKG", "中国香港"),
        ("TWN", "中国台湾"),
        ("XXZ", "XXZ"),
    ],
)
def test_countries_are_printed_in_chinese(code, name):
    """No English code stands on a paper, as far as the code is one."""
    assert facts.country(code) == name


def test_the_words_of_an_office_follow_from_the_application():
    """LLC-17: one shareholder appoints; LLC-12: employees choose theirs; a cooperative has an 执行监事."""
    people = {p.key: facts._person(p, application("llc", FACTS)) for p in application("llc", FACTS).people}

    def how(officer, app):
        made = facts._officer(officer, people, app)
        return made.title, made.how

    one, two = application("llc", FACTS), application("jsc", FACTS)
    elected = Officer(person="p1", office="director", how="elected")
    assert how(elected, one) == ("董事", "任命") and how(elected, two) == ("董事", "选举")
    worker = Officer(person="p1", office="supervisor", how="elected", employee_representative=True)
    assert how(worker, one) == ("监事", "职工民主选举")
    watcher = Officer(person="p1", office="supervisor", how="elected")
    assert how(watcher, application("cooperative", FACTS)) == ("执行监事", "选举")


def test_papers_keep_the_day_on_which_they_were_first_made(house):
    """Made anew on another day with the same answers, they are the same bytes and keep their signatures."""
    db, case = house.db, house.submitted()
    earlier = today() - timedelta(days=9)
    db.execute(
        update(Paper).where(Paper.case_id == case.id).values(created_at=Paper.created_at - timedelta(days=9))
    )
    held, _ = draft_of(db, case.id)
    made = facts.paper_facts(db, case, held)
    assert made.papers_date == earlier == local_date(db.scalar(select(Paper.created_at).limit(1)))
    first = {p.kind: p.sha256 for p, _ in papers.rendered(db, case, held, final=True)}
    assert first == {p.kind: p.sha256 for p, _ in papers.rendered(db, case, held, final=True)}
    fresh = house.reserved("云隐测")
    assert facts.paper_facts(db, fresh, draft_of(db, fresh.id)[0]).papers_date == today()


def test_a_registration_notice_lists_what_was_registered(house):
    """PRO-03, LIC-06: the items, the day of the application, the version of its text."""
    db, case = house.db, house.submitted()
    review.claim(db, house.staff(), case.id)
    submission.approve(db, house.staff(), case.id)
    row = licensing.prepare(db, case.id)
    found = reading.text(objects.get(licensing.make_files(db, row.id)["notice"]))
    for part in (
        case.name,
        "有限责任公司（自然人独资）",
        "伍拾万元整",
        "计算机系统服务",
        row.uscc,
        "文本2026.",
    ):
        assert part in found, part
    assert f"{today().year}年{today().month}月{today().day}日就" in found
