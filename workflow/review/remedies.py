"""Who reviews a decision of an authority, and which court hears the case (PRO-08)."""

from sqlalchemy.orm import Session

from workflow.catalogues.models import Authority, Division
from workflow.catalogues.queries import Catalogue, catalogue
from workflow.policies.queries import policy

ANY_COURT = "有管辖权的人民法院"


def remedies_of(db: Session, office: Authority) -> tuple[str, str]:
    """The body for administrative review and the court, as a notice of refusal names them.

    What the authority has set (policies `review_body`, `court`) comes first; otherwise the government of its
    own level and, for a county, the county's court.
    """
    body, court = _derived(catalogue(db), office)
    return (
        policy(db, "review_body", office.code) or body,
        policy(db, "court", office.code) or court,
    )


def _derived(facts: Catalogue, office: Authority) -> tuple[str, str]:
    path = facts.division_path(office.host_division)
    if office.level == "county":
        return f"{_place(path)}人民政府", f"{_place(path)}人民法院"
    # A zone's bureau is an outpost of the city's: the city's government reviews.
    level = 1 if office.level == "province" else 2
    governed = next((d for d in path if d.level == level), path[-1])
    return f"{governed.name}人民政府", ANY_COURT


def _place(path: list[Division]) -> str:
    """武汉市武昌区 for a district, 大冶市 for a county or county-level city."""
    own = path[-1]
    city = next((d.name for d in path if d.level == 2), "")
    return f"{city}{own.name}" if own.name.endswith("区") and own.level == 3 else own.name
