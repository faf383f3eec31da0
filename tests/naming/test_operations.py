"""Reserving: NM-43 to NM-48, the register kept current, and no interleaving that leaves two holders."""

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories import case
from tests.naming.conftest import NOW
from workflow.db import driver_url
from workflow.errors import Conflict, NotFound, RuleViolation
from workflow.naming import operations
from workflow.naming.models import RegisterName
from workflow.naming.proposal import Proposal


def wish(name="武汉小张软件有限公司", **more):
    return Proposal(more.pop("authority", "HB-420106"), text=name, **more)


def reserve(db, name="武汉小张软件有限公司", *, now=NOW, holder=None, committed=True, case_id=None, **more):
    months = more.pop("months", 2)
    approved = more.pop("approved", False)
    return operations.reserve(
        db, case_id=case_id, holder=holder or uuid.uuid4(), proposal=wish(name, **more), months=months,
        committed=committed, now=now, approved=approved,
    )  # fmt: skip


def test_nm_43_without_the_commitment_nothing_is_reserved(db):
    with pytest.raises(RuleViolation) as caught:
        reserve(db, committed=False)
    assert caught.value.problems[0].code == "NM-43"


@pytest.mark.parametrize(("months", "until"), [(2, "2027-01-24"), (12, "2027-11-24")])
def test_nm_44_two_months_or_one_year(db, months, until):
    assert reserve(db, months=months).reserved_until.date().isoformat() == until
    with pytest.raises(ValueError):
        reserve(db, "武汉小李软件有限公司", months=3)


@pytest.mark.parametrize(
    "other",
    [
        "武汉小张软件有限公司",
        "小张（武汉）软件有限公司",
        "小张软件（武汉）有限公司",
        "武汉市小张软件有限责任公司",
        "湖北小张软件有限公司",
        "武汉小张信息技术有限公司",
        "武汉小张实业有限公司",
    ],
)
def test_a_second_holder_is_refused_whatever_form_order_or_synonym(db, other):
    reserve(db)
    with pytest.raises(Conflict) as caught:
        reserve(db, other)
    assert caught.value.code == "name_taken" and "武汉小张软件有限公司" in caught.value.words.zh


@pytest.mark.parametrize("other", ["武汉小张餐饮管理有限公司", "武汉小章软件有限公司"])
def test_another_trade_or_a_similar_name_may_be_reserved(db, other):
    reserve(db)
    assert reserve(db, other).status == "reserved"


def test_rules_of_form_are_a_rule_violation(db):
    with pytest.raises(RuleViolation) as caught:
        reserve(db, "武昌小张软件有限公司")
    assert "NM-06" in {p.code for p in caught.value.problems}


def test_nm_45_it_runs_out_and_is_free_again_even_before_the_schedule(db):
    first = reserve(db)
    later = first.reserved_until + timedelta(seconds=1)
    second = reserve(db, now=later)
    db.refresh(first)
    assert (first.status, second.status) == ("expired", "reserved")
    assert first.keys == [] and first.guard is None


def test_expire_due_is_repeatable(db):
    row = reserve(db)
    assert operations.expire_due(db, row.reserved_until - timedelta(seconds=1)) == []
    db.refresh(row)
    assert row.status == "reserved"
    operations.expire_due(db, row.reserved_until)
    db.refresh(row)
    assert row.status == "expired"
    assert operations.expire_due(db, row.reserved_until) == []


def test_nm_48_cap_and_pace(db):
    holder = uuid.uuid4()
    names = [f"武汉小张{c}{d}软件有限公司" for c, d in ("星河", "木兰", "南湖", "松柏", "云帆")]
    for name in names:
        reserve(db, name, holder=holder)
    with pytest.raises(RuleViolation) as caught:
        reserve(db, "武汉溪桥软件有限公司", holder=holder)
    assert caught.value.problems[0].code == "NM-48"


def test_exemption_needs_the_registrar(db, registered):
    registered("武汉小张软件有限公司")
    with pytest.raises(RuleViolation):
        reserve(db, exemptions=frozenset({"investment"}))
    row = reserve(db, exemptions=frozenset({"investment"}), approved=True)
    assert row.exemption == "investment" and row.guard is None


def test_the_database_itself_forbids_two_holders(db):
    row = reserve(db)
    twin = {c.name: getattr(row, c.name) for c in RegisterName.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError, match="ex_register_names_guard"), db.begin_nested():
        db.add(RegisterName(**twin))
        db.flush()


def test_the_life_of_a_name_in_a_case(db, registered):
    """Reserved, lengthened (NM-44), held while the application is decided, returned, used for the licence."""
    case_id = case(db).id
    row = reserve(db, case_id=case_id)
    operations.extend(db, case_id=case_id, now=NOW)
    assert row.reserved_until.date().isoformat() == "2027-11-24"
    assert operations.hold(db, case_id=case_id, now=NOW).status == "pending"
    after = row.reserved_until + timedelta(days=1)
    assert operations.expire_due(db, after) == []
    returned = operations.unhold(db, case_id=case_id, now=after)
    assert returned.status == "reserved" and returned.reserved_until == after + timedelta(days=30)
    used = operations.consume(db, case_id=case_id, uscc="91420106MA00000001", now=after)
    assert (used.status, used.uscc, used.reserved_until) == ("registered", "91420106MA00000001", None)
    with pytest.raises(Conflict):
        reserve(db, "小张（武汉）软件有限公司", now=after)
    operations.change_status(db, name_id=used.id, status="deregistered", now=after)
    with pytest.raises(Conflict):
        reserve(db, now=after + timedelta(days=300))
    assert reserve(db, now=after + timedelta(days=366)).status == "reserved"


def test_nm_45_too_late_is_too_late(db):
    case_id = case(db).id
    row = reserve(db, case_id=case_id)
    for call in (operations.hold, operations.extend):
        with pytest.raises(Conflict) as caught:
            call(db, case_id=case_id, now=row.reserved_until)
        assert caught.value.code == "reservation_expired"
    assert operations.expire_due(db, row.reserved_until) == [case_id]


def test_a_case_that_reserves_again_gives_the_first_name_up(db):
    case_id = case(db).id
    reserve(db, case_id=case_id)
    reserve(db, "武汉星河软件有限公司", case_id=case_id)
    assert reserve(db).status == "reserved"


def test_nm_47_refused_and_released_names_are_free_at_once(db):
    first, second = case(db).id, case(db).id
    reserve(db, case_id=first)
    assert operations.refuse(db, case_id=first, reason="字号缺乏显著性", now=NOW)
    reserve(db, case_id=second)
    assert operations.release(db, case_id=second, now=NOW)
    assert reserve(db).status == "reserved"


def test_unknown_case_holds_nothing(db):
    for call in (operations.extend, operations.hold, operations.unhold):
        with pytest.raises(NotFound):
            call(db, case_id=uuid.uuid4(), now=NOW)
    assert operations.release(db, case_id=uuid.uuid4(), now=NOW) is False


def test_nm_47_a_refusal_has_reasons(db):
    with pytest.raises(RuleViolation) as caught:
        operations.refuse(db, case_id=uuid.uuid4(), reason=" ", now=NOW)
    assert caught.value.problems[0].code == "NM-47"


RIVALS = [
    "武汉小张软件有限公司", "小张（武汉）软件有限公司", "武汉市小张信息技术有限公司", "小张软件（武汉）有限责任公司",
    "武汉小张信息科技有限公司", "湖北小张软件有限公司", "武汉市武昌区小张软件有限公司", "武汉小张软件股份有限公司",
]  # fmt: skip


def test_sixteen_rivals_leave_one_holder(fresh_database):
    """Sixteen threads want names that block each other; exactly one gets one."""
    engine = create_engine(driver_url(fresh_database), pool_size=16)
    start, outcomes = threading.Barrier(16), []

    def want(name):
        kind = "jsc" if "股份" in name else "llc"
        with Session(engine) as session:
            session.connection()
            start.wait()
            try:
                reserve(session, name, entity_type=kind)
                session.commit()
                outcomes.append("held")
            except Conflict as conflict:
                outcomes.append(conflict.code)

    threads = [threading.Thread(target=want, args=(RIVALS[i % len(RIVALS)],)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        assert len(session.scalars(select(RegisterName)).all()) == 1
    engine.dispose()
    assert sorted(outcomes) == ["held"] + ["name_taken"] * 15


def test_nm_02_one_enterprise_holds_one_name(db):
    """A second reservation of a case gives the first one up; the database allows one live name a case."""
    mine = case(db)
    first = reserve(db, case_id=mine.id)
    second = reserve(db, "武汉小李软件有限公司", case_id=mine.id)
    assert (first.status, second.status) == ("released", "reserved")
    with pytest.raises(IntegrityError, match="uq_register_names_case"), db.begin_nested():
        first.status = "reserved"
        db.flush()
