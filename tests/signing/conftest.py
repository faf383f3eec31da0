"""One authority for the room's tests, and papers signed under it."""

import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing import ceremony, pdf
from signing.authority import Authority
from signing.papers import licence, sample_set
from tests.signing.papers.test_licence_and_notices import FACTS

PASSPHRASE = "a passphrase of the tests"


@pytest.fixture(scope="session")
def founded(tmp_path_factory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("ca"), PASSPHRASE, base_url="http://127.0.0.1:9")


@pytest.fixture
def authority(founded, db) -> Authority:
    founded.register(db)
    return founded


@pytest.fixture(scope="session")
def papers():
    """The unsigned papers of a company with three shareholders, by kind."""
    return {paper.kind: paper for paper in sample_set("llc")}


@functools.cache
def _licence():
    """The unsigned licence, set once."""
    return licence(FACTS)


@dataclass(frozen=True)
class Desk:
    """Signs papers for the tests."""

    db: object
    authority: Authority
    papers: dict

    def certified(self, kind: str) -> bytes:
        """A paper as the platform hands it out for signing."""
        paper = self.papers[kind]
        fields = {f"sig_{key}": box for key, box in paper.signature_boxes.items()}
        return pdf.certifier(self.db, self.authority).certify(paper.pdf, fields)

    def office(self):
        """The seal of the registration authority."""
        return self.authority.seal_for(self.db, "420106", FACTS.authority)

    def accepted(self, kind: str) -> bytes:
        """A paper with every signature and the authority's acceptance seal."""
        so_far = self.certified(kind)
        for key in self.papers[kind].signature_boxes:
            so_far = self.act(kind, key, so_far).papers[kind]
        return pdf.Pen(self.db, self.authority, self.office()).accept(so_far)[0]

    def act(
        self, kind: str, key: str, so_far: bytes, name: str = "", certified: bool = True
    ) -> ceremony.SignedSet:
        paper = self.papers[kind]
        fields = {f"sig_{k}": box for k, box in paper.signature_boxes.items()} if certified else None
        request = ceremony.SignatureRequest(kind, so_far, f"sig_{key}", paper.signature_boxes[key], fields)
        return ceremony.sign_set(
            self.db, self.authority, [request], real_name=name or paper.signer_names.get(key, "张样例"),
            id_hash="0123456789abcdef" * 2, evidence_reference=f"QB20261124000001/{key}",
        )  # fmt: skip

    def signed(self, kind: str = "articles", certified: bool = True) -> bytes:
        """A paper signed by everyone it names."""
        so_far = self.papers[kind].pdf
        for key in self.papers[kind].signature_boxes:
            so_far = self.act(kind, key, so_far, certified=certified).papers[kind]
        return so_far

    def licence(self) -> bytes:
        return pdf.seal(self.db, self.authority, _licence(), self.office())


@pytest.fixture
def desk(db, authority, papers) -> Desk:
    return Desk(db, authority, papers)


@pytest.fixture
def root_pem(founded, tmp_path) -> Path:
    file = tmp_path / "root.pem"
    file.write_bytes(founded.root.public_bytes(Encoding.PEM))
    return file


def run(*command: object, check: bool = True) -> str:
    """A tool's output, both channels; fails the test when the tool fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def pdfsig(file: bytes, root: Path, folder: Path) -> str:
    """What poppler says of the signatures when our root is the only one it knows."""
    store = folder / "nss"
    if not store.exists():
        store.mkdir()
        run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        run("certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "CT,C,C", "-i", root)
    paper = folder / "paper.pdf"
    paper.write_bytes(file)
    return run("pdfsig", "-no-ocsp", "-nssdir", f"sql:{store}", paper)
