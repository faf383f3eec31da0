"""Taking names apart: every order and bracket form, and putting them together again (NM-01, NM-06 to NM-08)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.naming.parts import compose, parse
from workflow.naming.text import normalise

CASES = [
    # name, division, code, trade name, industry, form
    ("武汉小张软件有限公司", "武汉", "420100", "小张", "软件", "有限公司"),
    ("小张（武汉）软件有限公司", "武汉", "420100", "小张", "软件", "有限公司"),
    ("小张软件(武汉)有限公司", "武汉", "420100", "小张", "软件", "有限公司"),
    ("武汉市武昌区小张软件有限公司", "武汉市武昌区", "420106", "小张", "软件", "有限公司"),
    ("湖北省小张软件有限责任公司", "湖北省", "420000", "小张", "软件", "有限责任公司"),
    ("湖北省武汉市小张软件有限公司", "湖北省武汉市", "420100", "小张", "软件", "有限公司"),
    ("武漢　小張軟件有限公司", "武汉", "420100", "小张", "软件", "有限公司"),
    ("利川市云上茶叶专业合作社", "利川市", "422802", "云上", "茶叶", "专业合作社"),
    ("武汉市武昌区小张餐饮店", "武汉市武昌区", "420106", "小张", "餐饮", "店"),
    ("武汉小张企业管理合伙企业（有限合伙）", "武汉", "420100", "小张", "企业管理", "合伙企业（有限合伙）"),
    ("北京红光酒厂", "北京", "110000", "红光", "酒", "厂"),
    ("武汉市武昌区小张超市", "武汉市武昌区", "420106", "小张", "超市", "超市"),
    ("恩施州小张软件有限公司", "恩施州", "422800", "小张", "软件", "有限公司"),
    ("神农架小张旅游开发有限公司", "神农架", "429021", "小张", "旅游开发", "有限公司"),
    ("朝阳（武汉）科技有限公司", "武汉", "420100", "朝阳", "科技", "有限公司"),
]


@pytest.mark.parametrize(("name", "division", "code", "trade", "industry", "form"), CASES)
def test_parse(name, division, code, trade, industry, form):
    parts = parse(name)
    assert parts.as_json() == {"division": division, "trade_name": trade, "industry": industry, "form": form}
    assert parts.division_code == code
    assert compose(parts) == normalise(name)


def test_a_branch_keeps_its_parent():
    parts = parse("武汉小张软件有限公司武昌分公司")
    assert (parts.parent, parts.form, parts.trade_name) == ("武汉小张软件有限公司", "武昌分公司", "小张")


@pytest.mark.parametrize(("written", "group"), [("集团", "集团"), ("（集团）", "（集团）")])
def test_groups(written, group):
    parts = parse(f"武汉小张软件{written}有限公司")
    assert (parts.group, parts.trade_name, parts.industry) == (group, "小张", "软件")
    assert compose(parts) == f"武汉小张软件{written}有限公司"


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("武汉小张有限公司", "no_industry"),
        ("小张软件有限公司", "no_division"),
        ("武汉小张软件", "no_form"),
        ("武汉宜昌商贸有限公司", "trade_name_like_place"),
        ("武汉动力机械有限公司", "trade_name_like_industry"),
        ("武昌小张软件有限公司", "district_alone"),
        ("东湖新技术开发区小张软件有限公司", "zone_alone"),
    ],
)
def test_what_is_not_certain_is_said(name, note):
    assert note in parse(name).notes


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="武汉市昌区小张软件科技有限公司（）()厂店集团分中国际北京湖省0aA 、", max_size=24))
def test_any_text_is_taken_apart_without_failing(text):
    parts = parse(text)
    assert parts == parse(normalise(text))
    assert parts.name == normalise(text)


@settings(max_examples=200, deadline=None)
@given(
    trade=st.text(alphabet="晨曦昊朗晴曜瀚睿翎霖", min_size=2, max_size=5),
    industry=st.sampled_from(["软件", "商贸", "餐饮管理", "建筑工程", "网络科技"]),
    division=st.sampled_from(["武汉", "武汉市", "湖北", "宜昌市", "武汉市武昌区"]),
    form=st.sampled_from(["有限公司", "有限责任公司", "股份有限公司"]),
    order=st.sampled_from(["{d}{t}{i}{f}", "{t}（{d}）{i}{f}", "{t}{i}（{d}）{f}"]),
)
def test_all_orders_have_the_same_parts(trade, industry, division, form, order):
    name = order.format(d=division, t=trade, i=industry, f=form)
    parts = parse(name)
    assert parts.as_json() == {"division": division, "trade_name": trade, "industry": industry, "form": form}
    assert compose(parts) == name
