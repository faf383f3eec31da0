"""Every part in both languages, with and without errors, keeps the page laws."""

import pytest

from tests.page_laws import check_page
from tests.web.conftest import make_app


@pytest.mark.parametrize("door", ["portal", "intranet", "bank"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["normal", "large"])
def test_every_part_keeps_the_page_laws(assets, door, language, size):
    client = make_app(door, csrf=True).test_client()
    client.set_cookie("qibu_lang", language)
    client.set_cookie("qibu_font", size)
    tree = check_page(client.get("/styleguide"), 200)
    assert tree.get("lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert ("q-large" in tree.get("class")) == (size == "large")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_errors_are_summed_up_and_linked(assets, language):
    client = make_app().test_client()
    client.application.config["WTF_CSRF_ENABLED"] = False
    client.set_cookie("qibu_lang", language)
    sent = {
        "name": "x" * 21,
        "phone": "123",
        "due-year": "2026",
        "due-month": "13",
        "due-day": "1",
        "capital": "1.23456789",
    }
    response = client.post("/styleguide", data=sent)
    tree = _without_csrf_law(response)
    links = tree.xpath('//*[contains(@class, "govuk-error-summary")]//a/@href')
    assert {"#name", "#phone", "#due-year", "#capital", "#alone", "#agreed"} <= set(links)
    # What was typed is still there.
    assert tree.xpath('//input[@id="due-month"]/@value') == ["13"]
    assert tree.xpath('//input[@id="capital"]/@value') == ["1.23456789"]
    assert tree.xpath("//title")[0].text.startswith("错误：" if language == "zh" else "Error: ")


def _without_csrf_law(response):
    from tests.page_laws import breaches_of

    assert response.status_code == 422
    breaches, tree = breaches_of(response.text)
    assert [b for b in breaches if "csrf" not in b] == []
    return tree


def test_a_choice_of_language_keeps_the_page_and_the_query(client):
    response = client.get("/styleguide?page=2&lang=en")
    assert response.status_code == 303
    assert response.location == "/styleguide?page=2"
    assert "qibu_lang=en" in response.headers["Set-Cookie"]
    assert "Style guide" in client.get("/styleguide?page=2").text
    client.get("/styleguide?lang=zh")
    assert "样式手册" in client.get("/styleguide").text


def test_a_choice_cannot_lead_to_another_host_or_set_something_else(client):
    assert (
        client.get("/?lang=en", environ_overrides={"PATH_INFO": "//evil.example/"}).location
        == "/evil.example/"
    )
    response = client.get("/styleguide?lang=fr")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


def test_chinese_is_the_default_whatever_the_browser_prefers(client):
    response = client.get("/styleguide", headers={"Accept-Language": "en-US,en"})
    assert response.headers["Content-Language"] == "zh-CN"


def test_the_policy_is_strict_and_built_files_are_kept(client):
    response = client.get("/styleguide")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy
    assert response.headers["Cache-Control"] == "private, no-store"
    style = response.text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(style)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
