"""A person at a browser. Every page that opens keeps the page laws, fits its screen and reports no error."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Response, TimeoutError

from app.web.catalogue import merge
from tests.page_laws import breaches_of
from tests.processes import until
from workflow.errors import Words

# What a browser calls an error and is none: a page that answers 422; a live part given up because one typed on.
HARMLESS = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")
# What stands at the field that an error links to, and the names of the controls there.
GROUP = """id => {
  const target = document.getElementById(id);
  const group = target.closest(".govuk-form-group--error") ?? target;
  return [group.innerText, [...group.querySelectorAll("[name]")].map(control => control.name)];
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@lru_cache(maxsize=1)
def chinese() -> dict[str, str]:
    """English message -> its Chinese text."""
    messages = ((m.id, m.string) for m in merge())
    return {
        (i if isinstance(i, str) else i[0]): (s if isinstance(s, str) else s[0]) for i, s in messages if i
    }


class Visitor:
    """Presses what is written on the page; fields are named as they are sent."""

    def __init__(
        self,
        context: BrowserContext,
        name: str,
        pictures: Path,
        urls: dict[str, str],
        phone: bool,
        english: bool,
        scripts: bool,
        pictured: bool = True,
    ) -> None:
        self.name, self.pictures, self.urls = name, pictures, urls
        self.phone, self.english, self.scripts = phone, english, scripts
        self.pictured = pictured
        self.page = context.new_page()
        self.typed: set[str] = set()
        self.wrong: list[str] = []
        self._count = 0
        self.page.on("console", self._heard)
        self.page.on(
            "pageerror", lambda error: self.wrong.append(f"script error at {self.page.url}: {error}")
        )
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.wrong.append(f"console at {message.location}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.wrong.append(f"{response.status} {response.request.method} {response.url}")

    def say(self, message: str, **values: object) -> str:
        """An English message in the language of this visitor's pages."""
        text = message if self.english else chinese().get(message, message)
        return text % values if values else text

    # --- going somewhere ------------------------------------------------------------------------------

    def open(self, url: str, status: int = 200) -> "Visitor":
        """Go to an address: `portal:/sign-up`, or a whole one."""
        door, _, path = url.partition(":")
        with self.arrives(status):
            self.page.goto(self.urls[door] + path if door in self.urls else url)
        return self

    def press(self, message: str, within: str = "main", status: int = 200, nth: int = 0) -> "Visitor":
        """Press the button or link that says so, which opens a page."""
        with self.arrives(status):
            self.button(message, within, nth).click()
        return self

    def button(self, message: str, within: str = "main", nth: int = 0) -> Locator:
        """A button or link by its words."""
        words = re.compile(r"^\s*" + re.escape(self.say(message)) + r"(\s|$|，|,)")
        place = self.page.locator(within)
        found = place.get_by_role("button", name=words).or_(place.get_by_role("link", name=words))
        return found.nth(nth)

    def mistake(
        self, message: str, *fields: str, said: Words | None = None, within: str = "main"
    ) -> "Visitor":
        """Press, and be told what is wrong: on top, in focus, with links to these fields, which say the same."""
        self.press(message, within, 422)
        summary = self.page.locator(".govuk-error-summary")
        told = summary.inner_text()
        reached: set[str] = set()
        for link in summary.locator("a").all():
            words, names = self.page.evaluate(GROUP, (link.get_attribute("href") or "#")[1:])
            assert link.inner_text().strip() in words, (
                f"{self.page.url}: the field of {link.inner_text()!r} says {words!r}"
            )
            reached |= set(names)
        for name in fields:
            assert any(n == name or n.startswith(name + "-") for n in reached), (
                f"{self.name} at {self.page.url}: no word about {name} in {told!r}"
            )
        if said:
            assert (said.en if self.english else said.zh) in told
        assert self.page.title().startswith(self.say("Error"))
        if self.scripts:
            assert summary.evaluate("e => e === document.activeElement"), "the summary has no focus"
        return self

    @contextmanager
    def arrives(self, status: int = 200) -> Iterator[None]:
        """Around something that opens a page."""
        try:
            with self.page.expect_navigation(wait_until="load") as navigation:
                yield
        except TimeoutError as error:
            self.picture("stuck")
            raise AssertionError(
                f"{self.name} is stuck at {self.page.url}: {self.wrong}\n{self.text[:1500]}"
            ) from error
        response = navigation.value
        assert response is not None
        assert response.status == status, (
            f"{self.name}: {response.url} answered {response.status}:\n{self.text[:1500]}"
        )
        self._look(response)

    def _look(self, response: Response) -> None:
        if self.pictured:
            self.picture()
        where = f"{self.name} at {response.url} ({response.status})"
        breaches, _ = breaches_of(response.text(), typed=self.typed)
        if self.phone and self.page.evaluate(OVERFLOW) > 0:
            breaches.append(f"wider than the screen by {self.page.evaluate(OVERFLOW)} px")
        breaches += self.wrong
        self.wrong = []
        assert not breaches, f"{where}:\n- " + "\n- ".join(breaches)

    def check_quiet(self) -> None:
        """Nothing went wrong since the last page opened."""
        assert not self.wrong, f"{self.name} at {self.page.url}: {self.wrong}"

    def picture(self, of: str = "") -> None:
        """Keep what is on the screen."""
        self._count += 1
        path = re.sub(r"[^\w-]+", "-", of or self.page.url.partition("//")[2].partition("/")[2])[:60].strip(
            "-"
        )
        self.pictures.mkdir(exist_ok=True)
        self.page.screenshot(
            path=self.pictures / f"{self.name}-{self._count:03}-{path or 'home'}.jpg", type="jpeg", quality=60, full_page=True,
            caret="initial",  # hiding it would touch the fields
        )  # fmt: skip

    def wait_for(self, message: str) -> "Visitor":
        """A page that follows by itself has come to offer this; without scripts it is opened again and again."""
        if self.scripts:
            self.button(message).wait_for()
            self.check_quiet()
        else:
            until(lambda: self.page.reload() and self.button(message).count(), what=message)
        return self

    # --- filling in -----------------------------------------------------------------------------------

    def fill(self, **fields: object) -> "Visitor":
        """Type, choose or tick by the fields' names; a date is (year, month, day), a tick True or False."""
        for name, value in fields.items():
            self._enter(name.replace("__", "-"), value)
        return self

    def _enter(self, name: str, value: object) -> None:
        if isinstance(value, tuple):
            for part, number in zip(("year", "month", "day"), value, strict=True):
                self._enter(f"{name}-{part}", number)
            return
        field = self.page.locator(f"main [name='{name}']")
        kind = field.first.evaluate("e => e.type")
        if kind == "radio":
            self.page.locator(f"main [name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            for one in field.all():
                wanted = value if isinstance(value, bool) else one.get_attribute("value") in _list(value)
                one.set_checked(bool(wanted))
        elif kind.startswith("select"):
            options = {
                o.get_attribute("value"): o.inner_text().strip() for o in field.locator("option").all()
            }
            chosen = next((v for v, text in options.items() if value in (v, text)), None)
            assert chosen is not None, f"{value!r} is not offered by {name}: {options}"
            field.select_option(chosen)
        else:
            self.typed.add(str(value))
            field.fill(str(value))

    # --- reading --------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    def sees(self, *words: str) -> "Visitor":
        """All of these words stand on the page."""
        text = self.text
        for each in words:
            assert each in text, f"{self.name} at {self.page.url} does not see {each!r}:\n{text[:3000]}"
        return self


def _list(value: object) -> list[str]:
    return (
        [str(v) for v in value]
        if isinstance(value, Iterable) and not isinstance(value, str)
        else [str(value)]
    )
