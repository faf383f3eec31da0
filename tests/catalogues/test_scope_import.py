"""The official catalogue of scope entries is loaded by command: bad lines are told, a load can be begun again (SC-08)."""

import pytest
from click.testing import CliRunner

from tests.house import _ground, house
from workflow.catalogues.queries import catalogue
from workflow.establishment.commands import scope_group

__all__ = ["_ground", "house"]
HEAD = "code,text,category,timing,approval,approved_by,industry_codes,description\n"
GOOD = [
    "X1,虚构飞行器租赁服务,licensed,after,虚构许可证,虚构部门,L7111；L711,测试",
    "X2,虚构陪练服务,general,,,,P8399,",
]
BAD = [
    "X1,同一代码,general,,,,,",
    ",没有代码,general,,,,,",
    "X4,虚构三,strange,,,,,",
    "X5,虚构四,licensed,after,,,,",
    "X6,虚构五,general,later,,,,",
    "X7,虚构六,general,,,,Z99,",
    "X8,虚拟货币交易,general,,,,,",
    "X9,虚构陪练服务,general,,,,,",
]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "catalogue.csv"


def run(file, *options):
    return CliRunner().invoke(scope_group, ["import", str(file), *options])


def test_good_lines_count_bad_ones_are_told_and_again_changes_nothing(house, file):
    before = len(catalogue(house.db).scope_entries)
    file.write_text(HEAD + "\n".join(GOOD + BAD), encoding="utf-8-sig")
    answer = run(file, "--check")
    assert answer.exit_code == 1 and "2 new" in answer.output and "8 bad lines" in answer.output
    house.db.rollback()
    assert len(catalogue(house.db).scope_entries) == before
    answer = run(file)
    assert answer.exit_code == 1 and all(f"line {n}:" in answer.output for n in range(4, 12)), answer.output
    house.db.rollback()
    entry = catalogue(house.db).scope_entries["X1"]
    assert (entry.licensed, entry.industry_codes, entry.attested) == (True, ["L7111", "L711"], "official")
    answer = run(file)
    assert "0 new, 0 changed, 2 unchanged" in answer.output
    house.db.rollback()
    assert len(catalogue(house.db).scope_entries) == before + 2


def test_a_known_wording_keeps_its_code_and_what_staff_edited_stays(house, file):
    from workflow.catalogues import editing

    known = next(e for e in catalogue(house.db).scope_entries.values() if e.text == "软件开发")
    other = next(e for e in catalogue(house.db).scope_entries.values() if e.text == "快递服务")
    editing.put(
        house.db, "scope_entries", editing.row_of("scope_entries", {"description": "人工"}, other), "0534"
    )
    house.db.commit()
    file.write_text(
        HEAD + f"OFF1,软件开发,general,,,,I6511,官方说明\nOFF2,{other.text},general,,,,,官方说明\n"
    )
    answer = run(file)
    assert answer.exit_code == 0 and "0 new, 1 changed, 0 unchanged, 1 kept" in answer.output
    house.db.rollback()
    entries = catalogue(house.db).scope_entries
    assert entries[known.code].description == "官方说明" and "OFF1" not in entries
    assert entries[other.code].description == "人工"
    from workflow.catalogues.loaders import load_all

    load_all(house.db)
    assert catalogue(house.db).scope_entries[known.code].description == "官方说明"


def test_a_file_that_is_no_catalogue_is_refused(house, file):
    for text in ("a,b\n1,2\n", HEAD.replace("timing", "zeit"), ""):
        file.write_text(text)
        answer = run(file)
        assert answer.exit_code == 1 and "Traceback" not in answer.output and "column" in answer.output
