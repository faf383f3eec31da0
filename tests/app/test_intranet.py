"""The registrar's door: signing in, the desk, the case page, each decision, and what it refuses."""

import re

import pytest
from sqlalchemy import select

from tests.establishment.files import pdf, photo
from tests.page_laws import at_most_queries, check_page
from workflow.accounts.models import Staff
from workflow.accounts.operations import hash_password
from workflow.case import timeline
from workflow.db import now
from workflow.establishment import attachments as files
from workflow.establishment import drafts
from workflow.naming.models import RegisterName
from workflow.naming.register import row_values
from workflow.review import operations as review
from workflow.review.models import Claim, Correction, Decision
from workflow.review.queries import counts, open_claim
from workflow.signatures.models import FaceAccess, Invitation

HOSTILE = '"><script>alert(1)</script>'
LANGUAGES = pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])


def text_of(tree):
    return re.sub(r"\s+", " ", "".join(tree.itertext()))


@pytest.fixture
def desk(house):
    """A browser of examiner 0417."""
    return house.sign_in(house.client("intranet"), house.staff())


# --- signing in ----------------------------------------------------------------------------------------


@LANGUAGES
def test_sign_in_page_and_its_errors(house, english):
    client = house.client("intranet", english)
    check_page(client.get("/sign-in"), 200)
    for form in ({}, {"number": "0417"}, {"number": HOSTILE, "password": "x" * 5000, "code": "١٢٣"}):
        check_page(client.post("/sign-in", data=form), 422, typed=[HOSTILE])


def test_sign_in_needs_all_three_and_a_code_works_once(house):
    staff = house.staff()
    client = house.client("intranet")
    code = house.totp(staff)
    right = {"number": "0417", "password": "qibu-demo", "code": code}
    assert client.post("/sign-in", data=right | {"password": "wrong"}).status_code == 422
    assert client.post("/sign-in", data=right | {"code": "000000"}).status_code == 422
    answer = client.post("/sign-in?next=/cases/QB-1", data=right)
    assert (answer.status_code, answer.location) == (303, "/cases/QB-1")
    assert client.get("/desk").status_code == 200
    assert house.client("intranet").post("/sign-in", data=right).status_code == 422  # the code is used up
    assert client.post("/sign-in?next=//evil.example", data=right).status_code == 422


def test_five_failures_lock_the_account_even_for_the_right_password(house):
    client = house.client("intranet")
    wrong = {"number": "0523", "password": "wrong", "code": "000000"}
    for _ in range(5):
        assert client.post("/sign-in", data=wrong).status_code == 422
    right = {"number": "0523", "password": "qibu-demo", "code": house.totp(house.staff("0523"))}
    answer = client.post("/sign-in", data=right)
    assert answer.status_code == 422
    assert "已锁定 15 分钟" in answer.text
    house.db.expire_all()
    assert house.staff("0523").locked_until > now()


def test_signed_out_means_signed_out(desk):
    assert desk.post("/sign-out").status_code == 303
    answer = desk.get("/desk")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/desk")


# --- the desk ------------------------------------------------------------------------------------------


@LANGUAGES
def test_every_tab_empty_and_with_cases(house, english):
    client = house.sign_in(house.client("intranet", english), house.staff())
    for tab in ("todo", "mine", "returned", "decided", "all", "overdue", HOSTILE):
        check_page(client.get("/desk", query_string={"tab": tab}), 200)
    named, submitted = house.named("青禾测"), house.submitted("云栖测")
    for tab in ("todo", "all"):
        tree = check_page(client.get("/desk", query_string={"tab": tab}), 200)
        assert named.number in text_of(tree)
        assert submitted.number in text_of(tree)
    check_page(client.get("/desk?page=999"), 200)


def test_the_desk_counts_with_one_statement(house):
    house.named("青禾测")
    staff = house.staff()
    with at_most_queries(house.db.get_bind(), 1):
        found = counts(house.db, staff)
    assert found == {"todo": 1, "mine": 0, "returned": 0, "overdue": 0, "today": 0, "decided": 0}


def test_next_case_takes_the_nearest_deadline_and_says_when_nothing_waits(house, desk):
    later, first = house.named("青禾测"), house.named("云栖测")
    first.due_at, later.due_at = now(), later.due_at
    house.db.commit()
    assert desk.post("/desk/next").location == f"/cases/{first.number}"
    assert desk.post("/desk/next").location == f"/cases/{later.number}"
    answer = desk.post("/desk/next", follow_redirects=True)
    assert "目前没有待办件" in text_of(check_page(answer, 200))


# --- one case ------------------------------------------------------------------------------------------


@LANGUAGES
def test_case_page_unclaimed_mine_and_decided(house, english):
    client = house.sign_in(house.client("intranet", english), house.staff())
    for case in (house.named("青禾测"), house.submitted("云栖测")):
        check_page(client.get(f"/cases/{case.number}"), 200)
        client.post(f"/cases/{case.number}/claim")
        tree = check_page(client.get(f"/cases/{case.number}"), 200)
        assert tree.xpath("//*[local-name()='input'][@name='verdict']")
        answer = client.post(f"/cases/{case.number}/decide", data={"verdict": "approve"})
        assert answer.status_code == 303, answer.text
        check_page(client.get(f"/cases/{case.number}"), 200)


def test_id_numbers_are_masked_until_the_case_is_claimed(house, desk):
    case = house.submitted()
    number = drafts.draft_of(house.db, case.id)[0].people[0].id_number
    assert number not in desk.get(f"/cases/{case.number}").text
    desk.post(f"/cases/{case.number}/claim")
    assert number in desk.get(f"/cases/{case.number}").text


def test_a_colleague_sees_the_holder_and_may_take_over(house, desk):
    case = house.named()
    desk.post(f"/cases/{case.number}/claim")
    other = house.sign_in(house.client("intranet"), house.staff("0523"))
    assert "工号 0417 正在办理" in text_of(check_page(other.get(f"/cases/{case.number}"), 200))
    check_page(other.post(f"/cases/{case.number}/claim"), 409)
    assert other.post(f"/cases/{case.number}/claim", data={"take_over": "1"}).status_code == 303
    check_page(desk.post(f"/cases/{case.number}/decide", data={"verdict": "approve"}), 409)
    house.db.rollback()
    assert open_claim(house.db, case.id).staff_id == house.staff("0523").id


@LANGUAGES
def test_a_name_is_refused_with_a_reason_only(house, english):
    client = house.sign_in(house.client("intranet", english), house.staff())
    case = house.named()
    client.post(f"/cases/{case.number}/claim")
    url = f"/cases/{case.number}/decide"
    for form in (
        {},
        {"verdict": "refuse"},
        {"verdict": "return", "reason": "x"},
        {"verdict": HOSTILE},
        {"verdict": "approve", "reason": "x" * 1001},
    ):
        check_page(client.post(url, data=form), 422, typed=[HOSTILE])
    assert client.post(url, data={"verdict": "refuse", "reason": "与已登记名称近似。"}).status_code == 303
    house.db.expire_all()
    assert case.state == "draft"
    assert (
        house.db.scalars(select(Decision).where(Decision.case_id == case.id)).one().reason
        == "与已登记名称近似。"
    )


@LANGUAGES
def test_a_return_names_each_point_and_opens_exactly_those(house, english):
    client = house.sign_in(house.client("intranet", english), house.staff())
    case = house.submitted()
    client.post(f"/cases/{case.number}/claim")
    url = f"/cases/{case.number}/decide"
    check_page(client.post(url, data={"verdict": "return"}), 422)
    marked = {"verdict": "return", "correct": ["address", "phone"], "text-address": "门牌号与证明不一致。"}
    tree = check_page(client.post(url, data=marked), 422, typed=["门牌号与证明不一致。"])
    assert tree.xpath("//*[@id='text-address']/@value") == ["门牌号与证明不一致。"]
    assert tree.xpath("//*[@href='#text-phone']")
    check_page(client.post(url, data=marked | {"verdict": "approve"}), 422, typed=["门牌号与证明不一致。"])
    check_page(client.post(url, data={"verdict": "return", "correct": HOSTILE, f"text-{HOSTILE}": "x"}), 422)
    answer = client.post(
        url, data=marked | {"text-phone": "请填写企业电话。", "code-address": "inconsistent"}
    )
    assert answer.status_code == 303
    house.db.expire_all()
    assert case.state == "returned"
    rows = house.db.scalars(select(Correction).where(Correction.case_id == case.id)).all()
    assert {row.field: row.reason_code for row in rows} == {"address": "inconsistent", "phone": ""}
    decision = house.db.scalars(select(Decision).where(Decision.verdict == "return")).one()
    assert "住所与登记机关·地址：与其他内容或文件不一致：门牌号与证明不一致。" in decision.reason
    page = client.get(f"/cases/{case.number}")
    check_page(page, 200)
    notice = client.get(f"/cases/{case.number}/notices/{case.number}-C1.pdf")
    assert (notice.status_code, notice.data[:5]) == (200, b"%PDF-")


def test_resubmission_shows_what_changed(house, desk):
    case = house.submitted()
    desk.post(f"/cases/{case.number}/claim")
    desk.post(f"/cases/{case.number}/decide", data={"verdict": "return", "text-phone": "号码有误。"})
    house.db.expire_all()

    def change(application):
        application.phone = "19900008888"

    drafts.save(house.db, case.id, house.owner(case), None, change)
    house.hand_in(case)
    row = text_of(check_page(desk.get("/desk"), 200))
    assert "（再次提交）" in row
    assert "改动 1 处" in row
    tree = check_page(desk.get(f"/cases/{case.number}"), 200)
    changed = tree.xpath("//*[contains(@class, 'q-changed')]")
    assert len(changed) == 1
    assert "19900008888" in text_of(changed[0])
    assert "19900009999" in text_of(changed[0])


@LANGUAGES
def test_a_refusal_needs_ground_and_reason(house, english):
    client = house.sign_in(house.client("intranet", english), house.staff())
    case = house.submitted()
    client.post(f"/cases/{case.number}/claim")
    url = f"/cases/{case.number}/decide"
    check_page(client.post(url, data={"verdict": "refuse"}), 422)
    check_page(client.post(url, data={"verdict": "refuse", "reason": "违法。"}), 422, typed=["违法。"])
    check_page(client.post(url, data={"verdict": "refuse", "refusal": "unlawful"}), 422)
    check_page(
        client.post(url, data={"verdict": "refuse", "refusal": "x", "reason": "违法。"}),
        422,
        typed=["违法。"],
    )
    answer = client.post(url, data={"verdict": "refuse", "refusal": "unlawful", "reason": "违法。"})
    assert answer.status_code == 303
    house.db.expire_all()
    assert case.state == "refused"
    check_page(client.get(f"/cases/{case.number}"), 200)
    assert client.get(f"/cases/{case.number}/notices/{case.number}-R1.pdf").data[:5] == b"%PDF-"


def test_keeping_away_is_for_good(house, desk):
    case = house.named()
    check_page(desk.post(f"/cases/{case.number}/recuse", data={}), 422)
    assert (
        desk.post(f"/cases/{case.number}/recuse", data={"recusal": "当事人是我的亲属。"}).status_code == 303
    )
    check_page(desk.get(f"/cases/{case.number}"), 200)
    assert desk.post(f"/cases/{case.number}/claim").status_code == 409
    assert desk.post("/desk/next").location == "/desk"
    house.db.expire_all()
    assert timeline(house.db, case.id)[-1].event == "recuse"


def test_papers_attachments_and_faces_with_audit(house, desk):
    case = house.submitted()
    tree = check_page(desk.get(f"/cases/{case.number}"), 200)
    links = [link for link in tree.xpath("//@href") if "/papers/" in link]
    assert len(links) >= 4
    for link in links:
        assert desk.get(link).data[:5] == b"%PDF-"
    assert desk.get(f"/cases/{case.number}/papers/nothing.pdf").status_code == 404
    from workflow import objects

    row = house.db.scalars(select(Invitation).where(Invitation.case_id == case.id)).first()
    row.face_key = objects.put(b"\xff\xd8 a picture", personal=True)
    house.db.commit()
    picture = desk.get(f"/cases/{case.number}/faces/{row.id}")
    assert picture.data == b"\xff\xd8 a picture"
    access = house.db.scalars(select(FaceAccess)).one()
    assert (access.actor_id, access.reason) == (str(house.staff().id), f"case {case.number}")


def test_papers_and_attachments_stand_side_by_side_and_are_leafed_through(house, desk):
    case = house.submitted()
    data = (photo(colour="orange"), pdf(pages=3))
    for number, sent in enumerate(data):
        case.state = "returned"
        files.attach(house.db, case.id, house.owner(case), "other", f"f{number}", sent, "desk")
    case.state = "submitted"
    house.db.commit()
    first, second = files.attachments_of(house.db, case.id)
    at = f"/cases/{case.number}/attachments"
    tree = check_page(desk.get(at), 200, typed=["f0.pdf", "f1.pdf"])
    assert f'href="{at}"' in desk.get(f"/cases/{case.number}").text
    pictures = tree.xpath("//main//img/@src")
    assert [str(r.id) in link for r, link in zip((first, second), pictures, strict=True)] == [True, True]
    assert all(desk.get(link).mimetype == "image/jpeg" for link in pictures)
    assert "未经病毒扫描" in desk.get(at).text
    tree = check_page(desk.get(f"{at}?a=articles&b={second.id}&pb=9&tb=1"), 200, typed=["f1.pdf"])
    assert "/papers/articles/1.jpg" in tree.xpath("//main//img/@src")[0]
    assert f"{second.id}/3.jpg?turn=1" in tree.xpath("//main//img/@src")[1]
    english = house.sign_in(house.client("intranet", english=True), house.staff())
    check_page(english.get(at), 200, typed=["f0.pdf", "f1.pdf"])
    assert desk.get(f"/cases/{house.named('云海测').number}/attachments").status_code == 404


# --- who may not ---------------------------------------------------------------------------------------


def test_wrong_role_403_and_other_authority_404(house, desk):
    case = house.submitted()
    overseer = house.sign_in(house.client("intranet"), house.staff("0601"))
    check_page(overseer.get(f"/cases/{case.number}"), 200)
    check_page(overseer.post("/desk/next"), 403)
    for action in ("claim", "release", "decide", "recuse"):
        check_page(overseer.post(f"/cases/{case.number}/{action}", data={"verdict": "approve"}), 403)
    elsewhere = Staff(
        number="0999", name="外地审查员（虚构）", password_hash=hash_password("x"), totp_secret="x",
        authority_codes=["HB-420103"], roles=["examiner"],
    )  # fmt: skip
    house.db.add(elsewhere)
    house.db.commit()
    other = house.sign_in(house.client("intranet"), elsewhere)
    assert case.number not in other.get("/desk?tab=all").text
    check_page(other.get(f"/cases/{case.number}"), 404)
    for action in ("claim", "release", "decide", "recuse"):
        check_page(other.post(f"/cases/{case.number}/{action}", data={"verdict": "approve"}), 404)
    assert other.get(f"/cases/{case.number}/papers/articles.pdf").status_code == 404
    assert other.post("/desk/next").location == "/desk"
    assert (
        house.db.scalars(select(Claim).where(Claim.case_id == case.id, Claim.released_at.is_(None))).all()
        == []
    )


def test_nothing_without_signing_in_and_nothing_without_a_token(house, desk):
    case = house.named()
    stranger = house.client("intranet")
    for path in ("/desk", f"/cases/{case.number}", f"/cases/{case.number}/papers/articles.pdf"):
        assert stranger.get(path).location.startswith("/sign-in")
    desk.forging = True
    for path in ("/desk/next", f"/cases/{case.number}/claim", f"/cases/{case.number}/decide", "/sign-out"):
        check_page(desk.post(path), 400)
    house.db.expire_all()
    assert open_claim(house.db, case.id) is None


def test_staff_who_left_are_out_at_once(house, desk):
    assert desk.get("/desk").status_code == 200
    house.staff().active = False
    house.db.commit()
    assert desk.get("/desk").location.startswith("/sign-in")


def test_looking_at_a_held_case_renews_the_lease(house, desk):
    case = house.named()
    review.claim(house.db, house.staff(), case.id).lease_until = now()
    house.db.commit()
    desk.get(f"/cases/{case.number}")
    house.db.expire_all()
    assert open_claim(house.db, case.id).lease_until > now()


@LANGUAGES
def test_the_registrar_sees_what_the_applicant_saw_with_the_other_companys_data(house, english):
    values = row_values(
        "武汉云奇测软件有限公司", "420106", "registered", now().date(), uscc="91420106TEST000001"
    )
    house.db.add(RegisterName(**values))
    house.db.commit()
    case = house.named("云栖测")
    client = house.sign_in(house.client("intranet", english), house.staff())
    page = text_of(check_page(client.get(f"/cases/{case.number}"), 200))
    assert "武汉云奇测软件有限公司" in page
    assert "91420106TEST000001" in page
    assert ("Registered" if english else "已登记") in page
    assert "武昌区" in page
    assert "CMP-N2" in page


def test_a_draft_is_the_applicants_own(house):
    """Before it is handed in, staff see the name of a case and nothing of its people."""
    case = house.reserved()
    client = house.sign_in(house.client("intranet"), house.staff())
    page = client.get(f"/cases/{case.number}")
    check_page(page)
    assert "虚构路" not in page.text and "计算机系统服务" not in page.text
    assert client.get(f"/cases/{case.number}/papers/articles.pdf").status_code == 404
