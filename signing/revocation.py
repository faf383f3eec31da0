"""Says which certificates no longer count: revocation, CRLs (RFC 5280) and OCSP answers (RFC 6960)."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from signing import suites
from signing.authority import Authority, serial_of
from signing.errors import SigningError
from signing.tables import Certificate, RevocationList

LIST_LIFETIME = timedelta(days=7)
LIST_RENEWED_BEFORE = timedelta(days=6)  # a day old: make it anew
ANSWER_LIFETIME = timedelta(hours=12)
SKEW = timedelta(minutes=1)
REASONS = {flag.value: flag for flag in x509.ReasonFlags if flag is not x509.ReasonFlags.unspecified}


def revoke(db: Session, serial: str, reason: str, at: datetime | None = None) -> None:
    """Revoke a certificate for good. Does not commit; the next CRL and OCSP answer say so.

    `reason`: a name of RFC 5280 such as `keyCompromise`. Raises `SigningError` if it is unknown or revoked already.
    """
    if reason not in REASONS or reason == "removeFromCRL":
        raise SigningError(f"{reason} is no reason of RFC 5280")
    moment = (at or datetime.now(UTC)).replace(microsecond=0)
    done = db.scalar(
        update(Certificate)
        .where(Certificate.serial == serial, Certificate.revoked_at.is_(None))
        .values(revoked_at=moment, reason=reason)
        .returning(Certificate.serial)
    )
    if done is None:
        raise SigningError(f"no certificate {serial} is there to revoke")


def current_list(db: Session, authority: Authority, issuer: str = "") -> bytes:
    """The CRL of an issuing label (the current one), DER; made anew when a day old or behind the revocations."""
    if issuer in (lists := dict(authority.root_lists())):
        return authority.shelf.root_list(lists[issuer])
    issuer = issuer or authority.issuer().label
    latest = db.scalars(
        select(RevocationList)
        .where(RevocationList.issuer == issuer)
        .order_by(RevocationList.number.desc())
        .limit(1)
    ).first()
    now = datetime.now(UTC)
    if latest is not None and latest.next_update - now > LIST_RENEWED_BEFORE:
        newest = db.scalar(select(func.max(Certificate.revoked_at)).where(Certificate.issuer == issuer))
        if newest is None or newest < latest.this_update:
            return latest.der
    return make_list(db, authority, issuer)


def renew_lists(db: Session, authority: Authority) -> int:
    """Have a current CRL of every issuing certificate that has not run out. Does not commit; returns how many."""
    now = datetime.now(UTC)
    labels = [x for x in authority.issuing_labels if authority.certificate(x).not_valid_after_utc > now]
    for label in labels:
        current_list(db, authority, label)
    return len(labels)


def make_list(db: Session, authority: Authority, issuer: str = "") -> bytes:
    """Make and store the next CRL of an issuing label. Does not commit."""
    signer = authority.issuer(issuer)
    db.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('signing.crl.' || :issuer))"), {"issuer": signer.label}
    )
    number = 1 + (
        db.scalar(select(func.max(RevocationList.number)).where(RevocationList.issuer == signer.label)) or 0
    )
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(now)
        .next_update(now + LIST_LIFETIME)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )
    )
    revoked = db.execute(
        select(Certificate.serial, Certificate.revoked_at, Certificate.reason).where(
            Certificate.issuer == signer.label, Certificate.revoked_at.is_not(None)
        )
    )
    for serial, moment, reason in revoked:
        assert moment is not None
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(int(serial, 16))
            .revocation_date(moment)
            .add_extension(x509.CRLReason(REASONS[reason]), critical=False)
            .build()
        )
    der = suites.signed(builder, signer.key)
    db.add(
        RevocationList(
            issuer=signer.label, number=number, der=der, this_update=now, next_update=now + LIST_LIFETIME
        )
    )
    db.flush()
    return der


def answer(db: Session, authority: Authority, request: bytes) -> bytes:
    """The OCSP response (DER) to a request (DER): signed by the issuer's delegate, with the request's nonce."""
    try:
        asked = ocsp.load_der_ocsp_request(request)
        nonce = _nonce(asked)
        algorithm = asked.hash_algorithm
    except (ValueError, NotImplementedError):
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    issuer = _issuer_by_hash(authority, asked, algorithm)
    if issuer is None:
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    row = db.get(Certificate, f"{asked.serial_number:x}", populate_existing=True)
    if row is not None and row.issuer != issuer:
        row = None
    return _signed(authority, issuer, asked.serial_number, algorithm, row, nonce)


def answer_for(db: Session, authority: Authority, certificate: x509.Certificate, issuer: str) -> bytes:
    """The OCSP response (DER) that goes into a signed paper for one of our certificates."""
    row = db.get(Certificate, serial_of(certificate), populate_existing=True)
    return _signed(authority, issuer, certificate.serial_number, hashes.SHA1(), row, None)  # noqa: S303


def _nonce(asked: ocsp.OCSPRequest) -> bytes | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _issuer_by_hash(
    authority: Authority, asked: ocsp.OCSPRequest, algorithm: hashes.HashAlgorithm
) -> str | None:
    for label in authority.manifest["issuing"]:
        name, key = _hashes(authority.certificate(label), algorithm)
        if (asked.issuer_name_hash, asked.issuer_key_hash) == (name, key):
            return str(label)
    return None


def _hashes(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    point = issuer.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return _digest(algorithm, issuer.subject.public_bytes()), _digest(algorithm, point)


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _signed(
    authority: Authority,
    issuer: str,
    serial: int,
    algorithm: hashes.HashAlgorithm,
    row: Certificate | None,
    nonce: bytes | None,
) -> bytes:
    delegate = authority.ocsp_delegate(issuer)
    name, key = _hashes(authority.certificate(issuer), algorithm)
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + ANSWER_LIFETIME
    if (
        row is not None and row.not_after > now
    ):  # who validates in years must not take it for later than the end
        until = min(until, row.not_after - SKEW)
    if row is None:
        status, moment, reason = ocsp.OCSPCertStatus.UNKNOWN, None, None
    elif row.revoked_at is not None:
        status, moment, reason = ocsp.OCSPCertStatus.REVOKED, row.revoked_at, REASONS[row.reason or ""]
    else:
        status, moment, reason = ocsp.OCSPCertStatus.GOOD, None, None
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(name, key, serial, algorithm, status, now - SKEW, until, moment, reason)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, delegate.certificate)
        .certificates([delegate.certificate])
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    assert not isinstance(delegate.key, suites.Sm2Key)  # the second suite has lists only
    return builder.sign(delegate.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)
