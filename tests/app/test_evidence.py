"""The public roots: listed, downloadable, and enough for a stranger to check them."""

import base64
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography import x509

from signing import timestamp
from signing.tables import EvidenceRoot
from tests.app.browser import Browser, browser
from workflow.db import now
from workflow.evidence import anchoring


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
