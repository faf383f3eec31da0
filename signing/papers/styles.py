"""The look of the papers: measures in points, colours, and the text styles (look of the house)."""

from dataclasses import dataclass, replace

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from signing.papers.fonts import SANS, SANS_BOLD, SERIF_BOLD

PAGE = A4
MARGIN = 20 * mm
CONTENT = PAGE[0] - 2 * MARGIN

INK = "#16202a"
GREY = "#5c6670"
FAINT = "#8b929a"
HAIR = "#b9b2a3"
TINT = "#f6f3ec"
RED = "#b3261e"
GOLD = "#b08d3c"
WATERMARK = "#ece8df"


@dataclass(frozen=True)
class Style:
    """How a text is set. `align`: left, center, right or justify. All measures in points."""

    font: str = SANS
    size: float = 10.5
    leading: float = 18.0
    colour: str = INK
    align: str = "left"
    first_indent: float = 0.0
    left_indent: float = 0.0
    before: float = 0.0
    after: float = 0.0
    keep_with_next: bool = False

    def but(self, **changes: object) -> "Style":
        """The same style with some values changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


TITLE = Style(SERIF_BOLD, 20, 30, align="center", after=4)
SUBTITLE = Style(SERIF_BOLD, 13, 20, align="center", after=4)
NUMBER = Style(SANS, 9, 14, GREY, align="center", after=6)
CHAPTER = Style(SERIF_BOLD, 13, 22, align="center", before=7, after=4, keep_with_next=True)
HEADING = Style(SERIF_BOLD, 12, 18, before=6, after=3, keep_with_next=True)
BODY = Style(size=10.5, leading=18.0, align="justify", first_indent=21, after=2)
PLAIN = BODY.but(first_indent=0.0)
NOTE = Style(size=8.5, leading=13.5, colour=GREY, align="justify", before=4)
CELL = Style(size=9.5, leading=14.0)
CELL_CENTER = CELL.but(align="center")
CELL_RIGHT = CELL.but(align="right")
LABEL = Style(SANS_BOLD, 9.5, 14.0, align="center")
