"""The page laws catch what they are for: each broken page is refused for its own reason."""

import pytest

from tests.page_laws import breaches_of

GOOD = '<!DOCTYPE html><html lang="{lang}"><head><title>x</title></head><body><main><h1>{h1}</h1>{body}</main></body></html>'


def breaches(body: str, lang: str = "zh-CN") -> list[str]:
    return breaches_of(GOOD.format(lang=lang, h1="标题" if lang == "zh-CN" else "Title", body=body))[0]


@pytest.mark.parametrize(
    "body",
    [
        "<p>与武汉牛栏滩酒业有限公司（武昌区，2021 年登记）读音相同。</p>",
        '<label for="a">姓名</label><input id="a">',
        "<p>今日 17:00 到期，比例 1:3，见 https://example.cn/a</p>",
        '<form method="post" action="/x"><input type="hidden" name="csrf_token" value="t"><button>继续</button></form>',
    ],
)
def test_good_pages_pass(body):
    assert breaches(body) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<p>请填写,谢谢</p>", "half-width"),
        ("<p>姓名:小张</p>", "half-width"),
        ("<p>公司(北京)</p>", "half-width"),
        ("<p>请稍候...</p>", "half-width"),
        ("<p>您<b>好</b>,请继续</p>", "half-width"),
        ("<p>Save and continue</p>", "not translated"),
        ('<button aria-label="Change">x</button>', "not translated"),
        ("<p><b>未闭合</p>", "invalid HTML"),
        ("<div><p>坏的嵌套<div>甲</div></p></div>", "invalid HTML"),
        ("<h1>又一个</h1>", "2 <h1>"),
        ("<h3>跳级</h3>", "h1 is followed by h3"),
        ('<p id="a">甲</p><p id="a">乙</p>', "used 2 times"),
        ('<input id="a">', "no label"),
        ('<p aria-describedby="gone">甲</p>', "points nowhere"),
        ('<div class="govuk-error-summary"><a href="#gone">错</a></div>', "leads nowhere"),
        ('<form method="post" action="/x"><button>走</button></form>', "csrf"),
        ("<form><button>走</button></form>", "without an action"),
        ("<script>1</script>", "inline"),
        ('<p style="color:red">红</p>', "inline style"),
        ('<button onclick="x()">走</button>', "inline onclick"),
        ('<img src="https://elsewhere.example/a.png" alt="">', "elsewhere"),
        ('<a href="/x"></a>', "nothing to read"),
        ('<a href="#">走</a>', "leads nowhere"),
        ("<fieldset><p>甲</p></fieldset>", "legend"),
        (
            '<button class="govuk-button">甲</button><button class="govuk-button q-button--danger">乙</button>',
            "kind of button",
        ),
    ],
)
def test_each_breach_is_named(body, why):
    found = breaches(body)
    assert any(why in breach for breach in found), found


def test_an_english_page_has_no_unmarked_chinese():
    assert any("Chinese on an English page" in b for b in breaches("<p>Company 武汉</p>", "en"))
    assert breaches('<p>Company <span lang="zh-CN">武汉</span></p>', "en") == []
