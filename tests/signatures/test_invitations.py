"""Invitations: one a person, links that end, reminders, a new one after a refusal."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from workflow import upkeep
from workflow.case import advance
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, NotFound, RuleViolation
from workflow.establishment import drafts
from workflow.establishment.data import Contribution, Organisation
from workflow.messages import operations as messages
from workflow.messages.models import Message
from workflow.signatures import checks, invitations
from workflow.signatures import signing as act


def sent(signing) -> int:
    return signing.db.scalar(
        select(func.count()).select_from(Message).where(
            Message.case_id == signing.case.id, Message.template == "sign_invitation", Message.channel == "sms"
        )
    )  # fmt: skip


def test_the_link_goes_by_sms_and_mail_and_only_its_hash_is_kept(signing):
    row, token = signing.invitation, signing.token()
    channels = signing.db.scalars(select(Message.channel).where(Message.template == "sign_invitation")).all()
    assert sorted(channels) == ["mail", "sms"]
    assert row.token_hash == invitations.token_hash(token)
    assert token.encode() not in row.token_hash


def test_a_reminder_ends_the_old_link_and_the_checks(signing):
    old, secret = signing.admitted()
    row = signing.invitation
    link = invitations.invite_again(signing.db, signing.case.id, row.id, signing.house.owner(signing.case))
    assert link.endswith(signing.token())
    assert sent(signing) == 2
    with pytest.raises(NotFound):
        act.paper_for(signing.db, old, secret, "articles")
    with pytest.raises(NotAllowed):
        act.paper_for(signing.db, signing.token(), secret, "articles")
    assert row.state == "invited"


def test_reminders_are_limited_a_copied_link_is_not(signing):
    row, owner = signing.invitation, signing.house.owner(signing.case)
    for _ in range(invitations.MAX_SENT - 1):
        invitations.invite_again(signing.db, signing.case.id, row.id, owner)
    with pytest.raises(RuleViolation):
        invitations.invite_again(signing.db, signing.case.id, row.id, owner)
    before = sent(signing)
    link = invitations.invite_again(signing.db, signing.case.id, row.id, owner, by_message=False)
    assert sent(signing) == before
    assert checks.identify(signing.db, link.rsplit("/", 1)[1], row.name, row.id_number, signing.identity)


class Refusing:
    """A provider that takes nothing."""

    def send(self, *arguments):
        raise AssertionError("a link that has ended went out")


def test_a_link_that_has_ended_meanwhile_does_not_go_out(signing):
    """The SMS service was down; the applicant handed a new link over instead."""
    message = signing.db.scalars(select(Message).where(Message.channel == "sms")).all()[-1]
    owner = signing.house.owner(signing.case)
    invitations.invite_again(signing.db, signing.case.id, signing.invitation.id, owner, by_message=False)
    for _ in range(2):
        messages.deliver(signing.db, message.id, Refusing(), Refusing())
    assert message.state == "dropped"


def test_what_could_not_be_delivered_is_tried_again_for_a_day(signing):
    """At longer and longer intervals, and once at a time; a code to sign in is stale by then."""
    db = signing.db
    rows = db.scalars(select(Message).where(Message.template == "sign_invitation")).all()
    for row in rows:
        messages.note_failure(db, row.id, "no answer", final=True)
        row.tries, row.created_at = 7, now()
    assert messages.resume(db) == 0
    for age, tries, due in ((6, 7, 2), (6, 14, 0), (21, 14, 2), (1500, 70, 0)):
        for row in rows:
            row.state, row.tries, row.created_at = "failed", tries, now() - timedelta(minutes=age)
        assert messages.resume(db) == due
        assert messages.resume(db) == 0
    rows[0].state, rows[0].template, rows[0].tries, rows[0].created_at = (
        "failed",
        "login_code",
        7,
        now() - timedelta(hours=1),
    )
    assert messages.resume(db) == 0


def test_only_the_applicant_and_only_this_case(signing):
    row = signing.invitation
    other = signing.house.named("晨岫试")
    with pytest.raises(NotFound):
        invitations.invite_again(signing.db, other.id, row.id, signing.house.owner(other))


def test_who_declined_can_be_invited_again(signing):
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    act.decline(signing.db, token, secret, "我没有同意出资")
    assert row.state == "declined"
    invitations.invite_again(signing.db, signing.case.id, row.id, signing.house.owner(signing.case))
    fresh = signing.invitation
    assert fresh.id != row.id
    assert (row.state, row.declined_reason, fresh.state) == ("declined", "我没有同意出资", "invited")
    with pytest.raises(Conflict):  # the refusal itself is over
        invitations.invite_again(signing.db, signing.case.id, row.id, signing.house.owner(signing.case))
    token, secret, read = signing.ready(fresh)
    assert act.sign(signing.db, token, secret, read).state == "signed"


def test_nobody_signs_what_the_applicant_has_taken_back(signing):
    token, secret, read = signing.ready()
    advance(signing.db, signing.case.id, "revise", signing.house.owner(signing.case))
    for call in (
        lambda: act.sign(signing.db, token, secret, read),
        lambda: act.decline(signing.db, token, secret, "不"),
        lambda: invitations.invite_again(
            signing.db, signing.case.id, signing.invitation.id, signing.house.owner(signing.case)
        ),
    ):
        with pytest.raises(Conflict) as caught:
            call()
        assert caught.value.code == "not_signing"


def test_a_link_that_ends_unsigned_is_told_to_the_applicant_once(signing):
    """Whether the schedule or the signer finds it first."""
    token, _, _ = signing.ready()
    row = signing.invitation
    row.expires_at -= timedelta(days=8)
    signing.db.flush()
    assert upkeep.lapse_invitations(signing.db) == 1
    assert upkeep.lapse_invitations(signing.db) == 0
    with pytest.raises(Conflict):
        invitations.by_token(signing.db, token)
    told = signing.db.scalars(select(Message).where(Message.template == "sign_lapsed")).one()
    assert row.name in told.body


def test_whoever_signs_for_an_organisation_is_told_for_which(signing):
    """5.3: an organisation signs by its representative."""
    row = signing.invitation
    assert act.on_behalf_of(signing.db, row) == []

    def add(application):
        application.organisations.append(
            Organisation(key="o1", name="武汉虚构投资有限公司", representative=row.person_key)
        )
        application.organisations.append(
            Organisation(key="o2", name="未出资单位", representative=row.person_key)
        )
        application.contributions.append(Contribution(party="o1", subscribed=100))

    owner = signing.house.owner(signing.case)
    advance(signing.db, signing.case.id, "revise", owner)
    drafts.save(signing.db, signing.case.id, owner, None, add)
    assert act.on_behalf_of(signing.db, row) == ["武汉虚构投资有限公司"]
