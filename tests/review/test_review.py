"""Claims, leases and decisions; two registrars never hold one case, whatever happens at once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.together import at_once
from workflow import objects
from workflow.catalogues.queries import catalogue
from workflow.db import now, transaction
from workflow.errors import Conflict, NotAllowed, NotFound, RuleViolation
from workflow.establishment import drafts, submission
from workflow.naming import declaration
from workflow.policies.models import Policy
from workflow.review import operations as review
from workflow.review.models import Claim, Correction, Decision
from workflow.review.queries import counts, open_claim, open_corrections, queue
from workflow.review.remedies import remedies_of
from workflow.review.reports import reports_of

EXAMINERS = ("0417", "0523")


def examined_at_once(house, count, work):
    """Run `work(session, staff)` at one moment for as many requests of two examiners; results and errors."""
    staff = [house.staff(EXAMINERS[n % 2]) for n in range(count)]
    return at_once(*(lambda db, who=who: work(db, who) for who in staff))


def test_two_registrars_claim_one_case_at_once(house):
    for name in ("云栖测", "青禾测", "白鹭测"):
        case = house.named(name)
        results = examined_at_once(house, 2, lambda db, staff, c=case: review.claim(db, staff, c.id))
        kinds = sorted(type(r).__name__ for r in results)
        assert kinds == ["Claim", "Conflict"], results
        assert next(r for r in results if isinstance(r, Conflict)).code == "held"
        open_ones = select(func.count(Claim.id)).where(Claim.case_id == case.id, Claim.released_at.is_(None))
        assert house.db.scalar(open_ones) == 1


def test_next_case_is_never_given_twice(house):
    """Eight desks ask at once for five cases: five get one each, three get none."""
    cases = {house.named(name).id for name in ("云栖测", "青禾测", "白鹭测", "松涛测", "海棠测")}

    def take(db, staff):
        found = review.claim_next(db, staff)
        return found and found.id

    results = examined_at_once(house, 8, take)
    assert not [r for r in results if isinstance(r, Exception)], results
    assert sorted(r for r in results if r) == sorted(cases)


def test_the_database_itself_allows_one_open_claim(house):
    case, staff = house.named(), house.staff()
    review.claim(house.db, staff, case.id)
    house.db.add(Claim(case_id=case.id, staff_id=house.staff("0523").id, task="name", lease_until=now()))
    with pytest.raises(IntegrityError, match="uq_claims_open"):
        house.db.flush()


def test_a_lapsed_lease_frees_the_case_and_a_live_one_only_by_takeover(house):
    db, case = house.db, house.named()
    mine, other = house.staff(), house.staff("0523")
    held = review.claim(db, mine, case.id)
    assert held.lease_until > now() + timedelta(minutes=29)
    with pytest.raises(Conflict) as refused:
        review.claim(db, other, case.id)
    assert "0417" in refused.value.words.zh
    assert review.claim_next(db, other) is None
    held.lease_until = now() - timedelta(seconds=1)
    db.flush()
    assert counts(db, other)["todo"] == 1
    assert review.claim_next(db, other).id == case.id
    assert open_claim(db, case.id).staff_id == other.id
    assert held.released_at is not None
    review.claim(db, mine, case.id, take_over=True)
    assert open_claim(db, case.id).staff_id == mine.id
    review.release(db, other, case.id)  # not the holder: nothing happens
    assert open_claim(db, case.id).staff_id == mine.id
    review.release(db, mine, case.id)
    assert open_claim(db, case.id) is None


def test_the_nearest_deadline_comes_first_and_the_recused_never_get_it(house):
    db, staff = house.db, house.staff()
    late, early = house.named("青禾测"), house.named("云栖测")
    early.due_at = now() - timedelta(days=1)
    db.flush()
    rows, total = queue(db, staff, "todo")
    assert ([row.case.id for row in rows], total) == ([early.id, late.id], 2)
    assert counts(db, staff)["overdue"] == 1
    with pytest.raises(RuleViolation):
        review.recuse(db, staff, early.id, " ")
    review.recuse(db, staff, early.id, "亲属关系")
    review.recuse(db, staff, early.id, "亲属关系")  # twice is once
    assert review.claim_next(db, staff).id == late.id
    with pytest.raises(Conflict, match="recused"):
        review.claim(db, staff, early.id, take_over=True)
    assert review.claim_next(db, house.staff("0523")).id == early.id


def test_only_examiners_of_the_authority_claim(house):
    case = house.named()
    with pytest.raises(NotAllowed):
        review.claim(house.db, house.staff("0601"), case.id)
    with pytest.raises(NotAllowed):
        review.claim_next(house.db, house.staff("0601"))
    elsewhere = house.staff("0523")
    elsewhere.authority_codes = ["HB-420103"]
    house.db.flush()
    with pytest.raises(NotAllowed):
        review.claim(house.db, elsewhere, case.id)
    assert review.claim_next(house.db, elsewhere) is None
    with pytest.raises(NotFound):
        review.visible_case(house.db, elsewhere, case.number)


def test_no_decision_without_a_claim_and_none_twice(house):
    db, staff, case = house.db, house.staff(), house.submitted()
    for act in (
        lambda: submission.approve(db, staff, case.id),
        lambda: submission.refuse(db, staff, case.id, "违法", "unlawful"),
        lambda: submission.return_for_correction(db, staff, case.id, [review.Wanted("phone", "x")]),
    ):
        with pytest.raises(Conflict, match="not_held"):
            act()
        db.rollback()
    review.claim(db, staff, case.id)
    submission.approve(db, staff, case.id, "符合规定")
    db.commit()
    assert case.state == "approved"
    with pytest.raises(Conflict):
        submission.approve(db, staff, case.id)
    row = db.scalars(select(Decision).where(Decision.task == "establishment")).one()
    assert (row.verdict, row.reason, row.findings["submission"]) == ("approve", "符合规定", 1)


def test_a_return_opens_exactly_the_named_fields(house):
    """PRO-05: all at once, and nothing else can be changed; handing in again resolves them."""
    db, staff, case = house.db, house.staff(), house.submitted()
    review.claim(db, staff, case.id)
    with pytest.raises(RuleViolation) as refused:
        submission.return_for_correction(
            db, staff, case.id, [review.Wanted("phone", " "), review.Wanted("nonsense.x", "y")]
        )
    assert [p.field for p in refused.value.problems] == ["text-phone", "text-nonsense.x"]
    with pytest.raises(RuleViolation, match="PRO-05"):
        submission.return_for_correction(db, staff, case.id, [])
    submission.return_for_correction(db, staff, case.id, [review.Wanted("phone", "请改为企业电话")])
    db.commit()

    def set_to(**values):
        return lambda application: [setattr(application, key, value) for key, value in values.items()]

    for locked in ({"capital": 60_000_000}, {"phone": "19900008888", "long_term": False, "term_years": 10}):
        with pytest.raises(RuleViolation) as refused:
            drafts.save(db, case.id, house.owner(case), None, set_to(**locked))
        assert {p.code for p in refused.value.problems} == {"locked"}
        assert "phone" not in {p.field for p in refused.value.problems}
        db.rollback()
    drafts.save(db, case.id, house.owner(case), None, set_to(phone="19900008888"))
    assert [c.field for c in open_corrections(db, case.id)] == ["phone"]
    house.hand_in(case)
    assert open_corrections(db, case.id) == []
    assert db.scalars(select(Correction)).one().resolved_at is not None
    rows, _ = queue(db, staff, "todo")
    assert reports_of(db, rows)[case.id].changed == 1
    decision = db.scalars(select(Decision).where(Decision.verdict == "return")).one()
    assert decision.notice_number == f"{case.number}-C1"
    assert objects.get(decision.notice_key)[:5] == b"%PDF-"


def test_a_refusal_names_ground_and_remedies(house):
    """PRO-07, PRO-08: the county's government reviews, the county's court hears."""
    db, staff, case = house.db, house.staff(), house.submitted()
    review.claim(db, staff, case.id)
    with pytest.raises(RuleViolation, match="PRO-07"):
        submission.refuse(db, staff, case.id, "违法", "because")
    db.rollback()
    review.claim(db, staff, case.id)
    row = submission.refuse(db, staff, case.id, "申请的经营范围为法律禁止。", "unlawful")
    assert case.state == "refused"
    assert row.notice_number == f"{case.number}-R1"
    assert declaration.declaration_of(db, case.id) is None  # the name is free again
    assert not review.claim_next(db, staff)


@pytest.mark.parametrize(
    ("code", "body", "court"),
    [
        ("HB-420106", "武汉市武昌区人民政府", "武汉市武昌区人民法院"),
        ("HB-420100", "武汉市人民政府", "有管辖权的人民法院"),
        ("HB-420000", "湖北省人民政府", "有管辖权的人民法院"),
        ("HB-420281", "大冶市人民政府", "大冶市人民法院"),
        ("HB-Z-wuhan-donghu", "武汉市人民政府", "有管辖权的人民法院"),
    ],
)
def test_remedies_follow_the_authority(house, code, body, court):
    assert remedies_of(house.db, catalogue(house.db).authorities[code]) == (body, court)


def test_an_authority_may_name_its_own_court(house):
    office = catalogue(house.db).authorities["HB-420100"]
    house.db.add(
        Policy(
            key="court",
            authority_code=office.code,
            value="某某人民法院",
            valid_from=now().date(),
            reason="试",
        )
    )
    house.db.flush()
    assert remedies_of(house.db, office)[1] == "某某人民法院"


def test_a_crashed_transaction_leaves_no_claim(house):
    case, staff = house.named(), house.staff()
    with pytest.raises(ZeroDivisionError), transaction() as db:
        review.claim(db, staff, case.id)
        raise ZeroDivisionError
    assert open_claim(house.db, case.id) is None
