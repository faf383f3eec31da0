"""What a signer does on the phone: the link from the SMS, who they are, their face or a code, read, sign."""

import re

from playwright.sync_api import CDPSession

from tests.journeys.platform import Platform
from tests.journeys.visitor import Visitor

PIN = "739164"


def link_of(platform: Platform, phone: str, seen: int = 0) -> str:
    """The link in the newest invitation that a phone received, after `seen` of them."""
    text = platform.wait_for_sms(phone, "/sign/", seen)
    return re.search(r"http\S+/sign/[\w-]+", text).group()


def invitations(platform: Platform, phone: str) -> int:
    """How many invitations a phone has received."""
    return sum("/sign/" in text for text in platform.sms(phone))


def identify(visitor: Visitor, link: str, person: dict, company: str) -> None:
    """Who asks is told first; somebody else's name opens nothing."""
    visitor.open(link).sees(company)
    visitor.press("Begin")
    visitor.mistake("Continue", "name", "id_number")
    visitor.fill(name="王五", id_number=person["id_number"]).mistake("Continue")
    visitor.open(link + "/papers")
    assert visitor.page.url.endswith("/identity"), "the papers opened before anybody was identified"
    visitor.fill(name=person["name"], id_number=person["id_number"]).press("Continue")


def show_face(visitor: Visitor) -> None:
    """The camera's pictures, straight and with the two movements; without consent it goes nowhere, without a picture there is nothing to compare."""
    visitor.mistake("Check and continue", "consent")
    visitor.fill(consent=True).mistake("Check and continue", "frame")
    visitor.page.locator("[data-camera-open]").click()
    for step in ("1/3", "2/3", "3/3"):
        visitor.page.locator("[data-camera-says]").get_by_text(step).wait_for()
        visitor.page.wait_for_timeout(300)  # Chromium's own camera moves on
        visitor.page.locator("[data-camera-take]").click()
    visitor.page.get_by_text(visitor.say("The pictures are taken. You can take them again.")).wait_for()
    visitor.picture("camera")
    visitor.fill(consent=True).press("Check and continue")


def show_picture(visitor: Visitor, face: bytes, passes: bool = True) -> None:
    """A photo from the phone instead of the camera's picture."""
    photo = {"name": "face.png", "mimeType": "image/png", "buffer": face}
    visitor.page.locator("[name=frame]").set_input_files(photo)
    visitor.fill(consent=True)
    if passes:
        visitor.press("Check and continue")
    else:
        visitor.mistake("Check and continue")


def give_code(visitor: Visitor, person: dict) -> None:
    """The lawful other way: a code from the registration desk."""
    visitor.press("I do not want to use my face: use a verification code")
    visitor.fill(code="00000000").mistake("Check and continue", "code")
    visitor.fill(code=person["notary_code"]).press("Check and continue")


def set_pin(visitor: Visitor) -> None:
    """A PIN that is easy to guess is refused; a good one is taken, with scripts or without."""
    if visitor.scripts:
        other = visitor.page.locator("details[data-passkey-other]:not([open]) summary")
        if other.count():
            other.click()
    visitor.fill(pin="123456", again="123456").mistake("Set the PIN and continue", "pin")
    visitor.fill(pin=PIN, again=PIN)
    visitor.picture("pin")
    visitor.press("Set the PIN and continue")


def use_own_passkey(visitor: Visitor) -> None:
    """The passkey of the account shows that it is its person; then it is chosen to sign with."""
    visitor.press("Use my passkey")
    with visitor.arrives():
        visitor.page.locator("[data-passkey-have] button").click()


def make_passkey(visitor: Visitor, keep: bool = False) -> None:
    """The phone's own authenticator makes a passkey, for this signature or to stay in the account."""
    button = visitor.page.locator("[data-passkey-go]")
    button.wait_for()
    if keep:
        visitor.fill(keep=True)
    visitor.picture("passkey")
    with visitor.arrives():
        button.click()


def authenticator(visitor: Visitor) -> tuple[CDPSession, str]:
    """A phone with face or finger check: Chromium's virtual authenticator."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def sign_by_passkey(visitor: Visitor, phone: tuple[CDPSession, str], *titles: str) -> None:
    """A phone that does not know the face signs nothing; one that does signs everything in one touch."""
    session, identity = phone
    visitor.sees(*titles)
    visitor.fill(consent=True)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": identity, "isUserVerified": False})
    visitor.page.get_by_role("button", name=visitor.say("Sign all")).click()
    visitor.page.locator("[data-passkey-says]:not([hidden])").wait_for()
    visitor.picture("not-confirmed")
    visitor.page.wait_for_timeout(1100)  # a second press within a second counts as the first
    session.send("WebAuthn.setUserVerified", {"authenticatorId": identity, "isUserVerified": True})
    visitor.press("Sign all")
    visitor.sees(visitor.say("Signed"), *titles)


def sign(visitor: Visitor, *titles: str) -> None:
    """Each paper can be read; signing needs the consent and the PIN; afterwards the copies are there."""
    visitor.sees(*titles)
    with visitor.arrives():
        visitor.page.locator(".q-signer__name a").first.click()
    for sheet in visitor.page.locator("img.q-sheet").all()[:1]:
        sheet.evaluate("e => e.decode()")
    visitor.check_quiet()
    visitor.picture("first-sheet")
    visitor.press("Back to all papers")
    visitor.mistake("Sign all", "consent")
    visitor.fill(consent=True, pin=PIN).press("Sign all")
    visitor.sees(visitor.say("Signed"), *titles)
