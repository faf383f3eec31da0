"""The application's pages of one case, as tests fill them in."""

import re

from tests.page_laws import check_fragment, check_page
from workflow.accounts.models import Account
from workflow.establishment import drafts
from workflow.establishment.problems import problems_of

SECTIONS = (
    "address",
    "scope",
    "capital",
    "shareholders",
    "officers",
    "liaison",
    "beneficial",
    "submitter",
    "check",
)
TYPED = ["武汉市武昌区东湖路105号", "武汉市武昌区东湖路105号2栋301室"]


class Pages:
    """The application's pages of one case, as its owner sees them in both languages."""

    def __init__(self, house, case):
        self.house, self.case = house, case
        self.owner = house.db.get(Account, case.owner_id)
        self.chinese = house.sign_in(house.client("portal"), self.owner)
        self.english = house.sign_in(house.client("portal", english=True), self.owner)

    def url(self, path=""):
        return f"/cases/{self.case.number}" + path

    def look(self, path, status=200):
        """Fetch a page in both languages, hold it to the page laws, return the Chinese one's text."""
        check_page(self.english.get(self.url(path)), status, typed=TYPED)
        answer = self.chinese.get(self.url(path))
        check_page(answer, status, typed=TYPED)
        return answer.text

    def send(self, path, status=303, version="fresh", **fields):
        """Send a form as the page would: with the version that the page shows."""
        fresh = version == "fresh"
        if fresh:
            version = self.version
        answer = self.chinese.post(self.url(path), data={"version": version} | fields)
        assert answer.status_code == status, f"{answer.status_code} {answer.location} {summary(answer)}"
        if status == 422:
            typed = [*TYPED, *map(str, fields.values())]
            check_page(answer, 422, typed=typed)
            again = {"version": self.version if fresh else version} | fields
            check_page(self.english.post(self.url(path), data=again), 422, typed=typed)
        return answer

    @property
    def version(self):
        self.house.db.expire_all()
        return str(drafts.draft_of(self.house.db, self.case.id)[1])

    @property
    def application(self):
        self.house.db.rollback()
        self.house.db.expire_all()
        return drafts.draft_of(self.house.db, self.case.id)[0]

    @property
    def errors(self):
        application = self.application
        return [p for p in problems_of(self.house.db, self.case, application) if p.severity == "error"]


def summary(answer):
    """The words of the error summary."""
    found = re.search(r'govuk-error-summary__list">(.*?)</ul>\s*</div>', answer.text, re.S)
    return re.sub(r"<[^>]+>", " ", found.group(1)) if found else ""


def date(day, name="due"):
    """The three boxes of a date."""
    return {f"{name}-year": day.year, f"{name}-month": day.month, f"{name}-day": day.day}


def autosave(pages, form, changed, version=None, **fields):
    data = {"version": version or pages.version, "changed": changed} | fields
    answer = pages.chinese.post(pages.url(f"/application/autosave?form={form}"), data=data)
    check_fragment(answer, typed=TYPED)
    return answer.text
