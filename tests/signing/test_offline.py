"""The checker in one file: in an empty folder, without our rooms, without the network."""

import json
import subprocess
import sys
import sysconfig

import pytest

from signing import bundle
from tests.signing.test_pdf import content_swap

# No site customisation, so none of our rooms can be imported; no socket; nothing of the platform but the one file.
GUARD = """
import runpy, sys
sys.path.append({packages!r})
def watch(event, arguments):
    own_pipe = event == "socket.__new__" and arguments[1] == 1  # asyncio's, AF_UNIX
    if event.startswith("socket.") and not own_pipe or event == "subprocess.Popen":
        raise RuntimeError(event)
    if event == "import" and arguments[0].split(".")[0] in ("workflow", "app", "sandbox", "sqlalchemy", "flask", "reportlab"):
        raise RuntimeError("import of " + arguments[0])
sys.addaudithook(watch)
sys.argv = {argv!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def checked(folder, *arguments):
    argv = [str(folder / "qibu-verify.pyz"), *map(str, arguments)]
    code = GUARD.format(packages=sysconfig.get_paths()["purelib"], argv=argv)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, cwd=folder, env={}
    )


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "empty"
    place.mkdir()
    (place / "qibu-verify.pyz").write_bytes(bundle.checker())
    return place


def test_the_single_file_checks_papers_offline(desk, root_pem, folder):
    """`python qibu-verify.pyz FILE.pdf --root root.pem` needs the named packages and nothing else."""
    paper = folder / "paper.pdf"
    paper.write_bytes(desk.licence())
    done = checked(folder, paper, "--root", root_pem)
    assert done.returncode == 0, done.stderr
    (said,) = json.loads(done.stdout)["signatures"]
    asked = {"field", "signer", "serial", "time_source", "time", "intact", "trusted", "revocation", "coverage", "changes", "level"}  # fmt: skip
    assert asked <= said.keys()
    assert (said["field"], said["time_source"], said["revocation"], said["level"]) == (
        "seal",
        "time_stamp",
        "good",
        "B-LT",
    )
    assert (
        said["intact"] and said["trusted"] and said["coverage"] == "whole_file" and said["changes"] == "none"
    )
    paper.write_bytes(content_swap(desk))
    assert checked(folder, paper, "--root", root_pem).returncode == 1
    (folder / "none.json").write_text("{}")
    done = checked(folder, folder / "none.json", "--root", root_pem)
    assert done.returncode == 2 and "cannot be read" in done.stderr


def test_it_names_what_it_needs():
    assert {"pyhanko", "cryptography", "asn1crypto"} <= set(bundle.needs()) <= {
        "pyhanko", "pyhanko-certvalidator", "cryptography", "asn1crypto", "webauthn", "gmssl-pyx",
    }  # fmt: skip
