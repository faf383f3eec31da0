"""Step 5: the applicant's page of who has signed, and the signer's pages on the phone."""

from app.portal.signatures import applicant, licence, passkey, signer
from app.portal.signatures.common import blueprint

__all__ = ["applicant", "blueprint", "licence", "passkey", "signer"]
