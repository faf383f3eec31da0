"""The identity service: ID data, face, and the lawful alternative to a face (RN-02: notarised or desk check)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from workflow.errors import OutsideFailure
from workflow.gateways.signed_http import answer_to
from workflow.settings import settings


@dataclass(frozen=True)
class IdentityVerdict:
    """The service's answer with its own reference, kept as evidence (ES-21)."""

    matches: bool
    reference: str
    score: float | None = None


class IdentityGateway(Protocol):
    """Who is this?"""

    def check_id(self, request_id: str, name: str, id_number: str) -> IdentityVerdict:
        """Do name and number belong together? Raises OutsideFailure."""

    def check_face(self, request_id: str, name: str, id_number: str, frame: bytes) -> IdentityVerdict:
        """Is the face in this JPEG or PNG that person's? Raises OutsideFailure."""

    def check_code(self, request_id: str, name: str, id_number: str, code: str) -> IdentityVerdict:
        """Is this the code that a notary or registration desk gave that person? Raises OutsideFailure."""

    def check_live(
        self, request_id: str, name: str, id_number: str, frame: bytes, moves: Sequence[tuple[str, bytes]]
    ) -> IdentityVerdict:
        """Is a living person before the camera, the one in `frame`? `moves`: each movement asked for, and its picture.

        Raises OutsideFailure.
        """


class HttpIdentityGateway:
    """The service over HTTP."""

    def _ask(self, path: str, payload: dict[str, Any]) -> IdentityVerdict:
        answer = answer_to(f"{settings().identity_service_url}/{path}", payload, "request_id")
        if answer.get("result") not in ("match", "mismatch", "unknown"):
            raise OutsideFailure(f"identity service answered {answer.get('result')!r}")
        return IdentityVerdict(
            answer["result"] == "match", str(answer.get("provider_reference") or ""), answer.get("score")
        )

    def check_id(self, request_id: str, name: str, id_number: str) -> IdentityVerdict:
        """See IdentityGateway."""
        return self._ask("id-check", {"request_id": request_id, "name": name, "id_number": id_number})

    def check_face(self, request_id: str, name: str, id_number: str, frame: bytes) -> IdentityVerdict:
        """See IdentityGateway."""
        encoded = base64.b64encode(frame).decode()
        return self._ask(
            "face-check", {"request_id": request_id, "name": name, "id_number": id_number, "frame": encoded}
        )

    def check_code(self, request_id: str, name: str, id_number: str, code: str) -> IdentityVerdict:
        """See IdentityGateway."""
        return self._ask(
            "notary-code", {"request_id": request_id, "name": name, "id_number": id_number, "code": code}
        )

    def check_live(
        self, request_id: str, name: str, id_number: str, frame: bytes, moves: Sequence[tuple[str, bytes]]
    ) -> IdentityVerdict:
        """See IdentityGateway."""
        seen = [{"prompt": prompt, "frame": base64.b64encode(picture).decode()} for prompt, picture in moves]
        asked = {"request_id": request_id, "name": name, "id_number": id_number, "moves": seen}
        return self._ask("liveness", asked | {"frame": base64.b64encode(frame).decode()})
