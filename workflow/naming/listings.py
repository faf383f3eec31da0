"""The lists in force, and the changes to them, as staff read them."""

from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from workflow.naming import facts
from workflow.naming.catalogue import Catalogue, RestrictedWord
from workflow.naming.facts import Industry
from workflow.naming.models import NameCatalogueChange


def words(catalogue: Catalogue, text: str = "", category: str = "", effect: str = "") -> list[RestrictedWord]:
    """The restricted words that contain `text`, of a category and an effect (block, review, warn), by category."""
    found = (
        w
        for w in catalogue.words.values()
        if text in w.word and category in ("", w.category) and effect in ("", w.effect)
    )
    return sorted(found, key=lambda w: (w.category, w.rule, w.word))


def synonyms(catalogue: Catalogue, text: str = "", group: str = "") -> list[tuple[Industry, str]]:
    """Industry words with the group they stand in, by group; `text` may also be part of the group's name."""
    trades = facts.industry_words()
    found = [
        (trades[word], held)
        for word, held in catalogue.groups.items()
        if word in trades and (text in word or text in held) and group in ("", held)
    ]
    return sorted(found, key=lambda pair: (pair[1], pair[0].rank))


def lookalikes(catalogue: Catalogue, text: str = "") -> list[tuple[str, str]]:
    """Pairs of characters that look alike; with `text`, those of its characters."""
    pairs = ((a, b) for a, others in catalogue.lookalikes.items() for b in others if a < b)
    return sorted(pair for pair in pairs if not text or pair[0] in text or pair[1] in text)


def categories(catalogue: Catalogue) -> list[str]:
    """The categories of restricted words."""
    return sorted({w.category for w in catalogue.words.values()})


def rules(catalogue: Catalogue) -> list[str]:
    """The rules under which words are restricted."""
    return sorted({w.rule for w in catalogue.words.values()} | {"LIM-10"})


def groups(catalogue: Catalogue) -> list[str]:
    """The synonym groups."""
    return sorted(catalogue.members)


def changed(catalogue: Catalogue) -> dict[tuple[str, ...], int]:
    """(kind, word) or (kind, a, b) of entries that an approved change put into the list -> the number of the change."""
    found: dict[tuple[str, ...], int] = {}
    for change in catalogue.changes:
        values = dict(change.values)
        if change.kind == "lookalike":
            found[(change.kind, *sorted((values["a"], values["b"])))] = change.number
        else:
            found[change.kind, values["word"]] = change.number
    return found


def pending(db: Session) -> list[NameCatalogueChange]:
    """Changes that wait for a second person, oldest first."""
    waiting = select(NameCatalogueChange).where(
        NameCatalogueChange.number.is_(None), NameCatalogueChange.rejected_by.is_(None)
    )
    return list(db.scalars(waiting.order_by(NameCatalogueChange.sequence)))


def history(text: str = "", kind: str = "") -> Any:
    """A statement: changes that were decided, the last proposed first; `text` is looked for in values and reason."""
    statement = select(NameCatalogueChange).where(
        NameCatalogueChange.number.is_not(None) | NameCatalogueChange.rejected_by.is_not(None)
    )
    if kind:
        statement = statement.where(NameCatalogueChange.kind == kind)
    if text:
        values = cast(NameCatalogueChange.values, String)
        statement = statement.where(
            values.contains(text, autoescape=True)
            | NameCatalogueChange.reason.contains(text, autoescape=True)
        )
    return statement.order_by(NameCatalogueChange.sequence.desc())


def change_of(db: Session, sequence: int) -> NameCatalogueChange | None:
    """The change with this running number."""
    return db.scalar(select(NameCatalogueChange).where(NameCatalogueChange.sequence == sequence))
