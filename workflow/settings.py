"""Configuration: one typed object, read from the environment (prefix `QIBU_`, plus `DATABASE_URL`)."""

import functools
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_SECRET = "demo-only-secret-do-not-use-in-production"  # noqa: S105 - refused in production below
SHORTEST_SECRET = 32


class TimeAuthority(BaseModel):
    """An outside time stamping authority (RFC 3161). See `signing.outside.Member`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    url: str = Field(pattern=r"^https?://")
    root: Path  # its root certificate, PEM or DER; several in one PEM file while it changes
    policy: str = ""
    authorization: SecretStr = SecretStr("")  # the header's value, such as `Basic …`
    seconds: float = Field(3.0, gt=0)
    accuracy: float | None = 1.0
    retired: bool = False


class Settings(BaseSettings):
    """Every value that an installation may set. Paths are relative to the working folder."""

    model_config = SettingsConfigDict(env_prefix="QIBU_", extra="ignore")

    production: bool = False
    instance: Path = Path("instance")
    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL", "QIBU_DATABASE_URL"))
    database_pool: int = 5

    secret_key: str = DEMO_SECRET
    # Personal data: `key id:base64 of 32 bytes`, the first one encrypts, all decrypt; and the blind index key.
    personal_keys: str = "demo:" + "cWlidS1kZW1vLWtleS1xaWJ1LWRlbW8ta2V5LTEyMzQ="
    index_key: str = DEMO_SECRET
    ca_passphrase: str = DEMO_SECRET

    # The authority's keys: in a PKCS#11 token (library, token label, user PIN), or in encrypted files if empty.
    pkcs11_module: str = ""
    pkcs11_token: str = "qibu"  # noqa: S105 - a label, no secret
    pkcs11_pin: str = ""
    pkcs11_root_token: str = ""  # the root's own token, there only while it signs; the same one if empty
    pkcs11_root_pin: str = ""

    # Who stamps the time: our own authority; or those of the pool, in order, and ours before or after them if so said.
    tsa_pool: list[TimeAuthority] = []
    tsa_own: Literal["never", "first", "last"] = "never"
    tsa_seconds: float = 8.0  # for one time stamp, whoever is asked
    tsa_skew_seconds: float = 10.0  # how far their clocks may be from ours

    object_store: str = ""  # "" = a folder under instance; otherwise s3://bucket/prefix

    portal_url: str = "http://localhost:8001"  # by name: browsers make no passkeys for a number
    intranet_url: str = "http://127.0.0.1:8002"
    bank_url: str = "http://127.0.0.1:8003"
    sandbox_url: str = "http://127.0.0.1:8004"

    # Outside parties; by default the sandbox plays them all.
    card_service_url: str = ""
    identity_service_url: str = ""
    licence_service_url: str = ""
    sms_service_url: str = ""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    operator_mail: str = ""  # who is told what the installation cannot do by itself; nobody if empty
    service_key: str = DEMO_SECRET  # signs our requests to the outside services
    outside_timeout_seconds: float = 10.0
    # Uploads are looked at by clamd: never, when its address is known (silence lets them pass, marked), or always.
    clamd: str = ""  # tcp://host:port or unix:///path
    malware_scan: Literal["off", "configured", "required"] = "configured"

    simulated: bool = True  # the outside parties are played by the sandbox; pages say so
    rate_limits: bool = True
    rate_storage: str = "memory://"
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _complete(self) -> "Settings":
        self.instance = self.instance.absolute()
        self.card_service_url = self.card_service_url or f"{self.sandbox_url}/card"
        self.identity_service_url = self.identity_service_url or f"{self.sandbox_url}/identity"
        self.licence_service_url = self.licence_service_url or f"{self.sandbox_url}/licence"
        self.sms_service_url = self.sms_service_url or f"{self.sandbox_url}/sms"
        if self.malware_scan == "required" and not self.clamd:
            raise ValueError("QIBU_MALWARE_SCAN=required needs QIBU_CLAMD")
        names = [member.name for member in self.tsa_pool]
        if len({*names, "own"}) != len(names) + 1:
            raise ValueError("QIBU_TSA_POOL: each needs a name of its own, and none may be called own")
        if names and self.tsa_own == "never" and all(member.retired for member in self.tsa_pool):
            raise ValueError(
                "QIBU_TSA_POOL: nobody is left to stamp times; QIBU_TSA_OWN=first lets our own do it"
            )
        if self.production and (faults := self._faults()):
            raise ValueError("production refuses to start: " + "; ".join(faults))
        return self

    def _faults(self) -> list[str]:
        """What a production installation may not have: secrets known to everybody or to guess, simulation, plain HTTP."""
        fields = type(self).model_fields
        secrets = ("secret_key", "index_key", "ca_passphrase", "service_key")
        known = {name for name in secrets if getattr(self, name) == DEMO_SECRET}
        if fields["personal_keys"].default.partition(":")[2] in self.personal_keys.split(",", 1)[0]:
            known.add("personal_keys")
        short = [n for n in secrets if n not in known and len(getattr(self, n)) < SHORTEST_SECRET]
        plain = [
            n
            for n in ("portal_url", "intranet_url", "bank_url")
            if not getattr(self, n).startswith("https://")
        ]
        return [
            f"{words}: {', '.join('QIBU_' + name.upper() for name in sorted(names))}"
            for words, names in (
                ("the demo's secrets", known),
                (f"secrets of fewer than {SHORTEST_SECRET} characters", short),
                (
                    "the authority's keys in files, not in a PKCS#11 token",
                    [] if self.pkcs11_module else ["pkcs11_module"],
                ),
                ("addresses without TLS, so that cookies would travel in the open", plain),
                (
                    "a password that would travel in the open",
                    ["tsa_pool"] if any(_is_open(member) for member in self.tsa_pool) else [],
                ),
                (
                    "outside parties played by the sandbox; set it to false",
                    ["simulated"] if self.simulated else [],
                ),
            )
            if names
        ]


def _is_open(member: TimeAuthority) -> bool:
    return bool(member.authorization.get_secret_value()) and not member.url.startswith("https://")


@functools.lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Tests call `settings.cache_clear()` after changing the environment."""
    return Settings()  # type: ignore[call-arg]


def document_url(number: str) -> str:
    """Where anybody looks up whether a paper with this number was issued; the QR code of a notice holds it."""
    return f"{settings().portal_url}/verify/document/{number}"
