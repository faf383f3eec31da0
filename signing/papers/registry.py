"""Which papers an application needs and who signs each: `PAPERS`, one table by kind of entity (5.3)."""

from collections.abc import Callable
from dataclasses import dataclass

from signing.papers import documents, forms
from signing.papers.data import PaperFacts, RenderedPaper, Signer
from signing.papers.notices import NOTICES
from signing.papers.wording import tags

Signers = Callable[[PaperFacts], list[Signer]]


@dataclass(frozen=True)
class PaperKind:
    """A paper: what it is called here, who signs it, when it is needed (tags, see `templates.holds`), its template."""

    kind: str
    signers: Signers
    template: str = ""
    needed: Callable[[PaperFacts, frozenset[str]], bool] = lambda facts, has: True

    @property
    def text(self) -> str:
        """The name of its text template."""
        return self.template or self.kind

    def build(self, facts: PaperFacts, *, final: bool = False) -> RenderedPaper:
        """The paper as PDF, with the 草稿 watermark unless `final`."""
        if self.kind == "application":
            return forms.application(facts, final=final)
        return documents.document(
            self.kind,
            facts,
            self.signers(facts),
            template=self.template,
            subtitle=self.kind == "articles",
            final=final,
        )


def _exempt(facts: PaperFacts, has: frozenset[str]) -> bool:
    return facts.beneficial_exempt


def _filed(facts: PaperFacts, has: frozenset[str]) -> bool:
    return bool(facts.beneficial_owners) and not facts.beneficial_exempt


def _board_decides(facts: PaperFacts, has: frozenset[str]) -> bool:
    return "board" in has and bool(
        has & {"chair_by_board", "finance_chief", "chosen_board"}
        or ("manager" in has and "manager_by_shareholders" not in has)
    )


def _supervisory_board(facts: PaperFacts, has: frozenset[str]) -> bool:
    return "supervisory_board" in has and bool(facts.office("supervisory_chair"))


def _family_property(facts: PaperFacts, has: frozenset[str]) -> bool:
    return "family_property" in has


def _entrusted(facts: PaperFacts, has: frozenset[str]) -> bool:
    return (
        "delegate" in has or "all_execute" not in has
    )  # PEL Art. 26: all may execute without being entrusted


def _not_hosted(facts: PaperFacts, has: frozenset[str]) -> bool:
    return not facts.address.hosted  # ADR-03


APPLICATION = PaperKind("application", forms.application_signers)
CONFIRMATION = PaperKind("confirmation", documents.founders)
ADDRESS = PaperKind("address_commitment", documents.applicants, needed=_not_hosted)
NAME = PaperKind(
    "name_commitment", documents.applicants, needed=lambda facts, has: bool(facts.reservation_number)
)
REAL_NAME = PaperKind("realname", documents.persons)
EXEMPTION = PaperKind("beneficial_exemption", documents.applicants, needed=_exempt)
FILING = PaperKind("beneficial_filing", documents.applicants, needed=_filed)
BOARD = PaperKind("board_resolution", documents.directors, needed=_board_decides)
SUPERVISORY = PaperKind("supervisory_resolution", documents.supervisors, needed=_supervisory_board)

APPOINTMENT_JSC = PaperKind("appointment", documents.founders, "appointment_jsc")
CONTRIBUTIONS = PaperKind("contribution_confirmation", documents.founders)
PARTNERSHIP = (
    APPLICATION, PaperKind("articles", documents.founders, "articles_partnership"),
    PaperKind("partner_delegation", documents.founders, needed=_entrusted), CONTRIBUTIONS, CONFIRMATION,
    ADDRESS, NAME, EXEMPTION, FILING, REAL_NAME,
)  # fmt: skip

PAPERS: dict[str, tuple[PaperKind, ...]] = {
    "llc": (
        APPLICATION, PaperKind("articles", documents.founders, "articles_llc"),
        PaperKind("appointment", documents.founders, "appointment_llc"), BOARD, SUPERVISORY, CONFIRMATION,
        ADDRESS, NAME, EXEMPTION, FILING, REAL_NAME,
    ),
    "jsc": (
        APPLICATION, PaperKind("promoters_agreement", documents.founders),
        PaperKind("articles", documents.founders, "articles_jsc"), APPOINTMENT_JSC, BOARD, SUPERVISORY, CONFIRMATION,
        ADDRESS, NAME, EXEMPTION, FILING, REAL_NAME,
    ),
    "gp": PARTNERSHIP,
    "sgp": PARTNERSHIP,
    "lp": PARTNERSHIP,
    "sole": (APPLICATION, PaperKind("family_consent", documents.family, needed=_family_property), ADDRESS, NAME, REAL_NAME),
    "household": (APPLICATION, ADDRESS, NAME, REAL_NAME),
    "branch": (APPLICATION, PaperKind("branch_appointment", documents.applicants), ADDRESS, NAME, REAL_NAME),
    "cooperative": (
        APPLICATION, PaperKind("articles", documents.founders, "articles_cooperative"),
        PaperKind("founding_minutes", documents.founders), CONTRIBUTIONS, CONFIRMATION, ADDRESS, NAME, REAL_NAME,
    ),
}  # fmt: skip


def kinds_for(facts: PaperFacts) -> list[PaperKind]:
    """The papers that this application needs, in the order of the file. Raises `KeyError` for an unknown type."""
    has = tags(facts)
    return [paper for paper in PAPERS[facts.entity_type] if paper.needed(facts, has)]


def signers(kind: str, facts: PaperFacts) -> list[Signer]:
    """Who signs this paper. Raises `KeyError` when the application needs no such paper."""
    for paper in kinds_for(facts):
        if paper.kind == kind:
            return paper.signers(facts)
    raise KeyError(kind)


def render(kind: str, facts: PaperFacts, *, final: bool = False) -> RenderedPaper:
    """One paper of the application. Raises `KeyError` when it needs no such paper."""
    for paper in kinds_for(facts):
        if paper.kind == kind:
            return paper.build(facts, final=final)
    raise KeyError(kind)


def render_set(facts: PaperFacts, *, final: bool = False) -> list[RenderedPaper]:
    """All papers that the application needs; the same facts give the same bytes."""
    return [paper.build(facts, final=final) for paper in kinds_for(facts)]


def editable_texts() -> list[str]:
    """The names of all text templates that papers and notices follow, each once, in the order of the papers."""
    papers = dict.fromkeys(p.text for kinds in PAPERS.values() for p in kinds)
    return [*papers, *(f"notice_{kind}" for kind in NOTICES)]
