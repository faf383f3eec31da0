"""Follows SM2 certificates to their root (RFC 5280, section 6, as far as our profiles go), which pyHanko cannot."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1

from signing import suites

KNOWN_CRITICAL = {"basic_constraints", "key_usage", "extended_key_usage"}


def path_reason(
    certificate: asn1.Certificate,
    others: Iterable[asn1.Certificate],
    trusted: Sequence[asn1.Certificate],
    lists: Iterable[bytes],
    moment: datetime,
    tolerance: timedelta,
) -> str:
    """Why an SM2 certificate cannot be relied on for a signature of this moment (a key of `validation.REASONS`).

    Empty when it can: each certificate up to a trusted root was valid and fit, and a list of its issuer, current at that
    moment, says that it was not revoked.
    """
    path = _path(certificate, [*others, *trusted], {root.sha256 for root in trusted})
    if not path:
        return "untrusted_root"
    if any(not c.not_valid_before - tolerance <= moment <= c.not_valid_after + tolerance for c in path):
        return "not_valid_then"
    if not _fit(path):
        return "certificate_unfit"
    held = [asn1_crl.CertificateList.load(der) for der in lists]
    for below, issuer in pairwise(path):
        reason = _revocation(below, issuer, held, moment, tolerance)
        if reason:
            return reason
    return ""


def _path(leaf: asn1.Certificate, known: list[asn1.Certificate], roots: set[bytes]) -> list[asn1.Certificate]:
    """The certificates from the leaf to a trusted root, the signatures checked; empty if there is no such path."""
    path = [leaf]
    while path[-1].sha256 not in roots:
        above = [
            c
            for c in known
            if c.subject.dump() == path[-1].issuer.dump()
            and c.sha256 not in {seen.sha256 for seen in path}
            and suites.issued(path[-1].dump(), c)
        ]
        if not above or len(path) > 3:
            return []
        path.append(next((c for c in above if c.sha256 in roots), above[0]))
    return path if len(path) > 1 else []


def _fit(path: list[asn1.Certificate]) -> bool:
    leaf, above = path[0], path[1:]
    usage = leaf.key_usage_value
    if leaf.ca or usage is None or "non_repudiation" not in usage.native:
        return False
    for certificates_below, issuer in enumerate(above):
        usage = issuer.key_usage_value
        if not issuer.ca or usage is None or "key_cert_sign" not in usage.native:
            return False
        if issuer.max_path_length is not None and issuer.max_path_length < certificates_below:
            return False
    return all(c.critical_extensions <= KNOWN_CRITICAL for c in path)


def _revocation(
    certificate: asn1.Certificate,
    issuer: asn1.Certificate,
    lists: Iterable[asn1_crl.CertificateList],
    moment: datetime,
    tolerance: timedelta,
) -> str:
    known = False
    for held in lists:
        body = held["tbs_cert_list"]
        if held.issuer.dump() != issuer.subject.dump() or not suites.issued(held.dump(), issuer):
            continue
        for row in body["revoked_certificates"]:
            if (
                row["user_certificate"].native == certificate.serial_number
                and row["revocation_date"].native <= moment
            ):
                return "revoked"
        known |= body["this_update"].native - tolerance <= moment <= body["next_update"].native + tolerance
    return "" if known else "revocation_unknown"
