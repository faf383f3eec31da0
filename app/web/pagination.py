"""Pages of a list: how many there are, which one this is, and where the others live."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Row = TypeVar("Row")
PER_PAGE = 25
FARTHEST = 10_000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list; `number` counts from 1."""

    items: Sequence[Row]
    total: int
    number: int = 1
    per_page: int = PER_PAGE
    parameter: str = "page"

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        """Position of the first row shown, from 1; 0 when the list is empty."""
        return min(self.total, (self.number - 1) * self.per_page + 1)

    @property
    def last(self) -> int:
        """Position of the last row shown."""
        return min(self.total, self.number * self.per_page)

    def url(self, number: int) -> str:
        """The address of another page, with the same filters."""
        query = [(k, v) for k, v in request.args.items(multi=True) if k != self.parameter]
        return "?" + urlencode([*query, (self.parameter, number)])

    def around(self) -> list[int | None]:
        """Page numbers to link: first, last, neighbours; None is a gap."""
        near = {1, self.pages, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1)}
        shown: list[int | None] = []
        before = 0
        for number in sorted(near):
            if number == before + 2:
                shown.append(number - 1)
            elif number > before + 2:
                shown.append(None)
            shown.append(number)
            before = number
        return shown

    def __iter__(self) -> Iterator[Row]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def requested_page(parameter: str = "page") -> int:
    """The page number in the address; anything that is no number counts as the first page."""
    text = request.args.get(parameter, "1")
    return max(1, min(FARTHEST, int(text))) if text.isascii() and text.isdigit() else 1


def paginate(
    db: Session, statement: Select, per_page: int = PER_PAGE, parameter: str = "page", scalars: bool = True
) -> Page:
    """The requested page of a query, which must be ordered. A number past the end gives the last page.

    `scalars` gives the first column of each row (one entity); otherwise whole rows.
    """
    counted = statement.order_by(None).subquery()
    total = db.scalar(select(func.count()).select_from(counted)) or 0
    number = min(requested_page(parameter), max(1, -(-total // per_page)))
    window = statement.limit(per_page).offset((number - 1) * per_page)
    items = db.scalars(window).all() if scalars else db.execute(window).all()
    return Page(items, total, number, per_page, parameter)


def paginate_list(rows: Sequence[Row], per_page: int = PER_PAGE, parameter: str = "page") -> Page[Row]:
    """The requested page of a list that is already in memory."""
    number = min(requested_page(parameter), max(1, -(-len(rows) // per_page)))
    start = (number - 1) * per_page
    return Page(rows[start : start + per_page], len(rows), number, per_page, parameter)
