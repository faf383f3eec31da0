"""The page of step 6: waits while the licence is made, then shows it, its facts and its files."""

from io import BytesIO

from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.app.browser import browser
from tests.page_laws import check_fragment
from workflow.accounts.models import Account
from workflow.case import Actor
from workflow.establishment import submission
from workflow.licensing import operations
from workflow.licensing.models import Licence
from workflow.review import operations as review


def owner_of(house, case):
    return browser(house, person=house.db.get_one(Account, case.owner_id))


def test_waits_then_shows_the_licence(house):
    case = house.submitted()
    page, url = owner_of(house, case), f"/cases/{case.number}/licence"
    page.get(url)
    assert "登记机关核准后" in page.text()
    review.claim(house.db, house.staff(), case.id)
    submission.approve(house.db, house.staff(), case.id)
    row = operations.prepare(house.db, case.id)
    house.db.commit()
    page.get(url)
    assert page.page.xpath('//*[contains(@hx-get, "/waiting")]')
    check_fragment(page.client.get(url + "/waiting"))
    for name in ("original.pdf", "duplicate.pdf", "notice.pdf", "original.png"):
        assert page.client.get(f"{url}/{name}").status_code == 404
    operations.activate(house.db, row.id, operations.make_files(house.db, row.id))
    house.db.commit()
    assert page.client.get(url + "/waiting").headers["HX-Refresh"] == "true"
    page.get(url)
    said = page.text()
    assert row.uscc in said
    assert "武汉云栖测软件有限公司" in said
    for name in ("original", "duplicate", "notice"):
        file = page.client.get(f"{url}/{name}.pdf")
        assert file.mimetype == "application/pdf"
        assert b"/ByteRange" in file.data
    picture = Image.open(BytesIO(page.client.get(url + "/original.png").data))
    assert picture.width == 1600
    assert picture.width > picture.height
    assert page.page.xpath('//*[local-name()="svg" and @role="img"]')
    assert page.page.xpath(f'//a[contains(@href, "/v/{row.verification_code}")]')
    assert page.page.xpath('//a[contains(@href, "/bank")]')


def test_a_revoked_licence_says_so(house):
    case = house.licensed()
    row = house.db.scalars(select(Licence).where(Licence.case_id == case.id)).one()
    operations.revoke(house.db, row.id, Actor.system(), "提交虚假材料")
    house.db.commit()
    page = owner_of(house, case)
    page.get(f"/cases/{case.number}/licence")
    assert "提交虚假材料" in page.text()


def test_nobody_elses_licence(house):
    case = house.licensed()
    other = browser(house, person=factories.account(house.db, "李小八"))
    for rest in ("", "/waiting", "/original.pdf", "/original.png"):
        assert other.client.get(f"/cases/{case.number}/licence{rest}").status_code == 404
