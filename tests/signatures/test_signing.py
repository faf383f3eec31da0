"""The act of signing: consent, all papers in one act, the evidence, the last signer moves the case; what falls."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
from sqlalchemy import event, select

from signing import evidence, pins
from signing.errors import TimeStampFailure
from signing.validation import validate
from tests import factories
from tests.signatures.people import Identity, act_of, keep_by_pin, token_of
from workflow import objects
from workflow.case import Case, timeline
from workflow.db import session_factory
from workflow.errors import Conflict, OutsideFailure, RuleViolation
from workflow.establishment import drafts, papers
from workflow.establishment.data import Contribution, Person
from workflow.evidence import records
from workflow.messages.models import Message
from workflow.signatures import checks, invitations
from workflow.signatures import signing as act
from workflow.signer import authority, trusted_roots


def test_consent_then_all_papers_in_one_act(signing):
    """ES-01, ES-20, ES-21: one certificate, every paper, and what it rests on."""
    token, secret, read = signing.ready()
    mine = act.papers_of(signing.db, signing.invitation)
    with pytest.raises(RuleViolation) as caught:
        act.sign(signing.db, token, secret, replace(read, consent=False))
    assert caught.value.problems[0].code == "ES-01"
    before = {p.kind: p.key for p in mine}
    row = act.sign(signing.db, token, secret, replace(read, network="192.0.2.7", device="phone"))
    assert set(row.signed_papers) == {p.kind for p in mine}
    for paper in mine:
        pdf = objects.get(paper.key)
        assert paper.key != before[paper.kind]
        assert pdf.count(b"/ByteRange") >= 1
        assert row.signed_papers[paper.kind] == {
            "before": before[paper.kind].removesuffix(".p"), "after": sha256(pdf).hexdigest(),
        }  # fmt: skip
    rows = evidence.of(signing.db, signing.case.number)
    assert evidence.first_broken(rows) is None
    kept = rows[-1]
    assert kept.facts["papers"] == row.signed_papers
    assert kept.facts["identified_by"] == "id+code"
    assert kept.facts["consent"] == act.CONSENT.zh
    assert "192.0.2.7" not in str(kept.facts) and row.name not in str(kept.facts)  # under seal
    assert records.personal_of(kept)["network"] == "192.0.2.7"
    assert row.id_number not in str(kept.facts) + str(records.personal_of(kept))


def test_signing_twice_is_signing_once(signing):
    token, secret, read = signing.ready()
    first = act.sign(signing.db, token, secret, read)
    serial, count = first.certificate_serial, len(evidence.of(signing.db, signing.case.number))
    assert act.sign(signing.db, token, secret, read).certificate_serial == serial
    assert len(evidence.of(signing.db, signing.case.number)) == count


def test_two_buttons_pressed_at_one_moment_are_one_signature(signing):
    """The second request had read the invitation before the first signed it."""
    token, secret, read = signing.ready()
    signing.db.commit()
    with session_factory()() as second:
        assert invitations.by_token(second, token).state == "admitted"
        serial = act.sign(signing.db, token, secret, read).certificate_serial
        signing.db.commit()
        assert act.sign(second, token, secret, read).certificate_serial == serial
        assert [e.event for e in timeline(second, signing.case.id)].count("sign") == 1


def test_nothing_is_half_signed_when_the_time_stamp_fails(signing, monkeypatch):
    token, secret, read = signing.ready()
    before = {p.kind: p.key for p in act.papers_of(signing.db, signing.invitation)}
    signing.db.commit()

    def fail(*args, **kwargs):
        raise TimeStampFailure("no answer")

    monkeypatch.setattr(act, "sign_set", fail)
    with pytest.raises(OutsideFailure):
        act.sign(signing.db, token, secret, read)
    signing.db.rollback()
    assert signing.invitation.state == "admitted"
    assert {p.kind: p.key for p in act.papers_of(signing.db, signing.invitation)} == before
    monkeypatch.undo()
    assert act.sign(signing.db, token, secret, read).state == "signed"


def test_decline_needs_a_reason_and_tells_the_applicant(signing):
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    with pytest.raises(RuleViolation):
        act.decline(signing.db, token, secret, "  ")
    act.decline(signing.db, token, secret, "章程写错了")
    told = signing.db.scalars(select(Message).where(Message.template == "signing_declined")).one()
    assert "章程写错了" in told.body
    assert "decline" in [e.event for e in timeline(signing.db, signing.case.id)]
    with pytest.raises(Conflict):
        act.sign(signing.db, token, secret, act_of(signing.db, row))


def two_partners(house):
    """A case with two shareholders, out for signature."""
    return partners(house, 2)


def partners(house, count: int):
    """A case with this many shareholders of equal parts, out for signature."""
    case = house.reserved()

    def add(application):
        each = 50_000_000 // count // 100 * 100
        application.contributions[0].subscribed = 50_000_000 - each * (count - 1)
        for number in range(2, count + 1):
            application.people.append(
                Person(
                    key=f"p{number}", name=f"李小{'零一二三四五六七八九十'[number]}", id_number=factories.id_number(500 + number),
                    phone=f"1990002{number:04d}", address=f"湖北省武汉市武昌区虚构路{number}号",
                )
            )  # fmt: skip
            application.contributions.append(
                Contribution(party=f"p{number}", subscribed=each, due=date(2031, 6, 30))
            )
        application.governance.supervision = "none"
        application.beneficial.exempt = True

    drafts.save(house.db, case.id, house.owner(case), None, add)
    papers.generate(house.db, case.id, house.owner(case))
    house.db.commit()
    return case


def admitted(house, row) -> tuple[str, str]:
    identity, token = Identity(), token_of(house.db, row)
    secret = checks.identify(house.db, token, row.name, row.id_number, identity)
    checks.check_code(house.db, token, secret, identity.code, identity)
    return token, secret


def sign_as(house, row) -> None:
    token, secret = admitted(house, row)
    keep_by_pin(house.db, token, secret)
    act.sign(house.db, token, secret, act_of(house.db, row))


def test_the_last_signer_moves_the_case_on(house):
    case = two_partners(house)
    first, second = invitations.current_of(house.db, case.id).values()
    sign_as(house, first)
    assert case.state == "signing"
    shared = [p for p in invitations.live_papers(house.db, case.id) if len(p.signers) == 2]
    assert shared
    assert {p.state for p in shared} == {"open"}
    asked: list[str] = []

    def note(*said) -> None:
        asked.append(said[2])

    event.listen(house.db.get_bind(), "before_cursor_execute", note)
    sign_as(house, second)
    event.remove(house.db.get_bind(), "before_cursor_execute", note)
    reads = [said for said in asked if "invitations.signed_at IS NOT NULL" in said]
    assert (
        len(reads) == 3
    )  # of what was signed so far, for all papers at once: shown, held against it, complete
    assert case.state == "signed"
    assert {p.state for p in invitations.live_papers(house.db, case.id)} == {"signed"}
    assert house.db.scalars(select(Message).where(Message.template == "all_signed")).one()
    assert objects.get(shared[0].key).count(b"/ByteRange") >= 2


def test_eight_at_one_moment_all_end_up_in_the_papers(house):
    """Eight press the button together: no signature is lost, none is half made, each holds, the case moves on once."""
    case = partners(house, 8)
    ready = []
    for row in invitations.current_of(house.db, case.id).values():
        token, secret = admitted(house, row)
        keep_by_pin(house.db, token, secret)
        ready.append((token, secret, act_of(house.db, row)))
    house.db.commit()
    together = threading.Barrier(len(ready))

    def press(asked) -> str:
        together.wait()
        with session_factory()() as db:
            row = act.sign(db, *asked)
            db.commit()
            return row.person_key

    with ThreadPoolExecutor(len(ready)) as pool:
        everyone = set(pool.map(press, ready))
    house.db.expire_all()
    assert len(everyone) == 8
    assert house.db.get_one(Case, case.id).state == "signed"
    for paper in invitations.live_papers(house.db, case.id):
        found = [r for r in validate(objects.get(paper.key), trusted_roots()) if r.control]
        assert sorted(r.field for r in found) == sorted(f"sig_{key}" for key in paper.signers), paper.kind
        assert {(r.reason, r.control) for r in found} == {("", "pin")}, paper.kind
    assert evidence.first_broken(evidence.of(house.db, case.number)) is None
    events = [event.event for event in timeline(house.db, case.id)]
    assert events.count("sign") == 8 and events.count("complete_signatures") == 1


def test_nobody_waits_for_another_ones_pin(signing, monkeypatch):
    """A PIN is slow to try on purpose; while it is tried, the case is free for others."""
    token, secret, read = signing.ready()
    signing.db.commit()
    seen, unwrap = [], pins.unwrap

    def watched(*arguments):
        with session_factory()() as other:
            query = select(Case.id).where(Case.id == signing.case.id).with_for_update(nowait=True)
            seen.append(other.scalar(query))
        return unwrap(*arguments)

    monkeypatch.setattr(pins, "unwrap", watched)
    assert act.sign(signing.db, token, secret, read).state == "signed"
    assert seen == [signing.case.id]


def test_only_signatures_on_changed_papers_fall(house):
    """A change that touches some papers: their signers are asked again, the others' signatures stay."""
    case = two_partners(house)
    for row in invitations.current_of(house.db, case.id).values():
        sign_as(house, row)
    from workflow.case import advance

    advance(house.db, case.id, "revise", house.owner(case))
    drafts.save(house.db, case.id, house.owner(case), None, lambda a: setattr(a, "phone", "19900008888"))
    announced = papers.falling(house.db, case)
    before = {p.kind: p for p in invitations.live_papers(house.db, case.id)}
    papers.generate(house.db, case.id, house.owner(case))
    after = {p.kind: p for p in invitations.live_papers(house.db, case.id)}
    changed = {kind for kind in after if after[kind].id != before[kind].id}
    assert changed
    assert len(changed) < len(after)
    assert {before[kind].title for kind in changed} == set(announced)  # said beforehand
    kept = set(after) - changed
    assert all(after[kind].state == "signed" for kind in kept)
    wanted = {key for kind in changed for key in after[kind].signers}
    live = invitations.current_of(house.db, case.id)
    assert {key for key, row in live.items() if row.state == "invited"} == wanted
    assert {key for key, row in live.items() if row.state == "signed"} == {"p1", "p2"} - wanted
    for key in wanted:
        sign_as(house, live[key])
    assert case.state == "signed"


def test_signers_come_in_any_order_after_the_certification(house):
    """No law sets an order among signers; ES-21 wants it on record: in the revisions of the paper and in the evidence."""
    case = two_partners(house)
    first, second = invitations.current_of(house.db, case.id).values()
    for row in (second, first):
        sign_as(house, row)
    assert case.state == "signed"
    recorded = [r.facts["invitation"] for r in evidence.of(house.db, case.number) if r.kind == "signature"]
    assert recorded == [str(second.id), str(first.id)]
    shared = next(p for p in invitations.live_papers(house.db, case.id) if len(p.signers) == 2)
    reports = validate(objects.get(shared.key), [authority().root])
    assert [r.field for r in reports] == ["certified", f"sig_{second.person_key}", f"sig_{first.person_key}"]
    assert {r.reason for r in reports} == {""}
