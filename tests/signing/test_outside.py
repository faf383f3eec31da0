"""Time stamps of outside authorities over real HTTP: all that can be wrong with an answer, and who is asked instead."""

import io
import socket
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from sqlalchemy import select, update

from sandbox.tsa import POLICY
from signing import bundle, ceremony, outside, pdf, sources
from signing.errors import TimeStampFailure
from signing.sources import OWN, Pool
from signing.stampcheck import check_token
from signing.tables import TimeAuthority, TimeStamp
from signing.validation import validate
from tests.outside import NAME, outside_world
from tests.signing.conftest import pdfsig, run
from tests.signing.test_offline import checked as offline


@pytest.fixture(scope="session")
def _world(tmp_path_factory):
    with outside_world(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.fixture
def world(_world):
    _world.behave()
    return _world


@pytest.fixture
def pooled(world, authority, db, monkeypatch):
    """Makes a pool of these members, the world's one if none is given, and lets the authority use it."""

    @contextmanager
    def same():
        yield db
        db.flush()

    def made(*members, **other) -> Pool:
        pool = Pool(members or (world.member(),), sessions=same, **other)
        monkeypatch.setattr(authority, "pool", pool)
        return pool

    return made


def dead(world, name="dead", **other):
    """A member at a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return world.member(name, url=f"http://127.0.0.1:{port}/", **other)


def reports(file, authority, world):
    return validate(file, [authority.root], time_roots=[world.root])


def stamp(db, authority) -> bytes:
    return sources.stamp(db, authority, sha256(b"x").digest())


def own_tokens(db) -> int:
    return len(db.scalars(select(TimeStamp)).all())


def health(db, name=NAME) -> TimeAuthority | None:
    return db.get(TimeAuthority, name, populate_existing=True)


# -- what a good member gives ----------------------------------------------------------------------------------------------


def test_a_paper_holds_the_outside_stamp_with_its_proofs(desk, world, pooled, root_pem, tmp_path):
    """B-LT, then B-LTA, offline and without one token of ours; poppler agrees about the signatures."""
    pooled()
    before = own_tokens(desk.db)
    file = desk.accepted("appointment")
    levels = [r.level for r in reports(file, desk.authority, world)]
    assert set(levels) == {"B-LT"} and len(levels) >= 3
    archived = pdf.archive(desk.db, desk.authority, file)
    assert [r.level for r in reports(archived, desk.authority, world)] == [*["B-LTA"] * len(levels), ""]
    renewed = pdf.archive(desk.db, desk.authority, archived)
    assert {r.reason for r in reports(renewed, desk.authority, world)} == {""}
    assert own_tokens(desk.db) == before
    said = pdfsig(file, root_pem, tmp_path)
    assert said.count("Signature is Valid.") == len(levels) == said.count("Certificate is Trusted.")


def test_every_signature_grows_the_paper_by_less_than_25_kb(desk, world, pooled):
    pooled()
    certified = desk.certified("appointment")
    (key, *_) = desk.papers["appointment"].signature_boxes
    signed = desk.act("appointment", key, certified).papers["appointment"]
    assert len(signed) - len(certified) <= 25 * 1024


def test_the_outside_root_counts_for_time_stamps_only(desk, world, pooled):
    """Whoever stamps times for us signs for nobody: its root makes no signature trusted, and ours no stamp of its."""
    pooled()
    file = desk.licence()
    assert [r.reason for r in validate(file, [desk.authority.root])] == ["time_stamp_untrusted"]
    assert [r.reason for r in validate(file, [], time_roots=[world.root, desk.authority.root])] == [
        "untrusted_root"
    ]
    assert [r.reason for r in validate(file, [world.root])] == ["untrusted_root"]
    assert [r.reason for r in reports(file, desk.authority, world)] == [""]


def test_openssl_accepts_the_stamp_in_the_paper_and_the_one_that_stands_alone(desk, world, pooled, tmp_path):
    """RFC 3161: the token over a daily root holds its whole chain, so the root certificate is enough."""
    pooled()
    alone = stamp(desk.db, desk.authority)
    assert check_token(alone, sha256(b"x").digest(), [world.root])[1].startswith(
        "Common Name: Fictitious TSA"
    )
    (signature,) = PdfFileReader(io.BytesIO(desk.licence())).embedded_signatures
    inside = next(extract_tst_data_iter(signature.signer_info, signed=False))
    data, token = tmp_path / "data", tmp_path / "token"
    for content, held in ((b"x", alone), (signature.signer_info["signature"].native, None)):
        data.write_bytes(content)
        token.write_bytes(
            held
            or b"".join([outside.cms.ContentInfo({"content_type": "signed_data", "content": inside}).dump()])
        )
        said = run(
            "openssl", "ts", "-verify", "-data", data, "-in", token, "-token_in", "-CAfile", world.root_file
        )
        assert "Verification: OK" in said


def test_the_single_file_checks_it_offline_with_both_roots(desk, world, pooled, root_pem, tmp_path):
    pooled()
    (tmp_path / "qibu-verify.pyz").write_bytes(bundle.checker())
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(desk.licence())
    believed = ("--root", root_pem)
    assert offline(tmp_path, paper, *believed, "--time-root", world.root_file).returncode == 0
    assert offline(tmp_path, paper, *believed).returncode == 1


def test_proofs_are_asked_for_once_and_again_when_they_age(desk, world, pooled):
    pool = pooled()
    desk.licence()
    asked = len(world.calls("ocsp"))
    desk.licence()
    assert len(world.calls("ocsp")) == asked == 2  # an OCSP answer and the root's list
    pool.known[NAME] = replace(pool.known[NAME], until=pool.known[NAME].until - timedelta(days=1))
    desk.licence()
    assert len(world.calls("ocsp")) == 2 * asked


def test_a_new_certificate_of_the_member_brings_its_own_proofs(desk, world, pooled):
    """It changed its key between the proofs and the stamp: what was begun is thrown away and made anew."""
    pool = pooled()
    desk.licence()
    pool.known[NAME] = replace(pool.known[NAME], certificate=b"an earlier one", proofs=sources.NO_PROOFS)
    assert [r.reason for r in reports(desk.licence(), desk.authority, world)] == [""]
    assert health(desk.db).failures == 0


# -- everything that can be wrong with an answer ------------------------------------------------------------------------------

WRONG = {
    "nonce": "another nonce", "imprint": "over other bytes", "signer": "not a valid, trusted stamp",
    "signature": "not a valid, trusted stamp", "policy": "another policy", "purpose": "not for time stamps alone",
    "time": "clock", "accuracy": "not as exact", "refusal": "refused",
}  # fmt: skip


def refused(desk, words: str) -> None:
    """No token, no paper, and it is said why."""
    with pytest.raises(TimeStampFailure, match=words):
        desk.licence()
    with pytest.raises(TimeStampFailure):
        stamp(desk.db, desk.authority)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_answers_are_not_believed(desk, world, pooled, wrong):
    """RFC 3161, 2.2: each field is looked at, whether the member was good a moment ago or is new."""
    pool = pooled()
    assert stamp(desk.db, desk.authority)
    pool.sessions = None  # nobody rests here
    world.switch(tsa__wrong=wrong)
    refused(desk, WRONG[wrong])
    pool.known.clear()
    with pytest.raises(TimeStampFailure, match=WRONG[wrong]):
        stamp(desk.db, desk.authority)
    world.behave()
    assert stamp(desk.db, desk.authority)


def test_a_token_of_a_namesake_is_not_believed(world, monkeypatch):
    """Somebody's own root under the name of a trusted one, laid into the token: the name is right, the key is not."""
    seen = []

    async def keep(member, asked, reply, since):
        seen.append((asked["message_imprint"]["hashed_message"].native, reply))
        raise TimeStampFailure("kept")

    monkeypatch.setattr(outside, "verified", keep)
    world.switch(tsa__wrong="signer")
    with pytest.raises(TimeStampFailure, match="kept"):
        outside.learn(world.member(), time.monotonic() + 5)
    ((digest, reply),) = seen
    token = tsp.TimeStampResp.load(reply)["time_stamp_token"].dump()
    with pytest.raises(TimeStampFailure, match="not a valid, trusted stamp"):
        check_token(token, digest, [world.root])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"tsa__fail_rate": 1}, "it answered 503"),
        ({"tsa__deny_next": 9}, "it answered 403"),
        ({"tsa__garbage_next": 9}, "no application/timestamp-reply"),
        ({"tsa__replay_next": 9}, "another request"),
        ({"tsa__lose_rate": 1}, "no answer"),
        ({"tsa__slow": 1.0}, "no answer within 0.3 seconds"),
        ({"tsa__revoked": True}, "is revoked"),
    ],
)
def test_silence_refusal_and_replay(desk, world, pooled, fault, words):
    pool = pooled(world.member(seconds=0.3))
    stamp(desk.db, desk.authority)  # what could be replayed
    pool.known.clear()
    pool.sessions = None
    world.switch(**fault)
    refused(desk, words)


def test_nobody_listens(desk, world, pooled):
    pooled(dead(world))
    refused(desk, "dead: no answer: ConnectError")


def test_a_policy_or_exactness_that_is_not_asked_for_is_not_demanded(desk, world, pooled):
    pooled(world.member(policy="", accuracy=None))
    world.switch(tsa__wrong="accuracy")
    assert stamp(desk.db, desk.authority)
    pooled(world.member(accuracy=0.1))
    world.behave()
    refused(desk, "not as exact")


def test_a_login_is_sent_and_never_shown(desk, world, pooled):
    member = world.member(authorization="Basic c2VjcmV0")
    assert "c2VjcmV0" not in repr(member)
    pooled(member)
    assert stamp(desk.db, desk.authority)


# -- the state of its certificate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [{"ocsp__wrong": "other"}, {"ocsp__wrong": "stale"}, {"ocsp__wrong": "signer"}, {"ocsp__fail_next": 1},
              {"ocsp__garbage_next": 1}],
)  # fmt: skip
def test_a_bad_status_service_is_replaced_by_the_list(desk, world, pooled, fault):
    """The paper is as good with lists; a bad OCSP answer stays out of it."""
    pooled()
    world.switch(**fault)
    file = desk.licence()
    assert [r.reason for r in reports(file, desk.authority, world)] == [""]


@pytest.mark.parametrize("fault", [{"ocsp__fail_rate": 1}, {"ocsp__garbage_next": 40}, {"ocsp__slow": 1.0}])
def test_without_proofs_nothing_is_signed(desk, world, pooled, fault):
    """A stamp whose certificate nobody vouches for would not hold offline, so it is not taken."""
    pooled(world.member(seconds=0.3))
    world.switch(**fault)
    refused(desk, "no answer|it answered|nonsense")


# -- several members, health, time --------------------------------------------------------------------------------------------


def test_the_next_one_stamps_and_the_first_rests(desk, world, pooled):
    """ES-10 stays with the one that stamped; the failed one is left in peace, longer each time, and asked again."""
    db, pool = desk.db, pooled(dead(world), world.member())
    rests = []
    for expected in (5, 10, 20):
        assert [r.reason for r in reports(desk.licence(), desk.authority, world)] == [""]
        row = health(db, "dead")
        rests.append(round((row.rests_until - row.failed_at).total_seconds()))
        assert rests[-1] == expected
        assert pool.resting(db) == {"dead"}
        db.execute(
            update(TimeAuthority).where(TimeAuthority.name == "dead").values(rests_until=row.failed_at)
        )
    assert health(db, "dead").failures == 3 and health(db).failures == 0
    for _ in range(6):
        pool.failed("dead", "x")
        row = health(db, "dead")
        rested = row.rests_until - row.failed_at
        db.execute(
            update(TimeAuthority).where(TimeAuthority.name == "dead").values(rests_until=row.failed_at)
        )
    assert round(rested.total_seconds()) == sources.LONGEST_REST.total_seconds()
    pool.failed("dead", "x")
    pool.failed("dead", "while it rests, others' failures count once")
    assert health(db, "dead").failures == 10


def test_one_that_rests_is_not_asked_and_comes_back(desk, world, pooled):
    db = desk.db
    pooled()
    world.switch(tsa__fail_next=2)
    refused(desk, f"{NAME}: it answered 503")
    world.behave()
    refused(desk, f"resting: {NAME}")
    assert world.calls("tsa") == []
    db.execute(update(TimeAuthority).values(rests_until=TimeAuthority.failed_at))
    assert [r.reason for r in reports(desk.licence(), desk.authority, world)] == [""]
    assert health(db).failures == 0 and health(db).rests_until is None


def test_a_fault_in_passing_is_asked_once_more_within_the_act(desk, world, pooled):
    """Every third answer is bad, each time in another way, and a paper of many stamps comes out whole."""
    pooled()
    world.switch(tsa__bad_every=3, ocsp__bad_every=3)
    file = desk.accepted("articles")
    assert {r.reason for r in reports(file, desk.authority, world)} == {""}
    assert len(set(world.calls("tsa"))) >= 3


def several(desk) -> dict[str, bytes]:
    """Certified papers that the first shareholder signs, with stamps of our own so far."""
    return {kind: desk.certified(kind) for kind in ("application", "articles", "confirmation")}


def signed_together(desk, files: dict[str, bytes]) -> dict[str, bytes]:
    wanted = [
        ceremony.SignatureRequest(kind, file, "sig_p1", desk.papers[kind].signature_boxes["p1"])
        for kind, file in files.items()
    ]
    return ceremony.sign_set(
        desk.db, desk.authority, wanted, real_name="张样例", id_hash="0" * 32, evidence_reference="x"
    ).papers


def test_the_papers_of_one_act_are_stamped_together(desk, world, pooled, monkeypatch):
    """A slow authority delays a set no longer than one paper: all its stamps are asked for at the same time."""
    files, flying, most, ask = several(desk), set(), [], outside._ask

    async def asked(member, request, end):
        flying.add(id(request))
        most.append(len(flying))
        try:
            return await ask(member, request, end)
        finally:
            flying.discard(id(request))

    monkeypatch.setattr(outside, "_ask", asked)
    pooled()
    world.switch(tsa__slow=0.1)
    done = signed_together(desk, files)
    assert most == [1, *range(1, len(files) + 1)]  # its certificate first, then all of them
    for file in done.values():
        assert [r.reason for r in reports(file, desk.authority, world)] == ["", ""]


@pytest.mark.parametrize("faults", [{"tsa__fail_next": 1}, {"tsa__bad_every": 3, "ocsp__bad_every": 3}])
def test_one_bad_answer_costs_one_paper_a_second_question(desk, world, pooled, faults):
    """What the others were given stays; every paper comes out whole, with one stamp a signature."""
    files = several(desk)
    pooled()
    signed_together(desk, files)  # its certificate is known
    asked = len(world.calls("tsa"))
    world.switch(**faults)
    done = signed_together(desk, files)
    answers = world.calls("tsa")[asked:]
    assert len(answers) - len([a for a in answers if a]) == len(files) < len(answers)
    for file in done.values():
        assert [r.reason for r in reports(file, desk.authority, world)] == ["", ""]


def test_the_next_one_stamps_what_the_first_does_not(desk, world, pooled):
    """A set goes to the next authority as a whole, and nothing is signed when there is none."""
    files = several(desk)
    pooled(dead(world), world.member())
    for file in signed_together(desk, files).values():
        assert [r.reason for r in reports(file, desk.authority, world)] == ["", ""]
    assert world.calls("tsa") == [""] * (1 + len(files))
    pooled(dead(world, "a"), dead(world, "b"))
    with pytest.raises(TimeStampFailure, match=r"a: no answer.*b: no answer"):
        signed_together(desk, files)


@pytest.mark.parametrize(
    ("own", "asked_first", "outside_down"),
    [("first", True, False), ("last", False, False), ("last", True, True)],
)
def test_our_own_stamps_only_where_it_is_told_to(desk, world, pooled, own, asked_first, outside_down):
    pooled(dead(world) if outside_down else world.member(), own=own)
    before = own_tokens(desk.db)
    assert stamp(desk.db, desk.authority)
    assert (own_tokens(desk.db) > before) is asked_first
    assert bool(health(desk.db, OWN)) is asked_first


def test_ours_is_not_the_last_resort_unless_told(desk, world, pooled):
    pooled(dead(world))
    before = own_tokens(desk.db)
    refused(desk, "no time stamping authority answered usably")
    assert own_tokens(desk.db) == before


def test_a_retired_member_is_not_asked_but_believed(desk, world, pooled):
    pooled()
    file = desk.licence()
    pool = pooled(world.member(retired=True), own="first")
    asked = len(world.calls("tsa"))
    desk.licence()
    assert len(world.calls("tsa")) == asked
    assert [r.reason for r in validate(file, [desk.authority.root], time_roots=pool.roots)] == [""]


def test_the_time_for_one_stamp_is_limited(desk, world, pooled):
    """Three silent members do not add up: after the pool's time nobody else is asked."""
    pooled(*(world.member(name, seconds=0.4) for name in ("a", "b", "c")), seconds=0.6)
    world.switch(tsa__slow=1.5)
    began = time.monotonic()
    refused(desk, "a: no answer")
    assert time.monotonic() - began < 2.2  # a paper and a daily root


def test_health_that_cannot_be_written_keeps_no_stamp_back(desk, world, pooled, caplog):
    pool = pooled()

    @contextmanager
    def broken():
        raise sources.SQLAlchemyError("no")
        yield

    pool.sessions = broken
    assert stamp(desk.db, desk.authority)
    assert "was not written down" in caplog.text


def test_a_renewal_holds_fresh_proofs_of_the_outside_stamp_or_goes_on_without(desk, world, pooled):
    """A member that is gone must not keep a paper from being renewed by another."""
    db, authority = desk.db, desk.authority
    pooled()
    archived = pdf.archive(db, authority, desk.licence())
    asked = len(world.calls("ocsp"))
    pool = pooled(world.member(retired=True), own="first")
    renewed = pdf.archive(db, authority, archived)
    assert len(world.calls("ocsp")) == asked + 2
    world.switch(ocsp__fail_rate=1)
    again = pdf.archive(db, authority, archived)
    for file in (renewed, again):
        assert {r.reason for r in validate(file, [authority.root], time_roots=pool.roots)} == {""}


def test_the_policy_of_the_sandbox_is_asked_for(world):
    assert asn1.PolicyIdentifier(POLICY).native == POLICY
    assert world.root.public_bytes(Encoding.PEM) == world.root_file.read_bytes()
