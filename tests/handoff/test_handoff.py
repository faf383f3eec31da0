"""A company's data on its way to a bank: consent, reports in any order, repeats, withdrawal, the end of consent."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from workflow.case import Actor
from workflow.catalogues.queries import catalogue
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, OutsideFailure, RuleViolation
from workflow.handoff import access, operations, queries
from workflow.handoff.models import BankClient, BankReport
from workflow.messages.models import Message

BANK = Actor("bank", "102", "bank", frozenset({"bank"}))
START = datetime(2026, 11, 24, 1, tzinfo=UTC)


def report(house, row, status, minute=0, report_id="", **more):
    """A report of the bank, made `minute` minutes after START."""
    made = operations.Report(
        report_id or f"r-{status}-{minute}", status, START + timedelta(minutes=minute), **more
    )
    return operations.take_report(house.db, row.id, made, BANK, "api")


def texts(house):
    """How many SMS of each kind about banks there are."""
    query = (
        select(Message.template, func.count())
        .where(Message.template.like("bank_%"))
        .group_by(Message.template)
    )
    return dict(house.db.execute(query).all())


def test_a_bank_needs_branch_and_consent_and_there_is_one_at_a_time(house):
    """BK-06, BK-07."""
    db, case = house.db, house.licensed()
    owner, branch = house.owner(case), catalogue(house.db).branches_of["102"][0].code
    for code, consent, field in (
        ("", True, "branch"),
        ("999-99", True, "branch"),
        (branch, False, "consent"),
    ):
        with pytest.raises(RuleViolation) as refused:
            operations.choose_bank(db, case.id, owner, code, consent)
        assert [p.field for p in refused.value.problems] == [field]
    row = operations.choose_bank(db, case.id, owner, branch, True)
    assert (row.state, row.business_number) == ("consented", f"{case.number}-B1")
    assert case.name in row.consent_text
    with pytest.raises(Conflict, match="has_handoff"):
        operations.choose_bank(db, case.id, owner, branch, True)
    operations.withdraw(db, row.id, owner)
    assert operations.choose_bank(db, case.id, owner, branch, True).business_number == f"{case.number}-B2"


def test_a_case_without_licence_has_no_bank(house):
    case = house.named()
    with pytest.raises(Conflict, match="moved_on"):
        operations.choose_bank(house.db, case.id, house.owner(case), "102-01", True)


def test_reports_in_order_open_the_account_and_tell_each_step_once(house):
    case, row = house.handed()
    operations.note_delivered(house.db, row.id)
    for minute, status in enumerate(("received", "branch_assigned", "appointment", "intention_verified")):
        assert report(house, row, status, minute).applied
    report(house, row, "opened", 9, account_number="6222000011112222")
    assert (row.state, row.account_number, case.state) == ("opened", "6222000011112222", "closed")
    assert set(texts(house).values()) == {1}
    assert set(texts(house)) >= {
        "bank_received",
        "bank_assigned",
        "bank_appointment",
        "bank_verified",
        "bank_opened",
    }


def test_a_repeat_is_the_same_report(house):
    _, row = house.handed()
    first = report(house, row, "received", report_id="r1")
    again = report(house, row, "declined", report_id="r1", text="与第一次内容不同也不算数")
    assert again.id == first.id
    assert row.state == "received"
    assert len(operations.reports_of(house.db, row.id)) == 1
    assert texts(house)["bank_received"] == 1


def test_a_late_report_is_kept_and_moves_nothing(house):
    _, row = house.handed()
    report(house, row, "branch_assigned", 5)
    late = report(house, row, "received", 1)
    assert (late.applied, late.early, row.state) == (False, False, "assigned")
    assert "bank_received" not in texts(house)


def test_a_report_that_overtook_another_counts_when_the_other_comes(house):
    """The account is not lost because two messages changed places."""
    case, row = house.handed()
    report(house, row, "received", 1)
    early = report(house, row, "opened", 9, account_number="6222000011112222")
    assert (early.applied, early.early, row.state) == (False, True, "received")
    report(house, row, "branch_assigned", 2)
    assert (early.applied, early.early, row.state, case.state) == (True, False, "opened", "closed")
    assert row.account_number == "6222000011112222"


def test_what_a_report_must_say(house):
    """BK-04, BK-08, BK-09."""
    _, row = house.handed()
    for status, more, field in (
        ("nonsense", {}, "status"), ("opened", {"account_number": "  "}, "account_number"), ("declined", {}, "text"),
        ("more_information", {"text": " "}, "text"),
    ):  # fmt: skip
        with pytest.raises(RuleViolation) as refused:
            report(house, row, status, **more)
        assert [p.field for p in refused.value.problems] == [field]
    with pytest.raises(NotAllowed):
        operations.take_report(
            house.db, row.id, operations.Report("x", "received", START), Actor.system(), "api"
        )
    assert house.db.scalars(select(BankReport)).all() == []


def test_a_branch_of_another_bank_is_not_taken_over(house):
    _, row = house.handed()
    report(house, row, "branch_assigned", branch_code="103-01")
    assert row.branch_code == "102-01"


def test_withdrawal_ends_the_consent_and_later_reports_move_nothing(house):
    """BK-07: no data after the consent; the bank is told once."""
    case, row = house.handed()
    assert access.file_for_bank(house.db, row)["name"] == case.name
    operations.withdraw(house.db, row.id, house.owner(case))
    with pytest.raises(NotAllowed):
        access.file_for_bank(house.db, row)
    assert report(house, row, "received").applied is False
    assert (row.state, case.state) == ("withdrawn", "licensed")
    with pytest.raises(Conflict):
        operations.withdraw(house.db, row.id, house.owner(case))


def test_the_file_holds_the_consented_fields_only(house):
    _, row = house.handed()
    whole = access.file_for_bank(house.db, row)
    assert set(operations.FIELDS) <= set(whole)
    assert whole["capital"] == 50_000_000
    row.fields = ["name", "uscc"]
    few = access.file_for_bank(house.db, row)
    assert not {"shareholders", "legal_representative", "licence"} & set(few)


def test_delivery_that_fails_can_be_started_again(house):
    _, row = house.handed()
    for _ in range(3):
        operations.note_try(house.db, row.id, "timeout")
    operations.note_undeliverable(house.db, row.id, "timeout")
    assert (row.state, row.tries) == ("undeliverable", 3)
    operations.retry(house.db, row.id, BANK)
    operations.note_delivered(house.db, row.id)
    operations.note_delivered(house.db, row.id)
    assert row.state == "delivered"
    assert texts(house)["bank_delivered"] == 1


def test_the_report_of_a_bank_counts_and_lists_its_own_only(house):
    _, row = house.handed()
    assert queries.counts(house.db, "102") == {"open": 1, "done": 0, "all": 1}
    assert queries.counts(house.db, "103") == {"open": 0, "done": 0, "all": 0}
    report(house, row, "received", 1)
    report(house, row, "branch_assigned", 2)
    [line] = queries.reconciliation(house.db, "102")
    assert (line.handoff.id, line.last.status, len(line.uscc)) == (row.id, "branch_assigned", 18)
    assert list(queries.reconciliation(house.db, "103")) == []


class Published:
    """A bank's published keys."""

    def __init__(self, *keys, fails=False):
        self.found, self.fails, self.asked = list(keys), fails, 0

    def keys(self, url):
        """See BankGateway."""
        self.asked += 1
        if self.fails:
            raise OutsideFailure("down")
        return self.found


def test_published_keys_are_looked_at_again_but_not_without_end(house):
    client = house.db.get(BankClient, "102")
    client.keys = ["old"]
    gateway = Published("new", "old")
    assert access.refresh_keys(house.db, client, gateway)
    assert client.keys == ["new", "old"]
    assert not access.refresh_keys(house.db, client, gateway)
    assert gateway.asked == 1
    client.keys_at = now() - timedelta(hours=1)
    assert not access.refresh_keys(house.db, client, Published(fails=True))
    assert client.keys == ["new", "old"]
