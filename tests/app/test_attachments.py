"""Files from the desk and from a phone by a link: kinds, limits, arriving, removing, the link's end."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from tests import factories
from tests.app.browser import browser
from tests.page_laws import check_fragment, check_page
from workflow import objects
from workflow.accounts.models import Account
from workflow.db import now
from workflow.errors import OutsideFailure
from workflow.establishment import attachments as files
from workflow.establishment import intake
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


def upload(client, case, *sent, kind="address_proof"):
    data = {"kind": kind, "files": [(BytesIO(data), name) for data, name in sent]}
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
        ("lease.pdf", "application/pdf", "desk"),
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
    arrived = desk.get(url(case, "/arrived"))  # what a script fetches when it has sent a file
    check_fragment(arrived)
    for page in (desk.get(url(case)), arrived):
        assert "已有" in page.text and "缺少" not in page.text


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
    assert [a.filename for a in stored(house, case)] == ["good.pdf"]
    assert upload(desk, case).status_code == 422


def test_photos_lose_their_metadata_and_are_stored_encrypted(house, case, desk):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "secret camera", 6
    upload(desk, case, (photo(exif=exif), "turned.jpg"))
    row = stored(house, case)[0]
    picture = Image.open(BytesIO(desk.get(url(case, f"/{row.id}/1.jpg")).data))
    assert picture.width < picture.height and not picture.getexif()
    assert b"secret camera" not in objects.get(row.key)
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
    assert "15 MB" in page.text and "密码" in page.text  # the limits, before and at the field
    assert "multiple" in page.text
    sent = phone.post(
        f"/u/{token}",
        data={"files": [(BytesIO(photo("red")), "IMG_1.jpg"), (BytesIO(photo("blue")), "IMG_2.jpg")]},
    )
    assert sent.status_code == 303
    arrived = desk.get(url(case, f"/arrived?seen={before}"))
    check_fragment(arrived)
    assert arrived.status_code == 200 and "IMG_2.pdf" in arrived.text and "手机上传" in arrived.text
    assert "手机已打开" in desk.get(url(case)).text
    assert {a.source for a in stored(house, case)} == {"phone"}


def test_the_phone_sends_one_by_one_for_scripts(house, case, desk):
    token, phone = phone_link(desk, case), house.client("portal")
    json = {"Accept": "application/json"}
    answer = phone.post(f"/u/{token}", data={"files": (BytesIO(photo()), "IMG_1.jpg")}, headers=json)
    assert (answer.status_code, answer.json) == (201, {"stored": ["IMG_1.pdf"], "errors": []})
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
    check_page(desk.get(url(case, f"/{row.id}")), 200)
    seen = desk.get(url(case, f"/{row.id}/file.pdf"))
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
    for path in ("", "/arrived", f"/{row.id}", f"/{row.id}/file.pdf", f"/{row.id}/1.jpg"):
        assert other.get(url(case, path)).status_code == 404
    for path in (
        "",
        "/link",
        f"/{row.id}/remove",
        f"/{row.id}/restore",
        f"/{row.id}/turn",
        f"/{row.id}/place",
    ):
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


def test_rotating_and_moving_by_buttons_without_a_script(house, case):
    person = browser(house, person=house.db.get(Account, case.owner_id))
    upload(
        person.client,
        case,
        (photo("red"), "a.jpg"),
        (photo("blue"), "b.jpg"),
        kind="other",
    )
    first, second = stored(house, case)
    person.client.get(url(case))  # says what was uploaded, once
    person.get(url(case))
    person.send(f"{second.id}/turn")
    person.send(f"{second.id}/turn")
    assert [a.turn for a in stored(house, case)] == [0, 2]
    person.get(url(case))
    forms = [f for f in person.page.iter("form") if f.get("action", "").endswith(f"{second.id}/place")]
    up, down = (f.find(".//button") for f in forms)
    assert up.get("disabled") is None and down.get("disabled") is not None
    person.send(f"{second.id}/place")
    assert [a.id for a in stored(house, case)] == [second.id, first.id]
    small = person.client.get(url(case, f"/{second.id}/1.jpg?small=1"))
    assert small.mimetype == "image/jpeg" and len(small.data) < 20_000
    assert person.client.get(url(case, f"/{second.id}/2.jpg")).status_code == 404


def test_the_phone_sees_and_changes_what_came_through_its_link_and_nothing_else(house, case, desk):
    upload(desk, case, (pdf(), "secret.pdf"))
    theirs = stored(house, case)[0]
    token, phone = phone_link(desk, case), house.client("portal")
    for colour in ("red", "blue"):
        phone.post(f"/u/{token}", data={"photos": (BytesIO(photo(colour)), f"{colour}.jpg")})
    page = phone.get(f"/u/{token}")
    check_page(page, 200)
    assert "red.pdf" in page.text and "secret.pdf" not in page.text
    red, _blue = (a for a in stored(house, case) if a.link_id)
    assert phone.get(f"/u/{token}/{red.id}.pdf").data.startswith(b"%PDF-")
    assert phone.get(f"/u/{token}/{red.id}/1.jpg").mimetype == "image/jpeg"
    assert phone.post(f"/u/{token}/{red.id}/turn", data={"to": 1}).status_code == 303
    assert phone.post(f"/u/{token}/{red.id}/place", data={"to": 1}).status_code == 303
    assert [(a.filename, a.turn) for a in stored(house, case)] == [
        ("secret.pdf", 0),
        ("blue.pdf", 0),
        ("red.pdf", 1),
    ]
    assert phone.post(f"/u/{token}/{red.id}/remove").status_code == 303
    assert "撤销" in phone.get(f"/u/{token}").text
    assert phone.post(f"/u/{token}/{red.id}/restore").status_code == 303
    check_fragment(phone.get(f"/u/{token}/arrived"))
    for path in (f"{theirs.id}.pdf", f"{theirs.id}/1.jpg"):
        assert phone.get(f"/u/{token}/{path}").status_code == 404
    for act in ("turn", "place", "remove", "restore"):
        assert phone.post(f"/u/{token}/{theirs.id}/{act}").status_code == 404
    another = phone_link(desk, case)
    assert phone.get(f"/u/{another}/{red.id}.pdf").status_code == 404


def begin(client, at, data, key="k", **values):
    return client.post(at, data={"key": key, "name": "lease.jpg", "size": len(data)} | values)


def piece(client, at, offset, data):
    return client.post(at, data=data, headers={"Upload-Offset": str(offset)})


def test_pieces_arrive_break_and_go_on(house, case, desk):
    token, phone, data = phone_link(desk, case), house.client("portal"), photo()
    at = f"/u/{token}/uploads"
    begun = begin(phone, at, data).json
    assert begun["received"] == 0 and not begun["done"]
    at_id = f"{at}/{begun['id']}"
    assert piece(phone, at_id, 0, data[:300]).json == {"received": 300}
    # the connection breaks in the middle of a piece: less arrives than was announced, and that is kept
    phone.post(
        at_id,
        input_stream=BytesIO(data[300:400]),
        content_length=len(data) - 300,
        headers={"Upload-Offset": "300"},
    )
    assert begin(phone, at, data).json == {"id": begun["id"], "received": 400, "done": False}
    assert piece(phone, at_id, 0, data[:300]).status_code == 409
    last = piece(phone, at_id, 400, data[400:])
    assert last.status_code == 201 and last.json["stored"] == "lease.pdf"
    assert piece(phone, at_id, 400, data[400:]).status_code == 201, "the last answer was lost"
    assert begin(phone, at, data).json["done"]
    assert [a.filename for a in stored(house, case)] == ["lease.pdf"]


def test_two_phones_send_the_same_photo_at_once_and_it_is_there_once(house, case, desk):
    data = photo()
    tokens = [phone_link(desk, case) for _ in range(2)]
    phones = [house.client("portal") for _ in tokens]
    ids = [begin(p, f"/u/{t}/uploads", data).json["id"] for p, t in zip(phones, tokens, strict=True)]
    assert ids[0] != ids[1]

    def send(number):
        return piece(phones[number], f"/u/{tokens[number]}/uploads/{ids[number]}", 0, data).status_code

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(send, (0, 1))) == [201, 201]
    assert len(stored(house, case)) == 1


def test_a_link_that_ends_during_an_upload_lets_it_finish(house, case, desk):
    token, phone, data = phone_link(desk, case), house.client("portal"), photo()
    at = f"/u/{token}/uploads"
    at_id = f"{at}/{begin(phone, at, data).json['id']}"
    piece(phone, at_id, 0, data[:300])
    link = house.db.scalars(select(UploadLink)).one()
    link.expires_at = now() - timedelta(minutes=1)
    house.db.commit()
    assert begin(phone, at, data, key="other").status_code == 410
    assert piece(phone, at_id, 300, data[300:400]).json == {"received": 400}
    link.expires_at = now() - files.GRACE - timedelta(minutes=1)
    house.db.commit()
    late = piece(phone, at_id, 400, data[400:])
    assert late.status_code == 410 and "二维码" in late.json["errors"][0]
    assert stored(house, case) == []


def test_pieces_from_the_desk_say_what_is_wrong(house, case, desk):
    at = url(case).replace("attachments", "uploads")
    assert desk.post(at, data={"key": "k"}).status_code == 422
    assert "15 MB" in begin(desk, at, b"x", size=16 * 1024 * 1024, kind="other").json["errors"][0]
    assert begin(desk, at, b"x", kind="nonsense").status_code == 404
    begun = begin(desk, at, b"no picture", kind="other").json
    wrong = piece(desk, f"{at}/{begun['id']}", 0, b"no picture")
    assert wrong.status_code == 422 and "只能上传照片" in wrong.json["errors"][0]
    other = house.sign_in(house.client("portal"), factories.account(house.db, "王小五"))
    assert begin(other, at, b"x", kind="other").status_code == 404
    assert piece(other, f"{at}/{begun['id']}", 0, b"x").status_code == 404


def test_a_required_scanner_that_is_silent_refuses_and_the_next_try_needs_no_bytes(
    house, case, desk, monkeypatch
):
    def silent(data):
        raise OutsideFailure("clamd")

    monkeypatch.setattr(intake, "looked_at", silent)
    answer = upload(desk, case, (photo(), "lease.jpg"))
    check_page(answer, 422, typed=["lease.jpg"])
    assert "恶意程序" in answer.text and stored(house, case) == []
    at, data = url(case).replace("attachments", "uploads"), photo()
    at_id = f"{at}/{begin(desk, at, data, kind='other').json['id']}"
    out = piece(desk, at_id, 0, data)
    assert out.status_code == 503 and out.json["received"] == len(data) and out.headers["Retry-After"]
    monkeypatch.setattr(intake, "looked_at", lambda data: True)
    assert piece(desk, at_id, len(data), b"").status_code == 201
    assert [a.scanned for a in stored(house, case)] == [True]
