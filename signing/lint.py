"""Looks at a certificate before it is really signed: it must keep RFC 5280 and its profile, or it is not made."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID, SignatureAlgorithmOID

from signing.errors import LintFailure
from signing.profiles import CERTIFICATE_POLICY, EVIDENCE_EXTENSION, PRACTICE_STATEMENT, Profile

ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "CN": NameOID.COMMON_NAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
}
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
BASE_EXTENSIONS = {
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
}


def check(profile: Profile, draft: x509.Certificate, issuer: x509.Certificate | None) -> None:
    """Hold `draft` (signed with a throwaway key) against its profile; `issuer` is None for the root itself.

    Raises `LintFailure` with every finding.
    """
    findings = [*_fields(profile, draft, issuer), *_extensions(profile, draft, issuer)]
    if findings:
        raise LintFailure(profile.name, findings)


def _fields(profile: Profile, draft: x509.Certificate, issuer: x509.Certificate | None) -> list[str]:
    found = []
    if draft.version is not x509.Version.v3:
        found.append("version is not 3")
    if not 2**64 <= draft.serial_number < 2**159:
        found.append("serial number has fewer than 64 random bits or more than 20 octets")
    if draft.not_valid_after_utc - draft.not_valid_before_utc > profile.lifetime:
        found.append(f"lives longer than {profile.lifetime}")
    if issuer is not None:
        if draft.issuer.public_bytes() != issuer.subject.public_bytes():
            found.append("issuer is not, byte for byte, the issuing certificate's subject")
        if draft.not_valid_after_utc > issuer.not_valid_after_utc:
            found.append("outlives its issuer")
        if draft.not_valid_before_utc < issuer.not_valid_before_utc:
            found.append("begins before its issuer")
    elif draft.issuer != draft.subject:
        found.append("a root must be its own issuer")
    if draft.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        found.append("signature algorithm is not ECDSA with SHA-256")
    key = draft.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        found.append("public key is not on P-256")
    for short in profile.required_subject:
        values = draft.subject.get_attributes_for_oid(ATTRIBUTES[short])
        if len(values) != 1 or not str(values[0].value).strip():
            found.append(f"subject needs exactly one {short}")
    short_of = {oid: short for short, oid in ATTRIBUTES.items()}
    for attribute in draft.subject:
        short = short_of.get(attribute.oid, attribute.oid.dotted_string)
        if short not in (*profile.required_subject, *profile.optional_subject):
            found.append(f"subject {short} is not in the profile")
        if any(ord(letter) < 32 for letter in str(attribute.value)):
            found.append(f"subject {short} holds control characters")
    return found


def _extensions(profile: Profile, draft: x509.Certificate, issuer: x509.Certificate | None) -> list[str]:
    found = []
    present = {extension.oid: extension for extension in draft.extensions}
    expected = set(BASE_EXTENSIONS)
    if issuer is None:
        expected.discard(ExtensionOID.CERTIFICATE_POLICIES)
    if profile.extended:
        expected.add(ExtensionOID.EXTENDED_KEY_USAGE)
    if profile.revocation_pointers:
        expected |= {ExtensionOID.CRL_DISTRIBUTION_POINTS, ExtensionOID.AUTHORITY_INFORMATION_ACCESS}
    if profile.no_check:
        expected.add(ExtensionOID.OCSP_NO_CHECK)
    if profile.evidence:
        expected.add(EVIDENCE_EXTENSION)
    if missing := expected - set(present):
        return [f"extension {oid.dotted_string} is missing" for oid in missing]
    found += [f"extension {oid.dotted_string} is not in the profile" for oid in set(present) - expected]

    basic = draft.extensions.get_extension_for_class(x509.BasicConstraints)
    if not basic.critical or (basic.value.ca, basic.value.path_length) != (
        profile.authority,
        profile.path_length,
    ):
        found.append("basic constraints differ from the profile")
    usage = draft.extensions.get_extension_for_class(x509.KeyUsage)
    if not usage.critical or {name for name in USAGES if getattr(usage.value, name)} != profile.usages:
        found.append("key usage differs from the profile")
    if profile.extended:
        extended = draft.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if tuple(extended.value) != profile.extended or extended.critical != profile.extended_critical:
            found.append("extended key usage differs from the profile")
    own = draft.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    if own != x509.SubjectKeyIdentifier.from_public_key(draft.public_key()):  # type: ignore[arg-type]
        found.append("subject key identifier is not of this key")
    parent = (issuer or draft).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    if (
        draft.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        != parent.digest
    ):
        found.append("authority key identifier is not of the issuer's key")
    if ExtensionOID.CERTIFICATE_POLICIES in present:
        policies = draft.extensions.get_extension_for_class(x509.CertificatePolicies).value
        if [policy.policy_identifier.dotted_string for policy in policies] != [CERTIFICATE_POLICY]:
            found.append("certificate policy is not ours")
        statements = [said for policy in policies for said in policy.policy_qualifiers or ()]
        if not (len(statements) == 1 and str(statements[0]).endswith(PRACTICE_STATEMENT)):
            found.append("certificate policy does not name the practice statement")
    if profile.revocation_pointers:
        access = draft.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        methods = {description.access_method for description in access}
        wanted = {AuthorityInformationAccessOID.CA_ISSUERS}
        if not profile.authority and profile.status_service:
            wanted.add(AuthorityInformationAccessOID.OCSP)
        if methods != wanted:
            found.append("authority information access differs from the profile")
    return found
