"""Sign-up by four elements, sign-in by code, sessions (RN-06)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests import factories
from workflow.accounts import operations as accounts
from workflow.accounts.models import Account, LoginCode, SignUp
from workflow.accounts.rules import check_element
from workflow.db import now
from workflow.errors import Conflict, NotFound, OutsideFailure, RuleViolation
from workflow.gateways.card import CardVerdict
from workflow.messages.models import Message

NUMBER = factories.id_number(777)
GOOD = {"name": "小张", "id_number": NUMBER, "card_number": "9999000000000000018", "phone": "19900009999"}


def luhn(body: str) -> str:
    for digit in "0123456789":
        digits = [int(d) for d in reversed(body + digit)]
        if (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0:
            return body + digit
    raise AssertionError


GOOD["card_number"] = luhn("999900000000000001")


class Service:
    """A card service that knows one person; it keeps what it was asked."""

    def __init__(self, fails=False):
        self.asked, self.fails = [], fails

    def verify(self, request_id, elements):
        self.asked.append((request_id, dict(elements)))
        if self.fails:
            raise OutsideFailure("slow")
        for element, value in elements.items():
            if GOOD[element] != value:
                return CardVerdict(False, element)
        return CardVerdict(True, bank="虚构银行")


def sign_up(db, service, **changes):
    row = accounts.start_sign_up(db)
    for element, value in (GOOD | changes).items():
        row = accounts.verify_element(db, row.id, element, value, service)
    return row


def test_four_elements_make_an_account(db):
    service = Service()
    row = sign_up(db, service)
    account = db.get_one(Account, row.account_id)
    assert (row.state, row.verified, account.name, account.id_number, account.phone) == (
        "done", "{}", "小张", NUMBER, GOOD["phone"],
    )  # fmt: skip
    assert [list(elements) for _, elements in service.asked] == [list(GOOD)[: n + 1] for n in range(4)]


def test_personal_data_is_encrypted_at_rest(db):
    row = sign_up(db, Service())
    stored = db.execute(
        text("SELECT id_number, phone FROM accounts WHERE id = :id"), {"id": row.account_id}
    ).one()
    for value, plain in zip(stored, (NUMBER, GOOD["phone"]), strict=True):
        assert plain.encode() not in bytes(value)
        assert bytes(value)[1:5] == b"demo"  # the id of the key is stored beside


@pytest.mark.parametrize("element", list(GOOD))
def test_the_first_mismatch_stops_the_way_on_and_says_which(db, element):
    wrong = {
        "name": "小王", "id_number": factories.id_number(778), "card_number": luhn("999900000000000009"),
        "phone": "19900008888",
    }  # fmt: skip
    row = accounts.start_sign_up(db)
    service = Service()
    for name, value in GOOD.items():
        if name == element:
            with pytest.raises(RuleViolation) as caught:
                accounts.verify_element(db, row.id, name, wrong[name], service)
            assert [p.field for p in caught.value.problems] == [element]
            break
        accounts.verify_element(db, row.id, name, value, service)
    later = list(GOOD)[list(GOOD).index(element) + 1 :]
    if later:
        with pytest.raises(Conflict):
            accounts.verify_element(db, row.id, later[0], GOOD[later[0]], service)
    assert db.get_one(SignUp, row.id).account_id is None


def test_tries_are_limited(db):
    row = accounts.start_sign_up(db)
    for _ in range(accounts.MAX_FAILURES):
        with pytest.raises(RuleViolation):
            accounts.verify_element(db, row.id, "name", "小王", Service())
    assert db.get_one(SignUp, row.id).state == "stopped"
    service = Service()
    with pytest.raises(RuleViolation):
        accounts.verify_element(db, row.id, "name", "小张", service)
    assert service.asked == []


def test_one_person_one_account(db):
    sign_up(db, Service())
    with pytest.raises(Conflict) as caught:
        sign_up(db, Service())
    assert caught.value.code == "has_account"


def test_a_service_that_fails_costs_no_try(db):
    row = accounts.start_sign_up(db)
    with pytest.raises(OutsideFailure):
        accounts.verify_element(db, row.id, "name", "小张", Service(fails=True))
    assert db.get_one(SignUp, row.id).failures == 0


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("name", ""), ("name", "张"), ("name", "Zhang San"), ("name", "张" * 51), ("name", "<script>"),
        ("id_number", "990000199001010018"), ("id_number", "12345"), ("card_number", "9999000000000000019"),
        ("card_number", "abc"), ("phone", "12900000000"), ("phone", "1990000000"),
    ],
)  # fmt: skip
def test_malformed_elements_are_refused_before_anybody_is_asked(element, value):
    with pytest.raises(RuleViolation) as caught:
        check_element(element, value)
    assert caught.value.problems[0].field == element


def test_what_people_add_is_taken_off():
    assert check_element("phone", " 199 0000-9999 ") == "19900009999"
    assert check_element("id_number", NUMBER.lower() + " ") == NUMBER
    assert check_element("name", "买买提•艾力") == "买买提·艾力"


def code_of(db, row) -> str:
    return next(word for word in row.body.replace("，", " ").split() if word.isdigit() and len(word) == 6)


def ask(db, phone):
    accounts.send_login_code(db, phone)
    return db.scalars(
        select(Message).where(Message.template == "login_code").order_by(Message.created_at.desc())
    ).first()


def test_sign_in_by_code_once(db):
    account = factories.account(db)
    code = code_of(db, ask(db, account.phone))
    assert accounts.check_login_code(db, account.phone, code).id == account.id
    with pytest.raises(RuleViolation):
        accounts.check_login_code(db, account.phone, code)


def test_wrong_codes_are_limited(db):
    account = factories.account(db)
    code = code_of(db, ask(db, account.phone))
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(accounts.CODE_TRIES):
        with pytest.raises(RuleViolation):
            accounts.check_login_code(db, account.phone, wrong)
    with pytest.raises(RuleViolation):
        accounts.check_login_code(db, account.phone, code)


def test_an_old_code_is_refused(db):
    account = factories.account(db)
    code = code_of(db, ask(db, account.phone))
    db.scalars(select(LoginCode)).all()[-1].expires_at = now() - timedelta(seconds=1)
    db.flush()
    with pytest.raises(RuleViolation):
        accounts.check_login_code(db, account.phone, code)


def test_codes_an_hour_are_limited(db):
    account = factories.account(db)
    for _ in range(accounts.CODES_AN_HOUR):
        accounts.send_login_code(db, account.phone)
    with pytest.raises(RuleViolation):
        accounts.send_login_code(db, account.phone)


def test_an_unknown_phone_learns_nothing(db):
    accounts.send_login_code(db, "19900007777")
    assert db.scalars(select(Message).where(Message.template == "login_code")).all() == []


def test_sessions_can_be_revoked_and_belong_to_a_door(db):
    account = factories.account(db)
    token = accounts.open_session(db, "portal", account.id, "browser")
    assert accounts.session_of(db, "portal", token).subject_id == account.id
    assert accounts.session_of(db, "intranet", token) is None
    [live] = accounts.sessions_of(db, "portal", account.id)
    with pytest.raises(NotFound):
        accounts.revoke_session(db, factories.account(db, "小王").id, live.id)
    accounts.revoke_session(db, account.id, live.id)
    assert accounts.session_of(db, "portal", token) is None


def test_somebody_who_asks_for_codes_does_not_lock_the_owner_out(db):
    account = factories.account(db)
    mine = code_of(db, ask(db, account.phone))
    accounts.send_login_code(db, account.phone)  # somebody else, a moment later
    assert accounts.check_login_code(db, account.phone, mine).id == account.id
