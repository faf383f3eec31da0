"""Checks RFC 3161 tokens, offline: needs the token, what it should be over, and the roots that are believed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from signing.errors import TimeStampFailure


def check_token(
    token: bytes, digest: bytes, trusted: Sequence[x509.Certificate], at: datetime | None = None
) -> tuple[datetime, str]:
    """The time that a token (DER) vouches for and the name of its authority.

    Raises `TimeStampFailure` if it is not over this digest, broken, or rests on none of the trusted roots.
    `at`: the moment at which the certificates must be valid; the token's own time if left out.
    """
    return asyncio.run(checked(token, digest, trusted, at))


async def checked(
    token: bytes, digest: bytes, trusted: Sequence[x509.Certificate], at: datetime | None
) -> tuple[datetime, str]:
    """The same for callers that wait already."""
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        moment = signed["encap_content_info"]["content"].parsed["gen_time"].native
        context = ValidationContext(
            trust_roots=[asn1.Certificate.load(root.public_bytes(Encoding.DER)) for root in trusted],
            moment=at or moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        status = await validate_tst_signed_data(signed, context, expected_tst_imprint=lambda _: digest)
    except Exception as broken:  # the libraries raise many kinds on hostile input
        raise TimeStampFailure(f"the token cannot be read: {broken}") from broken
    path, problem = (
        status["validation_path"],
        status["trust_problem_indic"],
    )  # a path that failed is named, too
    if not (status["intact"] and status["valid"]) or path is None or problem is not None:
        raise TimeStampFailure("the token is not a valid, trusted stamp of this digest")
    return moment, str(status["signing_cert"].subject.human_friendly)
