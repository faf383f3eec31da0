"""小张 opens 武汉晨岫软件有限公司 through the pages of all doors: all seven steps, one return for correction."""

import pytest
from PIL import Image

from tests.journeys import applicant, company, office, signer
from tests.journeys.platform import Platform

pytestmark = pytest.mark.journey

NAME = "武汉晨岫软件有限公司"
ADDRESS = "武汉市武昌区东湖路105号"
PAPERS = ("公司登记（备案）申请书", "公司章程")


def test_the_seeds_example(platform: Platform, tmp_path):
    platform.switch(bank__auto=False)
    zhang = platform.person("小张")
    desk = platform.visitor("applicant")
    applicant.sign_up(desk, zhang)
    applicant.sign_in(platform, desk, zhang)
    number = applicant.open_case(desk)
    applicant.declare_name(desk, "晨岫")

    registrar = platform.visitor("registrar")
    office.staff_sign_in(registrar, "0417")
    office.approve_name(registrar, NAME)
    desk.wait_for("Go on with the application").press("Go on with the application")

    applicant.fill_address(desk, ADDRESS)
    applicant.choose_scope(desk, "计算机系统服务", "计算机系统服务")
    applicant.fill_capital(desk, 50)
    applicant.add_known_shareholder(desk, zhang, 50)
    desk.press("Continue")
    applicant.fill_officers(desk, zhang)
    applicant.fill_liaison(desk, zhang)
    applicant.fill_beneficial(desk)
    applicant.fill_submitter(desk, zhang)
    photo = tmp_path / "photo.jpg"
    Image.effect_noise((900, 1200), 60).convert("RGB").save(photo)
    applicant.upload_from_phone(desk, platform.visitor("phone", phone=True), photo)
    applicant.make_papers(desk, NAME, ADDRESS, "伍拾万元整")

    phone = platform.visitor("signer", phone=True)
    signer.identify(phone, signer.link_of(platform, zhang["phone"]), zhang, NAME)
    signer.show_face(phone)
    signer.set_pin(phone)
    signer.sign(phone, *PAPERS)
    company.submit(desk)

    office.return_for_correction(registrar, number, "address", "请写明房间号。")
    platform.wait_for_sms(zhang["phone"], "补正")
    invited = signer.invitations(platform, zhang["phone"])
    company.correct_address(desk, "请写明房间号。", ADDRESS + "2栋301室")
    phone = platform.visitor("signer-again", phone=True)
    signer.identify(phone, signer.link_of(platform, zhang["phone"], invited), zhang, NAME)
    signer.give_code(phone, zhang)
    signer.set_pin(phone)
    signer.sign(phone, *PAPERS)
    company.submit(desk)
    office.approve(registrar, number, ADDRESS + "2栋301室", ADDRESS)

    stranger = platform.visitor("stranger", phone=True)
    company.see_licence(
        platform, desk, stranger, zhang["phone"], NAME, "武汉市武昌区市场监督管理局", "50 万元"
    )
    company.choose_bank(desk, "102-01")
    clerk = platform.visitor("clerk")
    office.bank_sign_in(clerk, "102")
    office.open_account(clerk, NAME)
    company.see_account(desk)
    platform.wait_for_sms(zhang["phone"], "七步全部办完")
