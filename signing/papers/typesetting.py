"""Chinese line breaking and spacing (避头尾、标点挤压、中西文间距), free of any drawing.

A text is cut into characters with a face, a width and a class. Lines break between any two Chinese characters
except before closing and after opening punctuation, inside Latin words and numbers, and between a number and its
unit. Adjacent punctuation shares the blank halves of its squares, a closing mark at the end of a line gives up its
blank half, and a quarter-em gap that is not a character separates Chinese from Latin.
"""

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from signing.papers import fonts

NO_START = "。，、；：？！）》”’】〕〉」』．·…—～％‰℃々)]}!,.:;?%"
NO_END = "（《“‘【〔〈「『([{￥¥$#№第"
# Full-width marks whose ink sits in one half of their square.
BLANK_RIGHT = "。，、；：）》”’】〕〉」』"
BLANK_LEFT = "（《“‘【〔〈「『"
UNITS = "年月日号元角分万亿千百条款项名人份个页次周股"
GAP = 0.22  # em between Chinese and Latin
WORDISH = "-./:@_+&=?#~%*'"


@dataclass(frozen=True)
class Run:
    """A stretch of text in one face, size (points) and colour (hex)."""

    text: str
    font: str
    size: float
    colour: str = "#16202a"


@dataclass(slots=True)
class Char:
    """One character with its face, advance and the space that follows it when the line goes on (points)."""

    text: str
    font: str
    size: float
    colour: str
    width: float
    after: float = 0.0
    latin: bool = False


@dataclass(slots=True)
class Segment:
    """A stretch that is drawn in one go at `x` from the start of its line."""

    x: float
    text: str
    font: str
    size: float
    colour: str


@dataclass(slots=True)
class Line:
    """A set line: its segments, its natural width, how many gaps may be stretched, and if it ends a paragraph."""

    segments: list[Segment] = field(default_factory=list)
    width: float = 0.0
    last: bool = False
    indent: float = 0.0
    gaps: int = 0

    @property
    def text(self) -> str:
        return "".join(s.text for s in self.segments)


def _is_latin(char: str) -> bool:
    return char < "\u2000" and (char.isalnum() or char in WORDISH)


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or char > "\uffff"


def _without_idle_blanks(chars: Sequence[Char]) -> list[Char]:
    """A blank before a mark that may not begin a line, after one that may not end it, or at a paragraph's end would
    let a line break there; it says nothing, so it goes."""
    kept: list[Char] = []
    for char in reversed(chars):
        if char.text == " " and (not kept or kept[-1].text == "\n" or kept[-1].text in NO_START):
            continue
        while kept and kept[-1].text == " " and char.text in NO_END:
            kept.pop()
        kept.append(char)
    return kept[::-1]


def characters(runs: Sequence[Run]) -> list[Char]:
    """The characters of the runs, each in a face that has it, with the spacing to its right neighbour."""
    chars: list[Char] = []
    for run in runs:
        table = fonts.widths(run.font)
        for char in run.text:
            if char == "\n":
                chars.append(Char("\n", run.font, run.size, run.colour, 0.0))
                continue
            if char in "\t\r\u00a0\u2009":
                char = " "
            width = table.get(ord(char))
            if width is not None:
                chars.append(
                    Char(char, run.font, run.size, run.colour, width * run.size / 1000, latin=_is_latin(char))
                )
                continue
            other = fonts.face_for(run.font, char)
            if other:
                width = fonts.widths(other)[ord(char)] * run.size / 1000
                chars.append(Char(char, other, run.size, run.colour, width))
            elif unicodedata.category(char) not in ("Cc", "Cf", "Cs"):
                for part in f"〔U+{ord(char):X}〕":
                    width = table[ord(part)] * run.size / 1000
                    chars.append(Char(part, run.font, run.size, run.colour, width, latin=_is_latin(part)))
    chars = _without_idle_blanks(chars)
    for left, right in itertools.pairwise(chars):
        if (left.text in BLANK_RIGHT and (right.text in BLANK_RIGHT or right.text in BLANK_LEFT)) or (
            left.text in BLANK_LEFT and right.text in BLANK_LEFT
        ):
            left.after = -left.size / 2
        elif (left.latin and _is_ideograph(right.text)) or (_is_ideograph(left.text) and right.latin):
            left.after = GAP * min(left.size, right.size)
    return chars


def may_break(left: Char, right: Char) -> bool:
    """Whether a line may end after `left` and the next begin with `right`."""
    if right.text in NO_START or left.text in NO_END:
        return False
    if left.latin and right.latin:
        # a double-barrelled name, not a date; the two halves of a mail address
        return (left.text == "-" and right.text.isalpha()) or right.text == "@"
    return not (left.latin and left.text.isdigit() and right.text in UNITS)


def _atoms(chars: list[Char]) -> list[list[Char]]:
    atoms: list[list[Char]] = []
    for char in chars:
        if atoms and not may_break(atoms[-1][-1], char):
            atoms[-1].append(char)
        else:
            atoms.append([char])
    return atoms


def _advance(chars: list[Char]) -> float:
    return sum(c.width + c.after for c in chars)


def _given_up(last: Char) -> float:
    """What the last character of a finished line does not need: the space after it, the blank half of a mark."""
    return last.after + (last.size / 2 if last.text in BLANK_RIGHT else 0.0)


def _natural(chars: list[Char]) -> float:
    """Width of a finished line."""
    return _advance(chars) - _given_up(chars[-1]) if chars else 0.0


def _finish(chars: list[Char], last: bool, indent: float) -> Line:
    while chars and chars[-1].text == " ":
        chars.pop()
    while chars and chars[0].text == " ":
        chars.pop(0)
    line = Line(last=last, indent=indent, width=_natural(chars))
    x = 0.0
    current: Segment | None = None
    joined = False
    for char in chars:
        if (
            current is not None
            and joined
            and (current.font, current.size, current.colour) == (char.font, char.size, char.colour)
        ):
            current.text += char.text
        else:
            current = Segment(x, char.text, char.font, char.size, char.colour)
            line.segments.append(current)
        x += char.width + char.after
        joined = char.after == 0.0
    line.gaps = max(len(chars) - 1, 0)
    return line


def set_lines(runs: Sequence[Run], width: float, first_indent: float = 0.0) -> list[Line]:
    """Set the runs in lines no wider than `width` points; the first line of each paragraph is indented.

    A word that is wider than a whole line, such as a long web address, is cut where it must be.
    """
    lines: list[Line] = []
    paragraph: list[Char] = []
    paragraphs: list[list[Char]] = [paragraph]
    for char in characters(runs):
        if char.text == "\n":
            paragraph = []
            paragraphs.append(paragraph)
        else:
            paragraph.append(char)
    for paragraph in paragraphs:
        indent = first_indent
        current: list[Char] = []
        reach = 0.0
        for atom in _atoms(paragraph):
            atom_width = atom[0].width + atom[0].after if len(atom) == 1 else _advance(atom)
            natural = atom_width - _given_up(atom[-1])
            if natural > width - first_indent:
                for char in atom:  # too wide for any line: break anywhere
                    if current and _natural([*current, char]) > width - indent + 0.01:
                        lines.append(_finish(current, False, indent))
                        current, indent = [], 0.0
                    current.append(char)
                reach = _advance(current)
                continue
            if current and reach + natural > width - indent + 0.01:
                lines.append(_finish(current, False, indent))
                current, indent, reach = [], 0.0, 0.0
            current.extend(atom)
            reach += atom_width
        lines.append(_finish(current, True, indent))
    return lines
