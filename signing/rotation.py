"""New keys for old: what the authority works with is replaced while it works, by command and before it runs out.

A change makes keys and certificates that nobody uses yet; naming them in the manifest is its last step. So it can be
broken off anywhere: what it made so far is never used and its labels are not taken again.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from sqlalchemy.orm import Session

from signing import issuing, suites
from signing.issuing import Issuer, common_name, distinguished_name
from signing.keys import FolderKeys, KeyStore
from signing.profiles import PROFILES
from signing.shelf import Manifest, Shelf
from signing.suites import Sm2Key

if TYPE_CHECKING:
    from signing.authority import Authority

Sessions = Callable[[], AbstractContextManager[Session]]  # each a transaction that commits at its end
Revoked = tuple[datetime, x509.ReasonFlags]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ROOT_LIST_LIFETIME = timedelta(days=365)
ROOT_LIST_RENEWED_BEFORE = timedelta(days=90)
ROOT_LIST, SM2_ROOT_LIST = "root.crl", "sm2-root.crl"


class Change:
    """New keys and certificates, made under the shelf's lock. `made`: label, profile and issuer of each so far."""

    def __init__(self, shelf: Shelf, keys: KeyStore, manifest: Manifest) -> None:
        self.manifest = manifest
        self.made: list[tuple[str, str, str]] = []
        self._shelf, self._keys = shelf, keys
        self._issuers: dict[str, Issuer] = {}

    def add_root(self, keys: KeyStore) -> Issuer:
        """A root, its key in a store of its own."""
        label = self._next_label("root", keys)
        key = keys.create(label)
        name = self.manifest["name"]
        certificate = issuing.issue(
            "root",
            distinguished_name(C="CN", O=name, CN=f"{name} Root CA"),
            key.public_key(),
            None,
            own_key=key,
            base_url=self.manifest["base_url"],
            backdate=HOUR,
        )
        self._keep(label, "root", certificate, label)
        self.manifest["root"].append(label)
        return Issuer(label, certificate, key)

    def add_issuing(self, root: Issuer, backdate: timedelta = MINUTE) -> str:
        """An issuing certificate with its OCSP delegate."""
        label = self._next_label("issuing")
        name, number = self.manifest["name"], label.rsplit("-", 1)[1]
        key = self._keys.create(label)
        certificate = issuing.issue(
            "issuing",
            distinguished_name(C="CN", O=name, CN=f"{name} Issuing CA {number}"),
            key.public_key(),
            root,
            base_url=self.manifest["base_url"],
            backdate=backdate,
        )
        self._keep(label, "issuing", certificate, root.label)
        self.manifest["issuing"].append(label)
        self._issuers[label] = Issuer(label, certificate, key)
        self.add_ocsp(label)
        return label

    def add_ocsp(self, issuer: str = "") -> str:
        """An OCSP delegate of an issuing label (the current one)."""
        issuer = issuer or self.manifest["issuing"][-1]
        label = self._add_leaf("ocsp", "ocsp", f"{self.manifest['name']} OCSP", issuer)
        self.manifest["ocsp"].setdefault(issuer, []).append(label)
        return label

    def add_tsa(self) -> str:
        """A time stamping key."""
        label = self._add_leaf("tsa", "tsa", f"{self.manifest['name']} TSA")
        self.manifest["tsa"].append(label)
        return label

    def add_seal(self, code: str, name: str) -> str:
        """A seal of a registration authority."""
        shown = self._shown(name)
        label = self._add_leaf("seal", f"seal-{code}", shown, organisation=shown, number=code)
        self.manifest["seals"].setdefault(code, []).append(label)
        return label

    # -- the second suite: a tree of its own, its keys encrypted beside the others' ------------------------------------

    def add_sm2(self, keys: FolderKeys, root_keys: FolderKeys) -> None:
        """Found the SM2 tree: root, its list, issuing certificate."""
        label = self._next_label("sm2-root", root_keys)
        name, key = self.manifest["name"], _new_sm2(root_keys, label)
        root = issuing.issue(
            "root",
            distinguished_name(C="CN", O=name, CN=f"{name} SM2 Root CA"),
            key.public,
            None,
            own_key=key,
            base_url=self.manifest["base_url"],
            backdate=HOUR,
        )
        self._keep(label, "root", root, label)
        self.manifest["sm2"] = {"root": [label], "issuing": [], "seals": {}}
        self._shelf.save_root_list(root_list(Issuer(label, root, key), {}), SM2_ROOT_LIST)
        self.add_sm2_issuing(keys, Issuer(label, root, key))

    def add_sm2_issuing(self, keys: FolderKeys, root: Issuer) -> str:
        """An issuing certificate of the SM2 tree; it has a list and no OCSP delegate."""
        label = self._next_label("sm2-issuing", keys)
        name, number = self.manifest["name"], label.rsplit("-", 1)[1]
        certificate = issuing.issue(
            "issuing",
            distinguished_name(C="CN", O=name, CN=f"{name} SM2 Issuing CA {number}"),
            _new_sm2(keys, label).public,
            root,
            base_url=self.manifest["base_url"],
        )
        self._keep(label, "issuing", certificate, root.label)
        self.manifest["sm2"]["issuing"].append(label)
        return label

    def add_sm2_seal(self, keys: FolderKeys, code: str, name: str) -> str:
        """A seal of a registration authority that signs with SM2 and SM3."""
        above = self.manifest["sm2"]["issuing"][-1]
        issuer = Issuer(above, self._shelf.certificate(above), Sm2Key.load(keys.kept(above)))
        shown = self._shown(name)
        label = self._next_label(f"sm2-seal-{code}", keys)
        certificate = issuing.issue(
            "seal",
            distinguished_name(C="CN", O=shown, CN=shown, SERIALNUMBER=code),
            _new_sm2(keys, label).public,
            issuer,
            base_url=self.manifest["base_url"],
        )
        self._keep(label, "seal", certificate, above)
        self.manifest["sm2"]["seals"].setdefault(code, []).append(label)
        return label

    def _shown(self, name: str) -> str:
        sample = self.manifest["sample"] and not name.endswith("（样例）")
        return f"{name}（样例）" if sample else name

    def _add_leaf(
        self,
        profile: str,
        stem: str,
        name: str,
        issuer: str = "",
        *,
        organisation: str = "",
        number: str = "",
    ) -> str:
        above = self._issuer(issuer or self.manifest["issuing"][-1])
        label = self._next_label(stem)
        subject = distinguished_name(
            C="CN", O=organisation or self.manifest["name"], CN=name, SERIALNUMBER=number
        )
        certificate = issuing.issue(
            profile,
            subject,
            self._keys.create(label).public_key(),
            above,
            base_url=self.manifest["base_url"],
        )
        self._keep(label, profile, certificate, above.label)
        return label

    def _issuer(self, label: str) -> Issuer:
        if label not in self._issuers:
            self._issuers[label] = Issuer(label, self._shelf.certificate(label), self._keys.load(label))
        return self._issuers[label]

    def _keep(self, label: str, profile: str, certificate: x509.Certificate, issuer: str) -> None:
        self._shelf.keep(label, certificate)
        self.made.append((label, profile, issuer))

    def _next_label(self, stem: str, keys: KeyStore | None = None) -> str:
        """A number after the last one, also after any that a broken-off attempt left behind."""
        number = self.manifest["last"].get(stem, 0) + 1
        while (keys or self._keys).holds(f"{stem}-{number}"):
            number += 1
        self.manifest["last"][stem] = number
        return f"{stem}-{number}"


def _new_sm2(keys: FolderKeys, label: str) -> Sm2Key:
    key = Sm2Key.generate()
    keys.keep(label, key.secret + key.public)
    return key


# -- the root's list -----------------------------------------------------------------------------------------------------


def listed(der: bytes) -> dict[str, Revoked]:
    """What a CRL (DER) of ours says, by serial."""
    return {
        f"{row.serial_number:x}": (
            row.revocation_date_utc,
            row.extensions.get_extension_for_class(x509.CRLReason).value.reason,
        )
        for row in x509.load_der_x509_crl(der)
    }


def root_list(root: Issuer, revoked: Mapping[str, Revoked]) -> bytes:
    """A CRL of the root (DER), good for a year. `revoked`: moment and reason by serial."""
    now = datetime.now(UTC).replace(microsecond=0)
    identifier = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(now - MINUTE)
        .next_update(now + ROOT_LIST_LIFETIME)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    )
    for serial, (moment, reason) in revoked.items():
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(int(serial, 16))
            .revocation_date(moment)
            .add_extension(x509.CRLReason(reason), critical=False)
            .build()
        )
    return suites.signed(builder, root.key)


# -- before it runs out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """Something to replace. `subject`: the issuing label of an OCSP delegate, the code of a seal's authority.

    `by_root`: only the root's key can do it.
    """

    label: str
    profile: str
    until: datetime
    subject: str = ""
    by_root: bool = False


def due(authority: "Authority", at: datetime | None = None) -> list[Due]:
    """What should be replaced at this moment (now): see `Profile.renew_before` and `Profile.in_use`.

    What a new certificate would not outlive, because its issuer ends as soon, waits for a new issuer.
    """
    now = at or datetime.now(UTC)
    manifest = authority.manifest
    issuing_end = authority.certificate(manifest["issuing"][-1]).not_valid_after_utc
    working = [
        ("root", "", manifest["root"][-1], issuing_end),
        ("issuing", "", manifest["issuing"][-1], authority.root.not_valid_after_utc),
        ("tsa", "", manifest["tsa"][-1], issuing_end),
        *(("seal", code, labels[-1], issuing_end) for code, labels in manifest["seals"].items()),
    ]
    if second := manifest.get("sm2"):
        root_end, end = (
            authority.certificate(second[kind][-1]).not_valid_after_utc for kind in ("root", "issuing")
        )
        working.append(("root", "", second["root"][-1], end))
        working.append(("issuing", "", second["issuing"][-1], root_end))
        working += [("seal", code, labels[-1], end) for code, labels in second["seals"].items()]
    for issuer, labels in manifest["ocsp"].items():
        end = authority.certificate(issuer).not_valid_after_utc
        if end > now:  # it answers until the last certificate of its issuer has run out
            working.append(("ocsp", issuer, labels[-1], end))
    found = []
    for profile, subject, label, end in working:
        rule, certificate = PROFILES[profile], authority.certificate(label)
        until = certificate.not_valid_after_utc
        gain = min(now + rule.lifetime, end) - until
        worn = rule.in_use is not None and now - certificate.not_valid_before_utc >= rule.in_use
        if worn or (until - now < rule.renew_before and gain > timedelta(days=1)):
            found.append(Due(label, profile, until, subject, profile in ("root", "issuing")))
    for label, name in authority.root_lists():
        listed_until = x509.load_der_x509_crl(authority.shelf.root_list(name)).next_update_utc
        if listed_until is not None and listed_until - now < ROOT_LIST_RENEWED_BEFORE:
            found.append(Due(label, "root_list", listed_until, by_root=True))
    return found


def renew(
    authority: "Authority", sessions: Sessions, at: datetime | None = None
) -> tuple[list[str], list[Due]]:
    """Replace what is due. Returns the new labels, and what only the root's key, which rests offline, can do.

    Several processes may try at once: under the shelf's lock each finds only what is still due.
    """
    if not due(authority, at):
        return [], []
    at_hand = authority.root_at_hand()
    with authority.changing(sessions) as change:
        open_ = due(authority, at)
        waiting = [item for item in open_ if item.profile == "root" or (item.by_root and not at_hand)]
        made = []
        for item in (item for item in open_ if item not in waiting):
            second = item.label.startswith("sm2-")
            if item.profile == "issuing" and second:
                made.append(change.add_sm2_issuing(authority.sm2_keys, authority.root_issuer(item.label)))
            elif item.profile == "issuing":
                made.append(change.add_issuing(authority.root_issuer()))
            elif item.profile == "tsa":
                made.append(change.add_tsa())
            elif item.profile == "ocsp":
                made.append(change.add_ocsp(item.subject))
            elif item.profile == "seal":
                name = common_name(authority.certificate(item.label).subject)
                made.append(
                    change.add_sm2_seal(authority.sm2_keys, item.subject, name)
                    if second
                    else change.add_seal(item.subject, name)
                )
    for item in open_:
        if item.profile == "root_list" and item not in waiting:
            authority.renew_root_list(label=item.label)
            made.append("root_list")
    return made, waiting
