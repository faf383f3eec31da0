"""The registry of entity types."""

from dataclasses import replace

import pytest

from signing.papers import documents, registry
from signing.papers.kinds import WORDS
from tests.establishment.applications import TODAY, WHOLE, application
from workflow.catalogues.queries import from_files
from workflow.errors import NotFound, Words
from workflow.establishment import rules, types
from workflow.establishment.data import Application
from workflow.licensing.uscc import new_uscc

FACTS = from_files()


def test_the_types_offered():
    """REG-06 without unions and state enterprises."""
    assert [k.code for k in types.every()] == [
        "llc",
        "jsc",
        "sole",
        "gp",
        "sgp",
        "lp",
        "household",
        "branch",
        "cooperative",
    ]
    for kind in types.every():
        assert kind.name.zh and kind.name.en and kind.name_forms and kind.licence_format in "ABCDEFG"
        assert set(kind.sections) <= set(rules.SECTIONS)
        assert kind.code in registry.PAPERS


@pytest.mark.parametrize(
    ("entity_type", "code"),
    [
        ("llc", "1151"), ("jsc", "1222"), ("gp", "4531"), ("sgp", "4532"), ("lp", "4533"),
        ("sole", "4540"), ("household", "9500"), ("branch", "2190"), ("cooperative", "9100"),
    ],
)  # fmt: skip
def test_type_codes(entity_type, code):
    """Section 6.3."""
    assert types.get(entity_type).type_code(application(entity_type, FACTS))[0] == code


def organisation(kind: str) -> dict:
    return {
        "key": "o1",
        "name": "虚构单位",
        "kind": kind,
        "uscc": new_uscc(3, "420100"),
        "representative": "p3",
    }


@pytest.mark.parametrize(
    ("kind", "amounts", "choice", "code"),
    [
        ("company", {"o1": 10}, "", "1152"),
        ("company", {"o1": 10}, "others", "1153"),
        ("institution", {"o1": 10}, "", "1153"),
        ("company", {"p1": 6, "o1": 4}, "", "1130"),
        ("company", {"p1": 4, "o1": 6}, "", "1190"),
        ("state_enterprise", {"p1": 4, "o1": 6}, "", "1140"),
        ("company", {"p1": 5, "p2": 5}, "", "1130"),
    ],
)
def test_llc_type_code_follows_the_shareholders(kind, amounts, choice, code):
    app = application(
        "llc", FACTS, organisations=[organisation(kind)],
        contributions=[{"party": k, "subscribed": v} for k, v in amounts.items()],
        articles_choices={"sole_owner_held_by": choice} if choice else {},
    )  # fmt: skip
    assert types.get("llc").type_code(app)[0] == code


def garden(**changes: object) -> types.EntityKind:
    """A type that nobody knows yet: two gardeners, a rule, papers and words of its own."""

    def two_gardeners(app: Application, context: rules.Context, found: rules.Findings) -> None:
        if len(app.contributions) != 2:
            found.error("GARDEN-1", "contributions", "花园须有两人。", "A garden needs two.")

    return replace(
        types.get("gp"), code="garden", name=Words("花园", "garden"), role="gardener", role_words=Words("园丁", "gardener"),
        rules=(*types.COMMON, two_gardeners), sections=("address", "scope", "shareholders", "officers", "liaison", "submitter", "check"),
        offices=("operator",), leadership="offices", asks=frozenset({"form"}), name_forms=("园",), capital_registered=False,
        type_code=lambda app: ("9999", "花园"),
        papers=(registry.APPLICATION, registry.REAL_NAME, registry.PaperKind("address_commitment", documents.founders)),
        words=replace(WORDS["gp"], noun="花园", form="花园登记申请书", party="园丁", head="园丁"), **changes,
    )  # fmt: skip


def test_a_new_type_at_run_time():
    """A type of its own rules and words goes through the checks without a change elsewhere, and leaves no trace."""
    with types.registered(garden()):
        app = Application.model_validate({**WHOLE["sole"](FACTS), "entity_type": "garden"})
        found = rules.check(app, rules.Context(today=TODAY, catalogue=FACTS))
        assert [p.code for p in found if p.severity == "error"] == ["GARDEN-1"]
        with pytest.raises(ValueError, match="registered already"):
            types.register(types.get("garden"))
    with pytest.raises(NotFound):
        types.get("garden")
    assert "garden" not in registry.PAPERS and "garden" not in WORDS
    assert set(WHOLE) == {k.code for k in types.every()}
