"""What the sandbox is told from outside: the environment, read once."""

import os
from dataclasses import dataclass, field
from pathlib import Path

DEMO_SECRET = "demo-only-secret-do-not-use-in-production"  # noqa: S105 - this whole process is a demonstration


@dataclass(frozen=True)
class Config:
    """Where the state lives, whose requests are believed, and where the platform's bank gateway is."""

    state: Path
    service_key: str = DEMO_SECRET
    bank_url: str = "http://127.0.0.1:8003"
    webhook_keys: tuple[str, ...] = field(default=())  # base64 ed25519; empty: asked from the bank gateway
    authenticators: tuple[tuple[str, str], ...] = ()  # staff number and TOTP secret of the demo's staff
    timeout_seconds: float = 10.0

    @classmethod
    def from_environment(cls, state: Path | None = None) -> "Config":
        """QIBU_INSTANCE, QIBU_SERVICE_KEY, QIBU_BANK_URL, QIBU_WEBHOOK_PUBLIC_KEYS (base64, comma separated) and
        QIBU_SANDBOX_AUTHENTICATORS (`number:secret`, comma separated). Raises RuntimeError in production."""
        env = os.environ
        if env.get("QIBU_PRODUCTION", "").lower() in ("1", "true", "t", "yes", "y", "on"):
            raise RuntimeError(
                "The sandbox plays people and banks; it does not start with QIBU_PRODUCTION set."
            )
        keys = (key.strip() for key in env.get("QIBU_WEBHOOK_PUBLIC_KEYS", "").split(","))
        return cls(
            state=(state or Path(env.get("QIBU_INSTANCE", "instance")) / "sandbox").absolute(),
            service_key=env.get("QIBU_SERVICE_KEY") or DEMO_SECRET,
            bank_url=(env.get("QIBU_BANK_URL") or cls.bank_url).rstrip("/"),
            webhook_keys=tuple(key for key in keys if key),
            authenticators=tuple(
                (number.strip(), secret.strip())
                for number, found, secret in (
                    entry.partition(":") for entry in env.get("QIBU_SANDBOX_AUTHENTICATORS", "").split(",")
                )
                if found
            ),
        )
