"""The ways in which the signing room says no. Nothing half-signed ever leaves with one of these."""

from collections.abc import Sequence


class SigningError(Exception):
    """Base of all errors of this room."""


class AuthorityUnavailable(SigningError):
    """The authority cannot work: not founded, wrong passphrase, or a certificate of its own has run out."""


class LintFailure(SigningError):
    """A certificate would not have kept its profile, so it was never signed."""

    def __init__(self, profile: str, findings: Sequence[str]) -> None:
        super().__init__(f"{profile}: " + "; ".join(findings))
        self.profile, self.findings = profile, tuple(findings)


class CertificateUnusable(SigningError):
    """The certificate that should sign is revoked, expired or unknown to the authority."""


class TimeStampFailure(SigningError):
    """No trustworthy time stamp could be had; the work may be tried again."""


class ProofRefused(SigningError):
    """The proof of the signer's will does not fit these papers, this person or this credential (ES-01)."""


class WrongPin(ProofRefused):
    """The PIN does not open the signer's key, or another browser asks."""


class PaperRefused(SigningError):
    """The PDF cannot be signed as asked: field missing, taken or locked, or the file is not a usable PDF."""
