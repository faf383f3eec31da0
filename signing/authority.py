"""The certificate authority: a root that can rest offline, an issuing authority, and what they issue.

What it has is on its shelf (`signing.shelf`), which several processes may share; its keys are in stores
(`signing.keys`). How they are replaced is in `signing.rotation`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from signing import issuing, rotation
from signing.errors import AuthorityUnavailable
from signing.issuing import EvidenceLink, Issuer, common_name, distinguished_name
from signing.keys import FolderKeys, KeyStore
from signing.rotation import HOUR, Change, Sessions
from signing.shelf import Shelf
from signing.suites import AnyKey, Sm2Key
from signing.tables import Certificate

if TYPE_CHECKING:
    from signing.sources import Pool


@dataclass(frozen=True)
class Credential:
    """A key that may sign papers, its certificate, and the certificates above it (issuing first, root last)."""

    key: AnyKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    issuer: str  # label of the issuing certificate

    @property
    def name(self) -> str:
        """The holder's name as the certificate states it."""
        return common_name(self.certificate.subject)

    @property
    def serial(self) -> str:
        """The serial number, lower-case hexadecimal."""
        return serial_of(self.certificate)


def serial_of(certificate: x509.Certificate) -> str:
    """A certificate's serial number as the tables and the pages write it."""
    return f"{certificate.serial_number:x}"


class Authority:
    """An opened authority. Make one a process; it notices rotations made by others.

    `pool`: the outside authorities that stamp times instead of its own or besides it.
    """

    def __init__(self, folder: Path, keys: KeyStore, root_keys: KeyStore) -> None:
        self.shelf = Shelf(folder)
        self.pool: Pool | None = None
        self._keys, self._root_keys = keys, root_keys
        self._loaded_keys: dict[str, AnyKey] = {}

    # -- founding and opening ------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: Path,
        passphrase: str,
        *,
        name: str = "七步",
        base_url: str = "http://127.0.0.1:8001",
        sample: bool = True,
        root_passphrase: str = "",
        keys: KeyStore | None = None,
        root_keys: KeyStore | None = None,
    ) -> "Authority":
        """Found the authority in `folder`, or open it if it stands already; safe from several processes at once.

        `base_url` goes into certificates (CRL, OCSP, issuer's certificate). A `sample` authority says 样例 in its
        names and seals: it is no licensed provider (ES-04) and no registration authority. `keys` and
        `root_keys` replace the encrypted files by another store, such as a PKCS#11 token.
        Raises `AuthorityUnavailable` when it stands but does not open with this passphrase.
        """
        folder = Path(folder)
        authority = cls._at(folder, passphrase, root_passphrase, keys, root_keys)
        authority.shelf.prepare()
        with authority.shelf.locked():
            if not authority.shelf.stands():
                authority._found(f"{name}（样例）" if sample else name, base_url.rstrip("/"), sample)
        return cls.open(folder, passphrase, root_passphrase=root_passphrase, keys=keys, root_keys=root_keys)

    @classmethod
    def open(
        cls,
        folder: Path,
        passphrase: str,
        *,
        root_passphrase: str = "",
        keys: KeyStore | None = None,
        root_keys: KeyStore | None = None,
    ) -> "Authority":
        """Open a founded authority. Raises `AuthorityUnavailable` (not founded, wrong passphrase)."""
        authority = cls._at(Path(folder), passphrase, root_passphrase, keys, root_keys)
        authority.issuer()  # opens the key now, so that a wrong passphrase is known at the start
        return authority

    @classmethod
    def _at(
        cls,
        folder: Path,
        passphrase: str,
        root_passphrase: str,
        keys: KeyStore | None,
        root_keys: KeyStore | None,
    ) -> "Authority":
        return cls(
            folder,
            keys or FolderKeys(folder / "keys", passphrase),
            root_keys or FolderKeys(folder / "root", root_passphrase or passphrase),
        )

    def _found(self, name: str, base_url: str, sample: bool) -> None:
        manifest = {
            "format": 1,
            "name": name,
            "base_url": base_url,
            "sample": sample,
            "founded": datetime.now(UTC).isoformat(timespec="seconds"),
            "last": {},
            "root": [],
            "issuing": [],
            "tsa": [],
            "ocsp": {},
            "seals": {},
        }
        change = Change(self.shelf, self._keys, manifest)
        root = change.add_root(self._root_keys)
        change.add_issuing(root, HOUR)
        change.add_tsa()
        self.shelf.save_root_list(rotation.root_list(root, {}))
        self.shelf.save(manifest)

    # -- rotation: old keys and certificates stay, so old signatures stay valid -----------------------------------

    @contextmanager
    def changing(self, sessions: Sessions | None = None) -> Iterator[Change]:
        """Change what the authority works with, alone among all processes that share the folder.

        New certificates are recorded and committed through `sessions` before anybody may use them, so that processes
        that sign meanwhile never meet one that the database does not know. Broken off at any point, the authority
        works as before. Without `sessions` the caller registers afterwards, and nobody may sign in between.
        """
        with self.shelf.locked():
            change = Change(self.shelf, self._keys, self.shelf.manifest())
            yield change
            if sessions is not None and change.made:
                with sessions() as db:
                    self._record(db, change.made)
            self.shelf.save(change.manifest)

    def rotate_issuing(self, sessions: Sessions | None = None, suite: str = "p256") -> str:
        """Put a new issuing certificate (with its OCSP delegate) to work; needs its root's key. Returns its label.

        `suite`: p256 or sm2. Raises `AuthorityUnavailable` when no authority uses SM2 yet.
        """
        if suite == "sm2":
            root = self.root_issuer(self._sm2()["issuing"][-1])
            with self.changing(sessions) as change:
                return change.add_sm2_issuing(self.sm2_keys, root)
        with self.changing(sessions) as change:
            return change.add_issuing(self.root_issuer())

    def _sm2(self) -> dict[str, Any]:
        try:
            return dict(self.manifest["sm2"])
        except KeyError:
            raise AuthorityUnavailable("no registration authority seals with SM2 yet") from None

    def rotate_tsa(self, sessions: Sessions | None = None) -> str:
        """Put a new time stamping key to work. Returns its label."""
        with self.changing(sessions) as change:
            return change.add_tsa()

    def rotate_ocsp(self, issuer: str = "", sessions: Sessions | None = None) -> str:
        """Put a new OCSP delegate to work for an issuing certificate (the current one). Returns its label."""
        with self.changing(sessions) as change:
            return change.add_ocsp(issuer)

    def rotate_seal(
        self, authority_code: str, name: str = "", sessions: Sessions | None = None, suite: str = "p256"
    ) -> str:
        """Put a new seal key of a registration authority to work. Returns its label.

        `name`: the one of the seal so far if left out. Raises `AuthorityUnavailable` when it has no seal yet.
        """
        if not name:
            labels = (self._sm2() if suite == "sm2" else self.manifest)["seals"].get(authority_code)
            if not labels:
                raise AuthorityUnavailable(f"the registration authority {authority_code} has no seal yet")
            name = common_name(self.certificate(labels[-1]).subject)
        with self.changing(sessions) as change:
            if suite == "sm2":
                return change.add_sm2_seal(self.sm2_keys, authority_code, name)
            return change.add_seal(authority_code, name)

    def renew_root_list(
        self, revoked: Mapping[str, rotation.Revoked] | None = None, label: str = ""
    ) -> bytes:
        """Make a root's CRL anew, for a year; needs its key. What it held stays, `revoked` (by serial) is added."""
        with self.shelf.locked():
            root = self.root_issuer(label)
            name = dict(self.root_lists())[root.label]
            known = rotation.listed(self.shelf.root_list(name))
            der = rotation.root_list(root, {**known, **(revoked or {})})
            self.shelf.save_root_list(der, name)
            return der

    # -- what it has -----------------------------------------------------------------------------------------------

    @property
    def sample(self) -> bool:
        """True unless the installation belongs to a licensed provider and a real registration authority."""
        return bool(self.manifest["sample"])

    @property
    def manifest(self) -> dict[str, Any]:
        """The current labels; read again when another process changed them."""
        return self.shelf.current()

    @property
    def root(self) -> x509.Certificate:
        """The certificate that everything rests on."""
        return self.certificate(self.manifest["root"][-1])

    @property
    def roots(self) -> list[x509.Certificate]:
        """What everything rests on: the root, and the SM2 one if an authority has chosen that suite."""
        return [self.certificate(label) for label, _ in self.root_lists()]

    @property
    def time_roots(self) -> list[x509.Certificate]:
        """What time stamps, and nothing else, may rest on besides: the roots of the outside authorities."""
        return self.pool.roots if self.pool else []

    def root_lists(self) -> list[tuple[str, str]]:
        """The labels of the roots with the names of their lists on the shelf."""
        second = self.manifest.get("sm2", {}).get("root", [])
        return [
            *((label, rotation.ROOT_LIST) for label in self.manifest["root"][-1:]),
            *((label, rotation.SM2_ROOT_LIST) for label in second),
        ]

    @property
    def issuing_labels(self) -> list[str]:
        """The issuing certificates of both suites, oldest first."""
        return [*self.manifest["issuing"], *self.manifest.get("sm2", {}).get("issuing", [])]

    @property
    def sm2_keys(self) -> FolderKeys:
        """Where the keys of the SM2 suite are. Raises `AuthorityUnavailable` when the keys are in a PKCS#11 token."""
        if not (isinstance(self._keys, FolderKeys) and isinstance(self._root_keys, FolderKeys)):
            raise AuthorityUnavailable("the PKCS#11 token does not sign with SM2")
        return self._keys

    def issuer(self, label: str = "") -> Issuer:
        """The current issuing certificate with its key, or the one of this label."""
        label = label or self.manifest["issuing"][-1]
        return Issuer(label, self.certificate(label), self._key(label))

    def certificate(self, label: str) -> x509.Certificate:
        """The certificate of one of the authority's own labels. Raises `AuthorityUnavailable` if there is none."""
        return self.shelf.certificate(label)

    def chain(self, issuer: str = "") -> tuple[x509.Certificate, ...]:
        """The certificates above a leaf of this issuer (the current one): issuing first, root last."""
        label = issuer or self.manifest["issuing"][-1]
        return self.certificate(label), self.certificate(self._issuer_label(label, "issuing"))

    def tsa(self) -> Credential:
        """The time stamping key in use."""
        return self._credential(self.manifest["tsa"][-1])

    def ocsp_delegate(self, issuer: str) -> Credential:
        """The key that answers for certificates of this issuing label."""
        return self._credential(self.manifest["ocsp"][issuer][-1])

    def seal_for(self, db: Session, authority_code: str, name: str, suite: str = "p256") -> Credential:
        """The seal of a registration authority, made at first use and recorded in the caller's transaction.

        `authority_code`: letters and digits, as in the authorities' catalogue. `suite`: p256 or sm2.
        """
        if suite == "sm2":
            return self._sm2_seal(db, authority_code, name)
        if not authority_code.isalnum():
            raise ValueError("an authority's code has letters and digits only")
        if authority_code not in self.manifest["seals"]:
            with self.changing() as change:
                if authority_code not in change.manifest["seals"]:
                    change.add_seal(authority_code, name)
        self.register(db)
        return self._credential(self.manifest["seals"][authority_code][-1])

    def _sm2_seal(self, db: Session, code: str, name: str) -> Credential:
        if not code.isalnum():
            raise ValueError("an authority's code has letters and digits only")
        if code not in self.manifest.get("sm2", {}).get("seals", {}):
            with self.changing() as change:
                if "sm2" not in change.manifest:
                    keys = self.sm2_keys
                    assert isinstance(self._root_keys, FolderKeys)
                    change.add_sm2(keys, self._root_keys)
                if code not in change.manifest["sm2"]["seals"]:
                    change.add_sm2_seal(self.sm2_keys, code, name)
        self.register(db)
        return self._credential(self.manifest["sm2"]["seals"][code][-1])

    def root_list(self) -> bytes:
        """The root's CRL (DER)."""
        return self.shelf.root_list()

    def own_labels(self) -> Iterator[tuple[str, str]]:
        """Every label of the authority's own certificates with its profile."""
        manifest = self.manifest
        for profile in ("root", "issuing", "tsa"):
            for label in manifest[profile]:
                yield label, profile
        for labels in manifest["ocsp"].values():
            yield from ((label, "ocsp") for label in labels)
        second = manifest.get("sm2", {"root": [], "issuing": [], "seals": {}})
        for profile in ("root", "issuing"):
            yield from ((label, profile) for label in second[profile])
        for labels in (*manifest["seals"].values(), *second["seals"].values()):
            yield from ((label, "seal") for label in labels)

    # -- issuing -----------------------------------------------------------------------------------------------------

    def register(self, db: Session) -> None:
        """Record the authority's own certificates that the database does not know yet. Does not commit.

        A label that the database knows from an earlier authority (its folder was replaced) goes to this one.
        """
        own = [(label, profile, self._issuer_label(label, profile)) for label, profile in self.own_labels()]
        self._record(db, own)

    def _record(self, db: Session, labels: Iterable[tuple[str, str, str]]) -> None:
        rows = db.execute(select(Certificate.label, Certificate.serial).where(Certificate.label.is_not(None)))
        known = {str(label): serial for label, serial in rows}
        for label, profile, issuer in labels:
            certificate = self.certificate(label)
            earlier = known.get(label)
            if earlier == serial_of(certificate):
                continue
            if earlier is not None:
                former = update(Certificate).where(Certificate.serial == earlier)
                db.execute(former.values(label=f"{label}@{earlier[:12]}"))
            values = _row(certificate, profile, issuer, label=label)
            db.execute(insert(Certificate).values(**values).on_conflict_do_nothing())

    def issue_event_certificate(
        self,
        db: Session,
        *,
        real_name: str,
        id_hash: str,
        evidence_reference: str,
        public_key: ec.EllipticCurvePublicKey,
        lifetime: timedelta = timedelta(hours=24),
        proof: Mapping[str, bytes | str] | None = None,
        organisations: Sequence[str] = (),
    ) -> x509.Certificate:
        """A one-time certificate for one act of signing (ES-20), stored before it is returned; does not commit.

        `id_hash`: a keyed hash of the ID number (never the number). `proof` ties the certificate to the
        exact papers and to the signer's proof of will (`signing.control.link`). `lifetime` at most 24 hours.
        `organisations`: for which the holder signs, proven by their licences (ES-08, ES-09).
        Raises `LintFailure` for a name or lifetime that the profile does not allow.
        """
        issuer = self.issuer()
        link = {"version": 2 if proof else 1, "reference": evidence_reference, **(proof or {})}
        certificate = issuing.issue(
            "event",
            distinguished_name(C="CN", O=organisations, CN=real_name, SERIALNUMBER=id_hash),
            public_key,
            issuer,
            base_url=self.manifest["base_url"],
            lifetime=lifetime,
            link=EvidenceLink(link),
        )
        db.execute(
            insert(Certificate).values(
                **_row(certificate, "event", issuer.label, evidence=evidence_reference)
            )
        )
        return certificate

    # -- keys ----------------------------------------------------------------------------------------------------------

    def credential(self, key: AnyKey, certificate: x509.Certificate) -> Credential:
        """A key with its certificate of this authority, and the certificates above it."""
        issuer = self._label_of_issuer(certificate)
        return Credential(key, certificate, self.chain(issuer), issuer)

    def root_issuer(self, label: str = "") -> Issuer:
        """The root, or the one above this label, with its key. Raises `AuthorityUnavailable` when that is offline."""
        label = self._issuer_label(label, "issuing") if label else self.manifest["root"][-1]
        return Issuer(label, self.certificate(label), _load(self._root_keys, label))

    def root_above(self, issuing_label: str) -> str:
        """The label of the root that signed an issuing certificate."""
        return self._issuer_label(issuing_label, "issuing")

    def root_at_hand(self) -> bool:
        """Whether the root's key is here; it may rest offline."""
        try:
            return self._root_keys.holds(self.manifest["root"][-1])
        except AuthorityUnavailable:
            return False

    def _credential(self, label: str) -> Credential:
        return self.credential(self._key(label), self.certificate(label))

    def _label_of_issuer(self, certificate: x509.Certificate) -> str:
        for label in reversed(self.issuing_labels):
            if self.certificate(label).subject == certificate.issuer:
                return str(label)
        raise AuthorityUnavailable("the certificate was issued by another authority")

    def _issuer_label(self, label: str, profile: str) -> str:
        if profile in ("root", "issuing"):
            roots = self.manifest["sm2"]["root"] if label.startswith("sm2-") else self.manifest["root"]
            return str(roots[-1])
        return self._label_of_issuer(self.certificate(label))

    def _key(self, label: str) -> AnyKey:
        if label not in self._loaded_keys:
            self._loaded_keys[label] = _load(self._keys, label)
        return self._loaded_keys[label]


def _load(keys: KeyStore, label: str) -> AnyKey:
    if label.startswith("sm2-") and isinstance(keys, FolderKeys):
        return Sm2Key.load(keys.kept(label))
    return keys.load(label)


def _row(
    certificate: x509.Certificate, profile: str, issuer: str, *, label: str | None = None, evidence: str = ""
) -> dict[str, Any]:
    return {
        "serial": serial_of(certificate),
        "label": label,
        "issuer": issuer,
        "profile": profile,
        "subject": certificate.subject.rfc4514_string(),
        "der": certificate.public_bytes(serialization.Encoding.DER),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "not_before": certificate.not_valid_before_utc,
        "not_after": certificate.not_valid_after_utc,
        "evidence": evidence,
    }
