"""What a production installation refuses: anything that everybody knows, that can be guessed, or that is not real."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sandbox.config import Config
from workflow.settings import DEMO_SECRET, Settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("SECRET_KEY", "INDEX_KEY", "CA_PASSPHRASE", "SERVICE_KEY")
OWN_KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()
GOOD = {f"QIBU_{name}": f"{name.lower()}-{'x' * 32}" for name in SECRETS} | {
    "QIBU_PRODUCTION": "1",
    "QIBU_PERSONAL_KEYS": OWN_KEY,
    "QIBU_SIMULATED": "false",
    "QIBU_PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so",
    "QIBU_PORTAL_URL": "https://portal.example.org",
    "QIBU_INTRANET_URL": "https://intranet.example.org",
    "QIBU_BANK_URL": "https://bank.example.org",
}


@pytest.fixture
def production(monkeypatch):
    for name in [name for name in os.environ if name.startswith("QIBU_")]:
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_an_installation_with_secrets_of_its_own_starts(production):
    assert Settings().production


@pytest.mark.parametrize(
    "name",
    [*SECRETS, "PERSONAL_KEYS", "SIMULATED", "PKCS11_MODULE", "PORTAL_URL", "INTRANET_URL", "BANK_URL"],
)
def test_a_default_is_refused_by_name(production, name):
    production.delenv(f"QIBU_{name}")
    with pytest.raises(ValidationError, match=f"production refuses to start.*QIBU_{name}"):
        Settings()
    production.delenv("QIBU_PRODUCTION")
    assert Settings().simulated is (name == "SIMULATED")


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["", "short", DEMO_SECRET])
def test_a_secret_that_can_be_guessed_is_refused(production, name, value):
    production.setenv(f"QIBU_{name}", value)
    with pytest.raises(ValidationError, match=f"QIBU_{name}"):
        Settings()


def test_the_demos_key_encrypts_nothing_in_production(production):
    demo = Settings.model_fields["personal_keys"].default
    production.setenv("QIBU_PERSONAL_KEYS", f"mine:{demo.partition(':')[2]},{OWN_KEY}")
    with pytest.raises(ValidationError, match="QIBU_PERSONAL_KEYS"):
        Settings()
    production.setenv("QIBU_PERSONAL_KEYS", f"{OWN_KEY},{demo}")  # a pilot's old data can still be read
    assert Settings().personal_keys.startswith("k1:")


START = {
    "door": ["-c", "from app import create_app; create_app('portal')"],
    "sandbox": ["-m", "sandbox", "--port", "0"],
}


@pytest.mark.parametrize("what", START)
def test_no_process_starts_with_the_demos_secrets(what, tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QIBU_")}
    environment |= {"QIBU_PRODUCTION": "1", "QIBU_INSTANCE": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, *START[what]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert {"door": "refuses to start", "sandbox": "does not start"}[what] in ended.stderr


@pytest.mark.parametrize("said", ["1", "true", "YES", "on", "y", "t", "0", "no", "false"])
def test_the_sandbox_and_the_doors_agree_on_what_production_is(monkeypatch, said):
    for name, value in (GOOD | {"QIBU_PRODUCTION": said}).items():
        monkeypatch.setenv(name, value)
    if Settings().production:
        with pytest.raises(RuntimeError, match="sandbox"):
            Config.from_environment()
    else:
        Config.from_environment()


OUTSIDE = {"name": "one", "url": "https://tsa.example.org/", "root": "one.pem"}


def with_pool(production, *members: dict, own: str = "never") -> Settings:
    production.setenv("QIBU_TSA_POOL", json.dumps(members))
    production.setenv("QIBU_TSA_OWN", own)
    return Settings()


def test_outside_time_stamping_authorities(production):
    found = with_pool(production, OUTSIDE, OUTSIDE | {"name": "two", "authorization": "Basic c2VjcmV0"})
    assert [member.name for member in found.tsa_pool] == ["one", "two"] and "c2VjcmV0" not in repr(found)
    assert with_pool(production, OUTSIDE | {"retired": True}, own="first").tsa_own == "first"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([OUTSIDE, OUTSIDE], "a name of its own"),
        ([OUTSIDE | {"name": "own"}], "a name of its own"),
        ([OUTSIDE | {"retired": True}], "nobody is left"),
        ([OUTSIDE | {"rot": "x"}], "Extra inputs"),
        ([OUTSIDE | {"url": "ftp://tsa.example.org/"}], "should match"),
        ([OUTSIDE | {"url": "http://tsa.example.org/", "authorization": "Basic x"}], "in the open"),
    ],
)
def test_a_pool_that_cannot_be_meant_is_refused(production, members, words):
    with pytest.raises(ValidationError, match=words):
        with_pool(production, *members)
