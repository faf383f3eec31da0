"""The catalogue files, their way into the database, and the read model that follows staff's edits."""

import time
from datetime import date

import pytest
from sqlalchemy import text

from workflow.catalogues.loaders import FOLDER, load_all, load_table, read_file, touch
from workflow.catalogues.models import TABLES, Authority, Division, ScopeEntry
from workflow.catalogues.queries import catalogue, from_files, in_force


def test_every_file_fits_its_table():
    files = from_files()
    assert {name: len(rows) for name, rows in files.tables.items()}.keys() == TABLES.keys()
    assert [name for name, rows in files.tables.items() if not rows] == [
        "address_exceptions"
    ]  # staff keep it
    assert {p.stem for p in FOLDER.glob("*.csv")} >= TABLES.keys()


def test_hubei_has_its_units():
    """Section 8.2: 13 cities and prefecture, 4 province-administered units; Wuhan has 13 districts."""
    files = from_files()
    assert len(files.divisions_in["420000"]) == 17
    assert len(files.divisions_in["420100"]) == 13
    assert files.divisions["429004"].city_code == "429004"
    assert [d.name for d in files.division_path("420106")] == ["湖北省", "武汉市", "武昌区"]
    assert files.former_division_codes["420821"] == "420882"


def test_industries_form_a_tree():
    files = from_files()
    assert [i.name for i in files.industry_path("I6513")][:2] == [
        "信息传输、软件和信息技术服务业",
        "软件和信息技术服务业",
    ]
    orphans = [
        i.code for i in files.industries.values() if i.level > 1 and i.parent_code not in files.industries
    ]
    assert not orphans
    assert len(files.industries_in[""]) == 20


def test_references_lead_somewhere():
    files = from_files()
    places = files.divisions.keys() | files.towns.keys()
    assert not [r.code for r in files.authority_rules if r.authority_code not in files.authorities]
    assert not [r.code for r in files.authority_rules if r.kind != "words" and r.place not in places]
    assert not [t.code for t in files.towns.values() if t.division_code not in files.divisions]
    texts = {e.text for e in files.scope_entries.values()}
    assert not [(s.word, t) for s in files.scope_synonyms for t in s.texts if t not in texts]
    assert not [
        c for e in files.scope_entries.values() for c in e.industry_codes if c not in files.industries
    ]
    assert len(files.scope_synonyms) >= 150


def test_branches_are_plainly_fictitious():
    files = from_files()
    chosen = [b for b in files.banks.values() if b.offers_accounts]
    assert {b.code for b in chosen} == {"102", "103", "104", "105", "301", "308", "403", "HBB", "HKB"}
    for bank in chosen:
        branches = files.branches_of[bank.code]
        assert 2 <= len(branches) <= 3
        assert all(b.fictitious and "虚构" in b.name for b in branches)


def test_card_prefix():
    assert from_files().card_bin("3563901234567890").bank == "中信银行"
    assert from_files().card_bin("0000000000") is None


def test_loads_fast_and_once(db):
    started = time.perf_counter()
    loaded = load_all(db)
    assert time.perf_counter() - started < 3
    assert loaded.keys() == TABLES.keys()
    assert load_all(db) == {}
    assert db.get(Division, "420106").name == "武昌区"
    assert db.get(Division, "420882").former_codes == ["420821"]


def test_database_and_files_say_the_same(db):
    load_all(db)
    stored = catalogue(db)
    for name, model in TABLES.items():
        columns = [c.name for c in model.__table__.columns]
        key = model.__table__.primary_key.columns[0].name

        def plain(rows, columns=columns, key=key):
            return {getattr(r, key): [getattr(r, c) or None for c in columns] for r in rows}

        assert plain(stored.tables[name]) == plain(from_files().tables[name]), name


def test_an_edit_shows_at_once_and_survives_the_next_load(db):
    load_all(db)
    before = catalogue(db)
    assert catalogue(db) is before
    office = db.get(Authority, "HB-420106")
    office.name = "武汉市武昌区行政审批局"
    office.edited_by = "staff"
    office.edited_at = db.scalar(text("SELECT now()"))
    db.flush()
    touch(db, "registration_authorities")
    after = catalogue(db)
    assert after.authorities["HB-420106"].name == "武汉市武昌区行政审批局"
    assert before.authorities["HB-420106"].name != after.authorities["HB-420106"].name
    assert after.tables["divisions"] is before.tables["divisions"]  # only what changed is read anew
    load_table(db, "registration_authorities", Authority, FOLDER / "registration_authorities.csv")
    assert db.get(Authority, "HB-420106").name == "武汉市武昌区行政审批局"


def test_rows_that_left_the_file_go_unless_staff_wrote_them(db, tmp_path):
    load_all(db)
    db.add(ScopeEntry(code="STAFF1", text="虚构的新业态服务", category="general", edited_by="staff"))
    db.flush()
    db.execute(text("UPDATE scope_entries SET edited_at = now() WHERE code = 'STAFF1'"))
    file = tmp_path / "scope_entries.csv"
    file.write_text("code,text,category,industry_codes\nX1,只此一项,general,I65;I651\n", encoding="utf-8")
    load_table(db, "scope_entries", ScopeEntry, file)
    assert {e.code for e in db.query(ScopeEntry)} == {"X1", "STAFF1"}
    assert db.get(ScopeEntry, "X1").industry_codes == ["I65", "I651"]


def test_a_bad_file_is_named_with_its_line(tmp_path):
    file = tmp_path / "divisions.csv"
    file.write_text("code,name,level\n1,a,2\n2,b,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3"):
        list(read_file(file, Division))
    file.write_text("code,wrong\n1,a\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no such column: wrong"):
        list(read_file(file, Division))


def test_never_loaded_is_said(db):
    with pytest.raises(LookupError, match="not loaded"):
        catalogue(db)


def test_validity_is_half_open():
    """AUT-09, AUT-11: facts hold in intervals."""
    rows = [Authority(code="A", valid_to=date(2019, 1, 1)), Authority(code="B", valid_from=date(2019, 1, 1))]
    assert [a.code for a in in_force(rows, date(2018, 12, 31))] == ["A"]
    assert [a.code for a in in_force(rows, date(2019, 1, 1))] == ["B"]
