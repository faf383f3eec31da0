"""A whole installation for tests: catalogues, certificate authority and demo accounts in a database of the test's own.

Import `house` into a room's conftest. Cases are taken along by the domain's own functions; only signing, which has
its own tests, is skipped.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from signing.papers.data import PaperFacts, RenderedPaper
from signing.papers.registry import PaperKind
from tests import factories
from workflow.accounts.models import Account, Staff
from workflow.case import Actor, Case, open_case
from workflow.db import engine, forget_engines, session_factory, transaction
from workflow.establishment import drafts, papers, submission
from workflow.establishment.data import Application, Contribution, Officer, ScopeEntry
from workflow.establishment.problems import problems_of
from workflow.handoff import operations as handoff
from workflow.handoff.models import Handoff
from workflow.licensing import operations as licensing
from workflow.naming import declaration
from workflow.naming.proposal import Proposal
from workflow.postgres import EmbeddedPostgres
from workflow.review import operations as review
from workflow.settings import settings
from workflow.signatures.invitations import live_papers

WUCHANG = "HB-420106"
GROUND = pytest.StashKey[tuple[str, Path]]()


@pytest.fixture(scope="session")
def _ground(request, postgres, template_database, tmp_path_factory) -> tuple[str, Path]:
    """The name of a database that is ready for work, and the folder of its certificate authority; once a run."""
    if (
        GROUND in request.config.stash
    ):  # made for another room: each conftest has its own fixture of this name
        return request.config.stash[GROUND]
    from app.seed import demo_accounts
    from signing.authority import Authority
    from workflow.catalogues.loaders import load_all

    folder = tmp_path_factory.mktemp("instance")
    before = os.environ.copy()
    os.environ |= {
        "DATABASE_URL": postgres.create_database("qibu_house", template_database),
        "QIBU_INSTANCE": str(folder),
        "QIBU_RATE_LIMITS": "false",
    }
    _forget()
    with transaction() as db:
        load_all(db)
    authority = Authority.create(folder / "ca", settings().ca_passphrase, sample=True)
    with transaction() as db:
        authority.register(db)
    demo_accounts()
    engine("").dispose()
    os.environ.clear()
    os.environ |= before
    _forget()
    request.config.stash[GROUND] = "qibu_house", folder
    return request.config.stash[GROUND]


def _forget() -> None:
    settings.cache_clear()
    forget_engines()


_build, _built = PaperKind.build, {}
_stages: dict[str, tuple[str, Path]] = {}  # a database and its objects by the name of the stage


def built_once(kind: PaperKind, facts: PaperFacts, *, final: bool = False) -> RenderedPaper:
    """A paper, drawn once a run: the same facts always give the same bytes, which tests/signing/papers holds."""
    key = kind, facts.digest(), final
    if key not in _built:
        _built[key] = _build(kind, facts, final=final)
    return _built[key]


@pytest.fixture
def house(postgres, _ground, tmp_path, monkeypatch) -> Iterator["House"]:
    """An installation of this test's own."""
    name, folder = _ground
    shutil.copytree(folder / "ca", tmp_path / "ca")
    monkeypatch.setenv("DATABASE_URL", postgres.create_database("h_" + uuid.uuid4().hex[:12], name))
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    monkeypatch.setenv("QIBU_RATE_LIMITS", "false")
    monkeypatch.setattr(PaperKind, "build", built_once)
    factories.begin()  # the same people as in the house before, so the same papers
    _forget()
    found = House(session_factory()(), postgres, tmp_path)
    yield found
    found.close()


class Browser(FlaskClient):
    """A test client that sends a page's token along; with `forging`, none."""

    forging = False

    def open(self, *arguments, **more):
        """See FlaskClient."""
        if not self.forging and more.get("method") == "POST":
            with self.session_transaction() as cookie:
                raw = cookie.setdefault("csrf_token", uuid.uuid4().hex)
            signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
            more["headers"] = dict(more.get("headers") or {}) | {"X-CSRFToken": signer.dumps(raw)}
        return super().open(*arguments, **more)


@dataclass
class House:
    """The installation, with a session for the test itself: commit before a client looks."""

    db: Session
    postgres: EmbeddedPostgres
    folder: Path

    def close(self) -> None:
        """No connection is left."""
        self.db.close()
        engine("").dispose()
        _forget()

    def begin_at(self, stage: str, lead: Callable[["House"], object]) -> None:
        """Stand, still untouched, where `lead` leads to; it is gone once a run, the other tests get a copy."""
        if settings().tsa_pool:  # who stamps the times lives no longer than this test
            lead(self)
            return
        kept = _stages.get(stage)
        if kept is None:
            lead(self)
            copy = self.folder.parent / f"stage-{stage}-{os.getpid()}"
            shutil.copytree(self.folder / "objects", copy)
            own = settings().database_url
            self.close()
            self.postgres.create_database(f"stage_{stage}", own.partition("?")[0].rpartition("/")[2])
            _stages[stage] = f"stage_{stage}", copy
        else:
            self.close()
            shutil.copytree(kept[1], self.folder / "objects")
            os.environ["DATABASE_URL"] = self.postgres.create_database("h_" + uuid.uuid4().hex[:12], kept[0])
            _forget()
        self.db = session_factory()()
        factories.begin(50)  # whoever comes next is nobody from before

    def staff(self, number: str = "0417") -> Staff:
        """One of the demo's staff: 0417 and 0523 examine, 0601 oversees."""
        return self.db.scalars(select(Staff).where(Staff.number == number)).one()

    def client(self, door: str, english: bool = False) -> "Browser":
        """A browser at a door; Chinese unless told."""
        from app import create_app

        app = create_app(door)
        app.config.update(TESTING=True)
        app.test_client_class = Browser
        client = app.test_client()
        if english:
            client.set_cookie("qibu_lang", "en")
        return client

    def sign_in(self, client: FlaskClient, person: object) -> FlaskClient:
        """Sign a person in at the client's door without the sign-in page."""
        from workflow.accounts.operations import open_session

        token = open_session(self.db, client.application.config["DOOR"], person.id)
        self.db.commit()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        return client

    def totp(self, staff: Staff) -> str:
        """The staff's one-time password of this moment."""
        return pyotp.TOTP(staff.totp_secret).now()

    # --- cases, each state reached through the ones before --------------------------------------------

    def named(self, trade_name: str = "云栖测", owner: Account | None = None) -> Case:
        """A case whose name waits for a registrar."""
        db = self.db
        owner = owner or factories.account(db, "张小七")
        actor = Actor.applicant(owner.id, owner.name)
        case = open_case(db, actor, owner.id, "llc")
        drafts.create_draft(db, case, owner)
        proposal = Proposal(
            authority_code=WUCHANG, trade_name=trade_name, industry="软件", form="有限公司", division_code="420100",
            division="武汉",
        )  # fmt: skip
        declaration.declare(db, case.id, actor, proposal, committed=True)
        db.commit()
        return case

    def owner(self, case: Case) -> Actor:
        """The applicant of a case."""
        return Actor.applicant(case.owner_id, self.db.get_one(Account, case.owner_id).name)

    def reserved(self, trade_name: str = "云栖测", owner: Account | None = None) -> Case:
        """A case with a reserved name and a complete application."""
        db, case = self.db, self.named(trade_name, owner)
        review.claim(db, self.staff(), case.id)
        declaration.approve_name(db, self.staff(), case.id)
        drafts.save(db, case.id, self.owner(case), None, fill_in)
        errors = [p for p in problems_of(db, case, drafts.draft_of(db, case.id)[0]) if p.severity == "error"]
        assert not errors, errors
        db.commit()
        return case

    def submitted(self, trade_name: str = "云栖测", owner: Account | None = None) -> Case:
        """A case that waits for examination; its papers count as signed."""
        case = self.reserved(trade_name, owner)
        self.hand_in(case)
        return case

    def hand_in(self, case: Case) -> None:
        """Make the papers, count them as signed, submit."""
        db = self.db
        papers.generate(db, case.id, self.owner(case))
        case.state = "signed"
        for paper in live_papers(db, case.id):
            paper.state = "signed"
        db.flush()
        submission.submit(db, case.id, self.owner(case), honest=True)
        db.commit()

    def licensed(self, trade_name: str = "云栖测", owner: Account | None = None) -> Case:
        """A case whose licence is issued."""
        db, case = self.db, self.submitted(trade_name, owner)
        review.claim(db, self.staff(), case.id)
        submission.approve(db, self.staff(), case.id)
        row = licensing.prepare(db, case.id)
        licensing.activate(db, row.id, licensing.make_files(db, row.id))
        db.commit()
        return case

    def handed(self, trade_name: str = "云栖测", bank: str = "102") -> tuple[Case, Handoff]:
        """A licensed case whose owner has chosen a bank and agreed."""
        from workflow.catalogues.queries import catalogue

        db, case = self.db, self.licensed(trade_name)
        branch = catalogue(db).branches_of[bank][0].code
        row = handoff.choose_bank(db, case.id, self.owner(case), branch, consent=True)
        db.commit()
        return case, row


def fill_in(application: Application) -> None:
    """The seed's example: 500,000 yuan, one shareholder, 武汉市武昌区东湖路105号, 计算机系统服务."""
    address = application.address
    address.text, address.division_code, address.authority_code = "武汉市武昌区东湖路105号", "420106", WUCHANG
    address.detail, address.use, address.commitment = "东湖路105号", "commercial", True
    application.phone = "19900009999"
    application.people[0].address = "湖北省武汉市武昌区虚构路1号"
    application.people[0].email = "xiaozhang@example.com"
    application.scope = [ScopeEntry(code="", text="计算机系统服务")]
    application.capital = 50_000_000
    application.contributions = [Contribution(party="p1", subscribed=50_000_000, due=date(2031, 6, 30))]
    lead = application.governance
    lead.board, lead.supervision, lead.legal_representative = "director", "none", "p1"
    lead.legal_representative_office, lead.legal_representative_chosen_by = "director", "shareholders"
    application.officers = [Officer(person="p1", office="director", how="appointed")]
    application.officers.append(Officer(person="p1", office="finance_chief", how="appointed"))
    application.beneficial.exempt = True
