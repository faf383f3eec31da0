"""`house` is a whole installation; see tests/house.py. `signing` has a case whose papers wait for signatures."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests.house import House, _ground, house
from tests.signatures.people import Identity, act_of, keep_by_pin, token_of
from workflow.case import Case
from workflow.establishment import papers
from workflow.signatures import checks, invitations
from workflow.signatures import signing as act
from workflow.signatures.models import Invitation

__all__ = ["_ground", "house"]


@dataclass
class Signing:
    """A case out for signature, its invitations, and an identity service."""

    house: House
    case: Case
    identity: Identity

    @property
    def db(self):
        return self.house.db

    @property
    def invitation(self) -> Invitation:
        """The first signer's invitation that counts."""
        return next(iter(invitations.current_of(self.db, self.case.id).values()))

    def token(self, row: Invitation | None = None) -> str:
        """The link's token, as the SMS says it."""
        return token_of(self.db, row or self.invitation)

    def ready(self, row: Invitation | None = None) -> tuple[str, str, act.Act]:
        """Token, browser secret and act of a signer who has set a PIN and read the papers."""
        token, secret = self.admitted(row)
        keep_by_pin(self.db, token, secret)
        return token, secret, act_of(self.db, row or self.invitation)

    def admitted(self, row: Invitation | None = None) -> tuple[str, str]:
        """Token and browser secret of a signer who has passed both checks."""
        row = row or self.invitation
        token = self.token(row)
        secret = checks.identify(self.db, token, row.name, row.id_number, self.identity)
        checks.check_code(self.db, token, secret, self.identity.code, self.identity)
        return token, secret


def _sent_out(house: House) -> None:
    case = house.reserved()
    papers.generate(house.db, case.id, house.owner(case))
    house.db.commit()


@pytest.fixture
def signing(house) -> Signing:
    house.begin_at("sent_out", _sent_out)
    return Signing(house, house.db.scalars(select(Case)).one(), Identity())
