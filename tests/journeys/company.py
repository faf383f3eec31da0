"""From the signed papers to the open account, as the applicant sees it."""

from tests.journeys.applicant import case_number, read_qr
from tests.journeys.platform import Platform
from tests.journeys.visitor import Visitor
from tests.processes import until


def submit(visitor: Visitor) -> None:
    """Handed in with the promise of honesty; the page says what comes next."""
    visitor.wait_for("Go on to submit").press("Go on to submit")
    visitor.mistake("Submit", "honest")
    visitor.fill(honest=True).press("Submit")
    visitor.sees(case_number(visitor))
    visitor.press("Follow the case").sees(visitor.say("The authority is examining the application"))


def correct_address(visitor: Visitor, words: str, text: str) -> None:
    """What the notice names is open, the rest is closed; whose signatures fall is said before; papers made anew."""
    visitor.open(f"portal:/cases/{case_number(visitor)}")
    visitor.press("Correct", ".q-next").sees(words)
    visitor.press("Capital")
    assert not visitor.page.locator("main [name=capital]").count(), "the capital can be changed"
    visitor.press("Back", "nav.q-back")
    visitor.press("Address and authority")
    visitor.fill(text="").mistake("Save and continue", "text")
    visitor.fill(text=text).press("Save and continue").press("Yes, this is right")
    visitor.open(f"portal:/cases/{case_number(visitor)}/application/check")
    visitor.sees(text, visitor.say("These signatures will fall, because their papers change"))
    visitor.press("Make the papers and invite the signers")


def see_licence(
    platform: Platform, visitor: Visitor, stranger: Visitor, phone: str, company: str, *facts: str
) -> None:
    """Step 6: the licence, sealed; its QR code leads anybody to a page that says it counts."""
    platform.wait_for_sms(phone, "已成立" if not visitor.english else "established")
    visitor.open(f"portal:/cases/{case_number(visitor)}/licence").sees(company, *facts)
    for link in ("Open the licence (PDF)", "Duplicate (PDF)", "Registration notice (PDF)"):
        href = visitor.button(link).get_attribute("href")
        answer = visitor.page.context.request.get(visitor.urls["portal"] + (href or ""))
        assert answer.body().startswith(b"%PDF"), f"{link}: {answer.status}"
    stranger.open(read_qr(visitor)).sees(company)


def choose_bank(visitor: Visitor, branch: str) -> None:
    """Step 7: no bank without a choice and a consent."""
    number = case_number(visitor)
    visitor.open(f"portal:/cases/{number}").press("Choose a bank", ".q-next")
    visitor.fill(consent=True).mistake("Agree and send", "branch")
    visitor.fill(branch=branch, consent=False).mistake("Agree and send", "consent")
    visitor.fill(branch=branch, consent=True).press("Agree and send")


def see_account(visitor: Visitor) -> None:
    """Followed by itself, until the account is open and the case is closed."""
    opened = visitor.page.get_by_text(visitor.say("The account is open")).first
    if visitor.scripts:
        opened.wait_for()
        visitor.check_quiet()
    else:
        until(lambda: visitor.page.reload() and opened.count(), what="the account")
    visitor.open(f"portal:/cases/{case_number(visitor)}").sees(visitor.say("All seven steps are done"))
    for link in visitor.page.locator(".q-documents a").all():
        answer = visitor.page.context.request.get(visitor.urls["portal"] + (link.get_attribute("href") or ""))
        assert answer.body().startswith(b"%PDF"), f"{link.inner_text()}: {answer.status}"


def change_telephone(visitor: Visitor, number: str) -> None:
    """Changed while papers are out: it is said before whose signatures fall, then the papers are made anew."""
    visitor.press("Change the application").press("Open it for changes")
    visitor.press("Liaison officer")
    visitor.fill(phone=number).press("Save and continue")
    visitor.open(f"portal:/cases/{case_number(visitor)}/application/check")
    visitor.sees(number, visitor.say("These signatures will fall, because their papers change"))
    visitor.press("Make the papers and invite the signers")
