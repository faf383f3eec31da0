"""The full set of papers for each kind of entity (domain rules 5.1 to 5.3)."""

from dataclasses import replace

import pytest

from signing.papers import forms, kinds_for, render, render_set, samples, signers, tables
from signing.papers.blocks import pairs
from signing.papers.data import Contribution, Officer, Party
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
                and person.address[-4:] not in public
            )
    form = sets[kind][0]
    assert form.kind == "application" and form.sensitive_pages
    hidden = "".join(reading.page_text(form.pdf, n) for n in form.sensitive_pages)
    assert (
        samples.ZHANG.id_number in hidden
        and samples.ZHANG.phone in hidden
        and samples.ZHANG.address[-4:] in hidden
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


@pytest.fixture(scope="module")
def long_sets():
    return {kind: samples.sample_set(kind, "long") for kind in ("llc", "jsc", "lp")}


def asks_for_signatures(paper):
    """(page, the words printed above the first box there, its head left out) of each page that bears signatures."""
    tops = {}
    for page, _, _, _, top in paper.signature_boxes.values():
        tops[page] = max(tops.get(page, 0), top)
    return [
        (page, [w for w in reading.words(paper.pdf)[page] if w[2] > top and w[4] < 800])
        for page, top in sorted(tops.items())
    ]


def test_signatures_never_stand_on_a_page_without_what_they_sign(sets, long_sets):
    """Who signs sees the last lines of what is signed, or a line that names it (签署页) where the boxes go on."""
    for paper in [p for kind in TYPES for p in sets[kind]] + [
        p for papers in long_sets.values() for p in papers
    ]:
        for place, (page, above) in enumerate(asks_for_signatures(paper)):
            if place:
                said = "".join(w[0] for w in above)
                assert f"《{paper.title}》" in said and "的签署页）" in said, (paper.kind, page)
            else:  # three lines of text, the one that asks for the signature, the label of the box
                assert len({round(w[2]) for w in above}) >= 5, (paper.kind, page)


def test_the_public_part_of_a_form_fits_on_two_pages(sets):
    """As the official forms do; with eight officers it takes a third."""
    public = {kind: sets[kind][0].sensitive_pages[0] for kind in TYPES}
    assert public == {kind: 3 if kind == "jsc" else 2 for kind in TYPES}


@pytest.mark.parametrize("kind", ["llc", "jsc", "lp"])
def test_fifty_founders_a_long_scope_and_a_very_long_address(long_sets, kind):
    """LLC-01: heads repeated on each page, no row cut, everyone has a box and is listed, nothing beyond the margins."""
    facts = samples.long(samples.SAMPLES[kind]())
    form, articles = (
        next(p for p in long_sets[kind] if p.kind == name) for name in ("application", "articles")
    )
    assert len(articles.signature_boxes) == 50
    for paper in (form, articles):
        pages = [reading.words_of_page(paper.pdf, n) for n in range(paper.pages)]
        listed = [n for n, page in enumerate(pages) if page.count(str(facts.contributions[0].due)) > 1]
        assert len(listed) >= 2 and all("比例" in pages[n] for n in listed), paper.kind
        whole = "".join(pages)
        assert facts.address.detail in whole
        assert all(item in whole for item in facts.scope.entries)
        for n, page in enumerate(pages):
            assert f"第{n + 1}页/共{paper.pages}页" in page
            for text, x0, y0, x1, y1 in reading.words(paper.pdf)[n]:
                assert x0 > 55 and x1 < 544 and y0 > 25 and y1 < 830, (paper.kind, n, text)
                assert text[0] not in NO_START or text[0] == "—" or x0 > 70, (paper.kind, text)
    said = "".join(reading.words_of_page(form.pdf, page) for page in range(form.pages))
    for n in range(4, 50):
        assert f"样例成员{n}" in said
    for page in form.sensitive_pages:
        assert "证件类型和号码" in reading.words_of_page(form.pdf, page)


def test_a_name_is_not_broken_over_the_lines_above_its_box(sets):
    for kind in TYPES:
        for paper in sets[kind]:
            broken = [t for _, t in reading.lines(paper.pdf) if t.endswith("签名）") and "样例" not in t]
            assert broken == [], paper.kind


def test_no_cell_is_left_empty():
    """Who reads a dash knows that nothing was forgotten; a column in which nobody has anything to say is left out."""
    for kind in TYPES:
        facts = replace(samples.SAMPLES[kind](), phone="", employees=None)
        facts = replace(facts, address=replace(facts.address, town="", postcode=""))
        tables_of = [tables.address(facts), tables.sensitive(tables.people(facts)), tables.powers(facts)]
        if facts.contributions:
            tables_of += [tables.contributions(facts), tables.contributions(facts, short=True)]
        if facts.officers:
            tables_of.append(tables.officers(facts))
        tables_of += [pairs(forms._basic(facts)), pairs(forms._founding(facts))]
        for table in tables_of:
            covered = {
                (c, row)
                for name, (x0, y0), (x1, y1) in table._spanCmds
                for row in range(y0, y1 + 1)
                for c in range(x0 + 1, x1 + 1)
            }
            empty = [
                (row, c)
                for row, cells in enumerate(table._cellvalues)
                for c, cell in enumerate(cells)
                if cell == "" and (c, row) not in covered
            ]
            assert empty == [], (kind, empty)
    assert "备注" not in reading.text(render("application", samples.llc(3)).pdf)


def lowest(paper, page):
    """How far down a page is printed, in points from its foot; the foot line itself left out."""
    return min(c.y0 for c in reading.characters(paper.pdf, page) if c.y0 > 45)


def test_a_very_long_scope_runs_over_pages():
    """SC-13: it breaks where the page ends, so that no page before the last is left half empty."""
    facts = samples.llc(1)
    text = "一般项目：" + "；".join(f"样例技术服务第{n}项" for n in range(400))
    facts = replace(facts, scope=replace(facts.scope, text=text))
    for kind in ("application", "articles"):
        paper = render(kind, facts)
        assert "样例技术服务第0项" in reading.text(paper.pdf) and "样例技术服务第399项" in reading.text(
            paper.pdf
        )
        assert [lowest(paper, page) < 110 for page in (0, 1)] == [True, True], kind


FOREIGN = {  # words of one kind of entity that have no place in the papers of another
    ("gp", "sgp", "lp"): ("股东", "股权", "注册资本", "公司章程", "法定代表人", "董事", "监事", "营业期限"),
    ("sole", "household"): (
        "股东",
        "股权",
        "注册资本",
        "章程",
        "法定代表人",
        "董事",
        "监事",
        "合伙",
        "营业期限",
    ),
    ("cooperative",): ("股东", "股权", "注册资本", "公司", "董事", "合伙", "营业期限", "理事会"),
    ("branch",): ("股东", "股权", "注册资本", "董事", "监事", "合伙"),
    ("llc", "jsc"): ("合伙", "成员大会", "经营者"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_no_paper_speaks_of_another_kind_of_entity(sets, kind):
    words = next(words for kinds, words in FOREIGN.items() if kind in kinds)
    for paper in sets[kind]:
        found = reading.text(paper.pdf)
        if kind == "cooperative":
            found = found.replace("不设理事会", "").replace("公司名称", "").replace("监事会", "")
        for allowed in ("隶属公司法定代表人", "不具有法人资格", "股东、合伙人"):
            found = found.replace(allowed, "")
        assert [word for word in words if word in found] == [], paper.kind


def test_an_organisation_that_executes_a_partnership_acts_through_its_delegate():
    """4.1: the partner is the organisation; its delegate signs, and is not called a partner."""
    facts = samples.partnership("lp")
    form, delegation = render("application", facts), render("partner_delegation", facts)
    roles = "执行事务合伙人委派代表、武汉样例七步管理有限公司的代表人、登记联络员、受益所有人"
    assert tables.people(facts)[0] == (samples.ZHANG, roles)
    assert "91000000MA0000002X" in reading.text(form.pdf), "the code of an organisation is no secret"
    assert "武汉样例七步管理有限公司委派张样例" in reading.text(delegation.pdf)
    assert [s.role for s in signers("address_commitment", facts)] == ["执行事务合伙人委派代表"]


def test_all_partners_may_execute_without_being_entrusted():
    """PEL Art. 26, IMPL52 Art. 11: no one is chosen, so all execute and no delegation is signed."""
    facts = samples.partnership("gp")
    everyone = replace(facts, executing=tuple(p.key for p in facts.parties))
    assert "partner_delegation" not in {p.kind for p in kinds_for(everyone)}
    found = reading.text(render("articles", everyone).pdf)
    assert "由全体合伙人共同执行合伙事务" in found and "其他合伙人不再执行" not in found
    assert "其他合伙人不再执行" in reading.text(render("articles", facts).pdf)


def test_the_partnership_agreement_names_the_domiciles_on_a_page_of_its_own():
    """PEL Art. 18 asks for them; 5.1 L keeps them apart."""
    paper = render("articles", samples.partnership("gp"))
    assert paper.sensitive_pages == (paper.pages - 1,)
    annex = reading.page_text(paper.pdf, paper.pages - 1)
    assert "附页：合伙人的姓名或者名称、住所" in annex
    assert all(p.name in annex and p.address in annex for p in samples.partnership("gp").parties)


def manager_leads(chosen_by):
    officers = tuple(
        Officer(person, office, title)
        for person, office, title in (
            (samples.ZHANG, "chair", "董事长"), (samples.LI, "director", "董事"), (samples.WANG, "director", "董事"),
            (samples.LI, "manager", "经理"),
        )
    )  # fmt: skip
    return replace(
        samples.llc(3), board="board", officers=officers, supervision="audit_committee", legal_representative=samples.LI,
        representative_office="manager", representative_title="经理", representative_chosen_by=chosen_by,
    )  # fmt: skip


@pytest.mark.parametrize(("chosen_by", "organ"), [("board", "董事会"), ("shareholders", "股东会")])
def test_articles_and_resolutions_agree_on_who_appoints_the_manager(chosen_by, organ):
    """LLC-05, LLC-07, LLC-10: who appoints the legal representative appoints the manager, in every paper."""
    facts = manager_leads(chosen_by)
    articles, found = reading.text(render("articles", facts).pdf), {}
    assert f"公司设经理一人，由{organ}决定聘任或者解聘" in articles
    assert f"该经理的产生方式为由{organ}决定聘任" in articles
    for kind in ("appointment", "board_resolution"):
        found[kind] = "聘任李样例为公司经理" in reading.text(render(kind, facts).pdf)
    assert found == {"appointment": organ == "股东会", "board_resolution": organ == "董事会"}


def test_the_board_does_not_elect_a_chair_whom_the_shareholders_chose():
    """LLC-08: the articles say how the chair arises, and no second resolution says it otherwise."""
    facts = replace(
        manager_leads("shareholders"), representative_office="chair", representative_title="董事长"
    )
    assert "同意由张样例担任公司董事长" in reading.text(render("appointment", facts).pdf)
    assert "为公司董事长" not in reading.text(render("board_resolution", facts).pdf)
    assert "为公司董事长" in reading.text(render("board_resolution", manager_leads("board")).pdf)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"supervision": "none", "board": "director"}, "表决权的股东或者董事提议"),
        ({"supervision": "supervisor", "board": "director"}, "表决权的股东、董事或者监事提议"),
        ({"supervision": "board", "board": "board"}, "、三分之一以上的董事或者监事会提议"),
        ({"supervision": "audit_committee", "board": "board"}, "、三分之一以上的董事或者审计委员会提议"),
    ],
)
def test_who_may_propose_a_meeting(changes, says):
    """CL2023 Art. 62, with what the company has."""
    assert says in reading.text(render("articles", replace(samples.llc(3), **changes)).pdf)


def test_articles_of_a_joint_stock_company_say_what_the_law_asks():
    """CL2023 Art. 95: way of founding, issued shares and those issued at founding, par value, classes; Art. 103."""
    found = reading.text(render("articles", samples.jsc()).pdf)
    for part in (
        "发起设立方式", "已发行的股份数为5,000,000股", "设立时发行的股份总数为5,000,000股", "每股金额为人民币1元", "不发行类别股",
        "成立大会由全体发起人组成", "法定代表人的变更", "解散", "通知", "公告",
    ):  # fmt: skip
        assert part in found, part


def test_articles_of_a_cooperative_say_what_the_law_asks():
    """农民专业合作社法 Art. 15: members, offices and terms, contributions and their transfer, losses, votes, notices."""
    found = reading.text(render("articles", samples.cooperative()).pdf)
    for part in (
        "业务范围", "入社", "退社", "除名", "权利", "义务", "理事长一名", "任期三年", "执行监事一名", "转让给其他成员", "继承",
        "提供担保", "公积金", "亏损", "修改章程，应当", "解散", "公告栏", "附加表决权",
    ):  # fmt: skip
        assert part in found, part
    form = reading.text(render("application", samples.cooperative()).pdf)
    assert "5，占100%" in form and form.count("农民成员") == 6
    town = Contribution(Party("o1", "武汉样例七步公司", natural=False), 10_000_000)
    mixed = replace(samples.cooperative(), contributions=(*samples.cooperative().contributions[1:], town))
    assert "4，占80%" in reading.text(render("application", mixed).pdf)


def test_the_form_says_how_the_head_came_into_the_office_that_counts():
    """5.1 D: a director who leads as manager was appointed, not elected."""
    facts = manager_leads("board")
    facts = replace(facts, officers=(*facts.officers[:3], replace(facts.officers[3], how="聘任")))
    found = reading.lines(render("application", facts).pdf)
    assert [text for _, text in found].count("聘任") == 2, (
        "in the table of the head and in that of the officers"
    )


def test_funds_of_a_household_stand_in_the_form():
    """5.2: asked, not registered."""
    found = reading.text(render("application", replace(samples.household(), capital=5_000_000)).pdf)
    assert "资金数额" in found and "伍万元整" in found
    assert "资金数额" not in reading.text(render("application", samples.household()).pdf)


def test_every_paper_names_the_version_of_its_text(sets):
    for kind in TYPES:
        for paper in sets[kind]:
            assert paper.text_version and f"文本{paper.text_version}" in reading.page_text(paper.pdf, 0)
