"""The SMS gateway. Sending again with the same message id is sending once."""

from typing import Protocol

from workflow.errors import OutsideFailure
from workflow.gateways.signed_http import answer_to
from workflow.settings import settings


class SmsGateway(Protocol):
    """Sends text messages."""

    def send(self, message_id: str, phone: str, text: str) -> str:
        """Send; return the provider's id. Raises OutsideFailure."""


class HttpSmsGateway:
    """The gateway over HTTP."""

    def send(self, message_id: str, phone: str, text: str) -> str:
        """See SmsGateway."""
        message = {"message_id": message_id, "phone": phone, "text": text}
        answer = answer_to(f"{settings().sms_service_url}/send", message, "message_id")
        if not answer.get("accepted") or not answer.get("provider_id"):
            raise OutsideFailure("the SMS gateway did not accept the message")
        return str(answer["provider_id"])
