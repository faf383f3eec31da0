"""What signing needs in tests: an identity service that answers as told, a face, the link in the SMS."""

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes

from tests.authenticator import Authenticator
from workflow.errors import OutsideFailure
from workflow.gateways.identity import IdentityVerdict
from workflow.messages.models import Message
from workflow.signatures import control, signing


@dataclass
class Identity:
    """An identity service: knows everybody, unless told otherwise; remembers what it was asked."""

    person: bool = True
    face: bool = True
    live: bool = True
    code: str = "12345678"
    down: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def _answer(self, matches: bool, *asked: str) -> IdentityVerdict:
        self.asked.append(asked)
        if self.down:
            raise OutsideFailure("no answer")
        return IdentityVerdict(matches, f"ref-{len(self.asked)}", 99.0)

    def check_id(self, request_id: str, name: str, id_number: str) -> IdentityVerdict:
        return self._answer(self.person, request_id, name, id_number)

    def check_face(self, request_id: str, name: str, id_number: str, frame: bytes) -> IdentityVerdict:
        return self._answer(self.face, request_id, name, id_number, str(len(frame)))

    def check_live(self, request_id: str, name: str, id_number: str, frame: bytes, moves) -> IdentityVerdict:
        return self._answer(self.live, request_id, name, id_number, *(prompt for prompt, _ in moves))

    def check_code(self, request_id: str, name: str, id_number: str, code: str) -> IdentityVerdict:
        return self._answer(code == self.code, request_id, name, id_number, code)


def portrait(kind: str = "JPEG", size: tuple[int, int] = (320, 320)) -> bytes:
    """A picture that could be a photo."""
    out = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, kind)
    return out.getvalue()


def token_of(db, row) -> str:
    """The token in the newest SMS of an invitation."""
    key = f"sign_invitation:{row.id}:{row.sent_count}:sms"
    message = db.scalars(select(Message).where(Message.key == key)).one()
    return message.body.split("/sign/")[1].split(" ")[0]


HERE = "http://localhost:8001/"  # where a page of the signer's is open: a passkey can be made there
PIN_CODE = "739164"


def keep_by_pin(db, token: str, secret: str, pin: str = PIN_CODE) -> None:
    """The signer sets a PIN."""
    control.keep_by_pin(db, token, secret, pin, pin)


def keep_by_passkey(db, token: str, secret: str, holder: Authenticator) -> None:
    """The signer's phone makes a passkey."""
    options = control.passkey_options(db, token, secret, HERE)
    answer = holder.register(base64url_to_bytes(options["challenge"]))
    control.keep_by_passkey(db, token, secret, answer, HERE)


def act_of(db, row, consent: bool = True, pin: str = PIN_CODE, answer: str = "", **other: str) -> signing.Act:
    """What the signer sends after reading: the papers as the page shows them now."""
    return signing.Act(consent, signing.shown_to(db, row), pin, answer, **other)
