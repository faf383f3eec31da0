"""Every rule is broken once, alone, and found with its fact, its field and both languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.establishment.applications import WHOLE, application, id_number, llc, person
from tests.establishment.checking import FACTS, check, codes, spoiled
from workflow.errors import NotFound, Words
from workflow.establishment import rules, types
from workflow.establishment.data import Application
from workflow.establishment.drafts import opened_fields


@pytest.mark.parametrize("entity_type", WHOLE)
def test_a_whole_application_has_no_error(entity_type):
    assert codes(application(entity_type, FACTS)) == set()


@pytest.mark.parametrize("entity_type", WHOLE)
def test_an_empty_application_says_what_is_missing_everywhere(entity_type):
    problems = check(Application(entity_type=entity_type))
    kinds = rules.by_section(problems, Application(entity_type=entity_type))
    assert {"address", "scope", "liaison", "submitter"} <= {s for s, found in kinds.items() if found}
    assert all(p.words.zh and p.words.en and p.words.zh != p.words.en for p in problems)


def test_one_person_is_entered_once():
    twice = llc(FACTS)
    twice["contributions"] = [
        {"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p1", "p2")
    ]
    twice["people"][1]["id_number"] = twice["people"][0]["id_number"]
    assert ("RN-01", "people.1.id_number") in codes(Application.model_validate(twice))


def test_pre_registration_items_need_their_approval():
    """SC-06: an item to be approved before registration stops without the number, a later one does not."""
    for timing, stops in (("before", True), ("after", False)):
        entry = next(e for e in FACTS.scope_entries.values() if e.licensed and e.timing == timing)
        chosen = {"code": entry.code, "text": entry.text, "licensed": True}
        assert (("SC-06", "scope.0.approval") in codes(application("llc", FACTS, scope=[chosen]))) is stops
        chosen["approval"] = "虚构批字〔2026〕1号"
        assert codes(application("llc", FACTS, scope=[chosen])) == set()


def test_wordings_outside_the_catalogue_are_reviewed_not_refused():
    """SC-09; but SC-12 stops the words of WORD-01."""
    free = application("llc", FACTS, scope=[{"code": "", "text": "虚拟现实内容设计"}])
    assert codes(free) == set()
    assert ("SC-09", "scope.0.text") in codes(free, "warning")
    for text in ("稳定币咨询", "rwa发行服务", "虚拟货币交易"):
        assert ("SC-12", "scope.0.text") in codes(
            application("llc", FACTS, scope=[{"code": "", "text": text}])
        )
    for text in ("货币经纪", "虚拟现实设备制造", "harwar服务"):
        assert "SC-12" not in {
            c for c, _ in codes(application("llc", FACTS, scope=[{"code": "", "text": text}]))
        }


def test_blocked_people():
    """CL2023 Art. 178, PRO-14."""
    why = {id_number(1): Words("失信被执行人", "listed as dishonest")}
    found = codes(application("llc", FACTS), blocked=why)
    assert {("CL-178", "officers.0.person"), ("PRO-14", "governance.legal_representative")} <= found


def test_address_policy():
    """ADR-03: where a commitment does not suffice."""
    assert ("ADR-03", "address.commitment") in codes(application("llc", FACTS), commitment_allowed=False)
    assert ("ADR-03", "address.commitment") in codes(
        application("llc", FACTS), address_exceptions=["disputed"]
    )


def test_reserved_name_stays():
    assert ("NM-45", "name") in codes(application("llc", FACTS), reserved_name="武汉别的名称有限公司")


def test_agents_and_liaison():
    """AG-05: not the same person, except for an entity set up with one's own money alone."""
    agent = {"person": "p1", "role": "agent", "agent_declared": True}
    assert codes(application("llc", FACTS, submitter=agent)) == set()
    two = [{"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p2", "p3")]
    assert ("AG-05", "submitter.person") in codes(
        application("llc", FACTS, submitter=agent, contributions=two)
    )


def test_beneficial_owners():
    """BO-04: each natural person with 25 percent or more is listed; a share is at least 25 percent."""
    two = [{"party": p, "subscribed": 250_000_00, "due": "2030-01-01"} for p in ("p1", "p2")]
    listed = {"owners": [{"person": "p1", "share": 50}]}
    assert ("BO-04", "beneficial.owners") in codes(
        application("llc", FACTS, contributions=two, beneficial=listed)
    )
    listed["owners"].append({"person": "p2", "share": 20})
    assert codes(application("llc", FACTS, contributions=two, beneficial=listed)) == {
        ("BO-04", "beneficial.owners.1.share")
    }


def test_what_the_register_knows_is_held_against_the_application():
    """RN-03: name and existence of an organisation; a branch works within its company's scope."""
    values = WHOLE["branch"](FACTS)
    parent = values["organisations"][0]
    app = Application.model_validate(values)

    def found(name: str, existing: bool, scope: str) -> set[tuple[str, str]]:
        entry = rules.Registered(name, existing, scope)
        return {(p.code, p.field) for p in check(app, registered={parent["uscc"]: entry})}

    assert found(parent["name"], True, "一般项目：软件开发") == set()
    assert found("武汉别的有限公司", True, "软件开发") == {("RN-03", "organisations.0.name")}
    assert found(parent["name"], False, "软件开发") == {("RN-03", "organisations.0.uscc")}
    assert found(parent["name"], True, "餐饮服务") == {("BR-SCOPE", "scope.0.text")}


def test_what_follows_opens_with_what_it_follows_from():
    """PRO-05: a corrected amount changes the shares, a corrected founder the head; nothing else opens."""
    shares = opened_fields(application("jsc", FACTS), ["contributions.1.subscribed"])
    assert set(shares) == {
        "contributions.1.subscribed",
        "capital",
        "contributions.0.shares",
        "contributions.1.shares",
    }
    head = opened_fields(application("sole", FACTS), ["contributions.0.party"])
    assert "governance.legal_representative" in head and "capital" not in head


def test_foreign_documents_are_pointed_at():
    """RN-05: nationality and document are held against each other; both pass."""
    app = application("llc", FACTS)
    app.people[0].id_type, app.people[0].id_number, app.people[0].nationality = "passport", "E00000000", "CHN"
    assert ("RN-05", "people.0.nationality") in codes(app, "warning")


def test_a_minor_neither_submits_nor_leads():
    """AG-04, CL2023 Art. 178."""
    app = application("llc", FACTS)
    app.people[0].id_number = id_number(1, "20150307")
    found = codes(app)
    assert ("AG-04", "submitter.person") in found and ("CL-178", "officers.0.person") in found


def test_one_domicile_and_perhaps_another_place_of_business():
    """REG-02, ADR-01; REG-05: general and licensed items stand apart in the scope."""
    place = {"text": "汉口", "division_code": "420102", "detail": "某处"}
    app = application("llc", FACTS, business_place=place)
    assert ("ADR-01", "business_place.detail") in codes(app)


def test_the_liaison_officer_can_be_reached():
    """AG-01, AG-09: a mail address and a valid telephone; BO-05: an owner's share is stated."""
    app = application("llc", FACTS, liaison={"person": "p1", "landline": "12"})
    assert ("phone", "liaison.landline") in codes(app)
    app = application("llc", FACTS, beneficial={"owners": [{"person": "p1"}]})
    assert ("required", "beneficial.owners.0.share") in codes(app)


def test_a_mistake_lands_where_it_is_put_right():
    app = spoiled("llc", "people.0.phone", "1")
    problem = next(p for p in check(app) if p.code == "phone")
    assert rules.section_of(problem, app) == "shareholders"
    liaison = llc(FACTS, liaison={"person": "p2"}, submitter={"person": "p2", "role": "liaison"})
    liaison["people"][1]["phone"] = "1"
    app = Application.model_validate(liaison)
    assert {rules.section_of(p, app) for p in check(app) if p.severity == "error"} == {"liaison"}
    assert set(rules.by_section([], app)) == set(rules.SECTIONS)


def test_unknown_type_and_unknown_fields():
    with pytest.raises(NotFound):
        check(Application(entity_type="llp"))
    with pytest.raises(ValidationError):
        Application.model_validate({"entity_type": "llc", "bribe": 1})


@settings(max_examples=80, deadline=None)
@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=50),
    off=st.integers(-5, 5),
    data=st.data(),
)
def test_sums_are_exact(amounts, off, data):
    """LLC-02 to the fen, whatever the amounts."""
    people = [person(f"s{i}", "股东甲", i, id_number=id_number(i)) for i in range(len(amounts))]
    app = application(
        "llc", FACTS, people=[*people, person("p1", "小张", 99, id_number=id_number(999))], capital=sum(amounts) + off,
        contributions=[{"party": f"s{i}", "subscribed": a, "due": "2030-01-01"} for i, a in enumerate(amounts)],
    )  # fmt: skip
    assert (("LLC-02", "capital") in codes(app)) is (off != 0 and sum(amounts) + off > 0)


@settings(max_examples=150, deadline=None)
@given(
    entity_type=st.sampled_from(sorted(WHOLE)),
    text=st.text(max_size=60),
    number=st.one_of(st.none(), st.integers(-(10**15), 10**15)),
    key=st.sampled_from(["", "p1", "nobody"]),
    day=st.one_of(st.none(), st.dates()),
)
def test_rules_never_fall_over(entity_type, text, number, key, day):
    """Whatever was typed, the rules answer with problems."""
    values = WHOLE[entity_type](FACTS)
    values |= {"capital": number, "name": text, "phone": text}
    values["people"][0] |= {"name": text, "id_number": text, "phone": text, "email": text}
    values["address"] |= {
        "text": text,
        "detail": text,
        "division_code": text,
        "authority_code": text,
        "town_code": text,
    }
    values["scope"] = [{"code": text, "text": text}]
    values["contributions"] = [
        {"party": key, "subscribed": number, "paid": number, "due": day, "shares": number}
    ]
    values["liaison"] = {"person": key, "landline": text}
    values["submitter"] = {"person": key}
    found = check(Application.model_validate(values))
    assert any(p.severity == "error" for p in found)
    assert all(p.words.zh and p.words.en for p in found)
    assert len(types.get(entity_type).sections) >= 6
