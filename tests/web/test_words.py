"""Nothing that people read bypasses the catalogue."""

import ast
import re

from app.web.catalogue import ROOT, problems, room_of

HAN = re.compile(r"[\u3400-\u9fff]")
ROOMS = ("portal", "intranet", "bank", "public", "web")
# Made-up data of the style guide; formats of dates and money.
DATA_AND_FORMATS = {"app/web/styleguide.py", "app/web/layout.py"}
# Formats, the names of languages and programs, and words of places that addresses and names are read by.
ALLOWED_IN_CODE = {
    "元", "万", "\u4e00", "\u9fff", "微信", "中文", "湖北", "湖北省", "武汉", "武汉市", "市辖区", "办事处",
    "^(?:市辖区|省直辖县级行政区划)",
}  # fmt: skip
# The seal, the name of the language on its own switch, and the width of a mark that follows a message.
ALLOWED_IN_TEMPLATES = {"七", "步", "七步", "中文", "：", "，", "（", "）", "软件", "奶茶店"}


def test_every_message_has_its_chinese_text():
    assert list(problems()) == []


def test_templates_hold_no_chinese_of_their_own():
    from jinja2 import Environment

    lexer = Environment(extensions=["jinja2.ext.i18n"])
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for line, kind, value in lexer.lex(path.read_text()):
            if kind in ("data", "string") and HAN.search(value):
                loose = [w for w in re.findall(r"[\u3400-\u9fff]+", value) if w not in ALLOWED_IN_TEMPLATES]
                if loose:
                    found.append(f"{path.relative_to(ROOT)}:{line}: {loose}")
    assert found == []


def test_code_of_the_doors_holds_no_chinese_but_in_both_languages():
    """Only `Words(zh, en)` and examples inside messages may carry Chinese; the style guide's made-up data and the date and money formats too."""
    found = []
    for path in sorted(p for room in ROOMS for p in (ROOT / "app" / room).rglob("*.py")):
        relative = path.relative_to(ROOT).as_posix()
        if relative in DATA_AND_FORMATS:
            continue
        tree = ast.parse(path.read_text())
        fine = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("Words", "gettext", "_l", "_")
            for inner in ast.walk(node)
        }
        fine |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            chinese = (
                isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value)
            )
            if chinese and id(node) not in fine and node.value not in ALLOWED_IN_CODE:
                found.append(f"{relative}:{node.lineno}: {node.value[:30]!r}")
    assert found == []


def test_rooms_own_their_files():
    assert room_of("templates/portal/naming/form.html") == "portal-naming"
    assert room_of("app/portal/naming.py") == "portal-naming"
    assert room_of("app/web/forms.py") == "web"
    assert room_of("templates/base.html") == "web"
