"""The table of messages, which is also the delivery log."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Id, Now
from workflow.personal import Encrypted


class Message(Base):
    """One SMS or mail. `key` names the occasion, so that no occasion sends twice."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_recipient", "recipient_index", "created_at"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(160), unique=True)
    channel: Mapped[str] = mapped_column(String(8))  # sms | mail
    recipient: Mapped[str] = mapped_column(Encrypted)
    recipient_index: Mapped[bytes]
    template: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Encrypted)  # may hold a one-time code
    private: Mapped[bool] = mapped_column(default=False)  # codes and links: not shown in the portal
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # waiting | sent | failed | dropped
    tries: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str] = mapped_column(String(200), default="")
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[Now]
    sent_at: Mapped[datetime | None]
