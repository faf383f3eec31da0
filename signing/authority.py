"""The certificate authority: a root that can rest offline, an issuing authority, and what they issue.

Its folder holds `authority.json` (which labels are current), `certificates/*.cer`, `keys/` and `root/` (encrypted
keys; `root/` can be taken away after founding) and the root's CRL. Several processes may share the folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from signing import issuing
from signing.errors import AuthorityUnavailable
from signing.issuing import EvidenceLink, Issuer, common_name, distinguished_name
from signing.keys import FolderKeys, Key, KeyStore
from signing.tables import Certificate

ROOT_LIST_LIFETIME = timedelta(days=365)


@dataclass(frozen=True)
class Credential:
    """A key that may sign papers, its certificate, and the certificates above it (issuing first, root last)."""

    key: Key
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
    """An opened authority. Make one a process; it notices rotations made by others."""

    def __init__(self, folder: Path, keys: KeyStore, root_keys: KeyStore) -> None:
        self.folder = folder
        self._keys, self._root_keys = keys, root_keys
        self._loaded_keys: dict[str, Key] = {}
        self._loaded_certificates: dict[str, x509.Certificate] = {}
        self._manifest: dict[str, Any] = {}
        self._manifest_stamp = 0

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
    ) -> "Authority":
        """Found the authority in `folder`, or open it if it stands already; safe from several processes at once.

        `base_url` goes into certificates (CRL, OCSP, issuer's certificate). A `sample` authority says 样例 in its
        names and seals: it is no licensed provider (ES-04) and no registration authority. `keys` replaces the
        encrypted files by another store, such as a PKCS#11 token.
        Raises `AuthorityUnavailable` when it stands but does not open with this passphrase.
        """
        folder = Path(folder)
        (folder / "certificates").mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = cls._at(folder, passphrase, root_passphrase, keys)
        with authority._locked():
            if not (folder / "authority.json").exists():
                authority._found(f"{name}（样例）" if sample else name, base_url.rstrip("/"), sample)
        return cls.open(folder, passphrase, root_passphrase=root_passphrase, keys=keys)

    @classmethod
    def open(
        cls, folder: Path, passphrase: str, *, root_passphrase: str = "", keys: KeyStore | None = None
    ) -> "Authority":
        """Open a founded authority. Raises `AuthorityUnavailable` (not founded, wrong passphrase)."""
        authority = cls._at(Path(folder), passphrase, root_passphrase, keys)
        authority.issuer()  # opens the key now, so that a wrong passphrase is known at the start
        return authority

    @classmethod
    def _at(cls, folder: Path, passphrase: str, root_passphrase: str, keys: KeyStore | None) -> "Authority":
        root_keys = FolderKeys(folder / "root", root_passphrase or passphrase)
        return cls(folder, keys or FolderKeys(folder / "keys", passphrase), root_keys)

    def _found(self, name: str, base_url: str, sample: bool) -> None:
        self._manifest = {
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
        hour = timedelta(hours=1)
        label = self._next_label("root")
        key = self._root_keys.create(label)
        subject = distinguished_name(C="CN", O=name, CN=f"{name} Root CA")
        root = issuing.issue(
            "root", subject, key.public_key(), None, own_key=key, base_url=base_url, backdate=hour
        )
        self._keep(label, root)
        self._manifest["root"].append(label)
        self._add_issuing(Issuer(label, root, key), hour)
        self._add_tsa()
        self._write_root_list(Issuer(label, root, key), [])
        self._save()

    # -- rotation: old keys and certificates stay, so old signatures stay valid -----------------------------------

    def rotate_issuing(self) -> str:
        """Put a new issuing certificate (and its OCSP delegate) to work; needs the root's key. Returns its label."""
        with self._locked():
            self._reload()
            return self._saved(self._add_issuing(self._root_issuer(), timedelta(minutes=1)))

    def rotate_tsa(self) -> str:
        """Put a new time stamping key to work. Returns its label."""
        with self._locked():
            self._reload()
            return self._saved(self._add_tsa())

    def rotate_ocsp(self, issuer: str = "") -> str:
        """Put a new OCSP delegate to work for an issuing certificate (the current one). Returns its label."""
        with self._locked():
            self._reload()
            return self._saved(self._add_ocsp(self.issuer(issuer)))

    def rotate_seal(self, authority_code: str, name: str) -> str:
        """Put a new seal key of a registration authority to work. Returns its label."""
        with self._locked():
            self._reload()
            return self._saved(self._add_seal(authority_code, name))

    def renew_root_list(self, revoked: list[tuple[str, datetime, x509.ReasonFlags]] | None = None) -> bytes:
        """Make the root's CRL anew, for a year; needs the root's key. `revoked`: serial, moment, reason."""
        with self._locked():
            return self._write_root_list(self._root_issuer(), revoked or [])

    def _add_issuing(self, root: Issuer, backdate: timedelta) -> str:
        label = self._next_label("issuing")
        name = self._manifest["name"]
        key = self._keys.create(label)
        number = label.rsplit("-", 1)[1]
        certificate = issuing.issue(
            "issuing",
            distinguished_name(C="CN", O=name, CN=f"{name} Issuing CA {number}"),
            key.public_key(),
            root,
            base_url=self._manifest["base_url"],
            backdate=backdate,
        )
        self._keep(label, certificate)
        self._manifest["issuing"].append(label)
        self._loaded_keys[label] = key
        self._add_ocsp(Issuer(label, certificate, key))
        return label

    def _add_ocsp(self, issuer: Issuer) -> str:
        label = self._add_leaf("ocsp", "ocsp", f"{self._manifest['name']} OCSP", issuer)
        self._manifest["ocsp"].setdefault(issuer.label, []).append(label)
        return label

    def _add_tsa(self) -> str:
        label = self._add_leaf("tsa", "tsa", f"{self._manifest['name']} TSA", self.issuer())
        self._manifest["tsa"].append(label)
        return label

    def _add_seal(self, code: str, name: str) -> str:
        shown = f"{name}（样例）" if self.sample and not name.endswith("（样例）") else name
        label = self._add_leaf("seal", f"seal-{code}", shown, self.issuer(), organisation=shown, number=code)
        self._manifest["seals"].setdefault(code, []).append(label)
        return label

    def _add_leaf(
        self, profile: str, stem: str, name: str, issuer: Issuer, *, organisation: str = "", number: str = ""
    ) -> str:
        label = self._next_label(stem)
        key = self._keys.create(label)
        subject = distinguished_name(
            C="CN", O=organisation or self._manifest["name"], CN=name, SERIALNUMBER=number
        )
        certificate = issuing.issue(
            profile, subject, key.public_key(), issuer, base_url=self._manifest["base_url"]
        )
        self._keep(label, certificate)
        self._loaded_keys[label] = key
        return label

    # -- what it has -----------------------------------------------------------------------------------------------

    @property
    def sample(self) -> bool:
        """True unless the installation belongs to a licensed provider and a real registration authority."""
        return bool(self.manifest["sample"])

    @property
    def manifest(self) -> dict[str, Any]:
        """The current labels; read again when another process changed them."""
        try:
            stamp = (self.folder / "authority.json").stat().st_mtime_ns
        except FileNotFoundError:
            if self._manifest:
                return self._manifest  # being founded right now
            raise AuthorityUnavailable(
                f"no certificate authority stands in {self.folder.name}/ yet"
            ) from None
        if stamp != self._manifest_stamp:
            self._reload()
        return self._manifest

    @property
    def root(self) -> x509.Certificate:
        """The certificate that everything rests on."""
        return self.certificate(self.manifest["root"][-1])

    def issuer(self, label: str = "") -> Issuer:
        """The current issuing certificate with its key, or the one of this label."""
        label = label or self.manifest["issuing"][-1]
        return Issuer(label, self.certificate(label), self._key(label))

    def certificate(self, label: str) -> x509.Certificate:
        """The certificate of one of the authority's own labels. Raises `AuthorityUnavailable` if there is none."""
        if label not in self._loaded_certificates:
            if not label.replace("-", "").isalnum():
                raise AuthorityUnavailable("no such certificate")
            try:
                der = (self.folder / "certificates" / f"{label}.cer").read_bytes()
            except FileNotFoundError:
                raise AuthorityUnavailable(f"the certificate {label} is not here") from None
            self._loaded_certificates[label] = x509.load_der_x509_certificate(der)
        return self._loaded_certificates[label]

    def chain(self, issuer: str = "") -> tuple[x509.Certificate, ...]:
        """The certificates above a leaf of this issuer (the current one): issuing first, root last."""
        return self.certificate(issuer or self.manifest["issuing"][-1]), self.root

    def tsa(self) -> Credential:
        """The time stamping key in use."""
        return self._credential(self.manifest["tsa"][-1])

    def ocsp_delegate(self, issuer: str) -> Credential:
        """The key that answers for certificates of this issuing label."""
        return self._credential(self.manifest["ocsp"][issuer][-1])

    def seal_for(self, db: Session, authority_code: str, name: str) -> Credential:
        """The seal of a registration authority, made at first use and recorded in the caller's transaction.

        `authority_code`: letters and digits, as in the authorities' catalogue.
        """
        if not authority_code.isalnum():
            raise ValueError("an authority's code has letters and digits only")
        if authority_code not in self.manifest["seals"]:
            with self._locked():
                self._reload()
                if authority_code not in self._manifest["seals"]:
                    self._saved(self._add_seal(authority_code, name))
        self.register(db)
        return self._credential(self.manifest["seals"][authority_code][-1])

    def root_list(self) -> bytes:
        """The root's CRL (DER)."""
        return (self.folder / "root.crl").read_bytes()

    def own_labels(self) -> Iterator[tuple[str, str]]:
        """Every label of the authority's own certificates with its profile."""
        manifest = self.manifest
        for profile in ("root", "issuing", "tsa"):
            for label in manifest[profile]:
                yield label, profile
        for labels in manifest["ocsp"].values():
            yield from ((label, "ocsp") for label in labels)
        for labels in manifest["seals"].values():
            yield from ((label, "seal") for label in labels)

    # -- issuing -----------------------------------------------------------------------------------------------------

    def register(self, db: Session) -> None:
        """Record the authority's own certificates that the database does not know yet. Does not commit.

        A label that the database knows from an earlier authority (its folder was replaced) goes to this one.
        """
        rows = db.execute(select(Certificate.label, Certificate.serial).where(Certificate.label.is_not(None)))
        known = {str(label): serial for label, serial in rows}
        for label, profile in self.own_labels():
            certificate = self.certificate(label)
            earlier = known.get(label)
            if earlier == serial_of(certificate):
                continue
            if earlier is not None:
                former = update(Certificate).where(Certificate.serial == earlier)
                db.execute(former.values(label=f"{label}@{earlier[:12]}"))
            values = _row(certificate, profile, self._issuer_label(label, profile), label=label)
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
        papers: bytes | None = None,
        proof: bytes | None = None,
    ) -> x509.Certificate:
        """A one-time certificate for one act of signing (ES-20), stored before it is returned; does not commit.

        `id_hash`: a keyed hash of the ID number (never the number). `papers` and `proof` are SHA-256 digests that
        tie the certificate to the exact papers and to the signer's proof of will. `lifetime` at most 24 hours.
        Raises `LintFailure` for a name or lifetime that the profile does not allow.
        """
        issuer = self.issuer()
        link = {"version": 1, "reference": evidence_reference, "papers": papers, "proof": proof}
        certificate = issuing.issue(
            "event",
            distinguished_name(C="CN", CN=real_name, SERIALNUMBER=id_hash),
            public_key,
            issuer,
            base_url=self.manifest["base_url"],
            lifetime=lifetime,
            link=EvidenceLink({key: value for key, value in link.items() if value is not None}),
        )
        db.execute(
            insert(Certificate).values(
                **_row(certificate, "event", issuer.label, evidence=evidence_reference)
            )
        )
        return certificate

    # -- the folder ----------------------------------------------------------------------------------------------------

    def _credential(self, label: str) -> Credential:
        certificate = self.certificate(label)
        issuer = self._label_of_issuer(certificate)
        return Credential(self._key(label), certificate, self.chain(issuer), issuer)

    def _label_of_issuer(self, certificate: x509.Certificate) -> str:
        for label in reversed(self.manifest["issuing"]):
            if self.certificate(label).subject == certificate.issuer:
                return str(label)
        raise AuthorityUnavailable("the certificate was issued by another authority")

    def _issuer_label(self, label: str, profile: str) -> str:
        if profile in ("root", "issuing"):
            return str(self.manifest["root"][-1])
        return self._label_of_issuer(self.certificate(label))

    def _root_issuer(self) -> Issuer:
        label = self.manifest["root"][-1]
        return Issuer(label, self.certificate(label), self._root_keys.load(label))

    def _key(self, label: str) -> Key:
        if label not in self._loaded_keys:
            self._loaded_keys[label] = self._keys.load(label)
        return self._loaded_keys[label]

    def _next_label(self, stem: str) -> str:
        """A number after the last one, also after any that a broken-off attempt left in the folder."""
        number = self._manifest["last"].get(stem, 0) + 1
        folders = [self.folder / "keys", self.folder / "root"]
        while any((folder / f"{stem}-{number}.pem").exists() for folder in folders):
            number += 1
        self._manifest["last"][stem] = number
        return f"{stem}-{number}"

    def _keep(self, label: str, certificate: x509.Certificate) -> None:
        der = certificate.public_bytes(serialization.Encoding.DER)
        (self.folder / "certificates" / f"{label}.cer").write_bytes(der)
        self._loaded_certificates[label] = certificate

    def _write_root_list(self, root: Issuer, revoked: list[tuple[str, datetime, x509.ReasonFlags]]) -> bytes:
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(root.certificate.subject)
            .last_update(now - timedelta(minutes=1))
            .next_update(now + ROOT_LIST_LIFETIME)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
                ),
                critical=False,
            )
        )
        for serial, moment, reason in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(int(serial, 16))
                .revocation_date(moment)
                .add_extension(x509.CRLReason(reason), critical=False)
                .build()
            )
        der = builder.sign(root.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        self._replace("root.crl", der)
        return der

    def _reload(self) -> None:
        path = self.folder / "authority.json"
        self._manifest_stamp = path.stat().st_mtime_ns
        self._manifest = json.loads(path.read_text())

    def _save(self) -> None:
        self._replace("authority.json", json.dumps(self._manifest, ensure_ascii=False, indent=1).encode())

    def _saved(self, label: str) -> str:
        self._save()
        return label

    def _replace(self, name: str, content: bytes) -> None:
        scratch = self.folder / f".{name}.{os.getpid()}"
        scratch.write_bytes(content)
        os.replace(scratch, self.folder / name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.folder / ".lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


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
