"""What a registrar and a bank clerk do at their desks."""

import pyotp

from app.seed import PASSWORD, totp_secret
from tests.journeys.visitor import Visitor
from tests.processes import until


def staff_sign_in(visitor: Visitor, number: str) -> None:
    """Number, password and one-time password."""
    totp = pyotp.TOTP(totp_secret(number))
    visitor.open("intranet:/sign-in")
    visitor.mistake("Sign in", "number", "password", "code")
    visitor.fill(number=number, password="wrong", code=totp.now()).mistake("Sign in")
    visitor.fill(number=number, password=PASSWORD, code=totp.now()).press("Sign in")


def approve_name(visitor: Visitor, company: str) -> None:
    """Step 3 at the desk: the next case, no decision without a choice, no refusal without a reason."""
    visitor.open("intranet:/desk").sees(company)
    visitor.press("Take the next case").sees(company)
    visitor.mistake("Decide", "verdict")
    visitor.fill(verdict="refuse").mistake("Decide", "reason")
    with visitor.arrives():  # the keyboard is enough: A approves
        visitor.page.locator("h1").click()
        visitor.page.keyboard.press("a")
        visitor.button("Decide").press("Enter")
    assert company not in visitor.text


def accept_name(visitor: Visitor, number: str) -> None:
    """Step 3 at the desk, without the mistakes."""
    visitor.open("intranet:/desk").press(number, "table")
    visitor.press("Claim this case")
    visitor.fill(verdict="approve").press("Decide")


def return_for_correction(visitor: Visitor, number: str, path: str, words: str) -> None:
    """Step 5b: one value is to be corrected; a return that names none is a mistake, an approval with one too."""
    visitor.open("intranet:/desk").press(number, "table")
    visitor.press("Claim this case")
    visitor.fill(verdict="return").mistake("Decide")
    visitor.page.locator(f"details.q-correct:has([name='text-{path}']) > summary").click()
    visitor.page.locator(f"[name='text-{path}']").fill(words)
    visitor.typed.add(words)
    visitor.fill(verdict="approve").mistake("Decide", "verdict")
    visitor.fill(verdict="return").press("Decide")
    visitor.press("Returned", "nav, .q-tabs").sees(number)


def approve(visitor: Visitor, number: str, *changed: str) -> None:
    """Step 5b: the second look shows what changed since the first; papers and signatures are there; approved."""
    visitor.open("intranet:/desk").press(number, "table")
    visitor.press("Claim this case")
    visitor.sees(*changed, visitor.say("All rules pass."))
    visitor.fill(verdict="refuse", reason="").mistake("Decide")
    visitor.fill(verdict="approve", reason="材料齐全，符合法定形式。").press("Decide")
    visitor.press("Decided by me", "nav, .q-tabs").sees(number)


def bank_sign_in(visitor: Visitor, bank: str) -> None:
    """A clerk of a bank."""
    visitor.open("bank:/sign-in")
    visitor.mistake("Sign in", "username", "password")
    visitor.fill(username=f"bank{bank}", password="wrong").mistake("Sign in")
    visitor.fill(username=f"bank{bank}", password=PASSWORD).press("Sign in")


def open_account(visitor: Visitor, company: str) -> None:
    """Step 7 at the bank, once its own system has passed the file to the branch: offered, verified, open."""
    visitor.open("bank:/desk").sees(company)
    with visitor.arrives():
        visitor.page.locator("main tbody tr").filter(has_text=company).locator("a").first.click()
    until(lambda: _offers(visitor, "appointment"), what="the branch")
    visitor.open(visitor.page.url).sees(company)
    visitor.mistake("Report", "status")
    visitor.fill(status="more_information").mistake("Report", "text")
    visitor.fill(status="appointment", text="请法定代表人于下周一上午带身份证原件到网点（虚构）。").press(
        "Report"
    )
    visitor.fill(status="intention_verified").press("Report")
    visitor.fill(status="opened").mistake("Report", "account_number")
    visitor.fill(status="opened", account_number="6200000000001234").press("Report")
    visitor.sees(visitor.say("Account opened"))


def _offers(visitor: Visitor, status: str) -> bool:
    visitor.page.reload()
    steps = [e.get_attribute("value") for e in visitor.page.locator("[name=status]").all()]
    return status in steps and "branch_assigned" not in steps
