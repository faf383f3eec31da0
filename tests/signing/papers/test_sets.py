"""The full set of papers for each kind of entity (domain rules 5.1 to 5.3)."""

from dataclasses import replace

import pytest

from signing.papers import kinds_for, render, render_set, samples, signers
from signing.papers.data import Officer, Party
from signing.papers.typesetting import NO_END, NO_START
from tests.signing.papers import reading

TYPES = list(samples.SAMPLES)


@pytest.fixture(scope="module")
def sets():
    return {kind: render_set(samples.SAMPLES[kind]()) for kind in TYPES}


@pytest.mark.parametrize("kind", TYPES)
def test_each_paper_reads_well(sets, kind):
    facts = samples.SAMPLES[kind]()
    for paper in sets[kind]:
        found = reading.lines(paper.pdf)
        whole = "".join("".join(t.split()) for _, t in found)
        assert facts.name in whole, paper.kind
        assert paper.title in whole
        assert "{" not in whole and "None" not in whole and "、、" not in whole and "。。" not in whole, (
            paper.kind
        )
        for page in range(paper.pages):
            assert f"第{page + 1}页/共{paper.pages}页" in reading.page_text(paper.pdf, page)
        for _, line in found:
            assert line[0] not in NO_START or line[0] == "—", (paper.kind, line)
            assert line[-1] not in NO_END, (paper.kind, line)


@pytest.mark.parametrize("kind", TYPES)
def test_signature_boxes_are_empty_on_the_page_and_apart(sets, kind):
    """Room for a visible signature never hides text."""
    for paper in sets[kind]:
        boxes = list(paper.signature_boxes.values())
        assert boxes
        for page, x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= 595.3 and 42 < y0 < y1 <= 842 and x1 - x0 > 180 and y1 - y0 > 60
            assert page not in paper.sensitive_pages
            inside = [
                c.get_text() for c in reading.characters(paper.pdf, page)
                if c.x0 < x1 and c.x1 > x0 and c.y0 < y1 - 1 and c.y1 > y0 + 1
            ]  # fmt: skip
            assert not inside, (paper.kind, inside)
        for n, (page, x0, y0, x1, y1) in enumerate(boxes):
            for other, a0, b0, a1, b1 in boxes[n + 1 :]:
                assert page != other or x1 < a0 or a1 < x0 or y1 < b0 or b1 < y0


@pytest.mark.parametrize("kind", TYPES)
def test_the_boxes_are_those_of_the_signers(sets, kind):
    facts = samples.SAMPLES[kind]()
    for paper in sets[kind]:
        assert set(paper.signature_boxes) == {s.hand for s in signers(paper.kind, facts)}


@pytest.mark.parametrize("kind", TYPES)
def test_sensitive_data_only_on_sensitive_pages(sets, kind):
    """ID number, address and mobile stand on a separate page group (2026 edition, 5.1 L)."""
    for paper in sets[kind]:
        public = "".join(
            reading.page_text(paper.pdf, n) for n in range(paper.pages) if n not in paper.sensitive_pages
        )
        for person in (samples.ZHANG, samples.LI, samples.WANG):
            assert (
                person.id_number not in public
                and person.phone not in public
                and person.address[-5:] not in public
            )
    form = sets[kind][0]
    assert form.kind == "application" and form.sensitive_pages
    hidden = "".join(reading.page_text(form.pdf, n) for n in form.sensitive_pages)
    assert (
        samples.ZHANG.id_number in hidden
        and samples.ZHANG.phone in hidden
        and samples.ZHANG.address[-5:] in hidden
    )


@pytest.mark.parametrize("kind", TYPES)
def test_same_facts_same_bytes(sets, kind):
    assert [p.sha256 for p in sets[kind]] == [p.sha256 for p in samples.sample_set(kind)]
    changed = replace(samples.SAMPLES[kind](), phone="027-11111111")
    assert render("application", changed).pdf != sets[kind][0].pdf


def test_fonts_are_embedded_and_subset(sets, tmp_path):
    for kind in TYPES:
        file = tmp_path / "paper.pdf"
        file.write_bytes(sets[kind][0].pdf)
        rows = reading.tool("pdffonts", str(file)).decode().splitlines()[2:]
        assert rows and all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows), rows
        assert len(sets[kind][0].pdf) < 250_000


def test_draft_wears_the_watermark_and_final_does_not():
    facts = samples.llc(1)
    draft, final = render("articles", facts), render("articles", facts, final=True)
    assert draft.signature_boxes == final.signature_boxes
    assert "草" in {c for _, line in reading.lines(draft.pdf) for c in line if c in "草稿"}
    assert not {c for _, line in reading.lines(final.pdf) for c in line if c in "草稿"}


def test_one_shareholder_decides_and_several_resolve():
    """LLC-17, LLC-18: no meeting and no resolution of a single shareholder."""
    one, several = render("appointment", samples.llc(1)), render("appointment", samples.llc(3))
    assert one.title == "股东决定" and several.title == "股东会决议"
    assert "第六十条" in reading.text(one.pdf) and "第五十九条" in reading.text(several.pdf)
    assert "股东会" not in reading.text(render("articles", samples.llc(1)).pdf).replace("不设股东会", "")


@pytest.mark.parametrize(
    ("changes", "says", "silent"),
    [
        ({"supervision": "none"}, "也不设监事", "设监事一人"),
        ({"supervision": "supervisor"}, "设监事一人", "审计委员会"),
        ({"supervision": "audit_committee", "board": "board"}, "审计委员会由2名董事组成", "设监事一人"),
        ({"supervision": "board"}, "职工代表的比例不低于三分之一", "设监事一人"),
        ({"board": "board"}, "董事会设董事长一人", "不设董事会"),
        ({"board": "director"}, "不设董事会，设董事一人", "董事会设董事长"),
    ],
)
def test_articles_follow_the_choices(changes, says, silent):
    """LLC-05, LLC-08 to LLC-15."""
    officers = (
        Officer(samples.ZHANG, "chair", "董事长", audit_committee=True),
        Officer(samples.LI, "director", "董事", audit_committee=True),
        Officer(samples.WANG, "director", "董事"),
    )
    found = reading.text(render("articles", replace(samples.llc(3), officers=officers, **changes)).pdf)
    assert says in found and silent not in found


def test_articles_say_what_the_law_asks():
    """LLC-05 (CL2023 Art. 46): name, domicile, scope, capital, shareholders, contributions with dates, organs,
    appointment and change of the legal representative; LLC-03: five years."""
    found = reading.text(render("articles", samples.llc(3)).pdf)
    for part in (
        "武汉样例七步软件有限公司", "东湖路105号", "计算机系统服务", "伍拾万元整", "张样例", "李样例", "王样例",
        "2031-11-20", "16.6668", "股东会由全体股东组成", "法定代表人的变更", "五年内缴足", "三分之二以上表决权",
    ):  # fmt: skip
        assert part in found, part


def test_a_legal_person_seals_and_its_representative_signs():
    """5.3, MAT2019: an organisation seals and its legal representative signs."""
    facts = samples.llc(1)
    company = Party(
        "o9", "武汉样例控股有限公司", False, "营业执照", "91000000MA0000009X", representative=samples.LI
    )
    facts = replace(facts, contributions=(replace(facts.contributions[0], party=company),))
    signer = signers("articles", facts)[0]
    assert signer.seal and signer.by == "李样例"
    paper = render("articles", facts)
    assert "股东：武汉样例控股有限公司（盖章），李样例（签名）" in reading.text(paper.pdf)


def test_someone_with_two_roles_signs_once():
    paper = render("application", samples.llc(3))
    assert list(paper.signature_boxes) == ["p1"]
    assert "拟任法定代表人、登记联络员：张样例（签名）" in reading.text(paper.pdf)


def test_papers_that_are_not_needed_are_not_made():
    """ADR-03 (hosted address: no commitment), BO-02 (exempt by commitment or a filing)."""
    facts = samples.llc(3)
    kinds = {p.kind for p in kinds_for(facts)}
    assert {"address_commitment", "beneficial_exemption"} <= kinds and "beneficial_filing" not in kinds
    hosted = replace(facts, address=replace(facts.address, hosted=True))
    assert "address_commitment" not in {p.kind for p in kinds_for(hosted)}
    with pytest.raises(KeyError):
        render("address_commitment", hosted)


def test_fifty_shareholders_with_long_names_over_pages():
    """LLC-01: heads repeated on each page, no row cut, everyone has a box, everyone is listed."""
    facts = samples.llc(50)
    long = "武汉样例非常非常长的名称" * 6 + "有限公司"
    first = replace(facts.contributions[0], party=replace(facts.contributions[0].party, name=long))
    facts = replace(facts, contributions=(first, *facts.contributions[1:]))
    form, articles = render("application", facts), render("articles", facts)
    assert len(articles.signature_boxes) == 50
    assert len({box[0] for box in articles.signature_boxes.values()}) >= 3
    assert long in reading.text(articles.pdf)
    for paper in (form, articles):
        pages = [reading.page_text(paper.pdf, n) for n in range(paper.pages)]
        listed = [n for n, page in enumerate(pages) if "2031-11-20" in page]
        assert len(listed) >= 2 and all("出资比例" in pages[n] for n in listed)
    for n in range(4, 51):
        assert f"样例股东{n}" in reading.text(form.pdf)
    for page in form.sensitive_pages:
        assert "证件类型和号码" in reading.page_text(form.pdf, page)


def test_a_very_long_scope_runs_over_pages():
    facts = samples.llc(1)
    text = "一般项目：" + "；".join(f"样例技术服务第{n}项" for n in range(400))
    paper = render("application", replace(facts, scope=replace(facts.scope, text=text)))
    assert "样例技术服务第0项" in reading.text(paper.pdf) and "样例技术服务第399项" in reading.text(paper.pdf)
