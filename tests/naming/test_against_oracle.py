"""The indexed comparison finds exactly what the plain one finds."""

from datetime import UTC, date, datetime

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.plain_names import PlainRegister
from tests.naming.conftest import NOW
from workflow.db import driver_url
from workflow.naming.catalogue import compiled
from workflow.naming.generator import NameMaker, register_lines
from workflow.naming.loading import load_lines
from workflow.naming.parts import parse
from workflow.naming.queries import check_text

FEW = "天添华花金今泰秦新心乐达"  # few characters make many collisions


def crowded(size, seed):
    """Register lines whose trade names are made of few characters."""
    for line in register_lines(size, seed):
        parts = parse(line[0])
        trade = "".join(FEW[ord(c) % len(FEW)] for c in parts.trade_name)
        if trade:
            line[0] = line[0].replace(parts.trade_name, trade, 1)
        yield line


def test_same_findings_as_the_plain_implementation(fresh_database):
    lines = [*crowded(2500, 3), *register_lines(1500, 4)]
    load_lines(fresh_database, "oracle", lines)
    plain = PlainRegister(compiled())
    for name, authority, status, day, _, _ in lines:
        on = date.fromisoformat(day)
        until = datetime(on.year, on.month, on.day, tzinfo=UTC) if status == "reserved" else None
        plain.add(parse(name), authority, status, on, until)
    maker = NameMaker(99)
    wishes = [(line[0], line[1]) for line in crowded(150, 5)] + [maker.name() for _ in range(100)]
    wishes += [(line[0], line[1]) for line in lines[::40]]
    wishes += [(name.replace("有限公司", "有限责任公司"), authority) for name, authority in wishes[-50:]]
    engine = create_engine(driver_url(fresh_database))
    rules = set()
    with Session(engine) as db:
        for name, authority in wishes:
            expected = plain.find(parse(name), authority, NOW.date(), NOW)
            answer = check_text(db, name, authority, now=NOW)
            assert answer.total == len(expected), name
            found = sorted((f.rule, f.match.name) for f in answer.findings if f.match)
            if len(expected) <= 50:
                assert found == expected, name
            else:
                assert len(found) == 50 and set(found) <= set(expected), name
            rules |= {rule for rule, _ in expected}
    engine.dispose()
    assert {"CMP-S1", "CMP-S3", "CMP-N1", "CMP-N2", "CMP-N3", "CMP-N4", "CMP-N5", "CMP-N6", "CMP-B4"} <= rules
