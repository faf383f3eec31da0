"""Reading policies."""

from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow.clock import today
from workflow.policies.models import Policy

# The rules of today (domain rules, section 0); the procedure of 2018 is `name_review: all`.
DEFAULTS: dict[str, Any] = {
    "name_review": "findings",  # all | findings | none: which names a registrar looks at (0.1)
    "reservation_months": 2,  # NM-44
    "straight_through": False,  # approval without an examiner when no rule finds anything
    "signature_suite": "p256",  # of the authority's seals: p256 | sm2 (ES-22)
    "scope_style": "split",  # split (SC-03) | single (SC-04)
    "address_proof": "commitment",  # ADR-03: commitment | proof
    "keep_face_frame": True,  # HB-09; False keeps the verdict only
    "face_frame_days": 3
    * 365,  # how long a kept frame stays: the general limitation period (Civil Code, Art. 188)
    "passkey_check_days": 365,  # how long a kept passkey stands for the check after which it was made; 0: not at all
    "face_liveness": "preferred",  # required: a face counts only with movements in front of the camera
    "decision_days": 3,  # PRO-04, working days
    "claim_minutes": 30,  # how long a registrar holds a case without touching it
    "names_per_person": 5,  # NM-48
    "review_body": "",  # PRO-08: who reviews a refusal, and which court; empty: derived from the authority's place
    "court": "",
    # Archive stamps (ES-01): a digest is not relied on after its day; how long before an end a stamp is renewed.
    "digest_sunsets": {"sha256": "2039-12-31", "sha384": "2049-12-31"},
    "archive_renew_days": 365,
    "archive_after_days": 90,  # a case whose applicant never closes it is archived all the same
    "superseded_days": 30,  # how long the file before a stamp is kept beside the one that repeats it
}


def policy(db: Session, key: str, authority_code: str = "", on: date | None = None) -> Any:
    """The value in force for an authority on a day (today by default). Raises KeyError for an unknown key."""
    day = on or today()
    row = db.scalar(
        select(Policy.value)
        .where(
            Policy.key == key,
            Policy.authority_code.in_(["", authority_code]),
            Policy.valid_from <= day,
            or_(Policy.valid_to.is_(None), Policy.valid_to >= day),
        )
        .order_by(Policy.authority_code.desc(), Policy.valid_from.desc(), Policy.created_at.desc())
        .limit(1)
    )
    return DEFAULTS[key] if row is None else row
