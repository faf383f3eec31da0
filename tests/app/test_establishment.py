"""Step 4 over HTTP: a whole limited liability company, every section with a mistake, saving."""

import re
from datetime import timedelta

from tests import factories
from tests.app.filing import SECTIONS, Pages, autosave, date, summary
from tests.house import WUCHANG
from tests.page_laws import check_fragment, check_page
from workflow.clock import today
from workflow.establishment import drafts, papers
from workflow.establishment.data import ScopeEntry
from workflow.establishment.derive import last_day_to_pay
from workflow.naming import declaration
from workflow.review import operations as review
from workflow.signatures.invitations import invitations_of, live_papers


def test_a_company_from_an_empty_form_to_papers(house):
    """Each section in the order of the task list; each leads to the next; at the end the papers are made."""
    pages = Pages(house, house.named())
    review.claim(house.db, house.staff(), pages.case.id)

    declaration.approve_name(house.db, house.staff(), pages.case.id)
    house.db.commit()
    assert "尚未" in pages.look("/application") or "待填写" in pages.look("/application")

    there = pages.send(
        "/application/address", text="武汉市武昌区东湖路105号", use="commercial", commitment="y"
    ).location
    assert there.endswith("/application/address/confirm")
    confirm = pages.look("/application/address/confirm")
    assert "武昌区" in confirm and "登记机关" in confirm
    choice = re.search(r'name="choice" value="([^"]+)"', confirm).group(1)
    assert choice.startswith(WUCHANG)
    assert pages.send("/application/address/confirm", choice=choice).location.endswith("/application/scope")

    found = pages.look("/application/scope?q=软件开发")
    code = re.search(r'value="add:([^"]+)"', found).group(1)
    pages.send("/application/scope", action=f"add:{code}", q="软件开发")
    assert pages.send("/application/scope", action="continue").location.endswith("/application/capital")

    assert pages.send("/application/capital", capital="50", term="long").location.endswith(
        "/application/shareholders"
    )
    assert "伍拾万元整" in pages.look("/application/capital")

    assert "张小七" in pages.look("/application/shareholders")
    pages.send(
        "/application/shareholders/add?who=p1", phone=pages.owner.phone, address="湖北省武汉市虚构路1号", subscribed="30",
        form="money", **date(last_day_to_pay(today())),
    )  # fmt: skip
    pages.send(
        "/application/shareholders/add?who=person", name="李小四", id_type="resident_id",
        id_number=factories.id_number(777), phone="19900017777", subscribed="20", form="money",
        **date(last_day_to_pay(today())),
    )  # fmt: skip
    listed = pages.look("/application/shareholders")
    assert "60.00 %" in listed and "40.00 %" in listed and "不一致" not in listed

    pages.send(
        "/application/officers", board="director", director="p1", supervision="supervisor", supervisor="p2",
        legal_representative="p1", chosen_by="shareholders", finance_chief="p1", term_years="3",
    )  # fmt: skip
    pages.send("/application/liaison", person="p1", email="xiaozhang@example.com", phone="19900009999")
    pages.send("/application/beneficial", exempt="yes")
    there = pages.send(
        "/application/submitter", person="p1", role="liaison", may_correct="y", may_receive="y"
    ).location
    assert there.endswith("/application/check")
    assert pages.errors == []
    for section in SECTIONS:
        pages.look(f"/application/{section}")
    checked = pages.look("/application/check")
    assert "伍拾万元整" in checked and "60.00%" in checked and "武汉市武昌区东湖路105号" in checked

    kinds = [kind for kind, _ in papers.planned(house.db, pages.case, pages.application)]
    draft = pages.chinese.get(pages.url(f"/papers/{kinds[0]}.pdf"))
    assert draft.data.startswith(b"%PDF-") and draft.mimetype == "application/pdf"
    assert pages.send("/application/generate").location.endswith("/signatures")
    house.db.expire_all()
    assert pages.case.state == "signing"
    assert [p.kind for p in live_papers(house.db, pages.case.id)] == kinds
    assert {i.person_key for i in invitations_of(house.db, pages.case.id)} == {"p1", "p2"}
    stored = pages.chinese.get(pages.url(f"/papers/{kinds[0]}.pdf")).data
    assert stored.startswith(b"%PDF-") and stored != draft.data
    assert pages.chinese.get(pages.url("/application/capital")).location.endswith("/application/check")


def test_every_page_keeps_the_laws_while_nothing_is_filled_in(blank):
    for section in ("", *(f"/{s}" for s in SECTIONS), "/address/choose", "/shareholders/add?who=p1",
                    "/shareholders/add?who=person", "/shareholders/add?who=organisation", "/people/add", "/people/p1"):  # fmt: skip
        pages = blank.look(f"/application{section}")
        assert "<h1" in pages


# --- each section with a mistake -----------------------------------------------------------------------


def test_address_without_a_number_is_kept_and_marked(blank):
    answer = blank.send("/application/address", 422, text="武汉市武昌区", use="commercial", commitment="y")
    assert "门牌号" in summary(answer)
    assert blank.application.address.text == "武汉市武昌区"


def test_address_outside_the_province_says_where_to_go(blank):
    answer = blank.send(
        "/application/address", 422, text="北京市海淀区中关村大街1号", use="commercial", commitment="y"
    )
    assert "不在湖北省内" in summary(answer)


def test_an_ambiguous_address_is_asked_and_not_guessed(blank):
    blank.send("/application/address", text="武汉市东湖路105号", use="commercial", commitment="y")
    page = blank.look("/application/address/confirm")
    values = re.findall(r'type="radio"[^>]*value="([^"]+)"', page)
    assert len(values) > 5 and "checked" not in page
    blank.send("/application/address/confirm", 422)
    assert blank.application.address.authority_code == ""
    blank.send("/application/address/confirm", 422, choice="HB-999999|420106|")
    wuchang = next(v for v in values if v.startswith(WUCHANG))
    blank.send("/application/address/confirm", choice=wuchang)
    where = blank.application.address
    assert (where.division_code, where.authority_code, where.detail) == ("420106", WUCHANG, "东湖路105号")


def test_lists_are_the_other_way_to_an_address(blank):
    first = blank.send("/application/address/choose", 200, city="420100", action="lists")
    check_page(first, 200)
    assert 'value="420106"' in first.text
    fragment = blank.chinese.post(
        blank.url("/application/address/lists"), data={"city": "420100", "county": "420106"}
    )
    check_fragment(fragment)
    towns = re.findall(r'value="(420106\d+)"', fragment.text)
    assert towns
    blank.send("/application/address/choose", 422, city="420100", detail="东湖路105号", action="continue")
    there = blank.send(
        "/application/address/choose", city="420100", county="420106", town=towns[0], detail="东湖路105号",
        action="continue",
    ).location  # fmt: skip
    assert there.endswith("/confirm")
    choice = re.search(r'name="choice" value="([^"]+)"', blank.look("/application/address/confirm")).group(1)
    blank.send("/application/address/confirm", choice=choice)
    where = blank.application.address
    assert (where.division_code, where.town_code, where.authority_code) == ("420106", towns[0], WUCHANG)


def test_changing_the_text_asks_for_the_authority_again(full):
    full.send("/application/address", text="武汉市洪山区珞喻路10号", use="commercial", commitment="y")
    where = full.application.address
    assert (where.division_code, where.authority_code, where.detail) == ("", "", "")


def test_scope_needs_an_entry_and_refuses_forbidden_words(blank):
    assert "经营范围" in summary(blank.send("/application/scope", 422, action="continue"))
    answer = blank.send("/application/scope", 422, action="custom", custom="虚拟货币交易")  # SC-12
    assert "虚拟货币" in summary(answer) and 'href="#custom"' in answer.text and not blank.application.scope

    def choose(application):  # before the word was forbidden
        application.scope = [ScopeEntry(code="", text="虚拟货币交易")]

    drafts.save(blank.house.db, blank.case.id, blank.house.owner(blank.case), None, choose)
    blank.house.db.commit()
    assert "虚拟货币" in summary(blank.send("/application/scope", 422, action="continue"))


def test_an_own_wording_that_the_catalogue_has_is_the_catalogues(blank):
    """SC-01, SC-09."""
    blank.send("/application/scope", action="custom", custom="软件开发")
    blank.send("/application/scope", action="custom", custom="虚构星球勘测")
    assert [bool(e.code) for e in blank.application.scope] == [True, False]
    answer = blank.send("/application/scope", 422, action="custom", custom="虚构星球勘测")
    assert "重复" in summary(answer) and len(blank.application.scope) == 2


def test_scope_is_ordered_and_removed_by_buttons(blank):
    page = blank.look("/application/scope?q=软件")
    codes = re.findall(r'value="add:([^"]+)"', page)[:3]
    for code in codes:
        blank.send("/application/scope", action=f"add:{code}")
    blank.send("/application/scope", action=f"first:{codes[2]}")
    assert [e.code for e in blank.application.scope] == [codes[2], codes[0], codes[1]]
    blank.send("/application/scope", action=f"down:{codes[2]}")
    blank.send("/application/scope", action=f"up:{codes[1]}")
    blank.send("/application/scope", action=f"remove:{codes[0]}")
    assert [e.code for e in blank.application.scope] == [codes[1], codes[2]]
    blank.send("/application/scope", action=f"move:{codes[1]}@1")  # dragged
    assert [e.code for e in blank.application.scope] == [codes[2], codes[1]]
    blank.send("/application/scope", action="remove:nothing")
    stale = blank.version
    blank.send("/application/scope", action=f"add:{codes[0]}")
    blank.send("/application/scope", version=stale, action=f"remove:{codes[2]}")  # another window's button
    assert [e.code for e in blank.application.scope] == [codes[1], codes[0]]
    assert "一般项目：" in blank.look("/application/scope")
    check_fragment(blank.chinese.get(blank.url("/application/scope/search?q=奶茶店")))
    nothing = blank.chinese.get(blank.url("/application/scope/search?q=xqzvk"))
    assert "没有找到" in nothing.text


def test_an_approval_needed_first_is_asked_for_with_its_entry(blank):
    entries = [
        e
        for e in __import__("workflow.catalogues.queries", fromlist=["x"]).from_files().scope_entries.values()
        if e.timing == "before"
    ]
    blank.send("/application/scope", action=f"add:{entries[0].code}")
    assert "批准文件" in summary(blank.send("/application/scope", 422, action="continue"))
    field = f"approval-{entries[0].code}"
    blank.send("/application/scope", 422, action="continue", **{field: "鄂许〔2026〕1号"})
    assert blank.application.scope[0].approval == "鄂许〔2026〕1号"
    page = blank.look("/application/scope")
    base = re.search(r'name="base" value="([^"]+)"', page).group(1)
    blank.send("/application/scope", 422, action="continue", **{field: "鄂许〔2026〕3号"})
    answer = blank.send("/application/scope", 422, action="continue", base=base, **{field: "鄂许〔2026〕2号"})
    assert "鄂许〔2026〕2号" in answer.text and blank.application.scope[0].approval == "鄂许〔2026〕3号"
    assert "缺少" in blank.look("/attachments")


def test_capital_must_be_an_amount(blank):
    answer = blank.send("/application/capital", 422, capital="五十", term="long")
    assert 'value="五十"' in answer.text and blank.application.capital is None
    assert "大于零" in summary(blank.send("/application/capital", 422, capital="0", term="long"))
    assert "经营期限" in summary(blank.send("/application/capital", 422, capital="50", term="years"))
    assert blank.application.capital == 50_000_000


def test_a_date_beyond_five_years_is_refused_by_llc_03(blank):
    late = last_day_to_pay(today()) + timedelta(days=1)
    answer = blank.send(
        "/application/shareholders/add?who=person", 422, name="李小四", id_type="resident_id",
        id_number=factories.id_number(778), phone="19900017778", subscribed="20", form="money", **date(late),
    )  # fmt: skip
    assert "5年内缴足" in summary(answer)


def test_a_wrong_id_number_and_a_wrong_code_are_marked(blank):
    good = factories.id_number(779)
    bad = good[:-1] + ("1" if good[-1] != "1" else "2")
    fields = {
        "name": "李小四",
        "id_type": "resident_id",
        "phone": "19900017779",
        "subscribed": "20",
        "form": "money",
    }
    answer = blank.send(
        "/application/shareholders/add?who=person",
        422,
        **fields,
        id_number=bad,
        **date(last_day_to_pay(today())),
    )
    assert "校验码" in summary(answer) and 'href="#id_number"' in answer.text
    answer = blank.send(
        "/application/shareholders/add?who=organisation", 422, name="武汉某某商贸有限公司", kind="company",
        uscc="911100000000000000", representative="new", representative_name="王小五",
        representative_id_number=factories.id_number(780), representative_phone="19900017780", subscribed="20",
        form="money", **date(last_day_to_pay(today())),
    )  # fmt: skip
    assert 'href="#uscc"' in answer.text


def test_sums_are_compared_and_a_removal_can_be_undone(full):
    full.send("/application/capital", capital="60", term="long")
    assert "不一致" in full.look("/application/shareholders")
    full.send("/application/shareholders/p1/remove")
    page = full.chinese.get(full.url("/application/shareholders")).text
    assert "已删除" in page and full.application.contributions == []
    fields = dict(
        re.findall(
            r'<input type="hidden" name="(subscribed|paid|form|due|shares|role)" value="([^"]*)"', page
        )
    )
    full.send("/application/shareholders/p1/restore", **fields)
    row = full.application.contributions[0]
    assert (row.party, row.subscribed, str(row.due)) == ("p1", 50_000_000, "2031-06-30")
    assert full.chinese.post(full.url("/application/shareholders/p9/remove")).status_code == 404


def test_a_director_may_not_be_the_supervisor(full):
    answer = full.send(
        "/application/officers", 422, board="director", director="p1", supervision="supervisor", supervisor="p1",
        legal_representative="p1", chosen_by="shareholders", finance_chief="p1", term_years="3",
    )  # fmt: skip
    assert "不得兼任监事" in summary(answer) and 'href="#supervisor"' in answer.text
    answer = full.send(
        "/application/officers", 422, board="board", chair="p1", supervision="none", legal_representative="p1",
        chosen_by="shareholders", finance_chief="p1", term_years="3",
    )  # fmt: skip
    assert "3人以上" in summary(answer)


def test_liaison_beneficial_and_submitter_mistakes(full):
    assert "电子邮箱" in summary(full.send("/application/liaison", 422, person="p1", email="x", phone="1"))
    full.send("/application/capital", capital="2000", term="long")
    assert "1000万元" in summary(full.send("/application/beneficial", 422, exempt="yes"))
    answer = full.send(
        "/application/beneficial", 422, exempt="no", owners="p1", kind_p1="equity", share_p1="10"
    )
    assert "25%" in summary(answer)
    answer = full.send("/application/submitter", 422, person="p1", role="agent")
    assert "代理人" in summary(answer)


def test_generating_with_holes_names_each_of_them(blank):
    review.claim(blank.house.db, blank.house.staff(), blank.case.id)

    declaration.approve_name(blank.house.db, blank.house.staff(), blank.case.id)
    blank.house.db.commit()
    answer = blank.send("/application/generate", 422)
    assert "住所" in summary(answer) and "股东" in summary(answer)


# --- saving ------------------------------------------------------------------------------------------


def test_one_field_is_saved_as_it_is_left(blank):
    said = autosave(blank, "CapitalForm", "capital", capital="50", term="years")
    assert re.search(r"已保存 \d\d:\d\d", said) and "伍拾万元整" in said
    assert f'id="version" name="version" value="{blank.version}"' in said
    application = blank.application
    assert application.capital == 50_000_000 and application.long_term  # the other field was not left yet
    assert "尚未保存" in autosave(blank, "CapitalForm", "capital", capital="五十")
    assert blank.application.capital == 50_000_000
    assert blank.chinese.post(blank.url("/application/autosave?form=Nothing"), data={}).status_code == 404


def test_autosave_of_a_stale_window_saves_nothing_and_says_so(blank):
    stale = blank.version
    autosave(blank, "CapitalForm", "capital", capital="50")
    assert "别的窗口" in autosave(blank, "CapitalForm", "capital", version=stale, capital="70")
    assert blank.application.capital == 50_000_000


def test_two_windows_keep_what_was_typed_and_show_the_other(blank):
    stale = blank.version
    blank.send("/application/capital", capital="50", term="long")
    answer = blank.send("/application/capital", 422, version=stale, capital="70", term="long")
    assert 'value="70"' in answer.text and "50 万元" in answer.text and "另一窗口" in answer.text
    assert blank.application.capital == 50_000_000
    fresh = re.search(r'id="version" name="version" value="(\d+)"', answer.text).group(1)
    blank.send("/application/capital", version=fresh, capital="70", term="long")
    assert blank.application.capital == 70_000_000


def test_saving_is_cheap(full):
    from tests.page_laws import at_most_queries
    from workflow.db import engine
    from workflow.settings import settings

    autosave(full, "CapitalForm", "capital", capital="50")
    version = full.version
    with at_most_queries(engine(settings().database_url), 12):
        said = full.chinese.post(
            full.url("/application/autosave?form=CapitalForm"),
            data={"version": version, "changed": "term_years", "term_years": "20", "term": "years"},
        ).text
    assert "已保存" in said
