"""The electronic business licence service (电子营业执照): an organisation proves itself by a holder of its licence (RN-03)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from workflow.errors import OutsideFailure
from workflow.gateways.signed_http import answer_to
from workflow.settings import settings

NEVER = datetime.min.replace(tzinfo=UTC)
RESULTS = ("confirmed", "refused", "wrong_code", "used", "expired")


@dataclass(frozen=True)
class LicencePage:
    """Where the holder is led to; `session` names the question, `seconds` is how long it stands."""

    session: str
    address: str
    seconds: int


@dataclass(frozen=True)
class LicenceAnswer:
    """What a holder said, fetched by the code of once. All but `result` and `reference` only when confirmed.

    `state`: of the licence, existing or revoked. `role`: legal_representative, person_in_charge or authorised.
    `same_person`: the holder has the name and ID number that were asked about.
    """

    result: str
    reference: str
    name: str = ""
    uscc: str = ""
    number: str = ""
    state: str = ""
    holder: str = ""
    role: str = ""
    same_person: bool = False
    at: datetime = NEVER


class LicenceGateway(Protocol):
    """Who holds an organisation's licence?"""

    def ask(
        self, request_id: str, organisation: str, uscc: str, purpose: str, return_url: str
    ) -> LicencePage:
        """Open a page for the holder. Asking again with the same id is asking once. Raises OutsideFailure."""

    def answer(self, request_id: str, session: str, code: str, name: str, id_number: str) -> LicenceAnswer:
        """Fetch what the holder said. The same id again is answered the same again. Raises OutsideFailure."""


class HttpLicenceGateway:
    """The service over HTTP."""

    def ask(
        self, request_id: str, organisation: str, uscc: str, purpose: str, return_url: str
    ) -> LicencePage:
        """See LicenceGateway."""
        asked = {
            "request_id": request_id, "organisation": organisation, "uscc": uscc, "purpose": purpose,
            "return_url": return_url,
        }  # fmt: skip
        said = answer_to(f"{settings().licence_service_url}/sessions", asked, "request_id")
        try:
            page = LicencePage(str(said["session"]), str(said["page"]), int(said["seconds"]))
        except (KeyError, ValueError, TypeError) as error:
            raise OutsideFailure("licence service: no page") from error
        if urlsplit(page.address).scheme not in ("http", "https") or not page.session.replace("-", "").replace("_", "").isalnum():  # fmt: skip
            raise OutsideFailure("licence service: no address of a page")
        return page

    def answer(self, request_id: str, session: str, code: str, name: str, id_number: str) -> LicenceAnswer:
        """See LicenceGateway."""
        asked = {"request_id": request_id, "code": code, "name": name, "id_number": id_number}
        url = f"{settings().licence_service_url}/sessions/{session}/answer"
        said = answer_to(url, asked, "request_id")
        result, reference = said.get("result"), str(said.get("provider_reference") or "")
        if result not in RESULTS:
            raise OutsideFailure(f"licence service answered {result!r}")
        if result != "confirmed":
            return LicenceAnswer(result, reference)
        try:
            licence, holder = said["licence"], said["holder"]
            return LicenceAnswer(
                result, reference, str(licence["name"]), str(licence["uscc"]), str(licence["number"]), str(licence["state"]),
                str(holder["name"]), str(holder["role"]), holder["same_person"] is True,
                datetime.fromisoformat(said["confirmed_at"]),
            )  # fmt: skip
        except (KeyError, ValueError, TypeError) as error:
            raise OutsideFailure("licence service: half an answer") from error
