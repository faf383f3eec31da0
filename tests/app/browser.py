"""A browser for tests: fetches pages, keeps the page laws, and sends forms as the page offers them."""

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from tests.page_laws import check_page

LANGUAGES = ("zh", "en")


@dataclass
class Browser:
    """One person's browser at a door, with the CSRF protection on; `page` is what it shows."""

    client: FlaskClient
    typed: list[str] = field(default_factory=list)  # texts that people entered, exempt from typography
    page: etree._Element | None = None

    def get(self, url: str, status: int = 200) -> etree._Element:
        """Fetch a page in both languages, Chinese last; both keep the laws."""
        for language in reversed(LANGUAGES):
            self.client.set_cookie("qibu_lang", language)
            answer = self._follow(self.client.get(url))
            self.page = check_page(answer, status, typed=self.typed)
        return self.page

    def send(self, action: str, status: int = 200, /, **values: Any) -> etree._Element:
        """Send the form of the shown page whose address ends with `action`, with these values; follow redirects."""
        answer = self.raw(action, **values)
        self.page = check_page(self._follow(answer), status, typed=self.typed)
        return self.page

    def raw(self, action: str, /, **values: Any) -> TestResponse:
        """The same without following or checking."""
        assert self.page is not None
        forms = [f for f in self.page.iter("form") if f.get("action", "").split("?")[0].endswith(action)]
        assert forms, f"no form to {action}: {[f.get('action') for f in self.page.iter('form')]}"
        return self.client.post(forms[0].get("action"), data=_filled(forms[0]) | values)

    def _follow(self, answer: TestResponse) -> TestResponse:
        while answer.status_code in (302, 303):
            answer = self.client.get(answer.headers["Location"])
        return answer

    def text(self) -> str:
        """What the main part of the page says."""
        assert self.page is not None
        return " ".join("".join(self.page.find(".//main").itertext()).split())


def _filled(form: etree._Element) -> dict[str, Any]:
    """What a browser would send without anything changed."""
    values: dict[str, Any] = {}
    for control in form.iter("input", "textarea", "select"):
        name, kind = control.get("name"), control.get("type", "text")
        if not name or kind in ("file", "submit", "button"):
            continue
        if kind in ("radio", "checkbox") and control.get("checked") is None:
            continue
        if control.tag == "select":
            options = list(control.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None] or options[:1]
            values[name] = chosen[0].get("value", "") if chosen else ""
        else:
            values[name] = control.text or "" if control.tag == "textarea" else control.get("value", "")
    return values


def browser(house: Any, door: str = "portal", person: Any = None, gateways: Any = None) -> Browser:
    """A browser at a door, signed in as `person`; `gateways` stand in for the outside parties."""
    client = house.client(door)
    client.application.config["WTF_CSRF_ENABLED"] = True
    if gateways is not None:
        client.application.extensions["gateways"] = gateways
    if person is not None:
        house.sign_in(client, person)
    return Browser(client)
