"""A passkey that the signer's account keeps signs papers of another invitation (ES-01 (1), (2))."""

from hashlib import sha256

import pytest
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes

from signing import evidence
from signing.validation import validate
from tests.authenticator import Authenticator
from tests.signatures.people import HERE, act_of
from workflow import objects
from workflow.accounts import passkeys
from workflow.accounts.models import Account, Passkey
from workflow.db import now
from workflow.errors import NotFound, RuleViolation
from workflow.evidence import records
from workflow.messages.models import Message
from workflow.signatures import control
from workflow.signatures import signing as act
from workflow.signatures.models import Control
from workflow.signer import authority


@pytest.fixture
def holder():
    return Authenticator(HERE.rstrip("/"))


def person(signing) -> Account:
    """The signer's own account: here the applicant signs too."""
    account = signing.db.get_one(Account, signing.case.owner_id)
    assert account.id_number == signing.invitation.id_number
    return account


def kept(signing, holder, account=None, host="localhost") -> Passkey:
    """A passkey of an account, made some time ago."""
    account = account or person(signing)
    row = Passkey(
        account_id=account.id, name="我的手机", host=host, public_key=holder.public_key, credential_id=holder.id,
        sign_count=holder.counter, checked_by="face", checked_reference="ref-earlier", checked_at=now(),
        person_index=account.id_number_index, created_at=now(),
    )  # fmt: skip
    signing.db.add(row)
    signing.db.flush()
    return row


def ask(signing, token, secret) -> bytes:
    shown = act.shown_to(signing.db, signing.invitation)
    options = act.ask_passkey(signing.db, token, secret, shown, act.CONSENT.zh, HERE)
    assert options["userVerification"] == "required"
    return base64url_to_bytes(options["challenge"])


def test_it_signs_another_invitation_without_a_new_one(signing, holder):
    """ES-21: the same proof over the digests of the papers; on record is the check after which it was made."""
    holder.counter = 7
    row = kept(signing, holder)
    token, secret = signing.admitted()
    assert [p.id for p in control.passkeys_for(signing.db, signing.invitation, HERE)] == [row.id]
    control.use_passkey(signing.db, token, secret, row.id, HERE)
    answer = holder.confirm(ask(signing, token, secret))
    signed = act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    report = validate(objects.get(act.papers_of(signing.db, signed)[0].key), [authority().root])[-1]
    assert (report.control, report.reason) == ("passkey", "")
    assert report.credential == sha256(holder.public_key).hexdigest()
    assert row.sign_count == holder.counter == 8 and row.used_at is not None
    chosen = next(r for r in evidence.of(signing.db, signing.case.number) if r.kind == "control")
    assert chosen.facts["passkey_made_after"] == "face" and "ref-earlier" not in str(chosen.facts)
    assert records.personal_of(chosen)["passkey_reference"] == "ref-earlier"


def test_a_copy_of_the_phone_is_noticed_over_all_papers(signing, holder):
    """The counter is the account's: one that stands still or goes back signs nothing."""
    row = kept(signing, holder)
    token, secret = signing.admitted()
    control.use_passkey(signing.db, token, secret, row.id, HERE)
    row.sign_count = 50  # it has signed elsewhere meanwhile
    signing.db.flush()
    answer = holder.confirm(ask(signing, token, secret))
    with pytest.raises(RuleViolation):
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    assert signing.invitation.state == "admitted"


def test_a_removed_one_signs_nothing(signing, holder):
    """Removed before it is chosen, after, and after the phone has confirmed; then one chooses anew."""
    row = kept(signing, holder)
    token, secret = signing.admitted()
    control.use_passkey(signing.db, token, secret, row.id, HERE)
    answer = holder.confirm(ask(signing, token, secret))
    read = act_of(signing.db, signing.invitation, answer=answer)
    held = signing.db.get_one(Control, signing.invitation.id)
    passkeys.remove(signing.db, row.account_id, row.id)
    signing.db.flush()
    with pytest.raises(RuleViolation) as caught:
        act.sign(signing.db, token, secret, read)
    assert caught.value.problems[0].words == act.NO_CONTROL
    with pytest.raises(RuleViolation):
        control.proof_by_passkey(signing.db, held, answer, read.shown, act.CONSENT.zh)
    assert control.control_of(signing.db, signing.invitation) is None
    assert control.passkeys_for(signing.db, signing.invitation, HERE) == []
    with pytest.raises(NotFound):
        control.use_passkey(signing.db, token, secret, row.id, HERE)
    control.keep_by_pin(signing.db, token, secret, "739164", "739164")
    assert act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation)).state == "signed"


def test_only_the_persons_own_and_of_this_host(signing, holder):
    from tests import factories

    stranger = factories.account(signing.db, "李小八")
    foreign, elsewhere = kept(signing, holder, stranger), kept(signing, Authenticator(), host="other.example")
    token, secret = signing.admitted()
    for row in (foreign, elsewhere):
        with pytest.raises(NotFound):
            control.use_passkey(signing.db, token, secret, row.id, HERE)
    assert control.passkeys_for(signing.db, signing.invitation, "http://127.0.0.1:8001/") == []
    person(signing).name = "张小七七"  # the number alone is not the person
    signing.db.flush()
    assert control.account_of(signing.db, signing.invitation) is None


def test_one_made_while_signing_can_stay_in_the_account(signing, holder):
    """Only if the signer wants it, and only after a check of the own face or code; the person is told."""
    token, secret = signing.admitted()
    options = control.passkey_options(signing.db, token, secret, HERE)
    answer = holder.register(base64url_to_bytes(options["challenge"]))
    signing.invitation.admitted_by = "licence"
    assert not control.may_keep(signing.db, signing.invitation)
    signing.invitation.admitted_by = "code"
    control.keep_by_passkey(signing.db, token, secret, answer, HERE, keep_as="Chrome · Android")
    row = passkeys.passkeys_of(signing.db, person(signing).id)[0]
    assert (row.name, row.checked_by, row.credential_id) == ("Chrome · Android", "code", holder.id)
    told = signing.db.scalars(select(Message).where(Message.template == "passkey_added")).one()
    assert "Chrome · Android" in told.body
    answer = holder.confirm(ask(signing, token, secret))
    act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    assert row.sign_count == holder.counter
