"""Text templates: versioned TOML files in `texts/` (or what staff made of them), filled with the words of the facts.

A file has `version`, `title`, perhaps `title_<tag>`, perhaps `edition` (of the official form that it follows), and
blocks. A block is one of `chapter`, `article` (a list of paragraphs, the first of which gets its number), `part` (a
numbered heading), `number` (a numbered sentence), `p`, `heading`, `table` (a named table that the builder supplies),
`sensitive` (the note on the sensitive pages), each perhaps with `items` (（一） …), `style` and `when`.
"""

import functools
import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signing.papers import styles
from signing.papers.amounts import numeral
from signing.papers.layout import Paper
from signing.papers.styles import Style

FOLDER = Path(__file__).parent / "texts"
_STYLES: dict[str, Style] = {
    "plain": styles.PLAIN,
    "note": styles.NOTE,
    "sign": styles.PLAIN.but(before=14, after=6, keep_with_next=True),
    "right": styles.PLAIN.but(align="right"),
    "unit": styles.NOTE.but(before=0, after=3, align="right", keep_with_next=True),
}


@dataclass(frozen=True)
class Template:
    """A text template as read from its file; `sha256` names the exact wording."""

    name: str
    version: str
    titles: Mapping[str, str]
    blocks: tuple[Mapping[str, Any], ...]
    sha256: str
    edition: str = ""  # the official form whose wording this is, as people name it

    def title(self, tags: frozenset[str]) -> str:
        """The title that fits the tags."""
        for key, text in self.titles.items():
            if key != "title" and key.removeprefix("title_") in tags:
                return text
        return self.titles["title"]

    def note(self, tags: frozenset[str], values: Mapping[str, str]) -> str:
        """What the sensitive pages say of themselves."""
        found = (b["sensitive"] for b in self.blocks if "sensitive" in b and holds(b.get("when", []), tags))
        return "".join(found).format_map(values)


@functools.lru_cache(maxsize=64)
def load(name: str) -> Template:
    """The shipped template of this name. Raises `FileNotFoundError` when there is none."""
    return parse(name, (FOLDER / f"{name}.toml").read_text())


def parse(name: str, text: str, version: str = "") -> Template:
    """A template from its text: TOML as shipped, or JSON of the same shape as staff edit it. Raises `ValueError`."""
    data = json.loads(text) if text.startswith("{") else tomllib.loads(text)
    titles = {key: value for key, value in data.items() if key.startswith("title")}
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Template(
        name, version or data["version"], titles, tuple(data["block"]), digest, data.get("edition", "")
    )


def holds(conditions: list[str], tags: frozenset[str]) -> bool:
    """Whether all conditions hold; `!tag` asks that the tag is absent."""
    return all((c[1:] not in tags) if c.startswith("!") else c in tags for c in conditions)


def write(
    paper: Paper,
    template: Template,
    values: Mapping[str, str],
    tags: frozenset[str],
    tables: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Set the template's blocks into the paper. Raises `KeyError` when a placeholder has no value."""
    chapter = article = part = number = 0
    for block in template.blocks:
        if not holds(block.get("when", []), tags):
            continue
        style = _STYLES.get(block.get("style", ""), styles.BODY)
        if "chapter" in block:
            chapter += 1
            paper.text(f"第{numeral(chapter)}章　{block['chapter'].format_map(values)}", styles.CHAPTER)
        elif "part" in block:
            part += 1
            paper.heading(f"{numeral(part)}、{block['part'].format_map(values)}")
        elif "heading" in block:
            paper.heading(block["heading"].format_map(values))
        elif "article" in block:
            article += 1
            first, *more = block["article"]
            paper.text(f"**第{numeral(article)}条**　{first.format_map(values)}", style)
            for text in more:
                paper.text(text.format_map(values), style)
        elif "number" in block:
            number += 1
            paper.text(f"{numeral(number)}、{block['number'].format_map(values)}", style)
        elif "p" in block:
            paper.text(block["p"].format_map(values), style)
        elif "table" in block:
            (tables or {})[block["table"]]()
        for place, item in enumerate(block.get("items", []), 1):
            paper.text(f"（{numeral(place)}）{item.format_map(values)}", styles.BODY.but(after=1))
