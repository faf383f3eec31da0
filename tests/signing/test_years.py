"""pyHanko's own AdES validation (ETSI EN 319 102-1, 5.6.3) of finished papers, under clocks that have moved on."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import time_machine
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from signing import pdf, timestamp
from signing.authority import Authority
from signing.proofs import Proofs, gather
from signing.validation import validate
from tests.signing.conftest import PASSPHRASE, Desk

YEAR = timedelta(days=365)


def lta(file: bytes, authority: Authority, at: datetime, known: Proofs) -> list:
    """What pyHanko says of each person's and authority's signature at a moment, with the root as only trust.

    `known`: the state at that moment of the certificates that are still valid, which whoever validates asks for.
    """
    root = asn1.Certificate.load(authority.root.public_bytes(Encoding.DER))
    trusted = SimpleTrustManager.build([root])
    policy = CertValidationPolicySpec(
        trust_manager=trusted,
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        time_tolerance=timedelta(seconds=5),
    )
    local = LocalKnowledge(
        known_certs=[
            root
        ],  # for pyHanko to find who made the root's list, the trust anchor alone is not enough
        known_ocsps=[one for answer in known.answers for one in OCSPContainer.load_multi(answer)],
        known_crls=[CRLContainer(one) for one in known.lists],
    )
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            policy,
            RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            ts_cert_validation_policy=policy,
            local_knowledge=local,
        )
    )
    found = []
    with time_machine.travel(at):
        for number in range(len(PdfFileReader(io.BytesIO(file)).embedded_regular_signatures)):
            signature = PdfFileReader(io.BytesIO(file)).embedded_regular_signatures[number]
            found.append(asyncio.run(ades_lta_validation(signature, spec)))
    return found


class Asked(NamedTuple):
    """A moment, the file as it was then, and what the authority answered then about certificates still valid."""

    at: datetime
    file: bytes
    known: Proofs


class Machine(timestamp.CheckedClock):
    """A clock that believes this machine, which travels."""

    def now(self, db):
        return datetime.now(UTC)


MADE: list[tuple[Authority, datetime, dict[int, Asked]]] = []


@pytest.fixture
def years(request):
    """An authority as a default installation founds it, a finished paper, and its renewals as they were made; once."""
    if not MADE:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(timestamp, "CheckedClock", Machine)
            folder, db, papers = map(request.getfixturevalue, ("tmp_path", "db", "papers"))
            MADE.append(_made(folder, db, papers))
    return MADE[0]


def _made(folder, db, papers):
    authority = Authority.create(folder / "ca", PASSPHRASE, base_url="http://127.0.0.1:9")
    authority.register(db)
    file = pdf.archive(db, authority, Desk(db, authority, papers).accepted("address_commitment"))

    def seals(authority):
        held = [authority.seal_for(db, code, "") for code in ("platform", "420106")]
        return [one for one in held if one.certificate.not_valid_after_utc > datetime.now(UTC)]

    start, asked = datetime.now(UTC), {}
    for after in (1, 4, 5, 6, 8, 12, 15, 16, 20, 22):
        with time_machine.travel(start + after * YEAR):
            authority.renew_root_list()
            for label in authority.manifest["issuing"]:
                if authority.certificate(label).not_valid_after_utc > datetime.now(UTC):
                    authority.rotate_ocsp(label)
            authority.register(db)
            if after in (4, 8, 12, 16, 20):
                authority.rotate_issuing()
                authority.rotate_tsa()
                authority.register(db)
                file = pdf.archive(db, authority, file, "sha512" if after >= 12 else "sha256")
            asked[after] = Asked(
                datetime.now(UTC), file, gather(db, authority, [*seals(authority), authority.tsa()])
            )
    return authority, start, asked


def test_pyhanko_says_lta(years):
    """+1, +5, +15 years: the signers', seals', OCSP and time stamping certificates have run out in the meantime.

    With the profiles of a default installation: an issuing certificate outlives what it signed by 15 years
    (`test_rotation.py`), because pyHanko knows no past validation once one between signer and root has run out.
    """
    authority, start, asked = years
    for after in (1, 5, 15):
        at, file, known = asked[after]
        results = lta(file, authority, at, known)
        assert len(results) == 3
        for result in results:
            assert isinstance(result.ades_subindic, AdESPassed), (
                after,
                result.ades_subindic,
                result.failure_msg,
            )
            assert result.oldest_evidence_record_timestamp is not None
            assert abs(result.oldest_evidence_record_timestamp - start) < timedelta(minutes=5)


def test_we_say_lta_although_the_issuing_certificate_has_run_out_too(years):
    """Our own validation carries on over the ends of issuing certificates: +1, +5, +15, +22 years."""
    authority, _, asked = years
    assert authority.certificate("issuing-1").not_valid_after_utc < asked[22].at
    for after in (1, 5, 15, 22):
        at, file, _ = asked[after]
        reports = validate(file, [authority.root], at)
        assert {r.reason for r in reports} == {""}
        assert {r.level for r in reports if r.kind == "signature"} == {"B-LTA"}


def test_without_renewal_both_say_no(years):
    """The same file six and fifteen years on, never renewed: indeterminate for pyHanko, a named reason for us."""
    authority, _, asked = years
    never_renewed = asked[1].file
    for after in (6, 15):
        at, _, known = asked[after]
        for result in lta(never_renewed, authority, at, known):
            assert isinstance(result.ades_subindic, AdESIndeterminate), result.ades_subindic
        assert {r.reason for r in validate(never_renewed, [authority.root], at)} == {"time_stamp_untrusted"}
