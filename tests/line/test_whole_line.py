"""The seed's example through all seven steps, in the domain alone: every transition, every table, no browser."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.signatures.people import act_of, keep_by_pin
from workflow import objects
from workflow.accounts.models import Staff
from workflow.accounts.operations import hash_password
from workflow.case import Actor, timeline, verify_chains
from workflow.catalogues.loaders import load_all
from workflow.catalogues.queries import catalogue
from workflow.clock import today
from workflow.db import now
from workflow.errors import Conflict, RuleViolation
from workflow.establishment import derive, jurisdiction, papers, submission
from workflow.establishment.data import Contribution, ScopeEntry
from workflow.establishment.drafts import create_draft, draft_of, save
from workflow.gateways.identity import IdentityVerdict
from workflow.handoff import access
from workflow.handoff import operations as handoff
from workflow.handoff.models import BankClient
from workflow.licensing import operations as licensing
from workflow.licensing.models import Licence, RegisterEntry
from workflow.messages.models import Message
from workflow.naming import declaration
from workflow.naming.proposal import Proposal
from workflow.review import operations as review
from workflow.review.queries import open_corrections
from workflow.settings import settings
from workflow.signatures import checks, invitations, signing
from workflow.signer import authority


class Yes:
    """An identity service that knows everybody."""

    def check_id(self, request_id, name, id_number):
        return IdentityVerdict(True, "ref-id")

    def check_face(self, request_id, name, id_number, frame):
        return IdentityVerdict(True, "ref-face", 99.0)

    def check_code(self, request_id, name, id_number, code):
        return IdentityVerdict(code == "12345678", "ref-code")


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """A folder of its own for keys and objects."""
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    settings.cache_clear()
    from signing.authority import Authority

    Authority.create(tmp_path / "ca", settings().ca_passphrase)
    yield
    settings.cache_clear()


def frame() -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 320), 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def examiner(db) -> Staff:
    row = Staff(
        number="0417", name="审查员甲（虚构）", password_hash=hash_password("x"), totp_secret="JBSWY3DPEHPK3PXP",
        authority_codes=["HB-420106"], roles=["examiner"],
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def sign_everything(db, case, by="face"):
    """Every invited person passes the checks and signs."""
    for row in invitations.invitations_of(db, case.id):
        if row.state != "invited":
            continue
        token = token_of(db, row)
        secret = checks.identify(db, token, row.name, row.id_number, Yes())
        with pytest.raises(Conflict):
            signing.paper_for(db, token, secret, "articles")  # nothing opens before the face or code check
        if by == "face":
            checks.check_face(db, token, secret, frame(), True, Yes())
        else:
            checks.check_code(db, token, secret, "12345678", Yes())
        assert signing.paper_for(db, token, secret, signing.papers_of(db, row)[0].kind).startswith(b"%PDF")
        keep_by_pin(db, token, secret)
        read = act_of(db, row, network="127.0.0.1", device="phone")
        signing.sign(db, token, secret, read)
        signing.sign(db, token, secret, read)  # twice is once


def token_of(db, row) -> str:
    key = f"sign_invitation:{row.id}:{row.sent_count}:sms"
    message = db.scalars(select(Message).where(Message.key == key)).one()
    return message.body.split("/sign/")[1].split(" ")[0]


def fill_in(application):
    """What 小张 enters: 50万元, 武昌区东湖路105号, 计算机系统服务, himself as the one shareholder."""
    found = jurisdiction.match("武汉市武昌区东湖路105号")
    application.address.text = "武汉市武昌区东湖路105号"
    application.address.division_code = found.division.code
    application.address.detail = found.rest
    application.address.authority_code = found.authority.code
    application.address.use = "commercial"
    application.address.commitment = True
    application.phone = "02700000000"
    application.people[0].email = "xiaozhang@example.com"
    application.people[0].address = "武汉市武昌区虚构路1号"
    application.capital = 50_0000_00
    application.contributions = [
        Contribution(party="p1", subscribed=50_0000_00, due=derive.last_day_to_pay(today()))
    ]
    filled = derive.with_defaults(application, today())
    for name in ("governance", "officers", "liaison", "submitter", "beneficial", "contributions"):
        setattr(application, name, getattr(filled, name))


def test_seven_steps(db, installation):
    load_all(db)
    authority().register(db)
    owner = factories.account(db, "张小七")  # steps 1 and 2
    actor = Actor.applicant(owner.id, owner.name)
    staff = examiner(db)
    from workflow.case import open_case

    case = open_case(db, actor, owner.id, "llc")
    create_draft(db, case, owner)

    # step 3
    wish = Proposal("HB-420106", trade_name="晨岫", industry="软件", form="有限公司", division="武汉")
    with pytest.raises(RuleViolation):
        declaration.declare(db, case.id, actor, wish, committed=False)
    from workflow.policies.models import Policy

    db.add(Policy(key="name_review", value="all", valid_from=today(), reason="2018"))
    declaration.declare(db, case.id, actor, wish, committed=True)
    assert case.state == "name_submitted"
    with pytest.raises(Conflict):
        declaration.approve_name(db, staff, case.id)  # not claimed
    assert review.claim_next(db, staff).id == case.id
    declaration.approve_name(db, staff, case.id)
    assert (case.state, case.name) == ("name_reserved", "武汉晨岫软件有限公司")

    # step 4
    _, version = draft_of(db, case.id)
    _, version = save(db, case.id, actor, version, fill_in)
    with pytest.raises(RuleViolation):
        papers.generate(db, case.id, actor)  # no scope yet
    entry = next(e for e in catalogue(db).scope_entries.values() if e.text == "计算机系统服务")

    def choose(application):
        application.scope = [ScopeEntry(code=entry.code, text=entry.text, licensed=entry.licensed)]

    with pytest.raises(Conflict):
        save(db, case.id, actor, version - 1, choose)  # another window saved in between
    save(db, case.id, actor, version, choose)
    papers.generate(db, case.id, actor)
    assert case.state == "signing"

    # step 5
    sign_everything(db, case)
    assert case.state == "signed"
    assert {p.state for p in invitations.live_papers(db, case.id)} == {"signed"}
    submission.submit(db, case.id, actor, honest=True)
    assert case.due_at > now()

    # step 5b, with one return
    review.claim(db, staff, case.id)
    submission.return_for_correction(
        db, staff, case.id, [review.Wanted("phone", "请填写可以联系到您的电话。")]
    )
    assert case.state == "returned"
    assert [c.field for c in open_corrections(db, case.id)] == ["phone"]
    with pytest.raises(RuleViolation) as caught:
        save(db, case.id, actor, None, lambda a: setattr(a, "capital", 60_0000_00))
    assert caught.value.problems[0].code == "locked"
    save(db, case.id, actor, None, lambda a: setattr(a, "phone", "02700000001"))
    before = {p.kind: p.id for p in invitations.live_papers(db, case.id)}
    falls = papers.falling(db, case)
    papers.generate(db, case.id, actor)
    after = {p.kind: p.id for p in invitations.live_papers(db, case.id)}
    fallen = {kind for kind in before if before[kind] != after[kind]}
    assert 0 < len(fallen) < len(before)
    assert len(falls) == len(fallen)
    sign_everything(db, case, by="code")
    submission.submit(db, case.id, actor, honest=True)
    assert open_corrections(db, case.id) == []
    review.claim(db, staff, case.id)
    submission.approve(db, staff, case.id)

    # step 6, each part twice: a worker may die anywhere
    licence = licensing.prepare(db, case.id)
    assert licensing.prepare(db, case.id).id == licence.id
    files = licensing.make_files(db, licence.id)
    licensing.activate(db, licence.id, files)
    licensing.activate(db, licence.id, files)
    entry = db.scalars(select(RegisterEntry).where(RegisterEntry.case_id == case.id)).one()
    assert entry.name == case.name
    assert entry.authority_code == "HB-420106"
    assert db.scalars(select(Licence.state).where(Licence.case_id == case.id)).all() == ["active"]
    assert objects.get(licence.key).startswith(b"%PDF")

    # step 7
    db.add(BankClient(bank_code="102", name="中国工商银行", events_url="http://127.0.0.1/e", keys=[]))
    db.flush()
    row = handoff.choose_bank(db, case.id, actor, "102-01", consent=True)
    sent = access.file_for_bank(db, row)
    assert sent["legal_representative"]["id_number"] == owner.id_number
    handoff.note_delivered(db, row.id)
    bank = Actor("bank", "102", "102", frozenset({"bank"}))
    for number, status in enumerate(
        ("received", "branch_assigned", "appointment", "intention_verified", "opened")
    ):
        report = handoff.Report(f"r{number}", status, now(), "x", account_number="6200000000001234")
        handoff.take_report(db, row.id, report, bank, "api")
        handoff.take_report(db, row.id, report, bank, "api")  # twice is once
    assert case.state == "closed"
    assert len(handoff.reports_of(db, row.id)) == 5
    sms = [m.template for m in db.scalars(select(Message).where(Message.case_id == case.id))]
    assert [t for t in sms if t.startswith("bank_")] == [
        "bank_delivered", "bank_received", "bank_assigned", "bank_appointment", "bank_verified", "bank_opened",
    ]  # fmt: skip
    assert list(verify_chains(db)) == []
    states = [e.to_state for e in timeline(db, case.id) if e.from_state != e.to_state]
    assert states == [
        "draft", "name_submitted", "name_reserved", "signing", "signed", "submitted", "returned", "signing", "signed",
        "submitted", "approved", "licensed", "closed",
    ]  # fmt: skip
