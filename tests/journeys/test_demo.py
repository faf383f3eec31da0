"""`make demo` does what it says, and independent tools accept what it leaves behind."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.journey


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_seven_steps_over_http(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["registration_authority"]["code"] == "HB-420106"
    assert "计算机系统服务" in summary["business_scope"]
    assert summary["states"][-1] == "closed"
    timeline = json.loads((tmp_path / "timeline.json").read_text())
    hashes = [e["hash"] for e in timeline["events"]]
    assert [e["prev_hash"] for e in timeline["events"][1:]] == hashes[:-1]
    papers = sorted((tmp_path / "papers").glob("*.pdf"))
    assert {"application.pdf", "articles.pdf", "appointment.pdf"} <= {p.name for p in papers}
    for paper in [*papers, tmp_path / "licence.pdf"]:
        report = said("pdfsig", str(paper))
        *people, archive = report.split("Signature #")[1:]  # pdfsig does not check the archive's time stamp
        assert people and all("Signature is Valid." in one for one in people), report
        assert "Total document signed" in archive and "Timestamp-" in archive, report
        command = [sys.executable, "-m", "app.cli", "verify", "--json", "--root", str(tmp_path / "root.pem")]
        found = json.loads(said(*command, str(paper)))["signatures"]
        assert len(found) == len(people) + 1 and all(one["valid"] for one in found), found
        assert {one["level"] for one in found[:-1]} == {"B-LTA"}, found
    said(
        "pdftoppm",
        "-r",
        "150",
        "-png",
        "-singlefile",
        str(tmp_path / "licence.pdf"),
        str(tmp_path / "licence"),
    )
    address = said("zbarimg", "-q", "--raw", str(tmp_path / "licence.png")).strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v/[\w-]{16}", address)
    bank = json.loads((tmp_path / "bank.json").read_text())
    assert summary["uscc"] in json.dumps(bank)
    messages = json.loads((tmp_path / "messages.json").read_text())
    texts = [m["text"] for m in messages["sms"]]
    assert sum("七步全部办完" in text for text in texts) == 1
    assert len({m["message_id"] for m in messages["sms"]}) == len(texts)
