"""Licence (6.1), notices (4.2) and the evidence sheet (ES-21)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from signing.papers import duplicate, evidence_sheet, licence, notice, samples, templates
from signing.papers.data import (
    EvidenceEvent,
    EvidenceFacts,
    EvidencePaper,
    EvidenceRootFacts,
    EvidenceSigner,
    LicenceFacts,
)
from signing.papers.kinds import WORDS
from signing.papers.licences import SIZE
from tests.signing.papers import reading

URL = "http://127.0.0.1:8001/verify/91000000MA0000001X"
FACTS = LicenceFacts(
    "91000000MA0000001X", "武汉样例七步软件有限公司", "有限责任公司（自然人独资）", "法定代表人", "张样例", "住所",
    samples.ADDRESS.text, samples.SCOPE.text, samples.AUTHORITY, date(2026, 11, 24), date(2026, 11, 24), URL,
    capital_label="注册资本", capital=50_000_000,
)  # fmt: skip
NOTICE = replace(samples.notice(), verification_url=URL)


def decoded(pdf, tmp_path):
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf)
    reading.tool("pdftoppm", "-r", "110", "-png", "-singlefile", str(file), str(tmp_path / "page"))
    return reading.tool("zbarimg", "-q", "--raw", str(tmp_path / "page.png")).decode().strip()


@pytest.mark.parametrize("make", [licence, lambda facts: duplicate(facts, 1, 2)])
def test_licence_carries_the_items_of_the_law(make, tmp_path):
    """LIC-06, LIC-08, PRO-10; the QR code leads to the verification page."""
    paper = make(FACTS)
    found = reading.text(paper.pdf)
    for part in (FACTS.uscc, FACTS.name, FACTS.type_name, "张样例", "伍拾万元整", "2026年11月24日", "东湖路105号",
                 "计算机系统服务", FACTS.authority, "统一社会信用代码"):  # fmt: skip
        assert part in found, part
    assert "营业期限" not in found  # LIC-06: the term is no item of the licence
    assert decoded(paper.pdf, tmp_path) == URL
    assert make(FACTS).sha256 == paper.sha256
    page, x0, y0, x1, y1 = paper.signature_boxes["seal"]
    assert not [
        c.get_text()
        for c in reading.characters(paper.pdf, page)
        if c.x0 < x1 and c.x1 > x0 and c.y0 < y1 and c.y1 > y0
    ]


def test_size_and_reminder():
    """LIC-01: 297 mm by 420 mm, duplicate 210 mm by 297 mm; LIC-10: the reminder is on the duplicate only."""
    import io

    from pypdf import PdfReader

    def size(paper):
        box = PdfReader(io.BytesIO(paper.pdf)).pages[0].mediabox
        return round(float(box.width) * 25.4 / 72), round(float(box.height) * 25.4 / 72)

    second = duplicate(FACTS, 1, 2)
    assert size(licence(FACTS)) == (420, 297) and size(second) == (297, 210)
    assert "年度报告" in reading.text(second.pdf) and "年度报告" not in reading.text(licence(FACTS).pdf)
    assert "2-1" in reading.text(second.pdf)


@pytest.mark.parametrize("kind", list(samples.SAMPLES))
def test_labels_of_a_licence_are_of_one_size_and_clear_of_the_values(kind):
    """LIC-07: formats A to G; 执行事务合伙人 and 主要经营场所 are printed as large as 名称."""
    words = WORDS[kind]
    facts = replace(FACTS, subject=words.head, place_label=words.place, capital_label=words.capital)
    labels = ["名称", words.head, words.place, "经营范围", *([words.capital] if words.capital else [])]
    for paper, scale in ((licence(facts), 1), (duplicate(facts, 1, 1), 0.707)):
        lines, found = {}, list(reading.characters(paper.pdf, 0))
        for c in sorted(found, key=lambda c: c.x0):
            if "Bold" in c.fontname and abs(c.size - SIZE * scale) < 0.1:
                lines.setdefault(round(c.matrix[5]), []).append(c)
        printed = "　".join("".join(c.get_text() for c in line) for line in lines.values())
        assert all(label in printed for label in labels), printed
        ends = max(c.x1 for c in found if c.get_text() == words.head[-1] and "Bold" in c.fontname)
        first = min(c.x0 for c in found if c.get_text() == FACTS.name[0] and "Bold" not in c.fontname)
        assert first > ends + 5


def test_simulated_licence_says_so():
    assert "不具有法律效力" in reading.text(licence(FACTS).pdf)
    assert "不具有法律效力" not in reading.text(licence(replace(FACTS, simulated=False)).pdf)


def test_a_household_has_its_own_layout():
    """LIC-07 F: composition instead of type, no capital (IMPL52 Art. 6)."""
    found = reading.text(
        licence(replace(FACTS, subject="经营者", composition="家庭经营", capital_label="", capital=None)).pdf
    )
    assert "家庭经营" in found and "注册资本" not in found


def test_a_long_scope_shrinks_and_a_longer_one_is_shortened_with_a_reference():
    """SC-13."""
    middle = "一般项目：" + "；".join(f"样例服务第{n}项" for n in range(60))
    found = reading.text(licence(replace(FACTS, scope=middle)).pdf)
    assert "样例服务第59项" in found and "节录" not in found
    endless = "一般项目：" + "；".join(f"样例服务第{n}项" for n in range(900))
    paper = licence(replace(FACTS, scope=endless))
    found = reading.text(paper.pdf)
    assert "样例服务第0项" in found and "样例服务第899项" not in found and "全文扫描二维码查看" in found
    assert paper.pages == 1


@pytest.mark.parametrize("kind", ["receipt", "correction", "refusal", "registration", "name", "extension"])
def test_notices(kind, tmp_path):
    paper = notice(kind, NOTICE)
    found = reading.text(paper.pdf)
    assert NOTICE.authority in found and NOTICE.number in found and NOTICE.entity_name in found
    assert decoded(paper.pdf, tmp_path) == URL
    assert "seal" in paper.signature_boxes and notice(kind, NOTICE).sha256 == paper.sha256


def test_refusal_names_reasons_and_remedies():
    """PRO-07, PRO-08: reasons, administrative review within 60 days, suit within six months."""
    found = reading.text(notice("refusal", NOTICE).pdf)
    for part in (
        "住所：缺少门牌号",
        "六十日内向武汉市武昌区人民政府申请行政复议",
        "六个月内依法向武汉市武昌区人民法院提起行政诉讼",
    ):
        assert part in found
    with pytest.raises(ValueError, match="court"):
        notice("refusal", replace(NOTICE, court=""))


def test_a_registration_names_what_is_registered():
    """PRO-03: the registered items are on the notice; an empty table is refused."""
    found = reading.text(notice("registration", NOTICE).pdf)
    assert all(label in found and value[:12] in found for label, value in NOTICE.entries)
    with pytest.raises(ValueError, match="entries"):
        notice("registration", replace(NOTICE, entries=()))


def test_a_notice_follows_the_text_that_staff_made_of_it():
    """The sentences are data: another text, another version at the foot, the same tables."""
    own = replace(templates.load("notice_refusal"), version="2027-01-01.1", sha256="0" * 64)
    own = replace(own, blocks=({"p": "我机关决定不予登记{entity_name}。"}, *own.blocks[2:]))
    shipped, ours = notice("refusal", NOTICE), notice("refusal", NOTICE, {"notice_refusal": own})
    found = reading.text(ours.pdf)
    assert f"我机关决定不予登记{NOTICE.entity_name}。" in found and "经审查" not in found
    assert "文本2027-01-01.1" in found and ours.text_version == "2027-01-01.1" != shipped.text_version
    assert all(item in found for item in NOTICE.items)


def test_correction_lists_every_point_once():
    """PRO-05: once, all of them."""
    found = reading.text(notice("correction", NOTICE).pdf)
    assert all(found.count(item) == 1 for item in NOTICE.items) and "一次性告知" in found
    with pytest.raises(ValueError, match="items"):
        notice("correction", replace(NOTICE, items=()))
    with pytest.raises(ValueError, match="no notice"):
        notice("praise", NOTICE)


def test_a_long_evidence_report_pages_well():
    """ES-21: two hundred events, each on one page whole, with the heads of the table on every page."""
    moment = datetime(2026, 11, 24, 8, 0, 3, tzinfo=UTC)
    events = tuple(
        EvidenceEvent(
            f"案 {n}",
            moment,
            "签署材料",
            f"签名人\n样例签名人{n}",
            sha256(b"%d" % n).hexdigest(),
            date(2026, 11, 24),
        )
        for n in range(200)
    )
    facts = EvidenceFacts(
        "QB-E1", "QB1", "武汉样例七步软件有限公司", samples.AUTHORITY, moment, "申请人", "ab" * 32,
        (EvidencePaper("公司章程", "papers/01-articles.pdf", "cd" * 32, ("张样例",)),),
        (EvidenceSigner("张样例", (("身份核验", "一致"),), (("公司章程", "0" * 64, "1" * 64),)),), events,
        (EvidenceRootFacts(date(2026, 11, 24), "ef" * 32, 200, moment),), (("12" * 32, "本人自愿签署。"),),
        verification_url=URL,
    )  # fmt: skip
    paper = evidence_sheet(facts)
    found = reading.text(paper.pdf)
    for event in events:
        assert event.sha256[:32] in found and event.sha256[32:] in found  # two lines of a cell
        assert f"样例签名人{event.place[2:]}" in found
    assert "2026-11-2416:00:03" in found and "本人自愿签署。" in found and "ef" * 32 in found
    assert found.count("事件摘要SHA-256") >= paper.pages - 2 > 4
    with pytest.raises(ValueError, match="zone"):
        evidence_sheet(replace(facts, events=(replace(events[0], at=datetime(2026, 11, 24)),)))
