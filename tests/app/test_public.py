"""The pages for everybody: home, guide, progress, register, verification of a licence."""

import zipfile
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from subprocess import run
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from tests.app.browser import Browser, browser
from tests.house import House
from tests.page_laws import at_most_queries, check_page
from workflow import objects
from workflow.accounts.models import Account
from workflow.case import Actor, Case, CaseEvent
from workflow.db import engine, now
from workflow.establishment.models import Paper
from workflow.evidence.models import EvidenceAccess
from workflow.evidence.package import Holder, package
from workflow.figures import ENOUGH, pace
from workflow.licensing import operations as licensing
from workflow.licensing.models import Licence, RegisterEntry
from workflow.licensing.uscc import new_uscc

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def visitor(house) -> Browser:
    return browser(house)


@pytest.fixture
def registered(house):
    """A company with its licence."""
    house.begin_at("licensed", House.licensed)
    case = house.db.scalars(select(Case)).one()
    licence = house.db.scalars(select(Licence)).one()
    entry = house.db.scalars(select(RegisterEntry)).one()
    return SimpleNamespace(
        case=case, licence=licence, entry=entry, owner=house.db.get_one(Account, case.owner_id)
    )


# --- home, guide, progress ----------------------------------------------------------------------------


def test_home_says_what_this_is(visitor, house):
    visitor.get("/")
    text = visitor.text()
    assert "不超过 3 个工作日" in text and "办件达到一定数量后" in text
    assert len(visitor.page.xpath('//ol[@class="q-seven"]/li')) == 7
    for address in ("/sign-up", "/sign-in", "/progress", "/register", "/verify", "/guide"):
        assert visitor.page.xpath(f'//main//a[@href="{address}"]'), address
    with at_most_queries(engine(""), 5):
        assert visitor.client.get("/").status_code == 200


def test_home_leads_those_signed_in_to_their_cases(house):
    case = house.named()
    page = browser(house, person=house.db.get_one(Account, case.owner_id))
    page.get("/")
    assert page.page.xpath('//main//a[@href="/cases"]') and not page.page.xpath('//main//a[@href="/sign-up"]')


def test_the_guide_explains_each_step(visitor):
    visitor.get("/guide")
    assert len(visitor.page.xpath('//section[@class="q-guide"]')) == 7
    assert "《企业名称登记管理规定》" in visitor.text() and "保留 2 个月" in visitor.text()


def test_the_pace_is_real_and_needs_enough_cases(house, registered, visitor):
    assert pace(house.db) is None
    events = house.db.scalars(select(CaseEvent).where(CaseEvent.case_id == registered.case.id)).all()
    moment = now()
    for _ in range(ENOUGH):
        other = house.named("甲乙" + "丙丁戊己庚"[_])
        for seq, (name, hours) in enumerate([("submit", 48), ("issue_licence", 46)], 10):
            copy = {
                c.name: getattr(events[-1], c.name) for c in CaseEvent.__table__.columns if c.name != "id"
            }
            row = CaseEvent(
                **copy
                | {"case_id": other.id, "seq": seq, "event": name, "at": moment - timedelta(hours=hours)}
            )
            house.db.add(row)
    house.db.commit()
    found = pace(house.db)
    assert found.licences == ENOUGH + 1
    assert found.examination == timedelta(hours=2)
    visitor.get("/")
    assert "近半年实际用时" in visitor.text() and "2小时" in visitor.text()


def test_progress_by_number_and_four_digits(house, registered, visitor):
    case, owner = registered.case, registered.owner
    visitor.get("/progress")
    visitor.send("/progress", number=f" {case.number.lower()} ", tail=owner.phone[-4:])
    assert case.number in visitor.text() and "已发照" in visitor.text()
    assert owner.name not in visitor.text() and owner.phone not in visitor.text()


@pytest.mark.parametrize(
    ("number", "tail"),
    [("", ""), ("QB2026-9999-9999", "0000"), (HOSTILE, "1"), ("Q" * 500, "1" * 500), ("{number}", "9"), ("{number}", "")],
)  # fmt: skip
def test_progress_tells_nothing_without_both(registered, visitor, number, tail):
    visitor.get("/progress")
    number = number.format(number=registered.case.number) if "{" in number else number
    visitor.typed.append(number)
    visitor.send("/progress", 422, number=number, tail=tail)
    assert "已发照" not in visitor.text()


# --- the register -------------------------------------------------------------------------------------


def test_an_empty_register_says_so(visitor):
    visitor.get("/register")
    assert "还没有登记的企业" in visitor.text()


def test_find_by_name_and_by_code(registered, visitor):
    entry = registered.entry
    visitor.get("/register?q=云栖")
    assert visitor.page.xpath(f'//a[@href="/register/{entry.uscc}"]')
    visitor.get("/register?q=没有这家")
    assert "没有名称含有这些字的企业" in visitor.text()
    for code in (entry.uscc, entry.uscc.lower(), f"{entry.uscc[:8]} {entry.uscc[8:]}"):
        answer = visitor.client.get("/register", query_string={"q": code})
        assert answer.headers["Location"] == f"/register/{entry.uscc}"


@pytest.mark.parametrize("q", ["云", "%", "%%", "__", HOSTILE, "云" * 1000, "\\"])
def test_odd_searches_find_nothing(registered, visitor, q):
    visitor.typed.append(q)
    answer = visitor.client.get("/register", query_string={"q": q})
    page = check_page(answer, 200, typed=[q, q[:100]])
    listed = page.xpath('//td/a[contains(@href, "/register/")]')
    assert not listed or q == "云" or len(q) < 2  # too short a search lists the newest


def test_results_come_page_by_page(house, registered, visitor):
    values = {
        c.name: getattr(registered.entry, c.name) for c in RegisterEntry.__table__.columns if c.name != "id"
    }
    cases = [house.named("丙丁" + chr(0x4E8C + i)) for i in range(2)]
    for i, case in enumerate(cases):
        house.db.add(
            RegisterEntry(
                **values
                | {"case_id": case.id, "uscc": new_uscc(500 + i, "420106"), "name": f"武汉分页测{i}有限公司"}
            )
        )
    house.db.commit()
    visitor.get("/register?q=分页测")
    assert len(visitor.page.xpath("//tbody/tr")) == 2
    visitor.get("/register?page=999")
    assert len(visitor.page.xpath("//tbody/tr")) == 3


def test_a_company_page_shows_public_facts_only(registered, visitor):
    visitor.get(f"/register/{registered.entry.uscc}")
    text = visitor.text()
    for fact in (
        registered.entry.name,
        registered.entry.uscc,
        "50 万元",
        "计算机系统服务",
        "张小七",
        "虚构企业",
    ):
        assert fact in text, fact
    for secret in (registered.owner.id_number, registered.owner.phone, "虚构路1号", "xiaozhang@example.com"):
        assert secret not in visitor.client.get(f"/register/{registered.entry.uscc}").text, secret
    visitor.get("/register/91420106MA0000000X", 404)


# --- verification -------------------------------------------------------------------------------------


def test_the_qr_code_leads_to_the_live_state(house, registered, visitor):
    address = f"/v/{registered.licence.verification_code}"
    visitor.get(address)
    assert "此执照有效" in visitor.text() and registered.entry.uscc in visitor.text()
    licensing.revoke(house.db, registered.licence.id, Actor.system(), "提交虚假材料取得登记")
    house.db.commit()
    visitor.get(address)
    assert "此执照已被撤销" in visitor.text() and "提交虚假材料取得登记" in visitor.text()
    visitor.get(f"/register/{registered.entry.uscc}")
    assert "已撤销" in visitor.text()


def test_a_company_that_ended(house, registered, visitor):
    house.db.execute(update(RegisterEntry).values(status="deregistered"))
    house.db.commit()
    visitor.get(f"/v/{registered.licence.verification_code}")
    assert "该企业已不存续" in visitor.text()


def test_a_licence_in_the_making_is_none(house, registered, visitor):
    house.db.execute(update(Licence).values(issued_at=None, state="making"))
    house.db.commit()
    visitor.get(f"/v/{registered.licence.verification_code}", 404)
    assert "请勿采信此执照" in visitor.text()


def test_an_unknown_code_warns(visitor):
    visitor.get("/v/AAAAAAAAAAAAAAAA", 404)
    visitor.get("/v/" + "x" * 500, 404)
    visitor.get("/v/<script>", 404)


def test_enter_a_code_by_hand(registered, visitor):
    code, uscc = registered.licence.verification_code, registered.entry.uscc
    for typed in (code, f"http://127.0.0.1:8001/v/{code}", f"  {code} "):
        visitor.get("/verify")
        assert visitor.raw("/verify", code=typed).headers["Location"] == f"/v/{code}"
    for typed in (uscc, uscc.lower(), f"{uscc[:6]} {uscc[6:]}"):
        assert visitor.raw("/verify", code=typed).headers["Location"] == f"/register/{uscc}"


@pytest.mark.parametrize("code", ["", "  ", "1", HOSTILE, "z" * 301])
def test_bad_codes_to_verify(registered, visitor, code):
    visitor.typed.append(code)
    visitor.get("/verify")
    visitor.send("/verify", 422, code=code)


def upload(visitor: Browser, data: bytes, name: str = "licence.pdf"):
    from io import BytesIO

    visitor.get("/verify")
    return visitor.raw("/verify/file", file=(BytesIO(data), name))


def test_the_file_itself_can_be_verified(registered, visitor):
    for key in (registered.licence.key, registered.licence.duplicate_key):
        answer = upload(visitor, objects.get(key))
        assert answer.headers["Location"] == f"/v/{registered.licence.verification_code}"


@pytest.mark.parametrize("change", [lambda d: b"hello", lambda d: b"%PDF-1.7", lambda d: b""])
def test_a_changed_file_is_none_of_ours(registered, visitor, change):
    answer = upload(visitor, change(objects.get(registered.licence.key)))
    check_page(answer, 422)


def test_no_file_at_all(visitor):
    visitor.get("/verify")
    assert check_page(visitor.raw("/verify/file"), 422) is not None


def test_the_signatures_of_a_paper_are_told(registered, visitor):
    """A sealed notice is no licence, but its seal is checked."""
    answer = upload(visitor, objects.get(registered.licence.notice_key), "notice.pdf")
    check_page(answer, typed=("notice.pdf",))
    assert "全部签名有效。" in answer.text
    again = upload(visitor, objects.get(registered.licence.key) + b" ")  # what was signed is still whole
    assert "全部签名有效。" in again.text


def test_a_changed_paper_is_told_apart(registered, visitor):
    notice = objects.get(registered.licence.notice_key)
    spot = notice.index(b"/CreationDate") + 20
    answer = upload(visitor, notice[:spot] + bytes([notice[spot] ^ 1]) + notice[spot + 1 :], "notice.pdf")
    check_page(answer, typed=("notice.pdf",))
    assert "请勿采信这份文件。" in answer.text
    assert "签名后的内容被改动过。" in answer.text


# --- by document number -------------------------------------------------------------------------------


@pytest.fixture
def numbers(registered, house) -> dict[str, str]:
    """The number of one document of each kind -> the key of its file."""
    number = registered.case.number
    licence = registered.licence
    paper = house.db.scalars(select(Paper).where(Paper.case_id == registered.case.id)).first()
    return {paper.number: paper.key, licence.number: licence.key, f"{number}-T1": licence.notice_key}


def test_what_is_held_under_a_number(numbers, registered, visitor):
    """Hash, date and state; nothing about anybody."""
    for number, key in numbers.items():
        visitor.get("/verify")
        answer = visitor.raw("/verify", code=f" {number.lower()} ")
        assert answer.headers["Location"] == f"/verify/document/{number}"
        visitor.get(f"/verify/document/{number}")
        assert key.removesuffix(".p") in visitor.text() and number in visitor.text()
        for secret in (registered.owner.name, registered.owner.phone, registered.entry.name):
            assert secret not in visitor.text()


def test_a_file_is_held_against_it(numbers, visitor):
    number, key = next(iter(numbers.items()))
    for data, said in ((objects.get(key), "与平台留存的文件一致"), (b"another", "与平台留存的文件不一致")):
        visitor.get(f"/verify/document/{number}")
        visitor.send(f"/verify/document/{number}", file=(BytesIO(data), "mine.pdf"))
        assert said in visitor.text()
    visitor.get(f"/verify/document/{number}")
    visitor.send(f"/verify/document/{number}", 422)


def test_no_such_document(registered, visitor):
    for number in ("QB2026-9999-9999-01", f"{registered.case.number}-99", "x" * 500):
        visitor.get(f"/verify/document/{number}", 404)
        assert "请勿采信这份材料" in visitor.text()


# --- hostile files ------------------------------------------------------------------------------------


def test_each_signature_is_told_in_plain_words(registered, visitor):
    answer = upload(visitor, objects.get(registered.licence.notice_key), "notice.pdf")
    page = check_page(answer, typed=("notice.pdf",))
    said = " ".join("".join(page.find(".//main").itertext()).split())
    for words in ("与签名时一致", "本平台", "签名时有效", "时间戳", "文件内含日后核验所需的全部凭据", "B-LT"):
        assert words in said, words


def test_too_large_a_file_is_told_so(visitor):
    answer = upload(visitor, b"%PDF-1.7" + bytes(11 * 1024 * 1024))
    check_page(answer, 422)
    assert "文件超过 10 MB" in answer.text


def test_no_broken_file_brings_the_page_down(registered, visitor):
    """Cut, doubled, shuffled and bent: clear words each time, never a crash."""
    import random

    chance = random.Random(7)
    good = objects.get(registered.licence.notice_key)
    broken = [good[: len(good) * n // 8] for n in range(1, 8)] + [
        good + good,
        good[::-1],
        good[:4000] + good[5000:],
    ]
    for _ in range(30):
        bent = bytearray(good)
        for _ in range(chance.choice((1, 5, 50))):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        broken.append(bytes(bent))
    for marker in (b"/ByteRange", b"/Contents", b"startxref", b"/DSS", b"/AcroForm", b"/Kids", b"/SubFilter"):
        broken.append(good.replace(marker, marker[:-1] + b"?"))
    broken.append(
        good.replace(b"/ByteRange [0 ", b"/ByteRange [-1 ").replace(b"/ByteRange[0 ", b"/ByteRange[-1 ")
    )
    seen = set()
    for data in broken:
        answer = upload(visitor, data, "broken.pdf")
        assert answer.status_code in (200, 303, 422), answer.status_code
        seen.add(answer.status_code)
    check_page(answer, answer.status_code, typed=("broken.pdf",))
    assert {200, 422} <= seen


def test_nothing_uploaded_is_kept(registered, visitor):
    """Not in the object store, not in a table."""
    from workflow.settings import settings

    store = settings().instance / "objects"
    before = {path for path in store.rglob("*") if path.is_file()}
    notice = objects.get(registered.licence.notice_key)
    upload(visitor, notice + b" ", "notice.pdf")
    assert {path for path in store.rglob("*") if path.is_file()} == before


def test_an_evidence_report_is_found_by_its_number(registered, house, visitor):
    """The number that stands on the sheet leads to what it is, its SHA-256 and date; each package has its own."""
    for _ in range(2):
        data = package(house.db, registered.case, Holder("registrar", "0417"))
    house.db.commit()
    report = zipfile.ZipFile(BytesIO(data)).read("report.pdf")
    accesses = house.db.scalars(select(EvidenceAccess).order_by(EvidenceAccess.at)).all()
    number = accesses[-1].number
    assert accesses[0].number != number
    said = run(["pdftotext", "-", "-"], input=report, capture_output=True, check=True).stdout.decode()
    assert number in said
    visitor.get("/verify")
    assert visitor.raw("/verify", code=number.lower()).headers["Location"] == f"/verify/document/{number}"
    visitor.get(f"/verify/document/{number}")
    assert "证据报告" in visitor.text() and sha256(report).hexdigest() in visitor.text()
    assert registered.owner.name not in visitor.text()
    visitor.send(f"/verify/document/{number}", file=(BytesIO(report), "report.pdf"))
    assert "与平台留存的文件一致" in visitor.text()
    visitor.get(f"/verify/document/{registered.case.number}-E1", 404)
