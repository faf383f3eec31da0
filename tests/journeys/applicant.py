"""What an applicant does at the portal, page by page, with a mistake on each form before it is right."""

import subprocess
from datetime import date, timedelta
from pathlib import Path

from tests.journeys.platform import Platform
from tests.journeys.visitor import Visitor


def sign_up(visitor: Visitor, person: dict) -> None:
    """Step 1: four elements, one page each; each is checked before the next is asked."""
    card = person["cards"][0]
    visitor.open("portal:/").press("Start")
    visitor.press("Start with a bank card")
    visitor.mistake("Check and continue", "name")
    visitor.fill(name=person["name"]).press("Check and continue")
    wrong = person["id_number"][:-1] + ("1" if person["id_number"][-1] != "1" else "2")
    visitor.fill(id_number=wrong).mistake("Check and continue", "id_number")
    visitor.fill(id_number=person["id_number"]).press("Check and continue")
    visitor.fill(card_number="9999 0000").mistake("Check and continue", "card_number")
    spaced = " ".join(card["number"][i : i + 4] for i in range(0, len(card["number"]), 4))
    visitor.fill(card_number=spaced).press("Check and continue")
    visitor.fill(phone="1234").mistake("Check and continue", "phone")
    visitor.fill(phone=card["phone"]).press("Check and continue")
    visitor.sees(visitor.say("You are signed up"), card["phone"][:3] + "****" + card["phone"][-4:])


def sign_in(platform: Platform, visitor: Visitor, person: dict) -> None:
    """Step 2: a code by SMS."""
    phone = person["phone"]
    words = "code" if visitor.english else "验证码"
    seen = sum(words in text for text in platform.sms(phone))
    visitor.open("portal:/sign-in")
    visitor.fill(phone="").mistake("Send the code", "phone")
    visitor.fill(phone=phone).press("Send the code")
    text = platform.wait_for_sms(phone, words, seen)
    code = next(part for part in _digits(text) if len(part) == 6)
    visitor.fill(code=f"{(int(code) + 1) % 10**6:06}").mistake("Sign in", "code")
    visitor.fill(code=code).press("Sign in")


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


def open_case(visitor: Visitor, who: str = "alone") -> str:
    """A limited liability company, found by two questions. Returns the case's number."""
    visitor.press("Open a case")
    visitor.fill(who=who).press("See what suits").sees(visitor.say("Answer both questions."))
    visitor.fill(liability="limited").press("See what suits")
    visitor.press("Open a case", ".q-next")
    return visitor.page.url.rpartition("/")[2]


def declare_name(visitor: Visitor, trade_name: str) -> None:
    """Step 3: the parts, checked while one types; the commitment; declared."""
    visitor.press("Choose a name", ".q-next")
    visitor.mistake("Declare this name", "area", "trade_name", "industry")
    visitor.fill(area="420106")
    if visitor.scripts:
        visitor.page.wait_for_function("document.querySelector('[name=division]').options.length > 2")
    visitor.fill(trade_name="中国", industry="软件")
    if visitor.scripts:
        visitor.page.locator("#answer .is-failing").first.wait_for()
    else:
        visitor.press("Check this name")
        assert visitor.page.locator("#answer .is-failing").count()
    visitor.picture("name-not-allowed")
    visitor.fill(division="武汉", trade_name=trade_name, form="有限公司")
    visitor.mistake("Declare this name", "committed")
    visitor.fill(committed=True).press("Declare this name")
    visitor.sees(f"武汉{trade_name}软件有限公司", visitor.say("A registrar is looking at the name"))


def fill_address(visitor: Visitor, text: str = "武汉市武昌区东湖路105号") -> None:
    """Step 4a: free text is read; what was understood is confirmed."""
    visitor.press("Address and authority")
    visitor.fill(text="", use="commercial").mistake("Save and continue", "text")
    visitor.fill(text=text, commitment=True).press("Save and continue")
    visitor.sees("武昌区")
    visitor.press("Yes, this is right")


def choose_scope(visitor: Visitor, term: str, wanted: str) -> None:
    """Step 4b: found by keyword, added, continued; nothing chosen is a mistake."""
    visitor.mistake("Save and continue")
    visitor.page.locator("#q").fill(term)
    if visitor.scripts:
        visitor.page.locator("#hits").get_by_text(wanted, exact=True).first.wait_for()
    else:
        visitor.press("Search")
    visitor.picture("scope-hits")
    item = visitor.page.locator("#hits li, #hits tr, #hits .q-hit").filter(has_text=wanted)
    with visitor.arrives():
        item.first.get_by_role("button").first.click()
    visitor.sees(wanted)
    visitor.press("Save and continue")


def fill_capital(visitor: Visitor, wan: int) -> None:
    """Step 4c: an amount in ten thousand yuan, without limit of time."""
    visitor.fill(capital="五十", term="long").mistake("Save and continue", "capital")
    visitor.fill(capital=wan).press("Save and continue")


def add_known_shareholder(visitor: Visitor, person: dict, wan: int) -> None:
    """Step 4d: the applicant, whose identity is known already."""
    visitor.press(person["name"])
    visitor.fill(subscribed="").mistake("Save", "subscribed")
    last = date.today() + timedelta(days=4 * 365)
    visitor.fill(subscribed=wan, due=(last.year, last.month, last.day), address=person["address"]).press(
        "Save"
    )
    visitor.sees(person["name"])


def add_shareholder(visitor: Visitor, person: dict, wan: int) -> None:
    """Step 4d: somebody else."""
    visitor.press("Another person")
    visitor.fill(name=person["name"], id_number="990000", phone=person["phone"], email=person["email"])
    visitor.fill(address=person["address"], subscribed=wan).mistake("Save", "id_number")
    visitor.fill(id_number=person["id_number"]).press("Save")
    visitor.sees(person["name"])


def fill_officers(visitor: Visitor, head: dict, supervisor: dict | None = None) -> None:
    """Step 4e: what was suggested is kept; a supervisor is added where there is one."""
    if supervisor:
        visitor.press("Add a person")
        visitor.fill(name=supervisor["name"], id_number=supervisor["id_number"], phone="123").mistake(
            "Save", "phone"
        )
        visitor.fill(phone=supervisor["phone"], address=supervisor["address"]).press("Save")
    visitor.fill(board="director", director=head["name"], legal_representative="")
    visitor.mistake("Save and continue", "legal_representative")
    visitor.fill(legal_representative=head["name"], finance_chief=head["name"])
    if supervisor:
        visitor.fill(supervision="supervisor", supervisor=head["name"]).mistake(
            "Save and continue", "supervisor"
        )
        visitor.fill(supervisor=supervisor["name"])
    else:
        visitor.fill(supervision="none")
    visitor.press("Save and continue")


def fill_liaison(visitor: Visitor, person: dict) -> None:
    """Step 4f: who is reached."""
    visitor.fill(person=person["name"], email="没有").mistake("Save and continue", "email")
    visitor.fill(email=person["email"], phone="027-12345678").press("Save and continue")


def fill_beneficial(visitor: Visitor) -> None:
    """Step 4g: an owner below the threshold is none; then the exemption."""
    visitor.fill(exempt="no", owners="p1", share_p1="10").mistake("Save and continue", "share_p1")
    visitor.fill(exempt="yes").press("Save and continue")


def fill_submitter(visitor: Visitor, person: dict) -> None:
    """Step 4h: an agent must have declared the role; then the liaison officer."""
    visitor.fill(person=person["name"], role="agent").mistake("Save and continue", "agent_declared")
    visitor.fill(role="liaison", may_correct=True, may_receive=True).press("Save and continue")


def upload_from_phone(visitor: Visitor, phone: Visitor, photo: Path) -> None:
    """Step 4i: what is no picture is refused; the desk's QR code leads the phone to its page; the photo arrives."""
    number = case_number(visitor)
    visitor.open(f"portal:/cases/{number}/attachments")
    visitor.mistake("Upload", "files")
    visitor.page.locator("main input[type=file]").set_input_files(
        {"name": "证明.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    )
    visitor.page.get_by_role("button", name=visitor.say("Upload"), exact=True).click()
    visitor.page.locator(".q-uploads .govuk-error-message").wait_for()
    assert len(visitor.wrong) == 1 and visitor.wrong.pop().startswith("422 POST")
    visitor.page.locator("#link-kind").select_option("other")
    visitor.press("Show a QR code")
    phone.open(read_qr(visitor))
    phone.page.context.set_offline(True)
    phone.page.locator("input[name=files]").set_input_files(photo)
    phone.page.get_by_text(phone.say("No connection. It goes on by itself when you are back.")).wait_for()
    phone.wrong.clear()
    phone.page.context.set_offline(False)
    phone.page.get_by_text(
        phone.say("%(name)s has arrived. It stands in the list.", name=photo.name)
    ).wait_for()
    phone.page.locator("#file-list .q-file").wait_for()
    phone.check_quiet()
    phone.picture("sent")
    visitor.page.get_by_text(f"{photo.stem}.pdf", exact=True).wait_for()
    visitor.check_quiet()
    visitor.picture("arrived")


def read_qr(visitor: Visitor) -> str:
    """What a phone's camera reads from the QR code on the screen."""
    picture = visitor.page.locator("svg.q-qr").screenshot(caret="initial", scale="css")
    read = subprocess.run(["zbarimg", "-q", "--raw", "-"], input=picture, capture_output=True, check=True)
    return read.stdout.decode().strip()


def make_papers(visitor: Visitor, *seen: str) -> None:
    """Step 4j: check the answers; one click makes the papers and invites the signers."""
    visitor.open(f"portal:/cases/{case_number(visitor)}/application/check")
    visitor.sees(*seen)
    visitor.press("Make the papers and invite the signers")


def case_number(visitor: Visitor) -> str:
    """The number of the case whose page is open."""
    return visitor.page.url.partition("/cases/")[2].partition("/")[0]
