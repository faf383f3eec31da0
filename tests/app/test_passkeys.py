"""The account's page of passkeys, and the signer's choice of one of them, over HTTP."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from webauthn.helpers import base64url_to_bytes

from tests.app.browser import browser
from tests.app.test_signatures import World
from tests.authenticator import Authenticator
from tests.signatures.people import portrait
from workflow.accounts import passkeys

ORIGIN = "http://localhost"


@pytest.fixture
def world(house):
    return World(house)


@pytest.fixture
def page(world):
    """The person's browser, signed in."""
    found = browser(world.house, person=world.owner, gateways=SimpleNamespace(identity=world.identity))
    found.typed = ["张小七", "我的手机", "旧手机", "武汉云栖测软件有限公司"]
    return found


def make(page, holder, name="我的手机"):
    """On the page that makes one: ask, let the device answer, send."""
    form = page.page.xpath("//form[@data-passkey='create']")[0]
    token = form.xpath('.//input[@name="csrf_token"]/@value')[0]
    options = page.client.post(form.get("data-passkey-ask"), data={"csrf_token": token}).json
    return page.send("/new", answer=holder.register(base64url_to_bytes(options["challenge"])), name=name)


def test_add_name_sign_with_it_remove(world, page):
    """ES-01: check, make, see it, rename it; another invitation offers it and is signed with it; removed, it is gone."""
    page.get("/account")
    assert page.page.xpath('//a[contains(@href, "/account/passkeys")]')
    page.get("/account/passkeys")
    assert "还没有通行密钥" in page.text()
    assert page.client.get("/account/passkeys/new").headers["Location"].endswith("/face")
    page.get("/account/passkeys/face")
    page.send("/face", 422, frame=(BytesIO(portrait()), "face.jpg"))
    assert "勾选同意" in page.text()
    world.identity.down = True
    page.send("/face", 503, frame=(BytesIO(portrait()), "face.jpg"), consent="y")
    world.identity.down = False
    page.get("/account/passkeys/code")
    page.send("/code", 422, code="00000000")
    assert "核验码不正确" in page.text()
    page.send("/code", code=world.identity.code)
    holder = Authenticator(ORIGIN)
    page.send("/new", 422, name="", answer="nonsense")
    assert "起个名字" in page.text()
    make(page, holder)
    assert "我的手机" in page.text() and "尚未使用" in page.text()
    [row] = passkeys.passkeys_of(world.db, world.owner.id)
    page.get(f"/account/passkeys/{row.id}")
    page.send(f"/{row.id}", name="旧手机")
    assert "旧手机" in page.text()

    phone = world.phone
    phone.typed = page.typed
    world.identify()
    phone.get(world.link + "/face")
    form = phone.page.xpath("//form[@data-passkey='get']")[0]
    data = {"csrf_token": form.xpath('.//input[@name="csrf_token"]/@value')[0]}
    ask = form.get("data-passkey-ask")
    phone.send("/passkey", 422, answer="nonsense")
    assert "通行密钥没有确认" in phone.text() and phone.page.xpath('//input[@name="frame"]')
    assert phone.client.get(world.link + "/passkey").headers["Location"].endswith("/face")
    options = phone.client.post(ask, data=data).json
    phone.send("/passkey", answer=holder.confirm(base64url_to_bytes(options["challenge"])))
    assert world.row.admitted_by == "passkey"
    assert phone.client.post(ask, data=data).status_code == 409  # the papers are open
    phone.get(world.link + "/control")
    assert not phone.page.xpath('//input[@name="keep"]')
    phone.send(f"/control/{row.id}")
    form = phone.page.xpath("//form[@data-passkey='get']")[0]
    data = {name: form.xpath(f'.//input[@name="{name}"]/@value')[0] for name in ("csrf_token", "shown")}
    options = phone.client.post(form.get("data-passkey-ask"), data=data).json
    phone.send("/papers", consent="y", answer=holder.confirm(base64url_to_bytes(options["challenge"])))
    assert world.row.state == "signed"

    page.get("/account/passkeys")
    assert "最近一次使用" in page.text()
    page.get(f"/account/passkeys/{row.id}/remove")
    page.send("/remove")
    assert "还没有通行密钥" in page.text()
    page.get(f"/account/passkeys/{row.id}", 404)


def test_kept_from_the_ceremony_if_wanted(world, page):
    """The box is there for who has an account; without it ticked nothing is kept."""
    phone, holder = world.phone, Authenticator(ORIGIN)
    world.admit()
    phone.get(world.link + "/control")
    assert phone.page.xpath('//input[@name="keep"]')
    form = phone.page.xpath("//form[@data-passkey]")[0]
    token = form.xpath('.//input[@name="csrf_token"]/@value')[0]
    options = phone.client.post(form.get("data-passkey-ask"), data={"csrf_token": token}).json
    phone.send("/control", answer=holder.register(base64url_to_bytes(options["challenge"])), keep="y")
    assert [p.credential_id for p in passkeys.passkeys_of(world.db, world.owner.id)] == [holder.id]
    page.get("/account/passkeys")
    assert "未知设备" in page.text()
