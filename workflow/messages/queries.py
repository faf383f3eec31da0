"""Reading messages."""

import uuid

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow.case import Case
from workflow.messages.models import Message


def messages_of_case(db: Session, case_id: uuid.UUID) -> list[Message]:
    """All messages about a case, oldest first."""
    return list(db.scalars(select(Message).where(Message.case_id == case_id).order_by(Message.created_at)))


def messages_of_cases(db: Session, case_ids: list[uuid.UUID], limit: int, offset: int = 0) -> list[Message]:
    """Messages about several cases, newest first."""
    query = select(Message).where(Message.case_id.in_(case_ids)).order_by(Message.created_at.desc())
    return list(db.scalars(query.limit(limit).offset(offset)))


def messages_of_owner(owner_id: uuid.UUID) -> Select[Message, Case]:
    """Messages about somebody's cases with the case, newest first."""
    query = select(Message, Case).join(Case, Case.id == Message.case_id).where(Case.owner_id == owner_id)
    return query.order_by(Message.created_at.desc(), Message.id)
