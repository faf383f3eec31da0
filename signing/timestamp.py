"""Time stamps (RFC 3161): the authority's own TSA, and the stampers that signatures are made with."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy.orm import Session

from signing.authority import Authority, Credential
from signing.errors import SigningError, TimeStampFailure
from signing.profiles import TIME_STAMP_POLICY
from signing.tables import TimeStamp

ACCEPTED = frozenset({"sha256", "sha384", "sha512"})
ACCURACY_SECONDS = 1


def respond(db: Session, authority: Authority, request: bytes) -> bytes:
    """The TimeStampResp (DER) to a TimeStampReq (DER), with nonce, accuracy and policy; every token is recorded.

    What cannot be stamped is refused with its PKIFailureInfo; a stamp is never made without its record.
    """
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        algorithm = asked["message_imprint"]["hash_algorithm"]["algorithm"].native
        imprint = asked["message_imprint"]["hashed_message"].native
        policy = asked["req_policy"].native
    except (ValueError, TypeError, KeyError):
        return _refused("bad_data_format")
    if algorithm not in ACCEPTED or len(imprint) != {"sha256": 32, "sha384": 48, "sha512": 64}[algorithm]:
        return _refused("bad_alg")
    if policy is not None and policy != TIME_STAMP_POLICY:
        return _refused("unaccepted_policy")
    try:
        signer = authority.tsa()
    except SigningError:
        return _refused("time_not_available")
    return _granted(db, signer, asked, imprint, algorithm)


def _refused(failure: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    return bytes(tsp.TimeStampResp({"status": status}).dump())


def _granted(db: Session, signer: Credential, asked: Any, imprint: bytes, algorithm: str) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    serial = secrets.randbits(62) | 1
    certificate = asn1.Certificate.load(signer.certificate.public_bytes(serialization.Encoding.DER))
    values = {
        "version": "v1",
        "policy": TIME_STAMP_POLICY,
        "message_imprint": asked["message_imprint"],
        "serial_number": serial,
        "gen_time": now,
        "accuracy": {"seconds": ACCURACY_SECONDS},
        "tsa": asn1.GeneralName(name="directory_name", value=certificate.subject),
    }
    if asked["nonce"].native is not None:
        values["nonce"] = asked["nonce"]
    info = tsp.TSTInfo(values).dump()
    attributes = cms.CMSAttributes(
        [
            simple_cms_attribute("content_type", "tst_info"),
            simple_cms_attribute("signing_time", cms.Time({"utc_time": core.UTCTime(now)})),
            simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(certificate)),
            simple_cms_attribute("message_digest", sha256(info).digest()),
        ]
    )
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info)},
            "certificates": [certificate] if asked["cert_req"].native else [],
            "signer_infos": [
                cms.SignerInfo(
                    {
                        "version": "v1",
                        "sid": cms.SignerIdentifier(
                            {
                                "issuer_and_serial_number": {
                                    "issuer": certificate.issuer,
                                    "serial_number": certificate.serial_number,
                                }
                            }
                        ),
                        "digest_algorithm": digest,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signed_attrs": attributes,
                        "signature": signer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
                    }
                )
            ],
        }
    )
    db.add(
        TimeStamp(
            serial=serial, issued_at=now, imprint=imprint, algorithm=algorithm, policy=TIME_STAMP_POLICY,
            authority=signer.serial,
        )
    )  # fmt: skip
    db.flush()
    token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


class OwnTimeStamper(TimeStamper):
    """Stamps with the authority's own TSA, in the caller's transaction and without the network."""

    def __init__(self, db: Session, authority: Authority) -> None:
        super().__init__()
        self._db, self._authority = db, authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """See TimeStamper. Raises TimeStampFailure when the TSA refuses: nothing is signed without its time."""
        answer = tsp.TimeStampResp.load(respond(self._db, self._authority, req.dump()))
        if answer["status"]["status"].native != "granted":
            raise TimeStampFailure(f"the time stamp was refused: {answer['status']['fail_info'].native}")
        return answer
