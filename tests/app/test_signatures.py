"""The pages of step 5: the applicant follows who has signed; the signer passes the checks, reads, signs or declines."""

from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image
from psycopg.errors import LockNotAvailable
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from webauthn.helpers import base64url_to_bytes

from app.public import verify
from signing import validation
from signing.errors import SigningError
from tests import factories
from tests.app.browser import browser
from tests.authenticator import Authenticator
from tests.page_laws import check_fragment, check_page
from tests.signatures.people import PIN_CODE, Identity, portrait, token_of
from workflow import objects
from workflow.accounts.models import Account
from workflow.case import advance
from workflow.db import now
from workflow.establishment import papers
from workflow.messages.models import Message
from workflow.signatures import checks, invitations
from workflow.signatures import signing as act

TYPED = ["张小七", "武汉云栖测软件有限公司"]


class World:
    """A case out for signature: its applicant's browser, its signer's phone, the identity service."""

    def __init__(self, house):
        self.house, self.db, self.identity = house, house.db, Identity()
        self.case = house.reserved()
        papers.generate(house.db, self.case.id, house.owner(self.case))
        house.db.commit()
        self.owner = house.db.get_one(Account, self.case.owner_id)
        self.applicant = browser(house, person=self.owner)
        self.phone = self.new_phone()

    def new_phone(self):
        page = browser(self.house, gateways=SimpleNamespace(identity=self.identity))
        page.typed = TYPED
        return page

    @property
    def row(self):
        self.db.expire_all()
        return next(iter(invitations.current_of(self.db, self.case.id).values()))

    @property
    def link(self) -> str:
        return "/sign/" + token_of(self.db, self.row)

    def identify(self, status=200, **other):
        self.phone.get(self.link + "/identity")
        values = {"name": self.row.name, "id_number": self.row.id_number} | other
        return self.phone.send("/identity", status, **values)

    def admit(self):
        self.identify()
        self.phone.get(self.link + "/code")
        self.phone.send("/code", code=self.identity.code)

    def ready(self):
        """Admitted, with a PIN set: the papers are shown."""
        self.admit()
        self.phone.send("/control", pin=PIN_CODE, again=PIN_CODE)


@pytest.fixture
def world(house):
    return World(house)


def test_whole_way_by_face_then_submit(world):
    """Nothing of the papers before both checks; a picture for each page; signed copies; the applicant goes on."""
    phone = world.phone
    phone.get(world.link)
    said = phone.text()
    assert "张小七" in said  # who asks
    assert "武汉云栖测软件有限公司" in said  # which company
    titles = [p.title for p in act.papers_of(world.db, world.row)]
    assert not any(title in said for title in titles)
    assert world.row.id_number not in said
    for rest in ("/papers", "/papers/articles", "/face", "/code", "/done", "/decline", "/declined"):
        assert phone.client.get(world.link + rest).headers["Location"].endswith("/identity")
    for rest in ("/papers/articles.pdf", "/papers/articles/1.png"):
        assert phone.client.get(world.link + rest).status_code == 403
    world.identify()
    assert "确认是您本人" in phone.text()
    assert phone.client.get(world.link + "/papers").headers["Location"].endswith("/face")
    assert phone.client.get(world.link + "/papers/articles.pdf").status_code == 409
    phone.get(world.link + "/face")
    phone.send("/face", 422, frame=(BytesIO(portrait()), "face.jpg"))  # no consent
    phone.send("/face", frame=(BytesIO(portrait()), "face.jpg"), consent="y")
    assert world.row.admitted_by == "face"
    assert phone.client.get(world.link + "/papers").headers["Location"].endswith("/control")
    phone.send("/control", pin=PIN_CODE, again=PIN_CODE)
    phone.get(world.link + "/papers")
    for paper in act.papers_of(world.db, world.row):
        assert paper.title in phone.text()
        assert paper.key.removesuffix(".p") in phone.text()
    kind = act.papers_of(world.db, world.row)[0].kind
    phone.get(f"{world.link}/papers/{kind}")
    read = "".join(part.text for part in phone.page.xpath('//*[contains(@class, "q-text")]'))
    assert (
        "名称 武汉云栖测软件有限公司\n" in read and "确认的公司信息由申请人负责。" in read
    )  # lines joined, rows not
    picture = phone.client.get(phone.page.xpath('//img[@class="q-sheet"]/@src')[0])
    assert Image.open(BytesIO(picture.data)).width == 1240
    assert phone.client.get(f"{world.link}/papers/{kind}/99.png").status_code == 404
    assert phone.client.get(f"{world.link}/papers/{kind}.pdf").data.startswith(b"%PDF")
    phone.get(world.link + "/papers")
    phone.send("/papers", 422)
    phone.send("/papers", consent="y", pin=PIN_CODE)
    assert "留存副本" in phone.text()
    copy = phone.client.get(phone.page.xpath('//a[contains(@href, "download")]/@href')[0])
    assert "attachment" in copy.headers["Content-Disposition"]
    assert b"/ByteRange" in copy.data
    phone.get(world.link + "/done")
    assert phone.client.get(world.link).headers["Location"].endswith("/done")
    world.applicant.get(f"/cases/{world.case.number}/signatures")
    assert world.applicant.page.xpath('//a[contains(@href, "/submit")]')


def test_the_cookie_is_for_this_link_and_out_of_reach_of_scripts(world):
    world.phone.get(world.link + "/identity")
    answer = world.phone.raw("/identity", name=world.row.name, id_number=world.row.id_number)
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("qibu_signer"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path={world.link}" in cookie


def test_another_browser_gets_nothing(world):
    world.ready()
    thief = world.new_phone()
    for rest in ("", "/identity", "/face", "/code", "/papers", "/papers/articles", "/decline"):
        thief.get(world.link + rest, 403)
        assert "请在原来的设备上继续" in thief.text()
    assert thief.client.get(world.link + "/papers/articles.pdf").status_code == 403
    world.phone.get(world.link + "/papers")
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    thief.get(world.link)
    assert "已于" in thief.text()
    thief.get(world.link + "/done", 403)


def test_wrong_person_keeps_what_was_typed_and_says_what_to_do(world):
    world.phone.typed = [*TYPED, "李小八"]
    world.identify(422, name="李小八")
    assert world.phone.page.xpath('//input[@name="name"]/@value') == ["李小八"]
    assert "如果这份邀请不是给您的" in world.phone.text()
    assert world.identity.asked == []
    for values in ({"name": ""}, {"id_number": ""}, {"name": "长" * 101}, {"id_number": "<b>1</b>"}):
        world.phone.typed = [*TYPED, *values.values()]
        world.identify(422, **values)


def test_too_many_tries(world):
    for _ in range(checks.MAX_TRIES):
        world.identify(422, name="李小八")
    world.identify(422)
    assert "失败次数过多" in world.phone.text()


def test_a_silent_service_keeps_the_page(world):
    world.identity.down = True
    world.identify(503)
    assert "没有应答" in world.phone.text()
    assert "请更正" not in world.phone.text()
    assert world.phone.page.xpath('//input[@name="name"]/@value') == [world.row.name]
    world.identity.down = False
    world.identify()
    world.identity.down = True
    world.phone.get(world.link + "/face")
    world.phone.send("/face", 503, frame=(BytesIO(portrait()), "a.jpg"), consent="y")
    world.phone.get(world.link + "/code")
    world.phone.send("/code", 503, code="1")
    assert world.row.tries == 0


def test_the_applicant_sees_a_message_that_is_held_up(world):
    page, url = world.applicant, f"/cases/{world.case.number}/signatures"
    message = world.db.scalars(select(Message).where(Message.template == "sign_invitation")).first()
    page.get(url)
    assert "短信服务" not in page.text()  # it was written a moment ago
    for state, words in (("waiting", "正在等待短信服务发出"), ("failed", "短信未能送达")):
        message.created_at, message.state = now() - timedelta(minutes=1), state
        world.db.commit()
        page.get(url)
        assert words in page.text() and "直接转交" in page.text()


def test_signers_who_go_first(world, monkeypatch):
    """Others hold the papers for longer than one waits: the page stays, says so, and loses nothing."""

    def held(*_args, **_values):
        raise OperationalError("", {}, LockNotAvailable())

    world.ready()
    world.phone.get(world.link + "/papers")
    with monkeypatch.context() as patch:
        patch.setattr(act, "sign_set", held)
        world.phone.send("/papers", 503, consent="y", pin=PIN_CODE)
    assert "正由其他签名人签署" in world.phone.text()
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    assert world.row.state == "signed"


def test_a_signing_service_that_fails_signs_nothing(world, monkeypatch):
    def fail(*_args, **_values):
        raise SigningError("no time stamp")

    world.ready()
    world.phone.get(world.link + "/papers")
    with monkeypatch.context() as patch:
        patch.setattr(act, "sign_set", fail)
        world.phone.send("/papers", 503, consent="y", pin=PIN_CODE)
    assert "没有签署任何材料" in world.phone.text()
    assert "请更正" not in world.phone.text()
    assert world.row.state == "admitted"
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    assert world.row.state == "signed"


def test_bad_pictures_and_codes(world):
    world.identify()
    world.phone.get(world.link + "/face")
    for frame in (b"", b"nonsense", b"GIF89a" + bytes(40)):
        world.phone.send("/face", 422, frame=(BytesIO(frame), "x.jpg"), consent="y")
    world.phone.send("/face", 422, frame="text", consent="y")
    world.identity.face = False
    world.phone.send("/face", 422, frame=(BytesIO(portrait()), "x.jpg"), consent="y")
    assert "人脸比对未通过" in world.phone.text()
    world.phone.get(world.link + "/code")
    for code in ("", "x" * 41, "00000000"):
        world.phone.typed = [*TYPED, code]
        world.phone.send("/code", 422, code=code)


def test_a_weak_pin_says_what_is_wrong_with_it(world):
    world.admit()
    for pin, again, words in (
        ("123456", "123456", "太容易猜到"),
        ("", "", "6 至 12 位"),
        (PIN_CODE, "204857", "不一致"),
    ):
        world.phone.send("/control", 422, pin=pin, again=again)
        assert words in world.phone.text()
    number = world.row.id_number
    world.phone.send("/control", 422, pin=number[6:14], again=number[6:14])
    assert "生日" in world.phone.text()
    assert number[6:14] not in world.phone.client.get(world.link + "/control").text


def test_wrong_pins_lead_back_to_the_identity_check(world):
    world.ready()
    for _ in range(4):
        world.phone.send("/papers", 422, consent="y", pin="000001")
        assert "还可以试" in world.phone.text()
    world.phone.send("/papers", consent="y", pin="000001")
    assert "签名密钥已销毁" in world.phone.text()
    assert world.row.state == "invited"
    world.ready()
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    assert world.row.state == "signed"


def test_a_forgotten_pin_begins_again_under_the_same_link(world):
    world.ready()
    world.phone.send("/again")
    assert "重新核验身份" in world.phone.text()
    assert world.row.state == "invited"
    world.phone.get(world.link)


def test_papers_as_shown(world):
    """The form carries the papers' SHA-256; other ones are not signed, and the page shows them anew."""
    world.ready()
    world.phone.send("/papers", 422, consent="y", pin=PIN_CODE, shown="articles:" + "0" * 64)
    assert "材料在您阅读期间有变化" in world.phone.text()
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    assert world.row.state == "signed"


def test_passkey_on_a_page_with_a_name_pin_alone_on_a_number(world):
    """The test client's page is at localhost; under 127.0.0.1 the page says why there is no passkey."""
    world.admit()
    page, holder = world.phone, Authenticator("http://localhost")
    asked = page.raw("/control", answer="nonsense")
    assert asked.status_code == 422
    page.get(world.link + "/control")
    form = page.page.xpath("//form[@data-passkey]")[0]
    assert form.get("data-passkey") == "create"
    ask, token = form.get("data-passkey-ask"), form.xpath('.//input[@name="csrf_token"]/@value')[0]
    options = page.client.post(ask, data={"csrf_token": token}).json
    assert options["rp"]["id"] == "localhost"
    page.send("/control", answer=holder.register(base64url_to_bytes(options["challenge"])))
    form = page.page.xpath("//form[@data-passkey]")[0]
    ask = form.get("data-passkey-ask")
    shown = form.xpath('.//input[@name="shown"]/@value')[0]
    for bad in ("", "articles:0"):
        answer = page.client.post(ask, data={"csrf_token": token, "shown": bad})
        assert answer.status_code == 422
        assert "材料" in answer.json["problem"]
    page.send("/papers", 422, consent="y")
    assert "手机没有确认" in page.text()
    options = page.client.post(ask, data={"csrf_token": token, "shown": shown}).json
    page.send("/papers", consent="y", answer=holder.confirm(base64url_to_bytes(options["challenge"])))
    assert world.row.state == "signed"


def test_on_a_numeric_address_there_is_only_the_pin(world):
    world.admit()
    client = world.phone.client
    cookie = client.get_cookie("qibu_signer", path=world.link)
    client.set_cookie("qibu_signer", cookie.value, domain="127.0.0.1", path=world.link)
    answer = client.get(world.link + "/control", base_url="http://127.0.0.1:8001")
    assert "data-passkey=" not in answer.text
    assert "数字地址" in answer.text


def test_decline_with_a_reason_the_applicant_reads(world):
    world.identify()
    world.phone.get(world.link + "/decline")
    assert ["".join(b.itertext()).strip() for b in world.phone.page.xpath("//main//button")] == ["拒绝签署"]
    world.phone.send("/decline", 422, reason=" ")
    assert "请更正" in world.phone.text()
    world.phone.typed = [*TYPED, "章程里的出资额不对"]
    world.phone.send("/decline", reason="章程里的出资额不对")
    assert "您已拒绝签署" in world.phone.text()
    world.phone.get(world.link)
    page = world.applicant
    page.get(f"/cases/{world.case.number}/signatures")
    assert "章程里的出资额不对" in page.text()
    page.send("/send")
    assert world.row.state == "invited"


def test_links_that_end_say_so(world):
    link = world.link
    world.row.expires_at -= timedelta(days=30)
    world.db.commit()
    world.phone.get(link, 410)
    assert "已失效" in world.phone.text() and "没有以您的名义签署" in world.phone.text()
    world.phone.get(link + "/identity", 410)
    world.phone.get("/sign/no-such-link", 404)
    world.applicant.get(f"/cases/{world.case.number}/signatures")
    assert "链接已失效" in world.applicant.text()


def test_papers_taken_back_while_somebody_reads(world):
    world.ready()
    advance(world.db, world.case.id, "revise", world.house.owner(world.case))
    world.db.commit()
    world.phone.get(world.link + "/papers")
    world.phone.send("/papers", 409, consent="y", pin=PIN_CODE)
    assert "申请人正在修改材料" in world.phone.text()
    world.applicant.get(f"/cases/{world.case.number}/signatures")


def test_applicant_sends_again_or_hands_the_link_over(world):
    page, url = world.applicant, f"/cases/{world.case.number}/signatures"
    page.get(url)
    old = world.link
    page.send("/send", link="1")
    shown = page.page.xpath('//input[@id="sign-link"]/@value')[0]
    assert page.page.xpath('//*[@class="q-upload__code"]//*[local-name()="svg"]')
    world.phone.get(old, 404)
    assert "新的链接取代" in world.phone.text()
    world.phone.get("/sign/" + shown.rsplit("/", 1)[1])
    page.get(url)
    assert not page.page.xpath('//input[@id="sign-link"]')  # shown once
    count = len(world.db.scalars(select(Message).where(Message.template == "sign_invitation")).all())
    page.send("/send", link="0")
    assert len(world.db.scalars(select(Message).where(Message.template == "sign_invitation")).all()) > count
    for _ in range(invitations.MAX_SENT - 2):
        page.raw("/send", link="0")
    page.send("/send", 422, link="0")
    assert "提醒次数已达上限" in page.text()


def test_progress_follows_and_reloads_when_the_case_moves_on(world):
    page, url = world.applicant, f"/cases/{world.case.number}/signatures/progress"
    for language, lang in (("zh", "zh-CN"), ("en", "en")):
        page.client.set_cookie("qibu_lang", language)
        check_fragment(page.client.get(url), lang, typed=TYPED)
    world.ready()
    page.client.set_cookie("qibu_lang", "zh")
    assert "正在阅读材料" in page.client.get(url).text
    world.phone.get(world.link + "/papers")
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    answer = page.client.get(url)
    assert answer.status_code == 286
    assert answer.headers["HX-Refresh"] == "true"


def test_before_the_papers_and_nobody_elses_case(world):
    early = world.house.reserved("晨岫试", owner=factories.account(world.db, "李小八"))
    other = browser(world.house, person=world.db.get_one(Account, early.owner_id))
    other.get(f"/cases/{early.number}/signatures")
    assert "现在还没有要签署的材料" in other.text()
    for rest in ("", "/progress"):
        assert other.client.get(f"/cases/{world.case.number}/signatures{rest}").status_code == 404
    other.get(f"/cases/{early.number}/signatures")
    token = other.page.xpath('//input[@name="csrf_token"]/@value')[0]
    for number in (world.case.number, early.number):
        answer = other.client.post(
            f"/cases/{number}/signatures/{world.row.id}/send", data={"csrf_token": token}
        )
        assert answer.status_code == 404


def test_movements_go_along_with_the_face(world):
    world.identify()
    world.phone.get(world.link + "/face")
    assert len(world.phone.page.xpath("//@data-prompts")[0].split("|")) == 2
    one = [(BytesIO(portrait()), "face-1.jpg")]
    world.phone.send("/face", 422, frame=(BytesIO(portrait()), "face-0.jpg"), live=one, consent="y")
    assert "没有看到要求的动作" in world.phone.text()
    two = [(BytesIO(portrait()), f"face-{n}.jpg") for n in (1, 2)]
    world.phone.send("/face", frame=(BytesIO(portrait()), "face-0.jpg"), live=two, consent="y")
    assert world.row.live_prompts.count(",") == 1


def test_stored_face_is_encrypted(world):
    world.identify()
    world.phone.get(world.link + "/face")
    unused = (BytesIO(b""), "")  # the field for movements, when a photo was chosen
    world.phone.send("/face", frame=(BytesIO(portrait()), "x.jpg"), live=unused, consent="y")
    assert Image.open(BytesIO(objects.get(world.row.face_key))).format == "JPEG"
    assert world.row.face_key.endswith(".p")


def test_a_stranger_reads_who_could_sign(world):
    """ES-01: the public page says of each signature whether only the signer could make it, in words for every case."""
    assert set(verify.REASONS) == set(validation.REASONS)
    assert set(verify.CONTROLS) == set(validation.CONTROLS) - {""}
    assert set(verify.PARTIES) == {"person", "seal", "platform", "time_authority"}
    world.ready()
    world.phone.send("/papers", consent="y", pin=PIN_CODE)
    stranger = world.new_phone()
    stranger.get("/verify")
    paper = objects.get(act.papers_of(world.db, world.row)[0].key)
    answer = stranger.raw("/verify/file", file=(BytesIO(paper), "paper.pdf"))
    check_page(answer, typed=[*TYPED, "paper.pdf", world.row.name])
    for words in ("只有其 PIN 码能打开的密钥", "个人签名", "企业开办平台", "文书定稿，供各方签署"):
        assert words in answer.text
