"""The bank-card four-element service (RN-06): name, ID number, card number, reserved phone."""

from dataclasses import dataclass
from typing import Protocol

from workflow.errors import OutsideFailure
from workflow.gateways.signed_http import answer_to
from workflow.settings import settings

ELEMENTS = ("name", "id_number", "card_number", "phone")


@dataclass(frozen=True)
class CardVerdict:
    """Whether the elements belong together; `mismatch` names the first that does not."""

    matches: bool
    mismatch: str = ""
    bank: str = ""


class CardGateway(Protocol):
    """Checks the elements given so far."""

    def verify(self, request_id: str, elements: dict[str, str]) -> CardVerdict:
        """Check `elements` (a prefix of ELEMENTS). Asking again with the same id is asking once.

        Raises OutsideFailure when there is no usable answer."""


class HttpCardGateway:
    """The service over HTTP."""

    def verify(self, request_id: str, elements: dict[str, str]) -> CardVerdict:
        """See CardGateway."""
        question = {"request_id": request_id, **elements}
        answer = answer_to(f"{settings().card_service_url}/verify", question, "request_id")
        result = answer.get("result")
        if result not in ("match", "mismatch", "unknown"):
            raise OutsideFailure(f"card service answered {result!r}")
        last = [element for element in ELEMENTS if element in elements][-1]
        return CardVerdict(
            result == "match",
            "" if result == "match" else answer.get("mismatch") or last,
            answer.get("bank") or "",
        )
