"""Public roots enough for a stranger to check them; the evidence package for those entitled, and nobody else."""

import base64
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from sqlalchemy import select

from signing import bundle, dossier, timestamp
from signing.tables import EvidenceRoot
from tests import factories
from tests.app.browser import Browser, browser
from workflow.accounts.models import Account
from workflow.db import now
from workflow.evidence import anchoring
from workflow.evidence.models import EvidenceAccess
from workflow.signer import authority


@pytest.fixture
def visitor(house) -> Browser:
    return browser(house)


@pytest.fixture
def days(house, monkeypatch) -> list[EvidenceRoot]:
    """Two days with roots."""
    house.named()
    house.db.commit()
    moment = now() + timedelta(days=2, minutes=20)
    monkeypatch.setattr(anchoring, "now", lambda: moment)
    anchoring.anchor_due(house.db)
    return list(house.db.scalars(anchoring.roots()))


def test_before_the_first_midnight(visitor):
    visitor.get("/evidence/roots")
    assert "还没有存证根" in visitor.text()


def test_roots_are_listed_and_checkable(days, visitor):
    """A stranger needs the statement, the token and the root certificate."""
    visitor.get("/evidence/roots")
    for row in days:
        assert row.root in visitor.text()
    root = x509.load_pem_x509_certificate(visitor.client.get("/pki/root.pem").data)
    first = days[-1]
    said = visitor.client.get(f"/evidence/roots/{first.day}.json").data
    token = visitor.client.get(f"/evidence/roots/{first.day}.tst").data
    assert json.loads(said)["root"] == first.root
    timestamp.check_token(token, sha256(said).digest(), [root])
    year = visitor.client.get(f"/evidence/roots/{first.day.year}.json").get_json()
    held = year[first.day.isoformat()]
    assert held["statement"].encode() == said and base64.b64decode(held["token"]) == token


@pytest.mark.parametrize(
    "address", ["2020-01-01.json", "2020-01-01.tst", "x.json", "99999999999.json", "0.json"]
)
def test_no_such_day(visitor, address):
    assert visitor.client.get(f"/evidence/roots/{address}").status_code in (200, 404)


# --- the package --------------------------------------------------------------------------------------


@pytest.fixture
def submitted(house):
    """A case that was handed in; its papers were never signed by anybody."""
    return house.licensed()


def test_the_applicant_takes_the_package(house, submitted):
    owner = browser(house, person=house.db.get_one(Account, submitted.owner_id))
    owner.get(f"/cases/{submitted.number}")
    address = f"/cases/{submitted.number}/evidence.zip"
    assert owner.page.xpath(f'//a[@href="{address}"]')
    answer = owner.client.get(address)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    found = dossier.check(answer.data, [authority().root])
    assert {fault.reason for fault in found.faults} == {
        "paper_unproven"
    }  # that paper was never signed by anybody
    assert found.papers > 2 and found.sheet.startswith("sealed by")


def test_nobody_else_takes_it(house, submitted):
    address = f"/cases/{submitted.number}/evidence.zip"
    assert browser(house).client.get(address).status_code in (302, 303, 401)
    other = browser(house, person=factories.account(house.db, "李某"))
    assert other.client.get(address).status_code == 404
    assert house.client("intranet").get(address).status_code in (302, 303, 401)


def test_a_registrar_takes_it_and_that_is_written_down(house, submitted):
    client = house.sign_in(house.client("intranet"), house.staff())
    page = client.get(f"/cases/{submitted.number}")
    assert f"/cases/{submitted.number}/evidence.zip" in page.text
    answer = client.get(f"/cases/{submitted.number}/evidence.zip")
    assert answer.status_code == 200
    row = house.db.scalars(select(EvidenceAccess)).one()
    assert (row.actor_kind, row.actor_id, row.sha256) == (
        "registrar",
        "0417",
        sha256(answer.data).hexdigest(),
    )


def test_the_checker_is_one_file(visitor):
    answer = visitor.client.get("/pki/verify.pyz")
    assert answer.status_code == 200 and answer.data == bundle.checker()
