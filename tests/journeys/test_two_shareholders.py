"""Two shareholders and a supervisor: three signers, one with a PIN and no scripts, by code; two with a passkey, one of them
in English, one with a passkey of the account that stands for the face the second time; the applicant has no scripts."""

import pytest

from tests.journeys import applicant, company, office, signer
from tests.journeys.platform import Platform

pytestmark = pytest.mark.journey

NAME = "武汉澄霁软件有限公司"
ARTICLES = "公司章程"


def test_two_shareholders_and_a_supervisor(platform: Platform):
    platform.switch(bank__auto=True, bank__step_seconds=0.2, bank__routing_seconds=0.2)
    li, wang, zhao = (platform.person(label) for label in ("小李", "小王", "小赵"))
    desk = platform.visitor("li", scripts=False)
    applicant.sign_up(desk, li)
    applicant.sign_in(platform, desk, li)
    number = applicant.open_case(desk, "others")
    applicant.declare_name(desk, "澄霁")

    registrar = platform.visitor("registrar-2", english=True)
    office.staff_sign_in(registrar, "0523")
    office.approve_name(registrar, NAME)
    desk.wait_for("Go on with the application").press("Go on with the application")

    applicant.fill_address(desk)
    applicant.choose_scope(desk, "软件开发", "软件开发")
    applicant.fill_capital(desk, 50)
    applicant.add_known_shareholder(desk, li, 30)
    desk.sees(desk.say("Does not add up"))
    applicant.add_shareholder(desk, wang, 20)
    desk.sees(desk.say("Adds up"), "40").press("Continue")
    applicant.fill_officers(desk, li, supervisor=zhao)
    applicant.fill_liaison(desk, li)
    applicant.fill_beneficial(desk)
    applicant.fill_submitter(desk, li)
    applicant.make_papers(desk, NAME, wang["name"], zhao["name"])
    desk.sees(wang["name"], zhao["name"])

    phone = platform.visitor("li-phone", phone=True)
    passkey = signer.authenticator(phone)
    signer.identify(phone, signer.link_of(platform, li["phone"]), li, NAME)
    signer.show_picture(phone, platform.face(li))
    signer.make_passkey(phone, keep=True)
    signer.sign_by_passkey(phone, passkey, ARTICLES)

    desk.open(desk.page.url)
    invited = signer.invitations(platform, li["phone"])
    company.change_telephone(desk, "027-87654321")
    signer.identify(phone, signer.link_of(platform, li["phone"], invited), li, NAME)
    signer.use_own_passkey(phone)
    signer.sign_by_passkey(phone, passkey)

    phone = platform.visitor("wang-phone", phone=True, english=True)
    passkey = signer.authenticator(phone)
    signer.identify(phone, signer.link_of(platform, wang["phone"]), wang, NAME)
    signer.show_picture(phone, platform.face(wang))
    signer.make_passkey(phone)
    signer.sign_by_passkey(phone, passkey, ARTICLES)

    phone = platform.visitor("zhao-phone", phone=True, scripts=False)
    signer.identify(phone, signer.link_of(platform, zhao["phone"]), zhao, NAME)
    signer.show_picture(phone, platform.face(zhao), passes=False)
    signer.give_code(phone, zhao)
    signer.set_pin(phone)
    signer.sign(phone)

    company.submit(desk)
    office.approve(registrar, number)
    stranger = platform.visitor("stranger-2", phone=True, english=True)
    company.see_licence(platform, desk, stranger, li["phone"], NAME, "50 万元")
    company.choose_bank(desk, "105-01")
    company.see_account(desk)
