"""An organisation's signer proves it by its electronic business licence, instead of as its legal representative.

RN-03, section 0.6: a corporate shareholder proves itself with its electronic licence, else its legal representative
passes the real-name check. The signer is led to the licence service, where a holder of the licence confirms; the
answer is fetched by a code of once, and counts only for this organisation, this person and this browser.
"""

import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.db import now
from workflow.errors import NotFound, Problem, RuleViolation, Words
from workflow.establishment.data import Application, Organisation
from workflow.establishment.drafts import draft_of
from workflow.gateways import LicenceGateway
from workflow.gateways.licence import LicenceAnswer
from workflow.settings import settings
from workflow.signatures import checks
from workflow.signatures.invitations import by_token
from workflow.signatures.models import Invitation, LicenceCheck

LONGEST = timedelta(minutes=30)  # that a question stands, whatever the service says
ROLES = ("legal_representative", "person_in_charge", "authorised")
PURPOSE = "签署“{company}”的设立登记材料"

NO_CODE = Words(
    "请填写电子营业执照服务显示的 8 位确认码。", "Enter the 8 digits that the licence service shows."
)
NO_QUESTION = Words(
    "这次确认已过期或已结束。请重新前往电子营业执照服务。",
    "This confirmation has run out or is over. Go to the licence service again.",
)
WRONG_CODE = Words(
    "确认码不正确。请核对电子营业执照服务显示的 8 位数字。",
    "The code is wrong. Check the 8 digits that the licence service shows.",
)
REFUSED = Words(
    "持照人在电子营业执照服务中拒绝了确认。您可以重新前往，或者以法定代表人身份核验本人。",
    "It was refused at the licence service. Go there again, or pass the check as the legal representative instead.",
)
REVOKED = Words(
    "“{name}”的营业执照已被吊销或注销，不能用来证明身份。请与经办人联系。",
    "The licence of “{name}” was revoked, so it proves nothing. Ask the person who invited you.",
)
OTHER_LICENCE = Words(
    "出示的是“{name}”的营业执照，而需要的是“{wanted}”（{uscc}）的。请重新前往并选择正确的执照。",
    "That was the licence of “{name}”; wanted is the one of “{wanted}” ({uscc}). Go there again and choose the right one.",
)
OTHER_NAME = Words(
    "营业执照上的名称是“{name}”，申请中写的是“{wanted}”。请经办人更正申请后再签署。",
    "The licence says “{name}”, the application says “{wanted}”. The applicant has to correct it before you sign.",
)
OTHER_PERSON = Words(
    "在电子营业执照服务中确认的不是您本人。请用您自己的电子营业执照确认。",
    "Somebody else confirmed at the licence service. Confirm with the licence that you hold yourself.",
)
NO_ROLE = Words(
    "您在该执照上的身份不能代表单位办理登记。请由法定代表人或被授权的持照人签署。",
    "Your role on that licence does not allow acting for the organisation. Its legal representative or an authorised holder has to sign.",
)


def represented(application: Application, person_key: str) -> list[Organisation]:
    """The organisations for which a person signs as their representative (5.3)."""
    parties = {row.party for row in application.contributions} | {application.parent.organisation}
    return [
        organisation
        for organisation in application.organisations
        if organisation.representative == person_key and organisation.key in parties
    ]


def in_own_name(application: Application, person_key: str) -> bool:
    """Whether a person has a part in the application besides representing organisations."""
    return person_key in _texts(application.model_dump(exclude={"people", "organisations"}))


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(_texts, value))
    return {value} if isinstance(value, str) else set()


def wanted(db: Session, row: Invitation) -> list[Organisation]:
    """The organisations of this signer whose licence was not shown yet."""
    application, _ = draft_of(db, row.case_id)
    known = {check.organisation_key for check in proven(db, row)}
    return [o for o in represented(application, row.person_key) if has_licence(o) and o.key not in known]


def has_licence(organisation: Organisation) -> bool:
    """Whether an organisation has a business licence: the first character of its credit code names who registered it,
    9 the registration authorities; public institutions (1), social organisations (5) and others have none (USCC-01, USCC-04).
    """
    return organisation.uscc.startswith("9")


def without_licence(db: Session, row: Invitation) -> list[Organisation]:
    """The organisations for which this person signs as representative, after the own check only (RN-03)."""
    application, _ = draft_of(db, row.case_id)
    return [o for o in represented(application, row.person_key) if not has_licence(o)]


def proven(db: Session, row: Invitation) -> list[LicenceCheck]:
    """The licences that were confirmed, of organisations that the application still names so, in its order."""
    application, _ = draft_of(db, row.case_id)
    query = select(LicenceCheck).where(
        LicenceCheck.invitation_id == row.id, LicenceCheck.checked_at.is_not(None)
    )
    found = {(check.organisation_key, check.uscc, check.organisation): check for check in db.scalars(query)}
    named = [(o.key, o.uscc, o.name) for o in represented(application, row.person_key)]
    return [found[name] for name in named if name in found]


def suffice(db: Session, row: Invitation) -> bool:
    """Whether licences alone open the papers: all that the person signs, the person signs for organisations shown."""
    application, _ = draft_of(db, row.case_id)
    mine = represented(application, row.person_key)
    return bool(mine) and len(proven(db, row)) == len(mine) and not in_own_name(application, row.person_key)


def question(db: Session, row: Invitation, organisation_key: str) -> LicenceCheck | None:
    """The open question about an organisation, if one stands."""
    found = _check(db, row, organisation_key)
    return found if found and found.checked_at is None and found.expires_at > now() else None


def _check(db: Session, row: Invitation, organisation_key: str) -> LicenceCheck | None:
    query = select(LicenceCheck).where(
        LicenceCheck.invitation_id == row.id, LicenceCheck.organisation_key == organisation_key
    )
    return db.scalar(query.execution_options(populate_existing=True))


def _organisation(db: Session, row: Invitation, key: str) -> Organisation:
    application, _ = draft_of(db, row.case_id)
    found = next(
        (o for o in represented(application, row.person_key) if o.key == key and has_licence(o)), None
    )
    if found is None:
        raise NotFound(f"organisation {key}")
    return found


def ask(db: Session, token: str, secret: str, organisation_key: str, gateway: LicenceGateway) -> LicenceCheck:
    """Open a page at the licence service for this organisation; an earlier question about it is void.

    Raises NotFound, NotAllowed, Conflict (`moved_on`, `not_signing`, `link_expired`), RuleViolation, OutsideFailure.
    """
    row = checks.begin(db, token, "admit")
    checks.bound(row, secret)
    organisation = _organisation(db, row, organisation_key)
    purpose = PURPOSE.format(company=db.get_one(Case, row.case_id).name)
    check_id = uuid.uuid4()
    db.commit()
    back = f"{settings().portal_url}/sign-licence/{check_id}"
    page = gateway.ask(f"licence:{check_id}", organisation.name, organisation.uscc, purpose, back)
    row = _same(db, token, secret)
    db.execute(
        delete(LicenceCheck).where(
            LicenceCheck.invitation_id == row.id, LicenceCheck.organisation_key == organisation_key
        )
    )
    check = LicenceCheck(
        id=check_id, invitation_id=row.id, organisation_key=organisation_key, organisation=organisation.name,
        uscc=organisation.uscc, session=page.session, page=page.address,
        expires_at=now() + min(timedelta(seconds=page.seconds), LONGEST),
    )  # fmt: skip
    db.add(check)
    db.flush()
    return check


def _same(db: Session, token: str, secret: str) -> Invitation:
    """The invitation after the service has answered: still the same browser, still before the papers."""
    row = checks.begin(db, token, "admit")
    checks.bound(row, secret)
    return row


def confirm(
    db: Session, token: str, secret: str, organisation_key: str, code: str, gateway: LicenceGateway
) -> Invitation:
    """Take what the holder said. When that suffices the papers open; otherwise the person's own check is left.

    A repeat returns what was found. Raises RuleViolation (each refusal with what to do), NotAllowed, Conflict,
    OutsideFailure: then the code still counts.
    """
    row = by_token(db, token, lock=True)
    checks.bound(row, secret)
    if _is_done(db, row, organisation_key):
        return row
    row = checks.begin(db, token, "admit")
    organisation = _organisation(db, row, organisation_key)
    check = question(db, row, organisation_key)
    code = "".join(code.split())
    if not code:
        raise RuleViolation([Problem("RN-03", "code", NO_CODE)])
    if check is None:
        raise RuleViolation([Problem("RN-03", "", NO_QUESTION)])
    check_id, session = check.id, check.session
    db.commit()
    asked = f"licence:{check_id}:{sha256(code.encode()).hexdigest()[:16]}"
    answer = gateway.answer(asked, session, code, row.name, row.id_number)
    row = by_token(db, token, lock=True)
    if _is_done(db, row, organisation_key):  # the same code was sent twice
        return row
    row = _same(db, token, secret)
    check = _check(db, row, organisation_key)
    if check is None or check.id != check_id:
        raise RuleViolation([Problem("RN-03", "", NO_QUESTION)])
    if answer.result == "wrong_code":
        checks.fail(db, row, "code", WRONG_CODE, "RN-03")
    if words := _objection(answer, organisation):
        db.delete(check)  # the code was for once: the next try asks anew
        db.commit()
        raise RuleViolation([Problem("RN-03", "", words)])
    check.licence_number, check.role, check.reference = answer.number, answer.role, answer.reference[:80]
    check.confirmed_at, check.checked_at = answer.at, now()
    db.flush()
    checks.note(
        db, row, "licence",
        {
            "organisation": check.organisation, "uscc": check.uscc, "licence_number": check.licence_number,
            "role": check.role, "confirmed_at": answer.at.isoformat(timespec="seconds"), "licence_reference": check.reference,
        },
    )  # fmt: skip
    return checks.admit(db, row, "licence", check.reference) if suffice(db, row) else row


def _is_done(db: Session, row: Invitation, organisation_key: str) -> bool:
    check = _check(db, row, organisation_key)
    return check is not None and check.checked_at is not None


def _objection(answer: LicenceAnswer, organisation: Organisation) -> Words | None:
    """Why an answer proves nothing for this organisation and person."""
    if answer.result in ("used", "expired"):
        return NO_QUESTION
    if answer.result != "confirmed":
        return REFUSED
    named = {"name": answer.name, "wanted": organisation.name, "uscc": organisation.uscc}
    if answer.uscc != organisation.uscc:
        return OTHER_LICENCE.format(**named)
    if answer.state != "existing":
        return REVOKED.format(**named)
    if checks.plain(answer.name) != checks.plain(organisation.name):
        return OTHER_NAME.format(**named)
    if not answer.same_person:
        return OTHER_PERSON
    return None if answer.role in ROLES else NO_ROLE
