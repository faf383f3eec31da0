"""What each kind of certificate looks like, as data (ES-08). The linter holds every certificate to its profile."""

from dataclasses import dataclass
from datetime import timedelta

from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID

# An arc of our own under 2.25 (a UUID as ITU-T X.667 allows): no registration needed, never given twice.
ARC = "2.25.112938267195382937215834291937465182931"
CERTIFICATE_POLICY = f"{ARC}.1.1"
TIME_STAMP_POLICY = f"{ARC}.1.2"
PRACTICE_STATEMENT = (
    "/pki/policy"  # below the portal's address: where relying parties read what is promised (ES-06)
)
EVIDENCE_EXTENSION = ObjectIdentifier(f"{ARC}.2.1")
CONTROL_ATTRIBUTE = f"{ARC}.3.1"  # signed attribute: the proof that only the signer could sign

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336


@dataclass(frozen=True)
class Profile:
    """One kind of certificate. `lifetime` is the most it may live; `usages` are KeyUsage names of RFC 5280.

    `renew_before`: how long before its end one in use is replaced. `in_use`: how long one works at most; an issuer goes
    long before its end, because validators other than ours (pyHanko's AdES validation) take no archive stamp for proof
    once a certificate between signer and root has run out. So whatever is signed, every issuer above it lives on for 15
    years at least: root 30 - 10 - 5, issuing 20 - 5.
    """

    name: str
    lifetime: timedelta
    usages: frozenset[str]
    renew_before: timedelta = timedelta(0)
    in_use: timedelta | None = None
    extended: tuple[ObjectIdentifier, ...] = ()
    extended_critical: bool = False
    authority: bool = False
    path_length: int | None = None
    issued_by: str = "issuing"
    required_subject: tuple[str, ...] = ("C", "CN")
    optional_subject: tuple[str, ...] = ()  # each any number of times
    no_check: bool = False  # OCSP delegates: RFC 6960, 4.2.2.2.1
    revocation_pointers: bool = True
    status_service: bool = True  # whether OCSP answers for it; authorities' certificates have lists only
    evidence: bool = False


SIGNING = frozenset({"digital_signature", "content_commitment"})
YEAR = timedelta(days=365)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "root",
            30 * YEAR,
            frozenset({"key_cert_sign", "crl_sign"}),
            in_use=10 * YEAR,
            authority=True,
            issued_by="root",
            required_subject=("C", "O", "CN"),
            revocation_pointers=False,
        ),
        Profile(
            "issuing",
            20 * YEAR,
            frozenset({"key_cert_sign", "crl_sign"}),
            in_use=5 * YEAR,
            authority=True,
            path_length=0,
            issued_by="root",
            required_subject=("C", "O", "CN"),
        ),
        Profile(
            "tsa",
            5 * YEAR,
            SIGNING,
            YEAR,
            extended=(ExtendedKeyUsageOID.TIME_STAMPING,),
            extended_critical=True,  # RFC 3161, 2.3: critical and alone
            required_subject=("C", "O", "CN"),
        ),
        Profile(
            "ocsp",
            YEAR,
            frozenset({"digital_signature"}),
            timedelta(days=60),
            extended=(ExtendedKeyUsageOID.OCSP_SIGNING,),
            required_subject=("C", "O", "CN"),
            no_check=True,
            revocation_pointers=False,
        ),
        # emailProtection stands beside documentSigning because readers built on NSS look for it.
        Profile(
            "seal",
            3 * YEAR,
            SIGNING,
            timedelta(days=180),
            extended=(DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION),
            required_subject=("C", "O", "CN", "SERIALNUMBER"),
        ),
        Profile(
            "event",
            timedelta(hours=24),
            SIGNING,
            extended=(DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION),
            required_subject=("C", "CN", "SERIALNUMBER"),
            optional_subject=("O",),  # for whom the person signs
            evidence=True,
        ),
    )
}
