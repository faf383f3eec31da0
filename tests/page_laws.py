"""The page laws: what every page that a test fetches must keep. `check_page(response)` names all breaches at once."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import html5lib
from lxml import etree
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from app.web.catalogue import merge

HAN = re.compile(r"[\u3400-\u9fff]")
# Half-width marks beside Chinese: 请填写,谢谢 · 姓名: · 北京(中国) · 请稍候...
HALF_WIDTH = re.compile(
    r"[\u3400-\u9fff]\s*[,;?!](?=\s|$|[\u3400-\u9fff])|[\u3400-\u9fff]:(?!\d|//)|[\u3400-\u9fff]\(|\)[\u3400-\u9fff]|"
    r"[\u3400-\u9fff]\.(?=\s|$|[\u3400-\u9fff])|[\u3400-\u9fff]\.\.\.|[,;?!]\s*[\u3400-\u9fff]"
)
NOT_TEXT = {"script", "style", "template", "code", "kbd", "pre", "samp"}
BLOCKS = {
    *("p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "div", "section", "main", "label", "legend"),
    *(
        "option",
        "summary",
        "caption",
        "button",
        "figcaption",
        "title",
        "aside",
        "nav",
        "form",
        "fieldset",
        "header",
    ),
    *("ul", "ol", "dl", "table", "tbody", "thead", "tr", "select", "footer", "body", "br", "details"),
}
# html5lib knows no newer rules; these of its complaints are none by the living standard.
HARMLESS = {"unexpected-void-element-in-table", "non-void-element-with-trailing-solidus"}
# The only Chinese of our own on an English page: the switch and the seal, both marked with lang.
SPOKEN_ATTRIBUTES = ("aria-label", "alt", "title", "placeholder", "data-label")


class PageLawBroken(AssertionError):
    """One or more page laws are broken."""


def check_page(
    response: TestResponse,
    status: int | Iterable[int] | None = None,
    *,
    typed: Iterable[str] = (),
    may_be_english: Iterable[str] = (),
) -> etree._Element:
    """The page as an lxml tree, after all laws were checked.

    `status` is what is expected (any but 5xx when left out); `typed` are texts a person entered, exempt from
    typography; `may_be_english` are messages that are the same in Chinese on this page (product names, codes).
    Raises PageLawBroken with every breach.
    """
    expected = {status} if isinstance(status, int) else set(status or ())
    if (expected and response.status_code not in expected) or (not expected and response.status_code >= 500):
        raise PageLawBroken(f"{response.request.path} answered {response.status_code}: {response.text[:600]}")
    if response.mimetype != "text/html":
        raise PageLawBroken(f"{response.request.path} is {response.mimetype}, not a page")
    breaches, tree = breaches_of(response.text, typed=typed, may_be_english=may_be_english)
    policy = response.headers.get("Content-Security-Policy", "")
    if policy and "unsafe" in policy:
        breaches.append(f"the content policy allows what is unsafe: {policy}")
    if breaches:
        where = f"{response.request.method} {response.request.path} ({tree.get('lang')})"
        raise PageLawBroken(f"{where} breaks {len(breaches)} page laws:\n- " + "\n- ".join(breaches))
    return tree


def check_fragment(
    response: TestResponse, lang: str = "zh-CN", *, typed: Iterable[str] = ()
) -> etree._Element:
    """The same for a fragment that htmx puts into a page: what does not need a whole page is checked."""
    if response.status_code >= 500 or "<html" in response.text:
        raise PageLawBroken(f"{response.request.path} is no fragment: {response.status_code}")
    page = (
        f'<!DOCTYPE html><html lang="{lang}"><head><title>x</title></head><body>'
        f"<main><h1>{'页' if lang.startswith('zh') else 'Page'}</h1>{response.text}</main></body></html>"
    )
    breaches, tree = breaches_of(page, typed=typed)
    if breaches:
        raise PageLawBroken(f"{response.request.path} breaks page laws:\n- " + "\n- ".join(breaches))
    return tree


def breaches_of(
    text: str, typed: Iterable[str] = (), may_be_english: Iterable[str] = ()
) -> tuple[list[str], etree._Element]:
    """Every breach of a page's HTML, in words, and its tree."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
    tree = parser.parse(text).getroot()
    breaches = [
        f"invalid HTML at line {line}: {code} {json.dumps(data, ensure_ascii=False, default=str)}"
        for (line, _column), code, data in parser.errors
        if code not in HARMLESS
    ]
    for law in (_skeleton, _ids, _labels, _forms, _inline, _names, _headings):
        breaches += law(tree)
    breaches += _language(tree, {" ".join(t.split()) for t in typed}, set(may_be_english))
    return breaches, tree


# --- the laws, one function each ----------------------------------------------------------------------


def _elements(tree: etree._Element, *tags: str) -> Iterator[etree._Element]:
    return (e for e in tree.iter(*tags) if isinstance(e.tag, str))


def _shown(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _line(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False).split(">")[0][:140] + ">"


def _skeleton(tree: etree._Element) -> Iterator[str]:
    if tree.get("lang") not in ("zh-CN", "en"):
        yield f"<html lang> is {tree.get('lang')!r}"
    titles = list(_elements(tree, "title"))
    if not any(t.getparent().tag == "head" and _shown(t) for t in titles):
        yield "no <title>"
    for tag in ("h1", "main"):
        found = list(_elements(tree, tag))
        if len(found) != 1:
            yield f"{len(found)} <{tag}> instead of one: {[_shown(e)[:40] for e in found]}"


def _ids(tree: etree._Element) -> Iterator[str]:
    ids = [e.get("id") for e in _elements(tree) if e.get("id") is not None]
    for each in sorted({i for i in ids if ids.count(i) > 1}):
        yield f"id {each!r} is used {ids.count(each)} times"
    if any(not i or " " in i for i in ids):
        yield "an id is empty or has a space"
    known = set(ids)
    for element in _elements(tree):
        for attribute in ("aria-describedby", "aria-labelledby", "aria-controls", "for", "list", "form"):
            for target in (element.get(attribute) or "").split():
                if target not in known:
                    yield f"{attribute}={target!r} points nowhere: {_line(element)}"
    for link in tree.xpath(
        '//*[contains(@class, "govuk-error-summary")]//a | //a[contains(@class, "skip-link")]'
    ):
        href = link.get("href", "")
        if not href.startswith("#") or href[1:] not in known:
            yield f"the error summary or skip link leads nowhere: {href!r}"


def _labels(tree: etree._Element) -> Iterator[str]:
    labelled = {label.get("for") for label in _elements(tree, "label") if _shown(label)}
    for control in _elements(tree, "input", "select", "textarea"):
        if control.get("type") in ("hidden", "submit", "button", "image"):
            continue
        named = control.get("aria-label") or control.get("aria-labelledby")
        if (
            not named
            and control.get("id") not in labelled
            and not any(a.tag == "label" for a in control.iterancestors())
        ):
            yield f"no label: {_line(control)}"
    for group in _elements(tree, "fieldset"):
        if not any(child.tag == "legend" and _shown(child) for child in group):
            yield f"a fieldset without a legend: {_line(group)}"
    for radio in tree.xpath('//input[@type="radio"]'):
        if not any(a.tag == "fieldset" or a.get("role") == "radiogroup" for a in radio.iterancestors()):
            yield f"a radio outside a fieldset: {_line(radio)}"


def _forms(tree: etree._Element) -> Iterator[str]:
    for form in _elements(tree, "form"):
        if not form.get("action"):
            yield f"a form without an action: {_line(form)}"
        if form.get("method", "get").lower() == "post":
            tokens = form.xpath('.//input[@name="csrf_token"]')
            if len(tokens) != 1 or not tokens[0].get("value"):
                yield f"{len(tokens)} csrf tokens in {_line(form)}"
            if form.xpath('.//input[@type="file"]') and form.get("enctype") != "multipart/form-data":
                yield f"a form with a file but without enctype: {_line(form)}"
        elif form.xpath('.//input[@name="csrf_token"]'):
            yield f"a csrf token in a GET form: {_line(form)}"
        if not form.xpath('.//button | .//input[@type="submit"]') and not form.get("id"):
            yield f"a form without a button: {_line(form)}"
    main = tree.xpath('//main//*[contains(concat(" ", @class, " "), " govuk-button ")]')
    kinds = {_button_kind(button) for button in main}
    if len(kinds) > 1:
        yield f"more than one kind of button: {sorted(kinds)}"


def _button_kind(button: etree._Element) -> str:
    classes = set((button.get("class") or "").split())
    if "govuk-password-input__toggle" in classes or "govuk-button--secondary" in classes:
        return "main"  # part of a field, drawn quietly
    return "danger" if "q-button--danger" in classes else "main"


def _inline(tree: etree._Element) -> Iterator[str]:
    for element in _elements(tree):
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"an inline <{element.tag}>"
        for name, value in element.attrib.items():
            if name == "style" or name.startswith(("on", "hx-on")):
                yield f"inline {name}: {_line(element)}"
            if name in ("href", "src", "action") and value.strip().lower().startswith("javascript:"):
                yield f"a javascript: address: {_line(element)}"
            if name in ("src", "srcset") and re.match(r"(https?:)?//", value):
                yield f"loads from elsewhere: {_line(element)}"


def _names(tree: etree._Element) -> Iterator[str]:
    for element in _elements(tree, "a", "button", "summary"):
        inner = (
            _shown(element)
            or element.get("aria-label")
            or "".join(element.xpath(".//@alt | .//*[@role='img']/@aria-label"))
        )
        if not inner.strip():
            yield f"nothing to read in {_line(element)}"
    for link in _elements(tree, "a"):
        if link.get("href") in (None, "", "#"):
            yield f"a link that leads nowhere: {_line(link)}"
    for image in _elements(tree, "img"):
        if image.get("alt") is None:
            yield f"no alt: {_line(image)}"
    for heading in _elements(tree, "h1", "h2", "h3", "h4", "caption", "legend", "th"):
        if not _shown(heading):
            yield f"an empty {_line(heading)}"


def _headings(tree: etree._Element) -> Iterator[str]:
    before = 1
    for heading in tree.xpath("//main//*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5]"):
        level = int(heading.tag[1])
        if level > before + 1:
            yield f"h{before} is followed by h{level}: {_shown(heading)[:40]!r}"
        before = level


# --- language -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _untranslated() -> dict[str, str]:
    """English messages without placeholders -> their Chinese text, where the two differ."""
    found = {}
    for message in merge():
        english = message.id if isinstance(message.id, str) else message.id[0] if message.id else ""
        chinese = message.string if isinstance(message.string, str) else message.string[0]
        if english and "%(" not in english and english != chinese and HAN.search(chinese):
            found[english] = chinese
    return found


def _runs(element: etree._Element, lang: str) -> Iterator[tuple[str, str, etree._Element]]:
    """(text, language, element) of every run of text, split where a block or the language changes."""
    lang = element.get("lang") or lang
    if not isinstance(element.tag, str) or element.tag in NOT_TEXT or "svg" in element.tag:
        return
    run = element.text or ""
    for child in element:
        own = isinstance(child.tag, str) and (child.get("lang") or lang)
        inline = isinstance(child.tag, str) and child.tag not in BLOCKS | NOT_TEXT and not len(child)
        if inline and own == lang and "svg" not in child.tag:
            run += child.text or ""
        elif isinstance(child.tag, str):
            yield run, lang, element
            run = ""
            yield from _runs(child, lang)
        run += child.tail or ""
    yield run, lang, element


def _language(tree: etree._Element, typed: set[str], may_be_english: set[str]) -> Iterator[str]:
    page = tree.get("lang") or ""
    messages = _untranslated()
    for raw, lang, element in _all_texts(tree, page):
        text = " ".join(unicodedata.normalize("NFC", raw).split())
        if not text or text in typed:
            continue
        if page == "en" and lang == "en" and HAN.search(text):
            yield f"Chinese on an English page (mark data with |han): {text[:60]!r} in {_line(element)}"
        if page != "en" and lang.startswith("zh"):
            if text in messages and text not in may_be_english:
                yield f"not translated: {text!r} (should be {messages[text]!r}) in {_line(element)}"
            wrong = HALF_WIDTH.search(text)
            if wrong and not any(t and wrong.group() in t for t in typed):
                yield f"half-width punctuation {wrong.group()!r} in {text[:60]!r}"


def _all_texts(tree: etree._Element, page: str) -> Iterator[tuple[str, str, etree._Element]]:
    for title in _elements(tree, "title"):
        if title.getparent().tag == "head":
            yield from ((part, page, title) for part in (title.text or "").split(" - "))
    for body in _elements(tree, "body"):
        yield from _runs(body, page)
    for element in _elements(tree):
        lang = next((e.get("lang") for e in [element, *element.iterancestors()] if e.get("lang")), page)
        for attribute in SPOKEN_ATTRIBUTES:
            if element.get(attribute):
                yield element.get(attribute), lang, element


@contextmanager
def at_most_queries(engine: Engine, most: int) -> Iterator[list[str]]:
    """Fails if more than `most` SQL statements run inside; a page's ceiling."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
    if len(statements) > most:
        raise PageLawBroken(
            f"{len(statements)} queries, at most {most} allowed:\n" + "\n".join(s[:150] for s in statements)
        )
