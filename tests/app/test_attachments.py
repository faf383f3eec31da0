"""Files from the desk and from a phone by a link: kinds, limits, arriving, removing, the link's end."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from tests import factories
from tests.page_laws import check_fragment, check_page
from workflow import objects
from workflow.accounts.models import Account
from workflow.db import now
from workflow.establishment.attachments import attachments_of
from workflow.establishment.models import Attachment, UploadLink


def photo(colour="white", form="JPEG", **options):
    out = BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, form, **options)
    return out.getvalue()


def pdf():
    out = BytesIO()
    canvas = Canvas(out)
    canvas.drawString(100, 700, "lease")
    canvas.save()
    return out.getvalue()


@pytest.fixture
def case(house):
    return house.named()


@pytest.fixture
def desk(house, case):
    return house.sign_in(house.client("portal"), house.db.get(Account, case.owner_id))


def url(case, path=""):
    return f"/cases/{case.number}/attachments{path}"


def stored(house, case):
    house.db.rollback()
    house.db.expire_all()
    return attachments_of(house.db, case.id)


def upload(client, case, *files, kind="address_proof"):
    data = {"kind": kind, "files": [(BytesIO(data), name) for data, name in files]}
    return client.post(url(case), data=data, content_type="multipart/form-data")


def phone_link(desk, case, kind="address_proof"):
    desk.post(url(case, "/link"), data={"kind": kind})
    return re.search(r'href="(http[^"]*/u/[^"]+)"', desk.get(url(case)).text).group(1).rpartition("/u/")[2]


def test_pages_in_both_languages_with_and_without_files(house, case, desk):
    english = house.sign_in(house.client("portal", english=True), house.db.get(Account, case.owner_id))
    for client in (desk, english):
        check_page(client.get(url(case)), 200)
    assert upload(desk, case, (photo(), "lease.jpg"), (pdf(), "contract.pdf")).status_code == 303
    for client in (desk, english):
        check_page(client.get(url(case)), 200)
    assert [(a.filename, a.content_type, a.source) for a in stored(house, case)] == [
        ("lease.jpg", "image/jpeg", "desk"),
        ("contract.pdf", "application/pdf", "desk"),
    ]


def test_what_is_needed_follows_the_answers(house, case, desk):
    from workflow.establishment import drafts

    def hosted(application):
        application.address.text, application.address.use = "武汉市武昌区东湖路105号", "hosted"

    drafts.save(house.db, case.id, house.owner(case), None, hosted)
    house.db.commit()
    assert "托管合同" in desk.get(url(case)).text and "缺少" in desk.get(url(case)).text
    upload(desk, case, (pdf(), "contract.pdf"))
    page = desk.get(url(case)).text
    assert "已有" in page and "缺少" not in page


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"MZ\x90\x00 a program", "lease.jpg", "只能上传照片"),
        (b"%PDF-1.7 broken", "lease.pdf", "只能上传照片"),
        (photo(form="GIF"), "lease.gif", "只能上传照片"),
        (b"", "empty.pdf", "选择一个文件"),
    ],
)
def test_a_file_is_judged_by_what_is_in_it(house, case, desk, data, name, words):
    answer = upload(desk, case, (data, name))
    check_page(answer, 422, typed=[name])
    assert words in answer.text and stored(house, case) == []


def test_a_bad_file_does_not_take_the_good_ones_with_it(house, case, desk):
    answer = upload(desk, case, (photo(), "good.jpg"), (b"no picture", "bad.jpg"))
    assert answer.status_code == 422 and "bad.jpg" in answer.text
    assert [a.filename for a in stored(house, case)] == ["good.jpg"]
    assert upload(desk, case).status_code == 422


def test_photos_lose_their_metadata_and_are_stored_encrypted(house, case, desk):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "secret camera", 6
    upload(desk, case, (photo(exif=exif), "turned.jpg"))
    row = stored(house, case)[0]
    picture = Image.open(BytesIO(objects.get(row.key)))
    assert picture.size == (200, 300) and not picture.getexif()
    assert row.key.endswith(".p")


def test_the_phone_needs_no_sign_in_and_the_desk_sees_files_arrive(house, case, desk):
    token = phone_link(desk, case)
    before = re.search(r'name="seen" value="([^"]*)"', desk.get(url(case)).text).group(1)
    assert desk.get(url(case, f"/arrived?seen={before}")).status_code == 204
    phone = house.client("portal")
    page = phone.get(f"/u/{token}")
    check_page(page, 200)
    check_page(house.client("portal", english=True).get(f"/u/{token}"), 200)
    assert 'capture="environment"' in page.text and 'accept="image/*,application/pdf"' in page.text
    assert "multiple" in page.text
    sent = phone.post(
        f"/u/{token}",
        data={"files": [(BytesIO(photo("red")), "IMG_1.jpg"), (BytesIO(photo("blue")), "IMG_2.jpg")]},
    )
    assert sent.status_code == 303
    arrived = desk.get(url(case, f"/arrived?seen={before}"))
    check_fragment(arrived)
    assert arrived.status_code == 200 and "IMG_2.jpg" in arrived.text and "手机上传" in arrived.text
    assert "手机已打开" in desk.get(url(case)).text
    assert {a.source for a in stored(house, case)} == {"phone"}


def test_the_phone_sends_one_by_one_for_scripts(house, case, desk):
    token, phone = phone_link(desk, case), house.client("portal")
    json = {"Accept": "application/json"}
    answer = phone.post(f"/u/{token}", data={"files": (BytesIO(photo()), "IMG_1.jpg")}, headers=json)
    assert (answer.status_code, answer.json) == (201, {"stored": ["IMG_1.jpg"], "errors": []})
    again = phone.post(f"/u/{token}", data={"files": (BytesIO(photo()), "IMG_1.jpg")}, headers=json)
    assert again.status_code == 201 and len(stored(house, case)) == 1  # a retry after a lost answer
    wrong = phone.post(f"/u/{token}", data={"files": (BytesIO(b"x"), "IMG_2.jpg")}, headers=json)
    assert wrong.status_code == 422 and "只能上传照片" in wrong.json["errors"][0]


def test_an_expired_link_says_so_and_polling_stops(house, case, desk):
    token = phone_link(desk, case)
    row = house.db.scalars(select(UploadLink)).one()
    assert token.encode() not in row.token_hash
    row.expires_at = now() - timedelta(seconds=1)
    house.db.commit()
    phone = house.client("portal")
    check_page(phone.get(f"/u/{token}"), 410)
    assert phone.post(f"/u/{token}", data={"files": (BytesIO(photo()), "a.jpg")}).status_code == 410
    answer = phone.post(
        f"/u/{token}", data={"files": (BytesIO(photo()), "a.jpg")}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 410 and answer.json["errors"]
    assert desk.get(url(case, "/arrived")).status_code == 286
    assert stored(house, case) == []
    assert phone.get("/u/nonsense").status_code == 404


def test_a_file_can_be_seen_removed_and_brought_back(house, case, desk):
    upload(desk, case, (pdf(), "contract.pdf"))
    row = stored(house, case)[0]
    seen = desk.get(url(case, f"/{row.id}"))
    assert seen.data.startswith(b"%PDF-") and seen.headers["X-Content-Type-Options"] == "nosniff"
    assert desk.post(url(case, f"/{row.id}/remove")).status_code == 303
    page = desk.get(url(case))
    check_page(page, 200)
    assert "撤销" in page.text and stored(house, case) == []
    assert desk.get(url(case, f"/{row.id}")).status_code == 404
    desk.post(url(case, f"/{row.id}/restore"))
    assert [a.id for a in stored(house, case)] == [row.id]


def test_somebody_elses_files_are_not_there(house, case, desk):
    upload(desk, case, (pdf(), "contract.pdf"))
    row = stored(house, case)[0]
    other = house.sign_in(house.client("portal"), factories.account(house.db, "王小五"))
    for path in ("", "/arrived", f"/{row.id}"):
        assert other.get(url(case, path)).status_code == 404
    for path in ("", "/link", f"/{row.id}/remove", f"/{row.id}/restore"):
        assert other.post(url(case, path)).status_code == 404
    assert len(stored(house, case)) == 1


def test_nothing_is_uploaded_once_the_application_is_closed(house, desk, case):
    token = phone_link(desk, case)
    case.state = "submitted"
    house.db.commit()
    assert upload(desk, case, (pdf(), "late.pdf")).status_code == 409
    assert house.client("portal").get(f"/u/{token}").status_code == 410
    page = desk.get(url(case))
    check_page(page, 200)
    assert 'type="file"' not in page.text
    assert house.db.scalars(select(Attachment)).all() == []
