"""Daily roots: chained, time-stamped so that OpenSSL agrees, and each later change of a day is found."""

import base64
import json
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from signing import anchors, merkle
from signing.authority import Authority
from signing.tables import EvidenceRoot
from tests.signing.conftest import PASSPHRASE, run

DAY = date(2026, 11, 24)
ONE, TWO = timedelta(days=1), timedelta(days=2)


def digests(count: int, of: str = "") -> list[str]:
    return [sha256(f"{of}{n}".encode()).hexdigest() for n in range(count)]


@pytest.fixture
def three(db, authority):
    """Three days: five events, none, one."""
    for after, count in enumerate((5, 0, 1)):
        anchors.anchor(db, authority, DAY + after * ONE, digests(count, str(after)))
    return db


def test_a_root_a_day_in_a_chain(three, authority):
    rows = three.query(EvidenceRoot).order_by(EvidenceRoot.day).all()
    assert [row.leaves for row in rows] == [5, 0, 1]
    assert rows[0].root == merkle.root([bytes.fromhex(d) for d in digests(5, "0")]).hex()
    assert rows[0].before == "" and rows[1].before == sha256(anchors.statement_of(rows[0])).hexdigest()
    assert list(anchors.faults(three, [authority.root])) == []
    assert anchors.places(three, [digests(5, "0")[3], "00"])[digests(5, "0")[3]].position == 3


def test_openssl_accepts_the_time_stamp(three, root_pem, tmp_path):
    """RFC 3161: anybody holds the published statement against its token without our software."""
    row = three.get_one(EvidenceRoot, DAY + TWO)
    (tmp_path / "day.json").write_bytes(anchors.statement_of(row))
    (tmp_path / "day.tst").write_bytes(row.token)
    asked = ["-data", tmp_path / "day.json", "-in", tmp_path / "day.tst", "-token_in", "-CAfile", root_pem]
    assert "Verification: OK" in run("openssl", "ts", "-verify", *asked)
    said = json.loads((tmp_path / "day.json").read_bytes())
    (tmp_path / "day.json").write_text(json.dumps(said | {"leaves": 2}))
    assert "Verification: FAILED" in run("openssl", "ts", "-verify", *asked, check=False)


def test_no_second_root_and_no_gap(three, authority):
    with pytest.raises(ValueError):
        anchors.anchor(three, authority, DAY + 5 * ONE, [])
    with pytest.raises(ValueError):
        anchors.anchor(three, authority, DAY + TWO, [])
    for day, before in ((DAY, "other"), (DAY + 9 * ONE, "")):  # the same day; a second first day
        with pytest.raises(IntegrityError), three.begin_nested():
            three.add(EvidenceRoot(day=day, root="", leaves=0, before=before, token=b""))
            three.flush()


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE signing.evidence_leaves SET digest = repeat('0', 64) WHERE day = '2026-11-24' AND position = 1",
         "2026-11-24: its events do not give its root"),
        ("DELETE FROM signing.evidence_leaves WHERE day = '2026-11-26'", "2026-11-26: its events do not give its root"),
        ("UPDATE signing.evidence_roots SET before = repeat('0', 64) WHERE day = '2026-11-25'",
         "2026-11-25: it does not continue the day before"),
        ("DELETE FROM signing.evidence_roots WHERE day = '2026-11-25'", "2026-11-26: the days before it are missing"),
    ],
)  # fmt: skip
def test_later_changes_are_found(three, authority, tampering, said):
    """ES-13: with the triggers off and the highest rights, what was anchored cannot be changed unnoticed."""
    for table in ("evidence_roots", "evidence_leaves"):
        three.execute(text(f"ALTER TABLE signing.{table} DISABLE TRIGGER {table}_kept"))
    three.execute(text(tampering))
    three.expire_all()
    assert said in list(anchors.faults(three, [authority.root]))


def test_a_token_of_another_day_or_authority_is_found(three, authority, tmp_path):
    three.execute(text("ALTER TABLE signing.evidence_roots DISABLE TRIGGER evidence_roots_kept"))
    other = Authority.create(tmp_path / "other", PASSPHRASE).root
    assert len(list(anchors.faults(three, [other]))) == 3
    first = base64.b64encode(three.get_one(EvidenceRoot, DAY).token).decode()
    three.execute(
        text(
            f"UPDATE signing.evidence_roots SET token = decode('{first}', 'base64') WHERE day = '2026-11-26'"
        )
    )
    three.expire_all()
    assert [said[:10] for said in anchors.faults(three, [authority.root])] == ["2026-11-26"]
