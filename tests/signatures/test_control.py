"""Sole control (ES-01 (1), (2)): the signer's passkey or PIN is needed, for these papers, once, and nothing else does."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, text
from webauthn.helpers import base64url_to_bytes

from signing import ceremony, evidence, pins
from signing.control import Proof
from signing.errors import ProofRefused, WrongPin
from signing.validation import validate
from tests.authenticator import Authenticator
from tests.signatures.people import HERE, PIN_CODE, act_of, keep_by_passkey, keep_by_pin
from tests.signatures.test_signing import two_partners
from workflow import objects
from workflow.case import timeline
from workflow.errors import Conflict, NotAllowed, RuleViolation
from workflow.personal import person_hash
from workflow.settings import settings
from workflow.signatures import checks, control, invitations
from workflow.signatures import signing as act
from workflow.signatures.models import Control
from workflow.signatures.rules import passkey_origin, weak_pin
from workflow.signer import authority


def controls(papers) -> list[tuple[str, str]]:
    """Of each person's signature on these papers."""
    found = [r for paper in papers for r in validate(objects.get(paper.key), [authority().root])]
    return [(r.control, r.reason) for r in found if r.control]


def ask(signing, token, secret, shown=None) -> bytes:
    shown = act.shown_to(signing.db, signing.invitation) if shown is None else shown
    options = act.ask_passkey(signing.db, token, secret, shown, act.CONSENT.zh, HERE)
    assert options["userVerification"] == "required"
    return base64url_to_bytes(options["challenge"])


@pytest.fixture
def holder():
    return Authenticator(HERE.rstrip("/"))


@pytest.fixture
def by_passkey(signing, holder):
    """A signer who keeps the key in the phone."""
    token, secret = signing.admitted()
    keep_by_passkey(signing.db, token, secret, holder)
    return token, secret


@pytest.fixture
def by_pin(signing):
    """A signer with a PIN."""
    token, secret = signing.admitted()
    keep_by_pin(signing.db, token, secret)
    return token, secret


def test_the_phone_confirms_the_papers_and_the_proof_is_in_them(signing, holder, by_passkey):
    """ES-01 (1), (2), ES-21: the passkey signs the digests of what was shown; anybody finds the proof in the paper."""
    token, secret = by_passkey
    shown = act.shown_to(signing.db, signing.invitation)
    answer = holder.confirm(ask(signing, token, secret))
    row = act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    assert set(controls(act.papers_of(signing.db, row))) == {("passkey", "")}
    held = signing.db.get(Control, row.id)
    statement, _ = Proof.load(held.proof).check()
    assert list(statement.papers) == shown
    assert held.asked is None
    assert held.sign_count == holder.counter
    before, after = evidence.of(signing.db, signing.case.number)[-2:]
    assert (before.kind, after.kind) == ("control", "signature")
    assert before.facts["credential"] == after.facts["credential"] == statement.credential
    assert after.facts["method"] == "passkey"
    assert after.facts["consent_sha256"] == statement.consent == sha256(act.CONSENT.zh.encode()).hexdigest()
    events = [e.event for e in timeline(signing.db, signing.case.id)]
    assert events.index("choose_control") < events.index("sign")


def test_the_pin_signs_with_the_key_it_opens_and_the_key_is_gone(signing, by_pin):
    """ES-01 (1): one key, recorded before the act, used once, destroyed."""
    token, secret = by_pin
    recorded = signing.db.get(Control, signing.invitation.id).public_key
    row = act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation))
    held = signing.db.get(Control, row.id, populate_existing=True)
    assert held.wrapped_key is None
    assert set(controls(act.papers_of(signing.db, row))) == {("pin", "")}
    reports = validate(objects.get(act.papers_of(signing.db, row)[0].key), [authority().root])
    assert sha256(recorded).hexdigest() in {r.credential for r in reports}


BAD_ANSWERS = {
    "none": lambda holder, challenge: "",
    "nonsense": lambda holder, challenge: "{}",
    "no JSON": lambda holder, challenge: "[",
    "of another phone": lambda holder, challenge: Authenticator(holder.origin).confirm(challenge),
    "of another page": lambda holder, challenge: replace(holder, origin="https://evil.example.cn").confirm(
        challenge
    ),
    "without the user's check": lambda holder, challenge: replace(holder, verifies=False).confirm(challenge),
    "to another question": lambda holder, challenge: holder.confirm(sha256(challenge).digest()),
    "of a copied phone": lambda holder, challenge: replace(holder, counter=0).confirm(challenge),
}


@pytest.mark.parametrize("bad", BAD_ANSWERS)
def test_a_phone_that_did_not_confirm_signs_nothing(signing, holder, by_passkey, bad):
    token, secret = by_passkey
    answer = BAD_ANSWERS[bad](holder, ask(signing, token, secret))
    with pytest.raises(RuleViolation):
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    assert signing.invitation.state == "admitted"


def test_an_answer_counts_once_and_for_five_minutes(signing, holder, by_passkey):
    token, secret = by_passkey
    answer = holder.confirm(ask(signing, token, secret))
    signing.db.get(Control, signing.invitation.id).asked_until -= timedelta(minutes=6)
    with pytest.raises(RuleViolation) as caught:
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))
    assert caught.value.problems[0].words == control.TOO_LATE
    ask(signing, token, secret)  # a new question: the old answer is none to it
    with pytest.raises(RuleViolation):
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, answer=answer))


def test_papers_that_were_not_shown_are_not_signed(signing, by_pin):
    token, secret = by_pin
    row = signing.invitation
    shown = act.shown_to(signing.db, row)
    for wrong in ((), shown[:-1], shown[::-1], [(kind, "0" * 64) for kind, _ in shown], [*shown, shown[0]]):
        with pytest.raises(RuleViolation) as caught:
            act.sign(signing.db, token, secret, replace(act_of(signing.db, row), shown=wrong))
        assert caught.value.problems[0].words == act.CHANGED
        with pytest.raises(RuleViolation):
            act.ask_passkey(signing.db, token, secret, wrong, act.CONSENT.zh, HERE)


def test_another_signature_meanwhile_does_not_spoil_what_was_read(house):
    """Two read at the same time; the second one's proof names the papers before the first one's signature."""
    case = two_partners(house)
    first, second = invitations.current_of(house.db, case.id).values()
    from tests.signatures.test_signing import admitted, sign_as

    token, secret = admitted(house, second)
    keep_by_pin(house.db, token, secret)
    read = act_of(house.db, second)
    sign_as(house, first)
    act.sign(house.db, token, secret, read)
    assert case.state == "signed"
    assert set(controls(invitations.live_papers(house.db, case.id))) == {("pin", "")}


def test_five_wrong_pins_destroy_the_key(signing, by_pin):
    token, secret = by_pin
    for left in (4, 3, 2, 1):
        with pytest.raises(RuleViolation) as caught:
            act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, pin="000001"))
        assert caught.value.problems[0].words == control.WRONG_PIN.format(left=left)
        signing.db.rollback()
    with pytest.raises(RuleViolation) as caught:
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation, pin="000001"))
    assert caught.value.problems[0].words == control.PIN_GONE
    signing.db.rollback()
    signing.db.expire_all()
    row = signing.invitation
    assert (row.state, row.browser_hash) == ("invited", None)
    assert signing.db.scalars(select(Control)).all() == []
    with pytest.raises(NotAllowed):
        act.sign(signing.db, token, secret, act_of(signing.db, row))
    again = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    assert again != secret


def test_a_new_link_a_refusal_and_an_ended_link_destroy_the_key(signing, by_pin):
    row, owner = signing.invitation, signing.house.owner(signing.case)
    invitations.invite_again(signing.db, signing.case.id, row.id, owner)
    assert signing.db.scalars(select(Control)).all() == []
    for end in ("decline", "lapse", "start over"):
        token, secret = signing.admitted(signing.invitation)
        keep_by_pin(signing.db, token, secret)
        if end == "decline":
            act.decline(signing.db, token, secret, "不同意")
        elif end == "lapse":
            signing.invitation.expires_at -= timedelta(days=8)
            with pytest.raises(Conflict):
                invitations.by_token(signing.db, token)
        else:
            control.start_over(signing.db, token, secret)
        assert signing.db.scalars(select(Control)).all() == [], end
        if end != "start over":
            invitations.invite_again(signing.db, signing.case.id, signing.invitation.id, owner)


def test_control_is_chosen_once_by_the_admitted_browser(signing, holder):
    token = signing.token()
    row = signing.invitation
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    with pytest.raises(Conflict):
        keep_by_pin(signing.db, token, secret)
    checks.check_code(signing.db, token, secret, signing.identity.code, signing.identity)
    with pytest.raises(NotAllowed):
        keep_by_pin(signing.db, token, "other")
    with pytest.raises(RuleViolation):  # nothing chosen
        act.sign(signing.db, token, secret, act_of(signing.db, row))
    with pytest.raises(RuleViolation):  # never asked for
        control.keep_by_passkey(signing.db, token, secret, holder.register(b"x"), HERE)
    for bad in (replace(holder, verifies=False), replace(holder, origin="https://evil.example.cn")):
        with pytest.raises(RuleViolation):
            keep_by_passkey(signing.db, token, secret, bad)
    keep_by_pin(signing.db, token, secret)
    with pytest.raises(Conflict):
        keep_by_pin(signing.db, token, secret)


# -- what a thief of everything at rest can do -----------------------------------------------------------------------


def test_everything_at_rest_signs_for_nobody(signing, by_pin):
    """ES-01 (1), (2): database, papers, the authority's keys and all settings in hand, before the act, and no PIN.

    Each way to a signature in this person's name is refused, or the signature itself says that the signer was not there.
    """
    token, secret = by_pin
    db, row, case = signing.db, signing.invitation, signing.case
    db.commit()
    dump = json.dumps(
        {
            name: [list(map(str, r)) for r in db.execute(text(f'SELECT * FROM "{name}"'))]
            for name in _tables(db)
        }
    )
    files = b"".join(f.read_bytes() for f in settings().instance.rglob("*") if f.is_file())
    for known in (secret, PIN_CODE):  # neither is at rest, in the clear or as a setting
        assert known not in dump or known == PIN_CODE
        assert secret.encode() not in files
        assert known not in str(settings().model_dump())
    wrapped = db.get(Control, row.id).wrapped_key
    # The link cannot be made from its hash, nor the browser's secret; with a link the domain asks for that secret.
    for guess in ("", row.browser_hash.hex(), settings().secret_key, token):
        with pytest.raises(NotAllowed):
            act.sign(db, token, guess, act_of(db, row))
        with pytest.raises(NotAllowed):
            act.paper_for(db, token, guess, "articles")
    # Trying every PIN: even the right one gives another key without the browser's secret, so no try tells anything.
    keys = {
        guess: pins.wrapping_key(PIN_CODE, guess, wrapped[:16])
        for guess in ("", row.browser_hash.hex(), token)
    }
    assert pins.wrapping_key(PIN_CODE, secret, wrapped[:16]) not in keys.values()
    for guess in keys:
        with pytest.raises(WrongPin):
            pins.unwrap(wrapped, PIN_CODE, guess, row.id.bytes)
    # The authority's own keys: issue a certificate in this name and sign. Without the person it says so by name.
    paper = act.papers_to_sign(db, row)[0]
    request = ceremony.SignatureRequest(
        paper.kind, objects.get(paper.key), f"sig_{row.person_key}", tuple(paper.boxes[row.person_key])
    )
    names = {
        "real_name": row.name, "id_hash": person_hash(row.id_number), "evidence_reference": control.reference(case, row),
    }  # fmt: skip
    forged = ceremony.sign_set(db, authority(), [request], **names)
    last = validate(forged.papers[paper.kind], [authority().root])[-1]
    assert (last.signer, last.control) == (row.name, "none")
    # With a key of the thief's own in the PIN's place, the signature names a key that is not the recorded one.
    recorded = next(e for e in evidence.of(db, case.number) if e.kind == "control").facts["credential"]
    own = Control(method="pin", public_key=control.public_bytes((key := control.one_time_key()).public_key()))
    statement = control._statement(case, row, own, act.shown_to(db, row), act.CONSENT.zh, "")
    forged = ceremony.sign_set(
        db, authority(), [request], proof=control.by_pin(key, statement), key=key, **names
    )
    assert validate(forged.papers[paper.kind], [authority().root])[-1].credential != recorded


def test_an_old_confirmation_signs_no_other_papers(signing, holder, by_passkey, monkeypatch):
    """Replay: the phone's answer to one set of papers, with all the authority's keys, over another paper."""
    token, secret = by_passkey
    row, case = signing.invitation, signing.case
    answer = holder.confirm(ask(signing, token, secret))
    held = signing.db.get(Control, row.id)
    proof = control.proof_by_passkey(signing.db, held, answer, act.shown_to(signing.db, row), act.CONSENT.zh)
    with pytest.raises(RuleViolation):  # used up
        control.proof_by_passkey(signing.db, held, answer, act.shown_to(signing.db, row), act.CONSENT.zh)
    paper = act.papers_to_sign(signing.db, row)[0]
    other = objects.get(paper.key).replace(b"\n%%EOF\n", b"\n%%EOF \n")
    request = ceremony.SignatureRequest(
        paper.kind, other, f"sig_{row.person_key}", tuple(paper.boxes[row.person_key])
    )
    names = {
        "real_name": row.name, "id_hash": person_hash(row.id_number), "evidence_reference": control.reference(case, row),
    }  # fmt: skip
    with pytest.raises(ProofRefused):
        ceremony.sign_set(signing.db, authority(), [request], proof=proof, **names)
    monkeypatch.setattr(ceremony, "require_shown", lambda *_: None)
    forged = ceremony.sign_set(signing.db, authority(), [request], proof=proof, **names)
    last = validate(forged.papers[paper.kind], [authority().root])[-1]
    assert (last.control, last.reason) == ("invalid", "control_invalid")


def _tables(db) -> list[str]:
    return list(db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))


# -- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    ["", "12345", "1234567890123", "abcdef", "１２３９４７", "123456", "654321", "890123", "000000", "121212", "123123",
     "900307", "070390", "030790", "19900307", "420106", "138000"],
)  # fmt: skip
def test_weak_pins(pin):
    assert weak_pin(pin, "420106199003071234", "13800009999")


@pytest.mark.parametrize("pin", ["739164", "204857", "73916420", "100200"])
def test_good_pins(pin):
    assert weak_pin(pin, "420106199003071234", "13800009999") is None


@pytest.mark.parametrize(
    ("address", "portal", "origin"),
    [
        ("https://qibu.example.cn/", "https://qibu.example.cn", "https://qibu.example.cn"),
        (
            "http://qibu.example.cn/",
            "https://qibu.example.cn",
            "https://qibu.example.cn",
        ),  # behind a proxy with TLS
        ("http://localhost:8001/", "http://127.0.0.1:8001", "http://localhost:8001"),
        ("http://localhost:8001/", "http://localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8001", ""),
        ("http://[::1]:8001/", "http://127.0.0.1:8001", ""),
        ("http://qibu.example.cn/", "http://qibu.example.cn", ""),
        ("https://evil.example.cn/", "https://qibu.example.cn", ""),
        ("http://localhost:8001/", "https://qibu.example.cn", ""),
    ],
)
def test_where_a_passkey_can_be_made(address, portal, origin):
    found, why = passkey_origin(address, portal)
    assert found == origin
    assert (why is None) == bool(origin)
