"""Mail over SMTP. The Message-ID is the message's own id, so a second delivery is recognisable as such."""

import smtplib
from email.message import EmailMessage
from typing import Protocol

from workflow.errors import OutsideFailure
from workflow.settings import settings


class MailGateway(Protocol):
    """Sends mail."""

    def send(self, message_id: str, to: str, subject: str, text: str) -> str:
        """Send; return the Message-ID. Raises OutsideFailure."""


class SmtpMailGateway:
    """Mail over SMTP."""

    def send(self, message_id: str, to: str, subject: str, text: str) -> str:
        """See MailGateway."""
        config = settings()
        mail = EmailMessage()
        mail["From"] = "Qibu <no-reply@qibu.example>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{message_id}@qibu.example>"
        mail.set_content(text)
        try:
            with smtplib.SMTP(
                config.smtp_host, config.smtp_port, timeout=config.outside_timeout_seconds
            ) as server:
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise OutsideFailure(f"SMTP: {type(error).__name__}") from error
        return str(mail["Message-ID"])
