"""The papers that are text: articles, decisions, confirmations, commitments. One builder, templates as data."""

from collections.abc import Callable

from reportlab.platypus import Table

from signing.papers import styles, tables, templates
from signing.papers.data import PaperFacts, Parent, RenderedPaper, Signer
from signing.papers.kinds import WORDS
from signing.papers.layout import Paper
from signing.papers.wording import head_word, number_of, party_signer, tags, values


def founders(facts: PaperFacts) -> list[Signer]:
    """All shareholders, promoters, partners or members (LLC-06, LLC-17, LLC-18; PEL Art. 19)."""
    return [party_signer(c.party, c.role or WORDS[facts.entity_type].party) for c in facts.contributions]


def parent_signer(parent: Parent) -> Signer:
    """The company of a branch: its seal, and its legal representative (5.2)."""
    by = parent.representative
    return Signer(parent.key, parent.name, "隶属公司", True, by.name, by.key)


def applicants(facts: PaperFacts) -> list[Signer]:
    """Who speaks for the applicant in a commitment: the future head, or the parent company of a branch."""
    if facts.parent:
        return [parent_signer(facts.parent)]
    return future_head(facts) or founders(facts)[:1]


def future_head(facts: PaperFacts) -> list[Signer]:
    """The person who will be at the head."""
    head, word = facts.legal_representative, head_word(facts)
    return [Signer(head.key, head.name, f"拟任{word}" if word == "法定代表人" else word)] if head else []


def directors(facts: PaperFacts) -> list[Signer]:
    """All directors."""
    return [
        Signer(o.person.key, o.person.name, o.title) for o in facts.holding("chair", "vice_chair", "director")
    ]


def supervisors(facts: PaperFacts) -> list[Signer]:
    """All supervisors."""
    return [
        Signer(o.person.key, o.person.name, o.title) for o in facts.holding("supervisory_chair", "supervisor")
    ]


def persons(facts: PaperFacts) -> list[Signer]:
    """Every natural person of the application (RN-01)."""
    return [Signer(p.key, p.name, roles) for p, roles in tables.people(facts)]


def head_only(facts: PaperFacts) -> list[Signer]:
    """The head of the entity."""
    head = facts.legal_representative
    return [Signer(head.key, head.name, WORDS[facts.entity_type].head)] if head else []


def family(facts: PaperFacts) -> list[Signer]:
    """Investor or operator and the family members."""
    return [*head_only(facts), *(Signer(p.key, p.name, "家庭成员") for p in facts.family)]


def text_of(facts: PaperFacts, name: str) -> templates.Template:
    """The text that this application's papers follow: that of the facts, else the shipped one."""
    return facts.texts.get(name) or templates.load(name)


def document(
    kind: str,
    facts: PaperFacts,
    signers: list[Signer],
    *,
    template: str = "",
    subtitle: bool = True,
    final: bool = False,
) -> RenderedPaper:
    """The paper of this kind, written from its template (by default the one of the same name)."""
    has, filled = tags(facts), values(facts)
    source = text_of(facts, template or kind)
    paper = Paper(
        kind, source.title(has), number_of(facts, kind), source.sha256, final=final, entity=facts.name,
        version=source.version,
    )  # fmt: skip
    paper.headline(facts.name if subtitle else "")
    supplied: dict[str, Callable[[], None]] = {
        "contributions": lambda: paper.add(tables.contributions(facts, short=True)),
        "address": lambda: paper.add(tables.address(facts)),
        "officers": lambda: paper.add(tables.officers(facts, identity=False)),
        "powers": lambda: paper.add(tables.powers(facts)),
        "people": lambda: paper.add(
            tables.grid(
                [["序号", "姓名", "在本次登记中的身份", "国别（地区）", "证件类型"]]
                + [
                    [str(n), p.name, roles, p.nationality, p.id_type]
                    for n, (p, roles) in enumerate(tables.people(facts), 1)
                ],
                tables.scaled(12, 36, 66, 24, 32),
                heads=1,
                aligns=["center", "left", "left", "center", "center"],
            )
        ),
        "beneficial": lambda: paper.add(tables.beneficial(facts)),
    }
    templates.write(paper, source, filled, has, supplied)
    paper.signatures(signers)
    if kind == "realname":
        append(paper, source.note(has, filled), tables.sensitive(tables.people(facts)))
    elif kind == "beneficial_filing":
        shown = [(o.person, "受益所有人") for o in facts.beneficial_owners]
        append(paper, source.note(has, filled), tables.sensitive(shown))
    elif kind == "articles" and "partnership" in has:  # PEL Art. 18: names and domiciles of the partners
        append(paper, source.note(has, filled), tables.domiciles(facts), "附页：合伙人的姓名或者名称、住所")
    return paper.render()


def append(paper: Paper, note: str, table: Table, title: str = "敏感信息页") -> None:
    """Add the sensitive pages: what they say of themselves, and the table."""
    paper.sensitive(title)
    if note:
        paper.text(note, styles.NOTE.but(after=8, align="center"))
    paper.add(table)
