"""Who may read and sign: the person invited, in one browser, after identity and face or its lawful alternative."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from tests.factories import id_number
from tests.signatures.people import act_of, portrait
from workflow import objects, pictures
from workflow.clock import today
from workflow.db import session_factory
from workflow.errors import Conflict, NotAllowed, NotFound, OutsideFailure, RuleViolation
from workflow.policies.models import Policy
from workflow.signatures import checks, invitations, rules
from workflow.signatures import signing as act
from workflow.signatures.models import FaceAccess


def test_nothing_opens_before_both_checks(signing):
    """HB-09: identity and face come before the papers."""
    token = signing.token()
    kind = act.papers_of(signing.db, signing.invitation)[0].kind
    with pytest.raises(NotAllowed):
        act.paper_for(signing.db, token, "", kind)
    secret = checks.identify(
        signing.db, token, signing.invitation.name, signing.invitation.id_number, signing.identity
    )
    with pytest.raises(Conflict):
        act.paper_for(signing.db, token, secret, kind)
    checks.check_face(signing.db, token, secret, portrait(), True, signing.identity)
    assert act.paper_for(signing.db, token, secret, kind).startswith(b"%PDF")
    with pytest.raises(NotFound):
        act.paper_for(signing.db, token, secret, "no_such_paper")


@pytest.mark.parametrize("wrong", ["name", "number", "service"])
def test_wrong_person(signing, wrong):
    row = signing.invitation
    name = "李小八" if wrong == "name" else row.name
    number = id_number(77) if wrong == "number" else row.id_number
    signing.identity.person = wrong != "service"
    with pytest.raises(RuleViolation) as caught:
        checks.identify(signing.db, signing.token(), name, number, signing.identity)
    assert caught.value.problems[0].code == "RN-01"
    signing.db.expire_all()
    assert (row.state, row.tries) == ("invited", 1)
    assert bool(signing.identity.asked) == (wrong == "service")  # nobody else's data leaves the platform


def test_a_name_is_the_same_with_spaces_or_another_dot(signing):
    row = signing.invitation
    row.name = "阿依古丽·买买提"
    signing.db.commit()
    assert checks.identify(
        signing.db, signing.token(), " 阿依古丽 • 买买提", row.id_number.lower(), signing.identity
    )


def test_too_many_tries_then_a_new_link_opens_the_way(signing):
    row, token = signing.invitation, signing.token()
    for _ in range(checks.MAX_TRIES):
        with pytest.raises(RuleViolation):
            checks.identify(signing.db, token, "李小八", row.id_number, signing.identity)
    with pytest.raises(RuleViolation) as caught:
        checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    assert caught.value.problems[0].words == checks.TOO_MANY
    invitations.invite_again(signing.db, signing.case.id, row.id, signing.house.owner(signing.case))
    assert checks.identify(signing.db, signing.token(), row.name, row.id_number, signing.identity)


def test_only_the_browser_that_passed(signing):
    token, _ = signing.admitted()
    for other in ("", "guess"):
        with pytest.raises(NotAllowed):
            act.sign(signing.db, token, other, act_of(signing.db, signing.invitation))
        with pytest.raises(NotAllowed):
            act.paper_for(signing.db, token, other, "articles")


def test_identity_is_checked_once_a_link(signing):
    token, _ = signing.admitted()
    row = signing.invitation
    with pytest.raises(Conflict):
        checks.identify(signing.db, token, row.name, row.id_number, signing.identity)


def test_expired_link_lapses_and_cannot_be_used(signing):
    token, secret = signing.admitted()
    signing.invitation.expires_at -= timedelta(days=8)
    signing.db.commit()
    with pytest.raises(Conflict) as caught:
        act.sign(signing.db, token, secret, act_of(signing.db, signing.invitation))
    assert caught.value.code == "link_expired"
    signing.db.rollback()
    assert signing.invitation.state == "lapsed"


def test_unknown_link(signing):
    with pytest.raises(NotFound):
        invitations.by_token(signing.db, "nonsense")


def test_face_needs_consent_of_its_own_a_picture_and_a_match(signing):
    """0.6: separate consent; without it nothing is sent to the service."""
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    asked = len(signing.identity.asked)
    for frame, consent, field in (
        (portrait(), False, "consent"),
        (b"", True, "frame"),
        (b"GIF89a", True, "frame"),
    ):
        with pytest.raises(RuleViolation) as caught:
            checks.check_face(signing.db, token, secret, frame, consent, signing.identity)
        assert caught.value.problems[0].field == field
    assert len(signing.identity.asked) == asked
    signing.identity.face = False
    with pytest.raises(RuleViolation):
        checks.check_face(signing.db, token, secret, portrait("PNG"), True, signing.identity)
    signing.db.expire_all()
    assert row.tries == 1
    assert row.face_key == ""


def test_face_is_kept_encrypted_and_each_read_is_written_down(signing):
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    checks.check_face(signing.db, token, secret, portrait(size=(4000, 3000)), True, signing.identity)
    assert row.admitted_by == "face"
    assert row.face_consent_at
    assert row.face_key.endswith(".p")  # encrypted at rest
    frame = checks.read_face(signing.db, row.id, "0601", "complaint 7")
    assert max(Image.open(BytesIO(frame)).size) <= 1280
    read = signing.db.scalars(select(FaceAccess)).one()
    assert (read.actor_id, read.reason) == ("0601", "complaint 7")


def test_face_may_be_forgotten_by_policy(signing):
    signing.db.add(Policy(key="keep_face_frame", value=False, valid_from=today(), reason="PIPL"))
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    checks.check_face(signing.db, token, secret, portrait(), True, signing.identity)
    assert row.face_key == ""
    assert len(row.face_hash) == 64
    with pytest.raises(NotFound):
        checks.read_face(signing.db, row.id, "0601", "complaint 7")


def test_code_instead_of_a_face(signing):
    """RN-02: never the face alone."""
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    with pytest.raises(RuleViolation) as caught:
        checks.check_code(signing.db, token, secret, "00000000", signing.identity)
    assert caught.value.problems[0].field == "code"
    checks.check_code(signing.db, token, secret, " 1234 5678 ", signing.identity)
    assert (row.admitted_by, row.face_hash) == ("code", "")


def test_a_silent_service_costs_no_try(signing):
    signing.identity.down = True
    row = signing.invitation
    with pytest.raises(OutsideFailure):
        checks.identify(signing.db, signing.token(), row.name, row.id_number, signing.identity)
    signing.db.rollback()
    assert (row.state, row.tries) == ("invited", 0)


def test_each_try_is_asked_anew_but_a_repeat_is_the_same_request(signing):
    row, token = signing.invitation, signing.token()
    signing.identity.down = True
    for _ in range(2):
        with pytest.raises(OutsideFailure):
            checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    assert signing.identity.asked[0][0] == signing.identity.asked[1][0]
    signing.identity.down, signing.identity.person = False, False
    with pytest.raises(RuleViolation):
        checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    signing.identity.person = True
    checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    assert signing.identity.asked[-1][0] != signing.identity.asked[-2][0]


def test_pictures_turned_by_the_phone_are_set_upright(signing):
    out = BytesIO()
    picture = Image.effect_noise((200, 100), 60).convert("RGB")
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(out, "JPEG", exif=exif)
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    checks.check_face(signing.db, token, secret, out.getvalue(), True, signing.identity)
    upright = Image.open(BytesIO(objects.get(row.face_key)))
    assert upright.size == (100, 200)
    assert not upright.getexif()


def test_tries_made_at_once_count_one_by_one(signing):
    """RN-01: a guess that was right only beyond the last try, sent together with wrong ones, does not pass."""
    row, token = signing.invitation, signing.token()
    secret = checks.identify(signing.db, token, row.name, row.id_number, signing.identity)
    row.tries = checks.MAX_TRIES - 1
    signing.db.commit()
    identity = signing.identity

    class Meanwhile:
        """An identity service during whose answer another request with the same link fails."""

        def check_code(self, *asked):
            with session_factory()() as other, pytest.raises(RuleViolation):
                checks.check_code(other, token, secret, "00000000", identity)
            return identity.check_code(*asked)

    with pytest.raises(RuleViolation) as caught:
        checks.check_code(signing.db, token, secret, identity.code, Meanwhile())
    assert caught.value.problems[0].words == checks.TOO_MANY
    signing.db.rollback()
    signing.db.refresh(row)
    assert (row.state, row.tries) == ("identified", checks.MAX_TRIES)


def test_a_picture_that_unfolds_to_gigabytes_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    with pytest.raises(RuleViolation):
        checks._normalised(portrait(size=(11, 10)))
    assert checks._normalised(portrait(size=(10, 10)))


# -- a living face, and how long it is kept ---------------------------------------------------------------------------


def identified(signing) -> tuple[str, str]:
    row, token = signing.invitation, signing.token()
    return token, checks.identify(signing.db, token, row.name, row.id_number, signing.identity)


def test_movements_asked_for_are_looked_at_and_put_on_record(signing):
    token, secret = identified(signing)
    prompts = checks.prompts_of(signing.invitation)
    moves = [portrait(), portrait("PNG")]
    row = checks.check_face(signing.db, token, secret, portrait(), True, signing.identity, moves)
    assert signing.identity.asked[-1][3:] == prompts
    assert row.live_prompts == ",".join(prompts)


def test_a_picture_held_up_is_a_failed_try_and_the_next_movements_are_others(signing):
    token, secret = identified(signing)
    signing.identity.live = False
    with pytest.raises(RuleViolation) as caught:
        checks.check_face(signing.db, token, secret, portrait(), True, signing.identity, [portrait()] * 2)
    assert caught.value.problems[0].words == checks.NOT_LIVE
    signing.db.expire_all()
    row = signing.invitation
    assert (row.state, row.tries, row.face_key) == ("identified", 1, "")
    seeds = {rules.prompts_from(bytes([a, b])) for a in range(4) for b in range(3)}
    assert len(seeds) == 12
    assert all(one != other for one, other in seeds)


def test_one_picture_is_enough_only_where_the_authority_says_so(signing):
    token, secret = identified(signing)
    for moves in ([portrait()], [portrait()] * 3):  # some movements are no way around the others
        with pytest.raises(RuleViolation) as caught:
            checks.check_face(signing.db, token, secret, portrait(), True, signing.identity, moves)
        assert caught.value.problems[0].words == checks.NOT_LIVE
    signing.db.add(Policy(key="face_liveness", value="required", valid_from=today(), reason="RN-01"))
    with pytest.raises(RuleViolation) as caught:
        checks.check_face(signing.db, token, secret, portrait(), True, signing.identity)
    assert caught.value.problems[0].words == checks.NO_MOVES
    checks.check_code(
        signing.db, token, secret, signing.identity.code, signing.identity
    )  # never the only way


def test_kept_frames_go_when_their_time_is_over(signing):
    """HB-09, 0.6: deleted after the policy's days, which is written down; hash and verdict stay."""
    token, secret = identified(signing)
    row = checks.check_face(signing.db, token, secret, portrait(), True, signing.identity)
    key = row.face_key
    assert checks.forget_faces(signing.db) == 0
    row.admitted_at -= timedelta(days=3 * 365 + 1)
    signing.db.flush()
    assert checks.forget_faces(signing.db) == 1
    assert (row.face_key, len(row.face_hash)) == ("", 64)
    with pytest.raises(NotFound):
        objects.get(key)
    assert [a.actor_id for a in signing.db.scalars(select(FaceAccess))] == ["system"]
    assert checks.forget_faces(signing.db) == 0
