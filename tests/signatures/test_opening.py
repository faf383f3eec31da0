"""A kept passkey opens the papers instead of a face (0.6, HB-09): only the person's own, checked, young and in force."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from webauthn import verify_authentication_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from signing import evidence
from signing.control import Statement
from signing.errors import ProofRefused
from tests.authenticator import Authenticator
from tests.signatures.people import HERE, act_of, keep_by_pin
from tests.signatures.test_account_passkeys import holder, kept, person
from workflow.accounts import passkeys
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, NotAllowed, RuleViolation
from workflow.evidence import records
from workflow.policies.models import Policy
from workflow.signatures import checks, control, opening
from workflow.signatures import signing as act
from workflow.signatures.models import Control

__all__ = ["holder"]


@pytest.fixture
def identified(signing) -> tuple[str, str]:
    """Token and browser secret of a signer whose identity was checked, nothing more."""
    row = signing.invitation
    token = signing.token()
    return token, checks.identify(signing.db, token, row.name, row.id_number, signing.identity)


def challenge(signing, identified) -> bytes:
    options = opening.ask(signing.db, *identified, HERE)
    assert options["userVerification"] == "required"
    return base64url_to_bytes(options["challenge"])


def refused(signing, identified, answer: str, address: str = HERE) -> None:
    """Not admitted, and a try the less."""
    tries = signing.invitation.tries
    with pytest.raises(RuleViolation) as caught:
        opening.check_passkey(signing.db, *identified, answer, address)
    assert caught.value.problems[0].words == opening.NOT_CONFIRMED
    assert (signing.invitation.state, signing.invitation.tries) == ("identified", tries + 1)


def test_it_opens_the_papers_and_the_evidence_proves_it(signing, holder, identified):
    """ES-21: method, credential, the check behind it and the assertion are kept; anybody checks the assertion alone."""
    holder.counter = 7
    row = kept(signing, holder)
    with pytest.raises(Conflict):
        act.paper_for(signing.db, *identified, "articles")
    answer = holder.confirm(challenge(signing, identified))
    admitted = opening.check_passkey(signing.db, *identified, answer, HERE)
    assert (admitted.state, admitted.admitted_by, admitted.face_hash) == ("admitted", "passkey", "")
    assert row.sign_count == holder.counter == 8 and row.used_at is not None
    assert act.paper_for(signing.db, *identified, "articles").startswith(b"%PDF")
    assert not any("face" in asked[0] for asked in signing.identity.asked)

    said = next(r for r in evidence.of(signing.db, signing.case.number) if r.kind == "admission")
    assert said.facts["by"] == "passkey" and said.facts["passkey_made_after"] == "face"
    assert said.facts["credential_id_sha256"] == sha256(holder.id).hexdigest()
    assert "ref-earlier" not in str(said.facts) and signing.invitation.name not in str(said.facts)
    opened = records.personal_of(said)
    assert sha256(opened["assertion"].encode()).hexdigest() == said.facts["assertion_sha256"]
    statement = json.loads(opened["statement"])
    assert statement["reference"] == f"{signing.case.number}/{signing.invitation.id}"
    name = bytes_to_base64url(holder.id)
    told = {"id": name, "rawId": name, "type": "public-key", "response": json.loads(opened["assertion"])}
    verify_authentication_response(
        credential=told, expected_challenge=sha256(opened["statement"].encode()).digest(), expected_rp_id="localhost",
        expected_origin=statement["origin"], credential_public_key=bytes.fromhex(said.facts["public_key"]),
        credential_current_sign_count=7, require_user_verification=True,
    )  # fmt: skip

    assert not control.may_keep(signing.db, admitted), (
        "no new passkey comes from an old one, only from a check"
    )
    keep_by_pin(signing.db, *identified)
    signed = act.sign(signing.db, *identified, act_of(signing.db, admitted))
    last = [r for r in evidence.of(signing.db, signing.case.number) if r.kind == "signature"][-1]
    assert signed.state == "signed" and last.facts["identified_by"] == "id+passkey"


def test_once_soon_here_by_its_user(signing, holder, identified):
    """An answer counts once, for five minutes, for its own question, on this page, from a device that checked its user."""
    kept(signing, holder)
    first = holder.confirm(challenge(signing, identified))
    refused(signing, identified, holder.confirm(b"0" * 32))
    refused(signing, identified, first)  # the wrong answer used the question up
    challenge(signing, identified)
    refused(signing, identified, first)  # the answer to an earlier question
    late = holder.confirm(challenge(signing, identified))
    signing.db.get_one(Control, signing.invitation.id).asked_until = now() - timedelta(seconds=1)
    refused(signing, identified, late)
    holder.verifies = False
    refused(signing, identified, holder.confirm(challenge(signing, identified)))
    holder.verifies, holder.origin = True, "http://localhost:6666"
    refused(signing, identified, holder.confirm(challenge(signing, identified)))
    holder.origin = HERE.rstrip("/")
    again = holder.confirm(challenge(signing, identified))
    with pytest.raises(NotAllowed):
        opening.check_passkey(signing.db, identified[0], "another browser", again, HERE)
    signing.invitation.tries = checks.MAX_TRIES
    for attempt in (
        lambda: challenge(signing, identified),
        lambda: opening.check_passkey(signing.db, *identified, again, HERE),
    ):
        with pytest.raises(RuleViolation) as caught:
            attempt()
        assert caught.value.problems[0].words == checks.TOO_MANY
    signing.invitation.tries = 0
    opening.check_passkey(signing.db, *identified, again, HERE)
    with pytest.raises(Conflict):
        opening.check_passkey(signing.db, *identified, again, HERE)


def test_nonsense(signing, holder, identified):
    kept(signing, holder)
    for answer in ("", "null", "[]", "{}", "nonsense", '{"id": "AA", "rawId": "AA", "response": 1}'):
        challenge(signing, identified)
        refused(signing, identified, answer)


def test_a_copy_of_the_device_shows(signing, holder, identified):
    """The counter is the account's: an answer that stands still opens nothing."""
    row = kept(signing, holder)
    row.sign_count = 50
    signing.db.flush()
    refused(signing, identified, holder.confirm(challenge(signing, identified)))


WAYS = (
    "removed", "no check behind it", "another identity", "too old", "account checked anew since",
    "the authority takes none",
)  # fmt: skip


def spoil(signing, row, how: str) -> None:
    """Make a passkey one that does not count."""
    if how == "removed":
        passkeys.remove(signing.db, row.account_id, row.id)
    elif how == "no check behind it":
        row.checked_by = ""
    elif how == "another identity":
        row.person_index = b"another person's"
    elif how == "account checked anew since":
        person(signing).verified_at = now()
    elif how == "too old":
        row.checked_at -= timedelta(days=366)
    elif how == "the authority takes none":
        signing.db.add(Policy(key="passkey_check_days", value=0, valid_from=today(), reason="HB-09"))
    signing.db.flush()


def test_one_that_does_not_count(signing, identified):
    """RN-01, RN-02: it stands for a check of this very person that still counts, or for nothing; also when that ended
    between question and answer."""
    for how in WAYS:
        signing.invitation.tries = 0
        holder = Authenticator(HERE.rstrip("/"))
        row = kept(signing, holder)
        answer = holder.confirm(challenge(signing, identified))
        spoil(signing, row, how)
        refused(signing, identified, answer)
        with pytest.raises(RuleViolation) as caught:
            opening.ask(signing.db, *identified, HERE)
        assert caught.value.problems[0].words == opening.NONE_FITS, how


def test_another_persons_passkey(signing, holder, identified):
    from tests import factories

    stranger, own = Authenticator(HERE.rstrip("/")), kept(signing, holder)
    foreign = kept(signing, stranger, factories.account(signing.db, "李小八"))
    assert [p.id for p in opening.fitting(signing.db, signing.invitation, HERE)] == [own.id] != [foreign.id]
    refused(signing, identified, stranger.confirm(challenge(signing, identified)))


def test_opening_is_not_signing(signing, holder, identified):
    """What a device confirmed to open the papers is no statement about papers, and the other way round."""
    kept(signing, holder)
    challenge(signing, identified)
    with pytest.raises(ProofRefused):
        Statement.parse(signing.db.get_one(Control, signing.invitation.id).asked)
