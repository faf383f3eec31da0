"""A corporate shareholder proves itself by its electronic business licence (RN-03), over HTTP with the sandbox."""

import io
import re
import threading
import zipfile
from datetime import date, timedelta
from subprocess import run
from types import SimpleNamespace

import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlalchemy import select, update
from werkzeug.serving import make_server

from sandbox import people
from sandbox.__main__ import QuietHandler
from sandbox.app import create_app
from sandbox.config import Config
from sandbox.licences import SEEDS
from signing import evidence
from signing.tables import Certificate
from tests.app.browser import browser
from tests.signatures.people import PIN_CODE, Identity, token_of
from workflow import objects
from workflow.db import now
from workflow.errors import NotAllowed
from workflow.establishment import drafts, papers
from workflow.establishment.data import BeneficialOwner, Contribution, Officer, Organisation, Person
from workflow.evidence.package import Holder, package
from workflow.gateways import HttpLicenceGateway
from workflow.settings import settings
from workflow.signatures import invitations, licences
from workflow.signatures import signing as act
from workflow.signatures.models import LicenceCheck

INVEST, _, OLD = SEEDS
INSTITUTION = "12420000QB00PFCM3L"  # 1: not registered by a registration authority
CARD = f"{INVEST.uscc}:xiaoli"


class World:
    """A company that an organisation and a person found; the organisation's signer is 李小二 of the sandbox."""

    def __init__(self, house, sandbox, url, monkeypatch, own=False, code=INVEST.uscc):
        self.house, self.db, self.identity, self.sandbox, self.url = house, house.db, Identity(), sandbox, url
        monkeypatch.setenv("QIBU_SANDBOX_URL", url)
        settings.cache_clear()
        self.li = people.find(sandbox.store, "xiaoli")
        self.case = house.reserved()
        drafts.save(self.db, self.case.id, house.owner(self.case), None, lambda a: self._fill(a, own, code))
        papers.generate(self.db, self.case.id, house.owner(self.case))
        self.db.commit()
        self.phone = browser(
            house, gateways=SimpleNamespace(identity=self.identity, licence=HttpLicenceGateway())
        )
        self.phone.typed = ["张小七", "李小二", "武汉云栖测软件有限公司", INVEST.name, OLD.name]

    def _fill(self, application, own, code):
        li = self.li
        application.people.append(Person(key="p2", name=li.name, id_number=li.id_number, phone=li.phone, address="湖北省武汉市武昌区虚构路2号"))  # fmt: skip
        application.organisations.append(Organisation(key="o1", name=INVEST.name, uscc=code, address="武汉市虚构路1号", representative="p2"))  # fmt: skip
        application.contributions[0].subscribed = 30_000_000
        application.contributions.append(Contribution(party="o1", subscribed=20_000_000, due=date(2031, 6, 30)))  # fmt: skip
        application.beneficial.exempt = False
        application.beneficial.owners = [BeneficialOwner(person="p1", share=60, since=date(2026, 11, 1))]
        if own:
            application.officers.append(Officer(person="p2", office="manager", how="appointed"))

    @property
    def row(self):
        self.db.expire_all()
        return invitations.current_of(self.db, self.case.id)["p2"]

    @property
    def link(self) -> str:
        return "/sign/" + token_of(self.db, self.row)

    def identify(self):
        self.phone.get(self.link + "/identity")
        self.phone.send("/identity", name=self.li.name, id_number=self.li.id_number)

    def begin(self, status=200):
        """To the page with the way to the licence service, a question open."""
        self.phone.get(self.link + "/licence/o1")
        self.phone.send("/licence/o1/ask", status)

    @property
    def question(self) -> str:
        return self.phone.page.xpath('//a[contains(@href, "/licence/")]/@href')[0]

    def decide(self, card=CARD, decision="confirm", back=True) -> str:
        """What the holder does at the licence service; then back by its link. Returns the code."""
        answer = httpx.post(self.question, json={"decision": decision, "card": card}, trust_env=False)
        page = httpx.get(self.question, headers={"Accept": "text/html"}, trust_env=False).text
        address = re.search(r'href="(http://localhost[^"]+code=\d{8})"', page)[1].split("8001")[1]
        if back:
            self.phone.get(address)
            assert self.phone.page.xpath('//input[@name="code"]/@value') == [answer.json()["code"]]
        return answer.json()["code"]

    def sign(self):
        self.phone.send("/control", pin=PIN_CODE, again=PIN_CODE)
        self.phone.get(self.link + "/papers")
        self.phone.send("/papers", consent="y", pin=PIN_CODE)
        assert self.row.state == "signed"

    def events(self, kind):
        return [row for row in evidence.of(self.db, self.case.number) if row.kind == kind]


@pytest.fixture
def outside(tmp_path):
    """The sandbox over HTTP: its parts and its address."""
    app = create_app(Config(state=tmp_path / "sandbox", service_key=settings().service_key))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield app.extensions["sandbox"], f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(house, outside, monkeypatch):
    return World(house, *outside, monkeypatch)


def test_the_licence_opens_the_papers_and_the_certificate_names_organisation_and_person(world):
    """RN-03, ES-08, ES-09, ES-21: instead of the face; verified at the service, in certificate, evidence and report."""
    world.identify()
    world.phone.get(world.link + "/face")
    assert "电子营业执照" in world.phone.text()
    world.begin()
    world.decide()
    assert world.row.state == "identified"  # coming back changes nothing; the form does
    world.phone.send("/licence/o1")
    assert (world.row.state, world.row.admitted_by) == ("admitted", "licence")
    assert world.phone.page.xpath('//form[contains(@action, "/control")]')
    world.sign()
    row = world.db.get(Certificate, world.row.certificate_serial)
    subject = x509.load_der_x509_certificate(row.der).subject
    values = [
        subject.get_attributes_for_oid(oid)[0].value
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    ]
    assert values == [INVEST.name, world.li.name]
    [seen] = world.events("licence")
    number = world.sandbox.store.row("SELECT number FROM licences WHERE uscc = ?", (INVEST.uscc,))["number"]
    assert (seen.facts["organisation"], seen.facts["uscc"], seen.facts["licence_number"], seen.facts["role"]) == (
        INVEST.name, INVEST.uscc, number, "legal_representative",
    )  # fmt: skip
    assert "sim-" not in str(seen.facts)  # the service's reference is under seal
    [signed] = world.events("signature")
    assert signed.facts["identified_by"] == "id+licence" and signed.facts["on_behalf_of"] == [INVEST.name]
    assert signed.facts["licences"][0]["licence_number"] == number
    data = package(world.db, world.case, Holder("registrar", "0417"))
    stranger = browser(world.house)
    stranger.typed = [*world.phone.typed, "paper.pdf"]
    stranger.get("/verify")
    paper = objects.get(act.papers_of(world.db, world.row)[0].key)
    stranger.send("/verify/file", file=(io.BytesIO(paper), "paper.pdf"))
    assert f"代表 {INVEST.name}" in stranger.text() and world.li.id_number not in stranger.text()
    report = zipfile.ZipFile(io.BytesIO(data)).read("report.pdf")
    said = run(["pdftotext", "-", "-"], input=report, capture_output=True, check=True).stdout.decode()
    assert number in said and "电子营业执照" in said


def test_who_also_signs_in_own_name_passes_the_own_check_too(house, outside, monkeypatch):
    """The licence proves the organisation; for the person's own office the face or the code is still asked for."""
    world = World(house, *outside, monkeypatch, own=True)
    world.identify()
    world.begin()
    world.decide()
    world.phone.send("/licence/o1")
    assert world.row.state == "identified" and "还需要核验您本人" in world.phone.text()
    assert not world.phone.page.xpath('//a[contains(@href, "/licence/")]')
    world.phone.get(world.link + "/licence/o1")  # shown already: on to the next page
    world.phone.get(world.link + "/code")
    world.phone.send("/code", code=world.identity.code)
    assert world.row.admitted_by == "code"
    world.sign()
    assert world.events("signature")[0].facts["licences"][0]["uscc"] == INVEST.uscc


def test_the_choice_stays_with_the_signer(world):
    """As the legal representative, without the licence: the certificate then names the person alone."""
    world.identify()
    world.phone.get(world.link + "/code")
    world.phone.send("/code", code=world.identity.code)
    world.sign()
    assert world.events("signature")[0].facts["licences"] == []
    assert "O=" not in world.db.get(Certificate, world.row.certificate_serial).subject


def other_licence(world):
    world.decide(card=f"{OLD.uscc}:xiaowang")


def other_person(world):
    values = {"name": INVEST.name, "uscc": INVEST.uscc, "holder": "xiaozhou", "role": "authorised"}
    httpx.post(world.url + "/licence", json=values, trust_env=False)
    world.decide(card=f"{INVEST.uscc}:xiaozhou")


def revoked_meanwhile(world):
    world.decide()
    httpx.post(f"{world.url}/licence/{INVEST.uscc}/state", json={"state": "revoked"}, trust_env=False)


def renamed(world):
    values = {"name": "武汉虚构更名有限公司", "uscc": INVEST.uscc, "holder": "xiaoli", "role": "legal_representative"}  # fmt: skip
    httpx.post(world.url + "/licence", json=values, trust_env=False)
    world.phone.typed.append(values["name"])
    world.decide()


REFUSALS = {
    "refused": (lambda world: world.decide(decision="refuse"), "拒绝了确认"),
    "wrong organisation": (other_licence, "选择正确的执照"),
    "another holder": (other_person, "不是您本人"),
    "another name": (renamed, "请经办人更正"),
    "revoked": (revoked_meanwhile, "已被吊销"),
}


def test_what_proves_nothing_says_why_and_the_way_goes_on(world):
    """Each refusal in words at the page, the papers stay closed, and the other way is still open."""
    world.identify()
    for happens, words in REFUSALS.values():
        world.begin()
        happens(world)
        world.phone.send("/licence/o1", 422)
        assert words in world.phone.text()
        assert world.row.state == "identified" and world.events("licence") == []
        assert world.db.scalars(select(LicenceCheck)).all() == []  # the code was for once
    world.phone.get(world.link + "/code")
    world.phone.send("/code", code=world.identity.code)
    assert world.row.state == "admitted"


def test_wrong_codes_count_and_stay_in_the_field(world):
    world.identify()
    world.begin()
    world.phone.send("/licence/o1", 422, code="")
    assert "8 位确认码" in world.phone.text() and world.row.tries == 0
    world.phone.send("/licence/o1", 422, code="1234 5678")
    assert "确认码不正确" in world.phone.text() and world.row.tries == 1
    assert world.phone.page.xpath('//input[@name="code"]/@value') == ["12345678"]
    code = world.decide(back=False)
    world.phone.send("/licence/o1", code=f"{code[:4]} {code[4:]}")
    assert world.row.state == "admitted"


def test_a_service_that_is_down_loses_its_answer_or_answers_twice(world):
    """No answer: 503, nothing typed is lost, and the code still counts; the same code sent twice is one answer."""
    flick = lambda **values: httpx.post(world.url + "/switches", json=values, trust_env=False)  # noqa: E731
    world.identify()
    flick(**{"licence.fail_next": 1})
    world.begin(503)
    assert "电子营业执照服务暂时没有应答" in world.phone.text() and "请更正" not in world.phone.text()
    world.phone.send("/licence/o1/ask")
    code = world.decide()
    flick(**{"licence.lose_next": 1})
    world.phone.send("/licence/o1", 503)
    assert world.phone.page.xpath('//input[@name="code"]/@value') == [code]
    page = world.phone.page
    world.phone.send("/licence/o1")
    assert (world.row.state, len(world.events("licence"))) == ("admitted", 1)
    world.phone.page = page
    world.phone.send("/licence/o1")  # the button of the page that is still open elsewhere
    assert (world.row.state, len(world.events("licence"))) == ("admitted", 1)


def test_the_code_counts_in_the_browser_that_asked_and_for_a_while(world):
    """Bound to invitation and browser; single use; runs out; ends with the link."""
    world.identify()
    world.begin()
    code = world.decide(back=False)
    check_id = world.db.scalars(select(LicenceCheck.id)).one()
    thief = browser(world.house, gateways=world.phone.client.application.extensions["gateways"])
    thief.typed = world.phone.typed
    thief.get(f"/sign-licence/{check_id}?code={code}")
    assert f"{code[:4]} {code[4:]}" in thief.text()  # to be typed in where one began
    thief.get(f"/sign-licence/{check_id}?code=<b>")
    thief.get(world.link + "/licence/o1", 403)
    thief.get(f"/sign-licence/{world.row.id}", 404)
    world.db.execute(update(LicenceCheck).values(expires_at=now() - timedelta(seconds=1)))
    world.db.commit()
    world.phone.send("/licence/o1", 422, code=code)
    assert "已过期" in world.phone.text()
    world.phone.send("/licence/o1/ask")
    assert world.db.scalars(select(LicenceCheck.id)).one() != check_id
    world.phone.send("/licence/o1", 422, code=code)  # of the question before
    invitations.invite_again(world.db, world.case.id, world.row.id, world.house.owner(world.case))
    assert world.db.scalars(select(LicenceCheck)).all() == []
    with pytest.raises(NotAllowed):  # a new link begins anew
        licences.confirm(world.db, world.link[6:], "", "o1", code, HttpLicenceGateway())


def test_an_organisation_that_has_no_business_licence_is_not_asked_for_one(house, outside, monkeypatch):
    """RN-03, USCC-04: a public institution's code begins with 1; the page says why its representative alone is checked."""
    world = World(house, *outside, monkeypatch, code=INSTITUTION)
    world.identify()
    assert "没有电子营业执照，因此只需核验您本人" in world.phone.text()
    assert not world.phone.page.xpath('//a[contains(@href, "/licence/")]')
    world.phone.get(world.link + "/licence/o1")
    assert world.phone.page.xpath('//form[contains(@action, "/face")]')


def test_no_licence_for_who_represents_nobody(world):
    """The other founder is not asked for any licence, and has no such page."""
    other = invitations.current_of(world.db, world.case.id)["p1"]
    link = "/sign/" + token_of(world.db, other)
    world.phone.typed.append(other.name)
    world.phone.get(link + "/identity")
    world.phone.send("/identity", name=other.name, id_number=other.id_number)
    assert "电子营业执照" not in world.phone.text()
    world.phone.get(link + "/licence/o1")
    assert world.phone.page.xpath('//form[contains(@action, "/face")]')
    assert act.on_behalf_of(world.db, other) == []
