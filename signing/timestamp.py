"""Time stamps after RFC 3161: our own authority, and a check of tokens. Fails closed; others are in `signing.outside`."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from signing import der, suites
from signing.authority import Authority, Credential
from signing.errors import TimeStampFailure
from signing.profiles import TIME_STAMP_POLICY
from signing.proofs import parsed
from signing.stampcheck import check_token
from signing.tables import Certificate, TimeStamp

__all__ = ["OwnTimeStamper", "check_token", "respond", "tokens"]

ACCURACY = timedelta(seconds=1)
DIGEST_LENGTHS = {"sha256": 32, "sha384": 48, "sha512": 64}


class Clock(Protocol):
    """Where the time comes from. Raises `TimeStampFailure` when the time cannot be vouched for."""

    def now(self, db: Session) -> datetime:
        """The time in UTC."""


class CheckedClock:
    """This machine's clock, held against the database server's and against the last token issued.

    A clock that differs from the database's by more than two seconds, or that runs behind a token already issued
    by more than the stated accuracy, is not vouched for.
    """

    tolerance = timedelta(seconds=2)

    def now(self, db: Session) -> datetime:
        """See Clock."""
        theirs, last = db.execute(
            select(func.clock_timestamp(), select(func.max(TimeStamp.issued_at)).scalar_subquery())
        ).one()
        ours = datetime.now(UTC)
        if abs(ours - theirs) > self.tolerance:
            raise TimeStampFailure("the clocks of this machine and of the database differ")
        if last is not None and last - ours > ACCURACY:
            raise TimeStampFailure("the clock runs behind a time stamp already issued")
        return ours


@dataclass(frozen=True)
class _Refused(Exception):
    reason: str  # a name of PKIFailureInfo
    words: str


def respond(
    db: Session,
    authority: Authority,
    request: bytes,
    clock: Clock | None = None,
    *,
    whole_chain: bool = True,
    signer: Credential | None = None,
) -> bytes:
    """The RFC 3161 response (DER) to a request (DER). Never raises: what cannot be vouched for is refused.

    `signer`: the time stamping key, the one in use if left out. `whole_chain`: put the issuing certificate beside the time stamping one when certificates are asked for.

    A granted token's row is written in the caller's transaction, before the token leaves.
    """
    try:
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            asked.native  # noqa: B018 - parses everything now
        except (ValueError, TypeError, KeyError):
            raise _Refused("bad_data_format", "the request is not a TimeStampReq") from None
        return tsp.TimeStampResp(
            {
                "status": {"status": "granted"},
                "time_stamp_token": _token(
                    db, signer or authority.tsa(), asked, clock or CheckedClock(), whole_chain
                ),
            }
        ).dump()
    except _Refused as refused:
        return _rejection(refused)


def _token(
    db: Session, signer: Credential, asked: tsp.TimeStampReq, clock: Clock, whole_chain: bool
) -> cms.ContentInfo:
    imprint = asked["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    digest = imprint["hashed_message"].native
    if algorithm not in DIGEST_LENGTHS:
        raise _Refused("bad_alg", "use SHA-256, SHA-384 or SHA-512")
    if len(digest) != DIGEST_LENGTHS[algorithm]:
        raise _Refused("bad_data_format", "the digest has the wrong length")
    if asked["version"].native not in (1, "v1"):
        raise _Refused("bad_request", "version 1 is served")
    if asked["req_policy"].native not in (None, TIME_STAMP_POLICY):
        raise _Refused("unaccepted_policy", "this policy is not served")
    if asked["extensions"].native:
        raise _Refused("unaccepted_extensions", "no extension is served")
    moment = _vouched(db, signer, clock)
    nonce = asked["nonce"].native
    info = _recorded(db, signer, moment, imprint, nonce)
    db.flush()
    held = [signer.certificate, *(signer.chain[:1] if whole_chain else ())]
    return cms.ContentInfo.load(_signed(signer, info, held if asked["cert_req"].native else []))


def tokens(
    db: Session, signer: Credential, digests: Sequence[bytes], clock: Clock | None = None
) -> list[bytes]:
    """Tokens (DER) of our own authority over SHA-256 digests, for papers that are signed in one act.

    Clock and certificate are looked at once for all of them; their rows are written in the caller's transaction. The
    issuing certificate is left out, as the papers hold it already. Raises TimeStampFailure when the time or the
    certificate cannot be vouched for.
    """
    try:
        moment = _vouched(db, signer, clock or CheckedClock())
    except _Refused as refused:
        raise TimeStampFailure(f"the time stamp was refused: {refused.words}") from refused
    sha = {"algorithm": "sha256"}
    infos = [
        _recorded(
            db, signer, moment, tsp.MessageImprint({"hash_algorithm": sha, "hashed_message": digest}), None
        )
        for digest in digests
    ]
    db.flush()
    return [_signed(signer, info, [signer.certificate]) for info in infos]


def _vouched(db: Session, signer: Credential, clock: Clock) -> datetime:
    """The time, to the second, when clock and certificate are as they must be."""
    try:
        moment = clock.now(db)
    except TimeStampFailure as failure:
        raise _Refused("time_not_available", str(failure)) from failure
    if not signer.certificate.not_valid_before_utc <= moment <= signer.certificate.not_valid_after_utc:
        raise _Refused("system_failure", "the time stamping certificate is out of its validity")
    if db.scalar(select(Certificate.revoked_at).where(Certificate.serial == signer.serial)) is not None:
        raise _Refused("system_failure", "the time stamping certificate is revoked")
    return moment.replace(microsecond=0)


def _recorded(
    db: Session, signer: Credential, moment: datetime, imprint: tsp.MessageImprint, nonce: int | None
) -> tsp.TSTInfo:
    """What a token says; its row is in the session."""
    serial = secrets.randbits(63) | 1 << 62
    db.add(
        TimeStamp(
            serial=serial,
            issued_at=moment,
            imprint=imprint["hashed_message"].native,
            algorithm=imprint["hash_algorithm"]["algorithm"].native,
            policy=TIME_STAMP_POLICY,
            authority=signer.serial,
        )
    )
    return tsp.TSTInfo(
        {
            "version": "v1",
            "policy": TIME_STAMP_POLICY,
            "message_imprint": imprint,
            "serial_number": serial,
            "gen_time": moment,
            "accuracy": {"seconds": int(ACCURACY.total_seconds())},
            **({"nonce": nonce} if nonce is not None else {}),
            "tsa": asn1_x509.GeneralName("directory_name", parsed(signer.certificate).subject),
        }
    )


def _signed(signer: Credential, info: tsp.TSTInfo, held: list[x509.Certificate]) -> bytes:
    content, own = info.dump(), parsed(signer.certificate)
    attributes = der.signed_attributes(der.TST_INFO, sha256(content).digest(), own)
    signature = suites.P256.sign(signer.key, attributes)
    return der.signed_data(own, [parsed(c) for c in held], attributes, signature, content=content)


def _rejection(refused: _Refused) -> bytes:
    status = tsp.PKIStatusInfo(
        {"status": "rejection", "status_string": [refused.words], "fail_info": {refused.reason}}
    )
    return der.tlv(der.SEQUENCE, status.dump())  # without a token


class OwnTimeStamper(TimeStamper):
    """Our authority for pyHanko, in this process and in the caller's transaction, without the network.

    The issuing certificate is left out of its tokens, as a signed paper holds it already, unless `whole_chain`.
    All its tokens are of one `signer`, also when the key in use is replaced meanwhile, so its proofs fit all of them.
    """

    def __init__(
        self, db: Session, authority: Authority, whole_chain: bool = False, signer: Credential | None = None
    ) -> None:
        super().__init__()
        self._db, self._authority, self._whole_chain = db, authority, whole_chain
        self.signer = signer or authority.tsa()

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """See TimeStamper. Raises TimeStampFailure when the TSA refuses: nothing is signed without its time."""
        answer = respond(
            self._db, self._authority, req.dump(), whole_chain=self._whole_chain, signer=self.signer
        )
        status = tsp.PKIStatusInfo.load(core.Sequence.load(answer).contents)
        if status["status"].native != "granted":
            raise TimeStampFailure(f"the time stamp was refused: {status['status_string'].native}")
        return tsp.TimeStampResp.load(answer)
