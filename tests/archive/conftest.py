"""`house` is a whole installation; see tests/house.py. `decided` is an approved case whose signer really signed."""

import pytest

from tests.house import _ground, house
from tests.signatures.conftest import signing
from workflow.establishment import submission
from workflow.review import operations as review
from workflow.signatures import signing as act

__all__ = ["_ground", "house", "signing"]


@pytest.fixture
def decided(signing):
    act.sign(signing.db, *signing.ready())
    house, case = signing.house, signing.case
    submission.submit(house.db, case.id, house.owner(case), honest=True)
    review.claim(house.db, house.staff(), case.id)
    submission.approve(house.db, house.staff(), case.id)
    house.db.commit()
    return case
