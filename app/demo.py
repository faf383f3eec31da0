"""`make demo`: the seed's example through all seven steps over HTTP, as applicant, signer, registrar and bank.

Nothing here reaches into the domain: every step is a page that is fetched, a form that is filled in and sent. The
platform runs as its own processes, on free ports, with a fresh database in a temporary folder.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import mechanicalsoup
import requests

from workflow.clock import today

ROOT = Path(__file__).resolve().parent.parent
TRADE_NAME, INDUSTRY = "晨岫", "软件"
ADDRESS, SCOPE, CAPITAL_WAN = "武汉市武昌区东湖路105号", "计算机系统服务", "50"
BRANCH, BANK = "102-01", "102"
PIN = "739164"
T = TypeVar("T")


class StepFailed(Exception):
    """A step did not happen; the text says which page and what it said."""


class Browser:
    """A person at one door: follows redirects, keeps cookies, fills in forms."""

    def __init__(self, base: str):
        self.base = base
        self.soup = mechanicalsoup.StatefulBrowser(soup_config={"features": "lxml"}, user_agent="qibu-demo")
        self.soup.session.trust_env = False

    def open(self, path: str) -> None:
        """Fetch a page. Raises StepFailed unless the answer is 200."""
        self._check(self.soup.open(urljoin(self.base, path)))

    def submit(
        self,
        values: dict[str, str | bool | list[str]] | None = None,
        *,
        having: str = "",
        button: tuple[str, str] | None = None,
    ) -> None:
        """Fill in and send the form of this page whose address ends in `having` (or that has that field)."""
        form = self._form(having, button)
        for name, value in (values or {}).items():
            for choice in value if isinstance(value, list) else [value]:
                self._set(form, name, choice)
        if button:
            found = form.form.find(attrs={"name": button[0], "value": button[1]})
            if found is None:
                raise StepFailed(f"{self.url}: no button {button[0]}={button[1]}")
            form.choose_submit(found)
        elif submit := form.form.find("button", attrs={"type": "submit", "name": False}) or form.form.find(
            "button"
        ):
            form.choose_submit(submit) if submit.get("name") else None
        answer = self.soup.submit_selected(headers={"Referer": self.url})
        self._check(answer)

    def _form(self, having: str, button: tuple[str, str] | None = None) -> mechanicalsoup.Form:
        for candidate in self.soup.page.find_all("form"):
            if button and not candidate.find(attrs={"name": button[0], "value": button[1]}):
                continue
            fits = not having and candidate.find(
                ["input", "select", "textarea"], attrs={"type": lambda t: t != "hidden"}
            )
            if fits or (
                having
                and (
                    (candidate.get("action") or "").split("?")[0].endswith(having)
                    or candidate.find(attrs={"name": having})
                )
            ):
                return self.soup.select_form(candidate)
        raise StepFailed(f"{self.url}: no form for {having!r}")

    def _set(self, form: mechanicalsoup.Form, name: str, value: str | bool) -> None:
        boxes = form.form.find_all("input", attrs={"name": name, "type": ["checkbox", "radio"]})
        if not boxes:
            form.set(name, value)
            return
        for box in boxes:
            wanted = value is True or (isinstance(value, str) and box.get("value") == value)
            if wanted:
                box["checked"] = ""
            elif box["type"] == "radio" or value is False:
                box.attrs.pop("checked", None)
        if isinstance(value, str) and not any(box.get("value") == value for box in boxes):
            raise StepFailed(f"{self.url}: {name} offers no {value!r}")

    def _check(self, answer: requests.Response) -> None:
        if answer.status_code != 200:
            said = (
                [
                    e.get_text(" ", strip=True)
                    for e in self.soup.page.select(".govuk-error-summary li, main p")
                ]
                if self.soup.page
                else []
            )
            raise StepFailed(
                f"{answer.request.method} {answer.url}: {answer.status_code}: {'; '.join(said[:6]) or answer.text[:300]}"
            )

    @property
    def url(self) -> str:
        """Where this browser is."""
        return str(self.soup.url)

    @property
    def text(self) -> str:
        """What the page says."""
        return str(self.soup.page.get_text(" ", strip=True))

    def get(self, path: str) -> bytes:
        """A file, with this browser's cookies."""
        answer = self.soup.session.get(urljoin(self.base, path), timeout=30)
        if answer.status_code != 200:
            raise StepFailed(f"GET {path}: {answer.status_code}")
        return answer.content

    def links(self, pattern: str) -> list[str]:
        """The addresses on this page that match."""
        return [a["href"] for a in self.soup.page.find_all("a", href=True) if re.search(pattern, a["href"])]


def until(condition: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """Wait until there is an answer. Raises StepFailed after the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := condition()) is not None and found is not False:
            return found
        time.sleep(0.2)
    raise StepFailed(f"waited {seconds:.0f} s in vain for {what}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Demo:
    """One run: the addresses of the doors, the people, what happened."""

    def __init__(self, out: Path):
        self.out = out
        names = ("portal", "intranet", "bank", "sandbox")
        *ports, self.smtp = free_ports(5)
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)}
        self.sandbox = requests.Session()
        self.sandbox.trust_env = False
        self.applicant = Browser(self.urls["portal"])
        self.registrar = Browser(self.urls["intranet"])
        self.clerk = Browser(self.urls["bank"])
        self.signer = Browser(self.urls["portal"])
        self.number = ""
        self.seconds: dict[str, float] = {}

    # --- the world around ---------------------------------------------------------------------------------

    def environment(self, folder: Path) -> dict[str, str]:
        """What the platform is told."""
        addresses = {f"QIBU_{name.upper()}_URL": url for name, url in self.urls.items()}
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QIBU_") and k != "DATABASE_URL"}
        return {
            **clean,
            **addresses,
            "QIBU_SMTP_PORT": str(self.smtp),
            "QIBU_INSTANCE": str(folder),
            "QIBU_LOG_LEVEL": "WARNING",
        }

    def ready(self) -> bool | None:
        """Whether every process answers and the worker has begun."""
        try:
            for url, path in (
                (self.urls["portal"], "/readyz"),
                (self.urls["intranet"], "/readyz"),
                (self.urls["bank"], "/readyz"),
                (self.urls["sandbox"], "/switches.json"),
            ):
                if self.sandbox.get(url + path, timeout=5).status_code != 200:
                    return None
        except requests.RequestException:
            return None
        return True

    def sms(self, phone: str) -> list[dict[str, Any]]:
        """The messages of a phone, newest first."""
        found = self.sandbox.get(
            f"{self.urls['sandbox']}/sms/messages", params={"phone": phone, "limit": "200"}, timeout=10
        )
        return list(found.json()["messages"])

    def message(self, phone: str, pattern: str) -> re.Match[str]:
        """The newest message that matches, waited for."""

        def look() -> re.Match[str] | None:
            return next((m for sms in self.sms(phone) if (m := re.search(pattern, sms["text"]))), None)

        return until(look, f"an SMS like {pattern}")

    # --- the seven steps --------------------------------------------------------------------------------

    def sign_up(self) -> None:
        """1: bank card, four elements, one page each."""
        me = self.applicant
        me.open("/sign-up")
        for element in ("name", "id_number", "card_number", "phone"):
            me.open(f"/sign-up/card/{element}")
            me.submit({element: self.person[element]}, having=element)

    def sign_in(self) -> None:
        """2: phone and code."""
        me = self.applicant
        me.open("/sign-in")
        me.submit({"phone": self.person["phone"]}, having="phone")
        code = self.message(self.person["phone"], r"验证码 (\d{6})").group(1)
        me.submit({"code": code}, having="code")

    def name(self) -> None:
        """3: declare; the registrar looks at it; reserved."""
        me = self.applicant
        me.open("/cases/new")
        me.submit({"entity_type": "llc"}, having="entity_type")
        self.number = re.search(r"/cases/([A-Z0-9-]+)", me.url).group(1)  # type: ignore[union-attr]
        page = f"/cases/{self.number}/name"
        me.open(f"{page}?area=420106")
        me.submit(
            {"area": "420106", "division": "武汉", "trade_name": TRADE_NAME, "industry": INDUSTRY, "form": "有限公司", "committed": True},
            having="trade_name", button=("action", "declare"),
        )  # fmt: skip
        self.staff_sign_in()
        self.decide("approve", "名称符合规定。")
        self.message(self.person["phone"], "已保留至")

    def staff_sign_in(self) -> None:
        """The registrar: number, password, one-time code from the authenticator."""
        codes = self.sandbox.get(
            f"{self.urls['sandbox']}/authenticator", headers={"Accept": "application/json"}, timeout=10
        ).json()
        code = next(row["code"] for row in codes["codes"] if row["number"] == "0417")
        self.registrar.open("/sign-in")
        self.registrar.submit({"number": "0417", "password": "qibu-demo", "code": code}, having="code")

    def decide(self, verdict: str, reason: str) -> None:
        """Take the next case and decide."""
        desk = self.registrar
        desk.open("/desk")
        desk.submit(having="/desk/next")
        if self.number not in desk.url:
            raise StepFailed(f"the next case is not {self.number}: {desk.url}")
        desk.submit({"verdict": verdict, "reason": reason}, having="/decide")

    def application(self) -> None:
        """4: address, scope, capital, shareholder, officers, the rest; papers."""
        me, base = self.applicant, f"/cases/{self.number}/application"
        me.open(f"{base}/address")
        me.submit({"text": ADDRESS, "use": "commercial", "commitment": True}, having="text")
        if me.url.endswith("/confirm"):
            me.submit(having="/confirm")
        me.open(f"{base}/scope?q={SCOPE}")
        add = next(
            b
            for b in me.soup.page.find_all("button")
            if (b.get("value") or "").startswith("add:") and SCOPE in b.parent.parent.get_text()
        )
        me.submit(having="/scope", button=(add["name"], add["value"]))
        me.open(f"{base}/capital")
        me.submit({"capital": CAPITAL_WAN}, having="capital")
        me.open(f"{base}/shareholders")
        self.shareholder()
        for section in ("officers", "liaison", "beneficial", "submitter"):
            me.open(f"{base}/{section}")
            me.submit(getattr(self, f"_{section}")(), having=f"/{section}")
        me.open(f"{base}/check")
        me.submit(having="/generate")

    def shareholder(self) -> None:
        """小张 himself, who is known already."""
        me = self.applicant
        me.open(f"/cases/{self.number}/application/shareholders/add?who=p1")
        me.submit(
            {
                "address": "湖北省武汉市武昌区虚构路1号",
                "email": "xiaozhang@example.com",
                "subscribed": CAPITAL_WAN,
            },
            having="subscribed",
        )

    def _officers(self) -> dict[str, str | bool | list[str]]:
        return {}

    def _liaison(self) -> dict[str, str | bool | list[str]]:
        return {"phone": self.person["phone"], "email": "xiaozhang@example.com"}

    def _beneficial(self) -> dict[str, str | bool | list[str]]:
        return {}

    def _submitter(self) -> dict[str, str | bool | list[str]]:
        return {}

    def signatures(self) -> None:
        """5: the link of the SMS, identity, face, PIN, papers, signature; then submit. 5b: the registrar approves."""
        link = self.message(self.person["phone"], r"(http\S+/sign/\S+)").group(1)
        phone = self.signer
        phone.open(link)
        phone.open(f"{link}/identity")
        phone.submit({"name": self.person["name"], "id_number": self.person["id_number"]}, having="id_number")
        face = self.sandbox.get(
            f"{self.urls['sandbox']}/people/{self.person['id']}/face.png", timeout=10
        ).content
        self.face(face)
        phone.open(f"{link}/control")
        phone.submit({"pin": PIN, "again": PIN}, having="again")
        phone.open(f"{link}/papers")
        phone.submit({"consent": True, "pin": PIN}, having="consent")
        self.message(self.person["phone"], "全部签署完成")
        me = self.applicant
        me.open(f"/cases/{self.number}/submit")
        me.submit({"honest": True}, having="honest")
        self.decide("approve", "材料齐全，符合法定形式。")

    def face(self, picture: bytes) -> None:
        """Send a picture for the face check, with the separate consent."""
        phone = self.signer
        form = phone._form("frame")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(picture)
            file.flush()
            form.set("frame", open(file.name, "rb"))  # noqa: SIM115 - closed with the process; the form reads it
            phone._set(form, "consent", True)
            phone._check(phone.soup.submit_selected(headers={"Referer": phone.url}))

    def licence(self) -> None:
        """6: issued by the worker; the verification page answers."""
        self.uscc = self.message(self.person["phone"], r"统一社会信用代码 ([0-9A-Z]{18})").group(1)
        self.applicant.open(f"/cases/{self.number}/licence")
        anybody = Browser(self.urls["portal"])
        anybody.open(self.applicant.links(r"/v/")[0])
        if self.uscc not in anybody.text:
            raise StepFailed(f"{anybody.url}: the verification page does not know {self.uscc}")

    def bank(self) -> None:
        """7: choose, agree; the bank's system takes it; its clerk goes on at the desk until the account is open."""
        me = self.applicant
        me.open(f"/cases/{self.number}/bank")
        me.submit({"branch": BRANCH, "consent": True}, having="consent")
        self.message(self.person["phone"], "开户预约分派至")
        self.clerk.open("/sign-in")
        self.clerk.submit({"username": f"bank{BANK}", "password": "qibu-demo"}, having="username")
        business_number = f"{self.number}-B1"
        steps: list[dict[str, str | bool | list[str]]] = [
            {"status": "appointment", "text": "请于下一个工作日上午十点到网点办理。"},
            {"status": "intention_verified"},
            {"status": "opened", "account_number": "1029999000000000017"},
        ]
        for step in steps:
            self.clerk.open(f"/desk/{business_number}")
            self.clerk.submit(step, having="status")
        self.message(self.person["phone"], "七步全部办完")

    # --- what is left behind ------------------------------------------------------------------------------

    def archived(self, path: str) -> bytes:
        """A file as it stays: the archive time stamp comes right after the case closed."""

        def stamped() -> bytes | None:
            file = self.applicant.get(path)
            return file if b"/ETSI.RFC3161" in file else None

        return until(stamped, f"the archive time stamp of {path}")

    def collect(self, total: float) -> dict[str, Any]:
        """Write everything into the output folder; returns the summary."""
        me = self.applicant
        me.open(f"/cases/{self.number}")
        papers = self.out / "papers"
        papers.mkdir(exist_ok=True)
        for old in papers.glob("*.pdf"):
            old.unlink()
        me.open(f"/cases/{self.number}/application/check")
        for address in dict.fromkeys(me.links(r"/papers/[a-z_]+\.pdf")):
            (papers / address.rsplit("/", 1)[-1].split("?")[0]).write_bytes(self.archived(address))
        (self.out / "licence.pdf").write_bytes(self.archived(f"/cases/{self.number}/licence/original.pdf"))
        (self.out / "root.pem").write_bytes(Browser(self.urls["portal"]).get("/pki/root.pem"))
        timeline = json.loads(me.get(f"/cases/{self.number}/timeline.json"))
        (self.out / "timeline.json").write_text(json.dumps(timeline, ensure_ascii=False, indent=2))
        base = f"{self.urls['sandbox']}/bank/{BANK}/files/{self.number}-B1"
        received = self.sandbox.get(base, headers={"Accept": "application/json"}, timeout=10).json()
        (self.out / "bank.json").write_text(json.dumps(received, ensure_ascii=False, indent=2))
        messages = {
            "sms": self.sandbox.get(
                f"{self.urls['sandbox']}/sms/messages", params={"limit": "500"}, timeout=10
            ).json()["messages"][::-1],
            "mail": self.sandbox.get(
                f"{self.urls['sandbox']}/mail/messages", params={"limit": "500"}, timeout=10
            ).json()["messages"][::-1],
        }
        (self.out / "messages.json").write_text(json.dumps(messages, ensure_ascii=False, indent=2))
        facts = timeline["case"]
        states = [e["to_state"] for e in timeline["events"] if e["from_state"] != e["to_state"]]
        summary = {
            "case_number": self.number, "company_name": facts["name"], "uscc": self.uscc,
            "registration_authority": {"code": facts["authority_code"], "name": facts["authority_name"]},
            "business_scope": facts["scope"], "date": today().isoformat(), "states": states,
            "seconds": self.seconds, "total_seconds": total, "papers": sorted(p.name for p in papers.glob("*.pdf")),
        }  # fmt: skip
        (self.out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2))
        return summary

    def play(self) -> dict[str, Any]:
        """Every step in turn, timed; then check that every one really happened."""
        people = self.sandbox.get(f"{self.urls['sandbox']}/people.json", timeout=10).json()["people"]
        row = next(p for p in people if p["id"] == "xiaozhang")
        card = row["cards"][0]
        self.person = {
            "id": row["id"],
            "name": row["name"],
            "id_number": row["id_number"],
            "card_number": card["number"],
            "phone": card["phone"],
        }
        began = time.perf_counter()
        for step in ("sign_up", "sign_in", "name", "application", "signatures", "licence", "bank"):
            at = time.perf_counter()
            getattr(self, step)()
            self.seconds[step] = round(time.perf_counter() - at, 2)
            print(f"  {step:<12} {self.seconds[step]:6.2f} s", flush=True)
        summary = self.collect(round(time.perf_counter() - began, 2))
        expected = [
            "draft",
            "name_submitted",
            "name_reserved",
            "signing",
            "signed",
            "submitted",
            "approved",
            "licensed",
            "closed",
        ]
        if summary["states"] != expected:
            raise StepFailed(f"the case went another way: {summary['states']}")
        if summary["registration_authority"]["code"] != "HB-420106" or SCOPE not in summary["business_scope"]:
            raise StepFailed(f"not the Wuchang authority, or not the scope: {summary}")
        if not (self.out / "licence.pdf").read_bytes().startswith(b"%PDF") or not summary["papers"]:
            raise StepFailed("papers or licence are missing")
        return summary


def run(out: Path) -> int:
    """Start, play, stop. Returns 0 only if every step really happened."""
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    for name in ("summary.json", "timeline.json", "bank.json", "messages.json", "licence.pdf", "root.pem"):
        (out / name).unlink(missing_ok=True)
    demo = Demo(out)
    with tempfile.TemporaryDirectory(prefix="qibu-demo-") as folder:
        log = Path(folder) / "platform.log"
        with log.open("wb") as sink:
            command = [sys.executable, "-m", "app.cli", "up"]
            platform = subprocess.Popen(
                command,
                cwd=ROOT,
                env=demo.environment(Path(folder) / "instance"),
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        try:
            print("Starting the platform …", flush=True)
            until(lambda: demo.ready() if platform.poll() is None else _died(log), "the platform", 90)
            summary = demo.play()
            print(f"{summary['company_name']}  {summary['uscc']}  {summary['total_seconds']} s → {out}")
            return 0
        except StepFailed as error:
            print(f"The demo stopped: {error}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
            return 1
        finally:
            platform.send_signal(signal.SIGINT)
            try:
                platform.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(platform.pid, signal.SIGKILL)


def _died(log: Path) -> None:
    raise StepFailed(f"the platform did not start: {log.read_text(errors='replace')[-2000:]}")
