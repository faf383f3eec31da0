"""Signing up by bank card, signing in by phone and code, sessions."""

import functools
import hmac
import json
import secrets
import uuid
from datetime import timedelta
from hashlib import sha256

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.accounts.models import Account, BankUser, LoginCode, SignUp, Staff, WebSession
from workflow.accounts.rules import MISMATCH, check_element
from workflow.db import now
from workflow.errors import Conflict, NotFound, Problem, RuleViolation, Words
from workflow.gateways import CardGateway
from workflow.gateways.card import ELEMENTS
from workflow.messages.operations import send
from workflow.personal import blind_index
from workflow.settings import settings

MAX_FAILURES = 3  # mismatches in one sign-up
MAX_STOPPED_A_DAY = 3  # sign-ups of one ID number that ended so
CODE_MINUTES = 5
CODE_TRIES = 5
CODES_AN_HOUR = 6
SESSION_HOURS = {"portal": 24 * 7, "intranet": 10, "bank": 10}
LOCK_AFTER, LOCK_MINUTES = 5, 15

STOPPED = Words(
    "核验多次未通过，本次注册已停止。请明天再试，或选择“都不方便使用”预约登记窗口核验。",
    "The check failed too often, so this sign-up was stopped. Try again tomorrow, or choose “I cannot use either” to book a desk check.",
)
HAS_ACCOUNT = Words("您已注册，请直接登录。", "You already have an account. Please sign in.")
BAD_CODE = Words(
    "验证码不正确，请核对短信中的 6 位数字。",
    "The code is not right. Check the 6 digits in the text message.",
)
OLD_CODE = Words("验证码已失效，请重新获取。", "The code is no longer valid. Ask for a new one.")
TOO_MANY_CODES = Words(
    "获取验证码过于频繁，请一小时后再试。", "Too many codes were asked for. Try again in an hour."
)
BAD_LOGIN = Words("账号、密码或动态口令不正确。", "The number, password or one-time password is not right.")
LOCKED = Words(
    "登录失败次数过多，账号已锁定 15 分钟。",
    "Too many failed attempts. The account is locked for 15 minutes.",
)


def start_sign_up(db: Session) -> SignUp:
    """Begin a sign-up by bank card."""
    sign_up = SignUp()
    db.add(sign_up)
    db.flush()
    return sign_up


def open_sign_up(db: Session, sign_up_id: uuid.UUID) -> SignUp:
    """A sign-up that is still open and not older than an hour. Raises NotFound."""
    sign_up = db.get(SignUp, sign_up_id)
    if sign_up is None or sign_up.state == "done" or sign_up.created_at < now() - timedelta(hours=1):
        raise NotFound("sign-up")
    return sign_up


def verified_elements(sign_up: SignUp) -> dict[str, str]:
    """What was verified so far, so that going back shows it again."""
    return dict(json.loads(sign_up.verified))


def set_language(db: Session, account_id: uuid.UUID, language: str) -> None:
    """The language of a person's messages: zh_Hans_CN or en."""
    db.execute(update(Account).where(Account.id == account_id).values(language=language))


def verify_element(
    db: Session, sign_up_id: uuid.UUID, element: str, value: str, gateway: CardGateway
) -> SignUp:
    """Check one more element against the card service; the first mismatch stops the way on (RN-06).

    When the fourth element matches, the account is made. The transaction ends before the service is called and a
    new one begins after it. Raises RuleViolation (wrong form, mismatch, too many tries), Conflict
    (`has_account`; `moved_on` when the element is not next), OutsideFailure.
    """
    sign_up = open_sign_up(db, sign_up_id)
    if sign_up.state == "stopped":
        raise RuleViolation([Problem("RN-06", "", STOPPED)])
    position = ELEMENTS.index(element)
    if position > sign_up.step:
        raise Conflict(code="moved_on")
    value = check_element(element, value)
    known: dict[str, str] = json.loads(sign_up.verified)
    elements = {name: known[name] for name in ELEMENTS[:position]} | {element: value}
    if element == "id_number":
        _refuse_hammering(db, value)
    db.commit()
    asked = sha256(json.dumps(elements, ensure_ascii=False).encode()).hexdigest()[:24]
    verdict = gateway.verify(f"{sign_up.id}:{asked}", elements)
    sign_up = db.get_one(SignUp, sign_up_id, with_for_update=True, populate_existing=True)
    if "id_number" in elements:
        sign_up.person_index = blind_index(elements["id_number"])
    if not verdict.matches:
        sign_up.failures += 1
        if sign_up.failures >= MAX_FAILURES:
            sign_up.state = "stopped"
        db.commit()  # the failure counts although the caller sees an error
        stopped = sign_up.state == "stopped"
        raise RuleViolation(
            [Problem("RN-06", "" if stopped else element, STOPPED if stopped else MISMATCH[element])]
        )
    sign_up.verified = json.dumps(elements, ensure_ascii=False)
    sign_up.step = position + 1
    if sign_up.step == len(ELEMENTS):
        _make_account(db, sign_up, elements)
    return sign_up


def _refuse_hammering(db: Session, id_number: str) -> None:
    stopped = select(func.count(SignUp.id)).where(
        SignUp.person_index == blind_index(id_number),
        SignUp.state == "stopped",
        SignUp.created_at > now() - timedelta(days=1),
    )
    if (db.scalar(stopped) or 0) >= MAX_STOPPED_A_DAY:
        raise RuleViolation([Problem("RN-06", "", STOPPED)])


def _make_account(db: Session, sign_up: SignUp, elements: dict[str, str]) -> None:
    account = Account(
        name=elements["name"],
        id_number=elements["id_number"],
        id_number_index=blind_index(elements["id_number"]),
        phone=elements["phone"],
        phone_index=blind_index(elements["phone"]),
        verified_by="card",
        verified_at=now(),
    )
    try:
        with db.begin_nested():
            db.add(account)
            db.flush()
    except IntegrityError as error:
        raise Conflict(HAS_ACCOUNT, "has_account") from error
    sign_up.state, sign_up.account_id, sign_up.verified = "done", account.id, "{}"


def send_login_code(db: Session, phone: str, language: str = "zh_Hans_CN") -> None:
    """Send a one-time code to a phone. For an unknown phone nothing is sent, and nothing tells so.

    Raises RuleViolation for a malformed number or too many codes within an hour.
    """
    phone = check_element("phone", phone)
    index = blind_index(phone)
    db.execute(
        text("SELECT pg_advisory_xact_lock(hashtext(:phone))"), {"phone": index.hex()}
    )  # counted one by one
    recent = select(func.count(LoginCode.id)).where(
        LoginCode.phone_index == index, LoginCode.created_at > now() - timedelta(hours=1)
    )
    if (db.scalar(recent) or 0) >= CODES_AN_HOUR:
        raise RuleViolation([Problem("too_many", "phone", TOO_MANY_CODES)])
    code = f"{secrets.randbelow(10**6):06d}"
    row = LoginCode(
        phone_index=index,
        code_hash=_code_hash(index, code),
        expires_at=now() + timedelta(minutes=CODE_MINUTES),
    )
    db.add(row)
    db.flush()
    if db.scalar(select(Account.id).where(Account.phone_index == index)):
        send(
            db,
            "sms",
            phone,
            "login_code",
            f"login_code:{row.id}",
            language=language,
            code=code,
            minutes=CODE_MINUTES,
        )


def _code_hash(phone_index: bytes, code: str) -> bytes:
    return hmac.digest(settings().index_key.encode(), phone_index + code.encode(), sha256)


def check_login_code(db: Session, phone: str, code: str) -> Account:
    """The account of a phone to which this code was sent. All its codes are used up; tries are limited.

    Any live code counts, not the newest only: who asks for codes in another's name does not lock them out.
    Raises RuleViolation. A wrong try is committed so that it counts.
    """
    index = blind_index(check_element("phone", phone))
    live = db.scalars(
        select(LoginCode)
        .where(
            LoginCode.phone_index == index,
            LoginCode.used_at.is_(None),
            LoginCode.expires_at > now(),
            LoginCode.tries < CODE_TRIES,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not live:
        raise RuleViolation([Problem("code", "code", OLD_CODE)])
    wanted = _code_hash(index, code.strip())
    if not any(hmac.compare_digest(row.code_hash, wanted) for row in live):
        for row in live:
            row.tries += 1
        db.commit()
        raise RuleViolation([Problem("code", "code", BAD_CODE)])
    for row in live:
        row.used_at = now()
    account = db.scalar(select(Account).where(Account.phone_index == index))
    if account is None:
        raise RuleViolation([Problem("code", "code", BAD_CODE)])
    return account


def open_session(db: Session, door: str, subject_id: uuid.UUID, device: str = "") -> str:
    """Open a session at a door; return its token, of which only the hash is kept."""
    token = secrets.token_urlsafe(32)
    db.add(
        WebSession(
            token_hash=sha256(token.encode()).digest(),
            door=door,
            subject_id=subject_id,
            device=device[:200],
            expires_at=now() + timedelta(hours=SESSION_HOURS[door]),
        )
    )
    db.flush()
    return token


def session_of(db: Session, door: str, token: str) -> WebSession | None:
    """The live session of a token at a door, or None."""
    return db.scalar(
        select(WebSession).where(
            WebSession.token_hash == sha256(token.encode()).digest(),
            WebSession.door == door,
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now(),
        )
    )


def sessions_of(db: Session, door: str, subject_id: uuid.UUID) -> list[WebSession]:
    """The live sessions of somebody at a door, newest first."""
    query = select(WebSession).where(
        WebSession.door == door,
        WebSession.subject_id == subject_id,
        WebSession.revoked_at.is_(None),
        WebSession.expires_at > now(),
    )
    return list(db.scalars(query.order_by(WebSession.created_at.desc())))


def revoke_session(db: Session, subject_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one of somebody's own sessions. Raises NotFound."""
    result = db.execute(
        update(WebSession)
        .where(
            WebSession.id == session_id, WebSession.subject_id == subject_id, WebSession.revoked_at.is_(None)
        )
        .values(revoked_at=now())
        .returning(WebSession.id)
    )
    if result.first() is None:
        raise NotFound("session")


def hash_password(password: str) -> str:
    """Argon2id."""
    return PasswordHasher().hash(password)


def _password_ok(person: Staff | BankUser | None, password: str) -> bool:
    stored = person.password_hash if person else _nobody()
    try:
        return PasswordHasher().verify(stored, password) and person is not None and person.active
    except VerificationError:
        return False


@functools.lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash nobody's password has, so that an unknown number takes as long as a known one."""
    return PasswordHasher().hash(secrets.token_hex(8))


def _fail(db: Session, person: Staff | BankUser | None) -> None:
    if person is not None:
        person.failures += 1
        if person.failures >= LOCK_AFTER:
            person.locked_until, person.failures = now() + timedelta(minutes=LOCK_MINUTES), 0
        db.commit()
    raise RuleViolation([Problem("login", "", BAD_LOGIN)])


def sign_in_staff(db: Session, number: str, password: str, code: str) -> Staff:
    """A member of staff by number, password and TOTP code; no code works twice. Raises RuleViolation."""
    person = db.scalar(select(Staff).where(Staff.number == number.strip()).with_for_update())
    if person is not None and person.locked_until and person.locked_until > now():
        raise RuleViolation([Problem("login", "", LOCKED)])
    if not _password_ok(person, password) or person is None:
        _fail(db, person)
    assert person is not None
    step = int(now().timestamp()) // 30
    totp = pyotp.TOTP(person.totp_secret)
    used = next(
        (s for s in (step, step - 1, step + 1) if hmac.compare_digest(totp.generate_otp(s), code.strip())),
        None,
    )
    if used is None or used <= person.totp_last:
        _fail(db, person)
    assert used is not None
    person.totp_last, person.failures, person.locked_until = used, 0, None
    return person


def sign_in_bank_user(db: Session, username: str, password: str) -> BankUser:
    """A bank clerk by user name and password. Raises RuleViolation."""
    person = db.scalar(select(BankUser).where(BankUser.username == username.strip()).with_for_update())
    if person is not None and person.locked_until and person.locked_until > now():
        raise RuleViolation([Problem("login", "", LOCKED)])
    if not _password_ok(person, password) or person is None:
        _fail(db, person)
    assert person is not None
    person.failures, person.locked_until = 0, None
    return person
