"""The pages: both languages, escaped, labelled as simulated, without scripts; the people's numbers."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

import sandbox
from sandbox import people
from sandbox.bank.directory import BANKS, branches
from sandbox.words import CHINESE, ENGLISH, linked
from workflow.identity import resident_id_problem

FOLDER = Path(sandbox.__file__).parent
PAGES = [
    "/",
    "/people",
    "/people/xiaozhang",
    "/people/xiaozhao",
    "/licence",
    "/sms",
    "/mail",
    "/bank",
    "/bank/102",
    "/bank/102/files/Q1-B1",
    "/authenticator",
    "/switches",
    "/nowhere",
]


class Laws(HTMLParser):
    """Collects what every page must have."""

    VOID = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self, text):
        super().__init__()
        self.ids, self.labels, self.fields, self.tags, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label":
            self.labels.append(values["for"])
        if tag in ("input", "select", "textarea") and values.get("type") != "hidden":
            self.fields.append(values["id"])
        if tag == "form":
            assert values["action"]
        if tag == "img":
            assert "alt" in values
        assert not [name for name in values if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def filled(caller, gateway, world):
    gateway.push("102", gateway.created(), "e1")
    world.runner.run_due()
    caller.post(
        "/sms/send",
        {"message_id": "m", "phone": "19900000001", "text": "<b>验证码</b> https://a.example/x?y=1&z=2。"},
    )
    return caller


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_page_laws(filled, path, language):
    answer = filled.page(f"{path}?lang={language}")
    assert answer.status_code == (404 if path == "/nowhere" else 200)
    page = Laws(answer.text)
    assert (
        page.open == [] and "script" not in page.tags and page.tags.count("h1") == 1 and "title" in page.tags
    )
    assert len(page.ids) == len(set(page.ids)) and page.fields == [f for f in page.fields if f in page.labels]
    assert ("模拟环境" if language == "zh" else "Sandbox") in answer.text and 'class="warning"' in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_every_word_has_chinese():
    used = set()
    for file in (*FOLDER.glob("templates/*.html"), *FOLDER.glob("*.py")):
        used |= {a or b for a, b in re.findall(r"""\b_\((?:"([^"]+)"|'([^']+)')""", file.read_text())}
    assert len(used) > 80 and used <= set(CHINESE), used - set(CHINESE)
    assert set(ENGLISH) <= set(CHINESE)


def test_messages_are_escaped_and_their_addresses_are_links(filled):
    page = filled.page("/sms").text
    assert (
        "&lt;b&gt;验证码" in page and '<a href="https://a.example/x?y=1&amp;z=2"' in page and "张小七" in page
    )
    assert linked("javascript:alert(1) <a>") == "javascript:alert(1) &lt;a&gt;"


def test_empty_states_counts_and_pages(caller):
    assert "还没有短信" in caller.page("/sms").text and "还没有邮件" in caller.page("/mail").text
    for number in range(23):
        caller.post("/sms/send", {"message_id": str(number), "phone": "19900000001", "text": f"第{number}条"})
    first, second = caller.page("/sms").text, caller.page("/sms?page=2").text
    assert "共 23 项" in first and "第22条" in first and "第2条" not in first and "第2条" in second
    assert caller.page("/sms?page=abc").status_code == caller.page("/sms?page=-1").status_code == 200


def test_the_people_are_fictitious_and_their_numbers_add_up(caller):
    """RN-06's elements, GB 11643 and Luhn; no number can be anybody's."""
    found = httpx.get(caller.url + "/people.json").json()["people"]
    assert found[0]["label"] == "小张" and found[0]["face_mode"] == "any"
    for person in found:
        number = person["id_number"]
        assert (
            number.startswith("990000")
            and resident_id_problem(number, __import__("datetime").date(2026, 11, 24)) is None
        )
        assert (int(number[16]) % 2 == 1) == (person["sex"] == "M")
        assert person["phone"].startswith("1990000") and re.fullmatch(r"[0-9]{8}", person["notary_code"])
        for card in person["cards"]:
            digits = [int(c) for c in reversed(card["number"])]
            luhn = sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
            assert luhn % 10 == 0 and card["number"].startswith("999900") and card["bank_code"] in BANKS
    assert (
        len({p["id_number"] for p in found})
        == len({p["phone"] for p in found})
        == len(found)
        == len(people.SEEDS)
    )


def test_somebody_made_up_is_known_to_the_services(caller):
    typed = {"name": "钱小新", "sex": "F", "birth": "1991-01-31", "bank_code": "308", "face_mode": "any"}
    assert caller.form("/people", typed).headers["Location"] == "/people/p101"
    made = httpx.get(caller.url + "/people.json").json()["people"][-1]
    answer = caller.post(
        "/card/verify",
        {
            "request_id": "r",
            "name": "钱小新",
            "id_number": made["id_number"],
            "card_number": made["cards"][0]["number"],
        },
    )
    assert answer.json()["result"] == "match"
    bad = caller.form("/people", typed | {"birth": "1991-02-31", "name": "<b>"})
    assert bad.status_code == 400 and "&lt;b&gt;" in bad.text and 'href="#name"' in bad.text
    assert caller.plain("/people", typed | {"birth": "2999-01-01"}).status_code == 400
    assert caller.form("/people/p101/face-mode", {"face_mode": "never"}).status_code == 303
    assert caller.plain("/people/p101/face-mode", {"face_mode": "x"}).status_code == 400


def test_forms_of_other_sites_are_not_taken(caller):
    assert caller.form("/switches", {"reset": "1"}, Origin="https://elsewhere.example").status_code == 403
    # with `no-referrer` a browser would send our own forms with `Origin: null`, and they would be refused
    assert caller.page("/switches").headers["Referrer-Policy"] == "same-origin"


def test_the_branches_are_those_of_the_platforms_catalogue(caller):
    lines = (FOLDER.parent / "workflow/catalogues/data/bank_branches.csv").read_text().splitlines()[1:]
    known = {branch.code: branch for bank in BANKS for branch in branches(bank)}
    for line in lines:
        code, bank, name, address, division = line.split(",")[:5]
        assert (known[code].bank_code, known[code].name, known[code].address, known[code].division_code) == (
            bank,
            name,
            address,
            division,
        )
    answer = httpx.get(caller.url + "/bank/HKB/branches").json()
    assert answer["bank"]["name"] == "汉口银行" and all("虚构" in b["name"] for b in answer["branches"])


def test_the_process_starts_says_where_and_stops(tmp_path):
    import socket

    def free():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return str(probe.getsockname()[1])

    port, mail = free(), free()
    command = [sys.executable, "-m", "sandbox", "--port", port, "--smtp-port", mail, "--state", str(tmp_path)]
    process = subprocess.Popen(command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True)
    try:
        assert f":{port}" in process.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json()["status"] == "ok"
        second = subprocess.run(
            [*command[:-3], mail, *command[-2:]],
            cwd=FOLDER.parent,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert second.returncode == 1 and f"Port {mail} is taken" in second.stderr
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_production_has_no_sandbox(monkeypatch):
    from sandbox.config import Config

    monkeypatch.setenv("QIBU_PRODUCTION", "true")
    with pytest.raises(RuntimeError, match="sandbox"):
        Config.from_environment()


def test_the_authenticator_shows_the_staffs_codes(tmp_path, monkeypatch):
    import pyotp

    from sandbox.app import create_app
    from sandbox.config import Config

    monkeypatch.setenv(
        "QIBU_SANDBOX_AUTHENTICATORS",
        "0417:JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP, 0523:JBSWY3DPEHPK3PXQJBSWY3DPEHPK3PXQ",
    )
    client = create_app(Config.from_environment(tmp_path)).test_client()
    codes = client.get("/authenticator").json["codes"]
    assert [entry["number"] for entry in codes] == ["0417", "0523"]
    assert pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").verify(codes[0]["code"], valid_window=1)
    assert (
        codes[1]["code"] in client.get("/authenticator", headers={"Accept": "text/html"}).text
        or codes[1]["seconds"] < 3
    )
