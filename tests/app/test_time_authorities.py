"""An installation whose times are stamped outside: what it signs, shows, offers for checking, and says of its health."""

import io
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import time_machine
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import delete

from app.cli import main
from signing import anchors, dossier
from signing.stampcheck import check_token
from signing.tables import TimeAuthority
from signing.validation import validate
from tests.app.browser import browser
from tests.outside import NAME, outside_world, use_for_time
from workflow import objects, upkeep
from workflow.errors import OutsideFailure
from workflow.evidence import anchoring
from workflow.evidence.package import Holder, package
from workflow.licensing.models import Licence
from workflow.naming import declaration
from workflow.signer import authority, time_roots, trusted_roots


@pytest.fixture(scope="module")
def _world(tmp_path_factory):
    with outside_world(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.fixture
def world(_world, house, monkeypatch):
    _world.behave()
    use_for_time(_world, monkeypatch)
    return _world


def qibu(*arguments: str, code: int = 0) -> str:
    said = CliRunner().invoke(main, list(arguments))
    assert said.exit_code == code, said.output
    return said.output


def test_a_licence_bears_the_outside_stamp_and_anybody_can_check_it(house, world, tmp_path):
    """The page, the command with both roots, and what is published for those who check without us."""
    case = house.licensed()
    (row,) = house.db.query(Licence).filter_by(case_id=case.id)
    file = objects.get(row.key)
    (report,) = validate(file, trusted_roots(), time_roots=time_roots())
    assert (report.reason, report.level) == ("", "B-LT")
    visitor = browser(house)
    visitor.get("/pki/policy")
    assert world.root.fingerprint(SHA256()).hex().upper() in visitor.text().replace(" ", "")
    for link in visitor.page.xpath("//main//li/a/@href"):
        assert visitor.client.get(link).status_code == 200
    served = visitor.client.get("/pki/time-roots.pem").data
    assert x509.load_pem_x509_certificates(served) == [world.root]
    for page in ("/verify", "/evidence/roots"):
        visitor.get(page)
        assert "外部时间戳服务的根证书" in visitor.text()
    paper, own, times = (tmp_path / name for name in ("paper.pdf", "root.pem", "times.pem"))
    paper.write_bytes(file)
    own.write_bytes(authority().root.public_bytes(Encoding.PEM))
    times.write_bytes(served)
    assert "valid, B-LT" in qibu("verify", str(paper))
    assert "valid, B-LT" in qibu("verify", str(paper), "--root", str(own), "--time-root", str(times))
    assert "valid, B-LT" in qibu("verify", str(paper), "--root", str(own), "--root", str(times))
    assert "time stamp" in qibu("verify", str(paper), "--root", str(own), code=1)


def test_the_page_checks_a_file_with_an_outside_stamp(house, world):
    case = house.named()
    row = declaration.declaration_of(house.db, case.id)
    row.reserved_until = datetime.now(UTC) + timedelta(days=60)
    file = objects.get(declaration.notice_of(house.db, case, row))
    house.db.commit()
    visitor = browser(house)
    answer = visitor.client.post(
        "/verify/file", data={"file": (io.BytesIO(file), "notice.pdf")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 200 and "不可信" not in answer.get_data(as_text=True)
    world.switch(tsa__fail_rate=1)
    row.notice_key = ""
    with pytest.raises(OutsideFailure):  # not a crash: the page says that a service is silent
        declaration.notice_of(house.db, case, row)


def test_without_outside_authorities_there_is_nothing_to_offer(house):
    visitor = browser(house)
    assert visitor.client.get("/pki/time-roots.pem").status_code == 404
    visitor.get("/verify")
    assert "外部时间戳服务" not in visitor.text()
    assert "Our own authority stamps" in qibu("tsa", "status")


def test_daily_roots_are_stamped_outside_and_wait_for_it(house, world):
    """ES-12, ES-13: no root without its stamp; the other jobs of the upkeep do not wait with it."""
    house.named()
    house.db.commit()
    world.switch(tsa__fail_rate=1)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        done, failed = upkeep.run()
        assert list(failed) == ["anchor_due"] and len(done) == len(upkeep.JOBS) - 1
        assert qibu("upkeep", code=1).count("failed, see") == 1
        house.db.rollback()
        assert anchors.last(house.db) is None
    world.behave()
    house.db.execute(delete(TimeAuthority))  # it has rested
    house.db.commit()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        assert upkeep.run()[1] == {}
        row = anchors.last(house.db)
        digest = sha256(anchors.statement_of(row)).digest()
        assert check_token(row.token, digest, [world.root])


def test_an_evidence_package_brings_the_outside_roots(house, world, tmp_path):
    case = house.submitted()
    data = package(house.db, case, Holder("operator", "x"))
    house.db.commit()
    roots, times = dossier.roots_inside(data)
    assert (roots, times) == ([authority().root], [world.root])
    with_times, without = (
        {f.reason for f in dossier.check(data, roots, held).faults} for held in (times, ())
    )
    assert with_times == {"paper_unproven"}  # this house's signers only count as having signed
    assert without == {"paper_unproven", "paper_signature", "sheet_altered"}
    file = tmp_path / "package.zip"
    file.write_bytes(data)
    said = json.loads(qibu("evidence", "verify", str(file), "--json", code=1))
    assert len(said["roots"]) == 2 and {f["reason"] for f in said["faults"]} == {"paper_unproven"}
    assert list(anchoring.faults(house.db)) == []


def test_the_status_command_says_how_each_is_doing(house, world):
    assert "never asked" in qibu("tsa", "status")
    assert "a good token in" in qibu("tsa", "status", "--ask")
    house.licensed()
    assert f"{NAME:20} well     worked" in qibu("tsa", "status")
    world.switch(tsa__wrong="nonce")
    assert "another nonce" in qibu("tsa", "status", "--ask", code=1)
    with pytest.raises(OutsideFailure):
        house.licensed("云栖二")
    said = qibu("tsa", "status", code=1)
    assert "rests" in said and "another nonce" in said and "asked again after" in said


def test_an_unreadable_root_stops_the_start(house, world, monkeypatch, tmp_path):
    (tmp_path / "broken.pem").write_text("nothing")
    use_for_time(world, monkeypatch, root=str(tmp_path / "broken.pem"))
    assert "cannot be read" in qibu("tsa", "status", code=1)
