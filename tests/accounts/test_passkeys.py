"""Passkeys of an account: only after a check of the person in the same session (ES-01 (1), (2)); named, removed."""

from datetime import timedelta

import pytest
from webauthn.helpers import base64url_to_bytes

from tests import factories
from tests.authenticator import Authenticator
from tests.signatures.people import Identity, portrait
from workflow.accounts import passkeys
from workflow.accounts.models import PasskeyMaking
from workflow.accounts.operations import open_session, session_of
from workflow.errors import Conflict, NotFound, OutsideFailure, RuleViolation

HOST, ORIGIN = "localhost", "http://localhost:8001"


@pytest.fixture
def owner(db):
    return factories.account(db, "张小七")


@pytest.fixture
def seat(db, owner):
    """The session in which the person is."""
    return session_of(db, "portal", open_session(db, "portal", owner.id)).id


@pytest.fixture
def identity():
    return Identity()


def add(db, owner, seat, identity, holder, name="我的手机"):
    passkeys.check_code(db, owner, seat, identity.code, identity)
    made = passkeys.options(db, owner, seat, HOST)
    assert made["authenticatorSelection"]["userVerification"] == "required"
    return passkeys.add(
        db, owner, seat, holder.register(base64url_to_bytes(made["challenge"])), name, HOST, ORIGIN
    )


def test_made_after_a_check_by_code_or_face(db, owner, seat, identity):
    """The identity service is asked about the account's own person; how and when stays with the passkey."""
    holder = Authenticator(ORIGIN)
    row = add(db, owner, seat, identity, holder)
    assert (row.checked_by, row.public_key, row.name) == ("code", holder.public_key, "我的手机")
    assert identity.asked[-1][1:3] == (owner.name, owner.id_number)
    prompts = ("left", "blink")
    passkeys.check_face(
        db, owner, seat, portrait(), True, prompts, [portrait(size=(300 + n, 300)) for n in (1, 2)], identity
    )
    assert [asked[0].rsplit(":", 1)[1] for asked in identity.asked[-2:]] == ["face", "live"]
    assert identity.asked[-1][-2:] == prompts
    assert passkeys.making(db, seat).checked_by == "face"
    with pytest.raises(Conflict):  # the same one again
        passkeys.add(
            db, owner, seat, holder.register(base64url_to_bytes(passkeys.options(db, owner, seat, HOST)["challenge"])),
            "x", HOST, ORIGIN,
        )  # fmt: skip


def test_to_be_signed_in_is_not_enough(db, owner, seat, identity):
    """No check, a failed one, one of another session, one that is ten minutes old, one that was used up: no passkey."""
    holder = Authenticator(ORIGIN)
    refused = pytest.raises(RuleViolation)
    with refused:
        passkeys.options(db, owner, seat, HOST)
    with refused:
        passkeys.check_code(db, owner, seat, "00000000", identity)
    identity.face = False
    with refused:
        passkeys.check_face(db, owner, seat, portrait(), True, (), (), identity)
    with refused:
        passkeys.check_face(db, owner, seat, portrait(), False, (), (), identity)
    with refused:
        passkeys.check_face(db, owner, seat, b"nonsense", True, (), (), identity)
    with refused:
        passkeys.options(db, owner, seat, HOST)
    passkeys.check_code(db, owner, seat, identity.code, identity)
    elsewhere = session_of(db, "portal", open_session(db, "portal", owner.id)).id
    with refused:
        passkeys.options(db, owner, elsewhere, HOST)
    passkeys.making(db, seat).checked_at -= timedelta(minutes=11)
    with refused:
        passkeys.add(db, owner, seat, holder.register(b"x"), "x", HOST, ORIGIN)
    add(db, owner, seat, identity, holder)
    assert db.get(PasskeyMaking, seat) is None
    with refused:
        passkeys.options(db, owner, seat, HOST)


def test_tries_are_limited_and_a_silent_service_costs_none(db, owner, seat, identity):
    identity.down = True
    with pytest.raises(OutsideFailure):
        passkeys.check_code(db, owner, seat, "1", identity)
    identity.down = False
    assert passkeys.making(db, seat).tries == 0
    for _ in range(passkeys.MAX_TRIES):
        with pytest.raises(RuleViolation):
            passkeys.check_code(db, owner, seat, "1", identity)
    with pytest.raises(RuleViolation) as caught:
        passkeys.check_code(db, owner, seat, identity.code, identity)
    assert caught.value.problems[0].words == passkeys.TOO_MANY


def test_the_device_must_check_its_user_and_answer_this_page(db, owner, seat, identity):
    for holder in (Authenticator(ORIGIN, verifies=False), Authenticator("https://evil.example.cn")):
        with pytest.raises(RuleViolation):
            add(db, owner, seat, identity, holder)
    passkeys.options(db, owner, seat, HOST)
    for answer in ("", "{}", Authenticator(ORIGIN).register(b"another question")):
        with pytest.raises(RuleViolation):
            passkeys.add(db, owner, seat, answer, "x", HOST, ORIGIN)
    assert passkeys.passkeys_of(db, owner.id) == []


def test_named_removed_and_not_anothers(db, owner, seat, identity):
    row = add(db, owner, seat, identity, Authenticator(ORIGIN), "  旧  手机 ")
    assert row.name == "旧 手机"
    other = factories.account(db, "李小八")
    for act in (
        lambda who: passkeys.rename(db, who, row.id, "x"),
        lambda who: passkeys.remove(db, who, row.id),
    ):
        with pytest.raises(NotFound):
            act(other.id)
    with pytest.raises(RuleViolation):
        passkeys.rename(db, owner.id, row.id, "  ")
    passkeys.rename(db, owner.id, row.id, "书房的电脑")
    assert passkeys.passkeys_of(db, owner.id)[0].name == "书房的电脑"
    passkeys.remove(db, owner.id, row.id)
    assert passkeys.passkeys_of(db, owner.id) == [] and row.removed_at is not None
    with pytest.raises(NotFound):
        passkeys.remove(db, owner.id, row.id)
    for number in range(passkeys.MOST):
        add(db, owner, seat, identity, Authenticator(ORIGIN), str(number))
    with pytest.raises(RuleViolation):
        add(db, owner, seat, identity, Authenticator(ORIGIN))
