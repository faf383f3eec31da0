"""Time stamps of outside authorities: RFC 3161 over HTTP. Nothing that they answer is believed before it is checked.

A paper holds the proofs of its time stamp in the same revision, so they must be known before the stamp is asked for:
a first token over random bytes shows the authority's certificate, and its own addresses say whether that is in force.
"""

import asyncio
import functools
import secrets
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from asn1crypto import cms, core, tsp
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator import errors as paths
from pyhanko_certvalidator.path import ValidationPath

from signing.errors import TimeStampFailure
from signing.proofs import Proofs, parsed
from signing.stampcheck import checked

LONGEST_ANSWER, LONGEST_LIST = 64 * 1024, 1024 * 1024  # octets
PROOFS_KEPT = timedelta(minutes=10)
MARGIN = timedelta(minutes=1)  # proofs are renewed so long before they run out
TOLERANCE = timedelta(seconds=5)  # as `signing.validation` allows
SPARE = 512  # octets by which one token of an authority may be longer than another
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True)
class Member:
    """An outside authority as the installation names it.

    `roots`: what its certificate must rest on. `policy`: the one asked for and demanded, any if empty. `seconds`: for
    one answer. `accuracy`: the worst it may state, in seconds; None if it may state none. `skew`: how many seconds its
    clock may be away from ours. A `retired` one stamps no more; what it stamped stays valid.
    """

    name: str
    url: str
    roots: tuple[x509.Certificate, ...]
    policy: str = ""
    authorization: str = field(default="", repr=False)
    seconds: float = 3.0
    accuracy: float | None = 1.0
    skew: float = 10.0
    retired: bool = False


class CertificateChanged(TimeStampFailure):
    """The authority came with another certificate than the one whose proofs are at hand; ask again with its own."""


@dataclass(frozen=True)
class Standing:
    """An authority's certificate, the proofs that it is in force, good `until` then, and the octets of its tokens."""

    certificate: bytes
    proofs: Proofs
    room: int
    until: datetime


@dataclass(frozen=True)
class Token:
    """A checked answer."""

    answer: tsp.TimeStampResp
    signer: asn1.Certificate
    others: tuple[asn1.Certificate, ...]
    at: datetime
    size: int


# -- asking --------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


async def _fetch(
    url: str, seconds: float, limit: int, asked: bytes | None = None, headers: dict[str, str] | None = None, kind: str = ""
) -> bytes:  # fmt: skip
    """What an address answers, whole and in time; a POST when something is `asked`. Raises TimeStampFailure."""
    data = b""
    try:
        async with (
            asyncio.timeout(max(0.0, seconds)),
            httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=None) as line,  # noqa: S113 - the line above
            line.stream("GET" if asked is None else "POST", url, content=asked, headers=headers) as reply,
        ):
            if reply.status_code != httpx.codes.OK:
                raise TimeStampFailure(f"it answered {reply.status_code}")
            if kind and reply.headers.get("Content-Type", "").split(";")[0].strip().lower() != kind:
                raise TimeStampFailure(f"its answer is no {kind}")
            async for piece in reply.aiter_bytes():
                data += piece
                if len(data) > limit:
                    raise TimeStampFailure("its answer does not end")
    except TimeoutError:
        raise TimeStampFailure(f"no answer within {seconds:.1f} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise TimeStampFailure(f"no answer: {type(error).__name__}") from error
    return data


async def _ask(member: Member, asked: tsp.TimeStampReq, end: float) -> Token:
    """One request and its checked answer, until the monotonic moment `end`."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    if member.authorization:
        headers["Authorization"] = member.authorization
    if member.policy:
        asked["req_policy"] = member.policy
    since, seconds = datetime.now(UTC), min(member.seconds, end - time.monotonic())
    reply = await _fetch(
        member.url, seconds, LONGEST_ANSWER, asked.dump(), headers, "application/timestamp-reply"
    )
    return await verified(member, asked, reply, since)


# -- checking ------------------------------------------------------------------------------------------------------------


async def verified(member: Member, asked: tsp.TimeStampReq, reply: bytes, since: datetime) -> Token:
    """Everything that RFC 3161 (2.2, 2.4.2) has a requester look at. `since`: when it was asked.

    Raises TimeStampFailure with what is wrong.
    """
    try:
        status = tsp.PKIStatusInfo.load(core.Sequence.load(reply, strict=True).contents)
        if status["status"].native != "granted":
            words = "; ".join(status["status_string"].native or ())
            raise TimeStampFailure(f"it refused: {status['status'].native} {words[:100]}".rstrip())
        answer = tsp.TimeStampResp.load(reply, strict=True)
        token = answer["time_stamp_token"]
        signed = token["content"]
        info = signed["encap_content_info"]["content"].parsed
        facts, signers = info.native, signed["signer_infos"]
        certificates = extract_certificate_info(signed)
        signer = certificates.signer_cert
        attributes = {attribute["type"].native for attribute in signers[0]["signed_attrs"]}
        usage = signer.extended_key_usage_value
        at, digest = facts["gen_time"], asked["message_imprint"]["hashed_message"].native
        found = [
            (not isinstance(info, tsp.TSTInfo) or facts["version"] != "v1", "its answer is no time stamp"),
            (len(signers) != 1, "its token has more than one signature"),
            (facts["nonce"] != asked["nonce"].native, "its token has another nonce: it answers another request"),
            (_imprint(facts) != _imprint(asked.native), "its token is over other bytes"),
            (bool(member.policy) and facts["policy"] != member.policy, "its token has another policy"),
            (not attributes & {"signing_certificate", "signing_certificate_v2"}, "its token names no certificate"),
            (usage is None or usage.native != ["time_stamping"], "its certificate is not for time stamps alone"),
            ("extended_key_usage" not in signer.critical_extensions, "its certificate is not for time stamps alone"),
            (not _accurate(facts["accuracy"], member.accuracy), "its time is not as exact as it must be"),
            (not _near(at, since, member.skew), "its clock and ours differ"),
        ]  # fmt: skip
    except UNREADABLE as error:
        raise TimeStampFailure("its answer is no time stamp") from error
    for wrong, words in found:
        if wrong:
            raise TimeStampFailure(words)
    content = token.dump()
    await checked(content, digest, member.roots, at)
    return Token(answer, signer, tuple(certificates.other_certs), at, len(content))


def _imprint(facts: dict[str, dict[str, dict[str, str]]]) -> tuple[str, object]:
    imprint = facts["message_imprint"]
    return imprint["hash_algorithm"]["algorithm"], imprint["hashed_message"]


def _accurate(said: dict[str, int | None] | None, worst: float | None) -> bool:
    if said is None:
        return worst is None
    parts = (("seconds", 1), ("millis", 1e-3), ("micros", 1e-6))
    return worst is None or sum((said.get(name) or 0) * unit for name, unit in parts) <= worst


def _near(at: datetime, since: datetime, skew: float) -> bool:
    spread = timedelta(seconds=skew)
    return since - spread <= at <= datetime.now(UTC) + spread


async def _path(
    signer: asn1.Certificate, others: Iterable[asn1.Certificate], roots: Sequence[x509.Certificate], at: datetime,
    proofs: Proofs | None = None,
) -> ValidationPath:  # fmt: skip
    """The way from the authority's certificate to a root; with proofs exactly as the paper will be validated later.

    Raises TimeStampFailure.
    """
    context = ValidationContext(
        trust_roots=[parsed(root) for root in roots], other_certs=list(others), moment=at,
        ocsps=proofs.answers if proofs else (), crls=proofs.lists if proofs else (), allow_fetching=False,
        revocation_mode="hard-fail" if proofs else "soft-fail", time_tolerance=TOLERANCE,
    )  # fmt: skip
    try:
        validator = CertificateValidator(signer, validation_context=context)
        return await validator.async_validate_usage(set(), {"time_stamping"})
    except paths.RevokedError as error:
        raise TimeStampFailure("its certificate is revoked") from error
    except (paths.InsufficientRevinfoError, paths.StaleRevinfoError) as error:
        raise TimeStampFailure("nothing proves that its certificate is in force") from error
    except (paths.PathError, paths.InvalidCertificateError, *UNREADABLE) as error:
        raise TimeStampFailure(f"its certificate does not lead to its root: {error}") from error


# -- the proofs of its certificate -----------------------------------------------------------------------------------------


async def _learn(member: Member, end: float) -> Standing:
    _, request = TimeStamper().request_cms(secrets.token_bytes(32), "sha256")
    token = await _ask(member, request, end)
    proofs, until = await _proofs(member, token.signer, token.others, token.at, end)
    return Standing(token.signer.sha256, proofs, token.size + SPARE, until)


def learn(member: Member, end: float) -> Standing:
    """Ask an authority for a token over random bytes and for the proofs of its certificate.

    `end`: the monotonic moment when time is up. Raises TimeStampFailure.
    """
    return asyncio.run(_learn(member, end))


def fresh_proofs(member: Member, token: cms.SignedData, end: float) -> Proofs:
    """The proofs, as of now, of the certificate behind an earlier token of an authority. Raises TimeStampFailure."""
    certificates = extract_certificate_info(token)
    found = _proofs(member, certificates.signer_cert, certificates.other_certs, datetime.now(UTC), end)
    return asyncio.run(found)[0]


async def _proofs(
    member: Member, signer: asn1.Certificate, others: Iterable[asn1.Certificate], at: datetime, end: float
) -> tuple[Proofs, datetime]:
    """OCSP answers where they are offered and hold, lists otherwise; each certificate below the root needs one."""
    chain = list((await _path(signer, others, member.roots, at)).iter_certs(include_root=True))
    below = sorted(zip(chain[1:], chain, strict=False), key=lambda pair: pair[0].sha256 != signer.sha256)
    failure = TimeStampFailure("nothing proves that its certificate is in force")
    for lists_only in (False, True):
        answers, lists = [], []
        for certificate, issuer in below:
            seconds = min(member.seconds, end - time.monotonic())
            try:
                if lists_only:
                    raise failure
                answers.append(await _answer(certificate, issuer, seconds))
            except TimeStampFailure:
                seconds = min(member.seconds, end - time.monotonic())
                lists.append(await _list(certificate, seconds))
        proofs = Proofs(tuple(certificate for certificate, _ in below), tuple(answers), tuple(lists))
        try:
            await _path(signer, others, member.roots, at, proofs)
        except TimeStampFailure as found:
            failure = found
            if isinstance(found.__cause__, paths.RevokedError):
                break
        else:
            return proofs, _until(proofs, signer)
    raise failure


async def _answer(
    certificate: asn1.Certificate, issuer: asn1.Certificate, seconds: float
) -> asn1_ocsp.OCSPResponse:
    url = _address(certificate.ocsp_urls)
    leaf, above = (x509.load_der_x509_certificate(found.dump()) for found in (certificate, issuer))
    asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, above, hashes.SHA1()).build()  # noqa: S303 - RFC 5019
    headers = {"Content-Type": "application/ocsp-request"}
    data = await _fetch(url, seconds, LONGEST_ANSWER, asked.public_bytes(Encoding.DER), headers)
    try:
        answer = asn1_ocsp.OCSPResponse.load(data, strict=True)
        if answer["response_status"].native != "successful":
            raise TimeStampFailure("its status service refused")
        answer.response_data.native  # noqa: B018 - parses everything now
    except UNREADABLE as error:
        raise TimeStampFailure("its status service answers nonsense") from error
    return answer


async def _list(certificate: asn1.Certificate, seconds: float) -> asn1_crl.CertificateList:
    points = certificate.crl_distribution_points
    data = await _fetch(_address([point.url for point in points]), seconds, LONGEST_LIST)
    try:
        found = asn1_crl.CertificateList.load(data, strict=True)
        found["tbs_cert_list"]["next_update"].native  # noqa: B018
    except UNREADABLE as error:
        raise TimeStampFailure("its revocation list is nonsense") from error
    return found


def _address(urls: Iterable[str | None]) -> str:
    for url in urls:
        if url and url.startswith(("http://", "https://")):
            return url
    raise TimeStampFailure("its certificate names no address that says whether it is in force")


def _until(proofs: Proofs, signer: asn1.Certificate) -> datetime:
    ends = [datetime.now(UTC) + PROOFS_KEPT, signer.not_valid_after - MARGIN]
    for answer in proofs.answers:
        ends += [one["next_update"].native for one in answer.response_data["responses"]]
    ends += [found["tbs_cert_list"]["next_update"].native for found in proofs.lists]
    return min(end for end in ends if end is not None) - MARGIN


# -- for pyHanko -----------------------------------------------------------------------------------------------------------


class OutsideTimeStamper(TimeStamper):
    """An outside authority for pyHanko. Every token is checked, also against the proofs that go into the paper."""

    def __init__(self, member: Member, standing: Standing, end: float) -> None:
        super().__init__()
        self._member, self._standing, self._end = member, standing, end

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """See TimeStamper. Raises TimeStampFailure, CertificateChanged."""
        token = await _ask(self._member, req, self._end)
        if token.signer.sha256 != self._standing.certificate or token.size > self._standing.room:
            raise CertificateChanged("it has another certificate than a moment ago")
        await _path(token.signer, token.others, self._member.roots, token.at, self._standing.proofs)
        return token.answer
