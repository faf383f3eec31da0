"""The outside parties as the pages reach them; a test puts its own into `app.extensions["gateways"]`."""

from dataclasses import dataclass, field

from flask import current_app

from workflow.gateways import (
    CardGateway,
    HttpCardGateway,
    HttpIdentityGateway,
    HttpLicenceGateway,
    IdentityGateway,
    LicenceGateway,
)


@dataclass(frozen=True)
class Gateways:
    """One adapter for each outside party that a page waits for; all others are called by the worker."""

    card: CardGateway = field(default_factory=HttpCardGateway)
    identity: IdentityGateway = field(default_factory=HttpIdentityGateway)
    licence: LicenceGateway = field(default_factory=HttpLicenceGateway)


def gateways() -> Gateways:
    """The gateways of this application."""
    found: Gateways = current_app.extensions.setdefault("gateways", Gateways())
    return found
