"""Builds certificates after their profile: first with a throwaway key for the linter, then with the real one."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from signing import lint, suites
from signing.keys import CURVE
from signing.profiles import CERTIFICATE_POLICY, EVIDENCE_EXTENSION, PRACTICE_STATEMENT, PROFILES, Profile
from signing.suites import AnyKey

SHA256 = hashes.SHA256()


class EvidenceLink(core.Sequence):
    """Our extension of event certificates: what the certificate rests on (ES-21) and which papers it is for."""

    _fields = [
        ("version", core.Integer),
        ("reference", core.UTF8String),
        ("papers", core.OctetString, {"explicit": 0, "optional": True}),
        ("proof", core.OctetString, {"explicit": 1, "optional": True}),
        ("control", core.UTF8String, {"explicit": 2, "optional": True}),
        ("credential", core.OctetString, {"explicit": 3, "optional": True}),
    ]


@dataclass(frozen=True)
class Issuer:
    """A certificate that signs others, its label in the addresses, and its key."""

    label: str
    certificate: x509.Certificate
    key: AnyKey


def distinguished_name(**parts: str | Sequence[str]) -> x509.Name:
    """A name from C, O, CN and SERIALNUMBER, in that order, each one or several; empty parts are left out."""
    values = {key: [value] if isinstance(value, str) else value for key, value in parts.items()}
    return x509.Name(
        [
            x509.NameAttribute(oid, value)
            for key, oid in lint.ATTRIBUTES.items()
            for value in values.get(key, ())
            if value
        ]
    )


def common_name(name: x509.Name) -> str:
    """The CN of a name; empty if it has none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def evidence_link(certificate: x509.Certificate) -> dict[str, Any]:
    """What an event certificate says of its evidence: `reference`, digests of the statement of `papers`, of the
    `proof` over it and of the signer's `credential`, and the method of `control`."""
    extension = certificate.extensions.get_extension_for_oid(EVIDENCE_EXTENSION).value
    assert isinstance(extension, x509.UnrecognizedExtension)
    return dict(EvidenceLink.load(extension.value).native)


def issue(
    profile_name: str,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey | bytes,
    issuer: Issuer | None,
    *,
    base_url: str,
    own_key: AnyKey | None = None,
    lifetime: timedelta | None = None,
    backdate: timedelta = timedelta(minutes=1),
    link: EvidenceLink | None = None,
    at: datetime | None = None,
) -> x509.Certificate:
    """A certificate of this profile, linted before it is signed.

    `public_key`: on P-256, or the 64 octets of an SM2 key; then a P-256 key stands for it until the linter has seen it,
    and nobody may ask OCSP for the certificate. `lifetime` defaults to the profile's and never outlives the issuer; the start lies `backdate` in the past for
    clocks that run behind. `issuer` is None for a root, which signs itself with `own_key`.
    Raises `LintFailure` before the real key is used.
    """
    profile = PROFILES[profile_name]
    if isinstance(public_key, bytes):
        profile = replace(profile, status_service=False)
        point, twin = public_key, ec.generate_private_key(CURVE).public_key()
    else:
        point, twin = b"", public_key
    begin = (at or datetime.now(UTC)).replace(microsecond=0) - backdate
    end = begin + (lifetime or profile.lifetime)
    if issuer is not None:
        end = min(end, issuer.certificate.not_valid_after_utc)
    builder = (
        _draft(profile, subject, twin, issuer, base_url, link).not_valid_before(begin).not_valid_after(end)
    )
    lint.check(
        profile, builder.sign(ec.generate_private_key(CURVE), SHA256), issuer.certificate if issuer else None
    )
    key = issuer.key if issuer else own_key
    assert key is not None
    return x509.load_der_x509_certificate(suites.signed(builder, key, twin if point else None, point))


def _draft(
    profile: Profile,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: Issuer | None,
    base_url: str,
    link: EvidenceLink | None,
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(public_key)
    if issuer is None:
        parent, above = own, subject
    else:
        parent = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        above = issuer.certificate.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(public_key)
        .serial_number((1 << 158) | secrets.randbits(158))  # positive, 20 octets, 158 random bits
        .add_extension(x509.BasicConstraints(profile.authority, profile.path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                **{name: name in profile.usages for name in lint.USAGES},
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(parent.digest, None, None), critical=False)
    )
    if profile.extended:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage(profile.extended), critical=profile.extended_critical
        )
    if issuer is not None:
        identifier = x509.ObjectIdentifier(CERTIFICATE_POLICY)
        policy = x509.PolicyInformation(identifier, [f"{base_url}{PRACTICE_STATEMENT}"])
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    if profile.no_check:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if profile.revocation_pointers and issuer is not None:
        access = [_access(AuthorityInformationAccessOID.CA_ISSUERS, f"{base_url}/pki/{issuer.label}.cer")]
        if not profile.authority and profile.status_service:
            access.insert(0, _access(AuthorityInformationAccessOID.OCSP, f"{base_url}/pki/ocsp"))
        list_at = x509.UniformResourceIdentifier(f"{base_url}/pki/crl/{issuer.label}.crl")
        builder = builder.add_extension(
            x509.AuthorityInformationAccess(access), critical=False
        ).add_extension(
            x509.CRLDistributionPoints([x509.DistributionPoint([list_at], None, None, None)]), critical=False
        )
    if link is not None:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(EVIDENCE_EXTENSION, link.dump()), critical=False
        )
    return builder


def _access(method: x509.ObjectIdentifier, url: str) -> x509.AccessDescription:
    return x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
