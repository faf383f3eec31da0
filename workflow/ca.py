"""`qibu ca`: what the certificate authority works with, replacing it, taking back what it issued."""

import sys
from datetime import UTC, datetime

import click
from cryptography import x509

from signing import revocation, rotation
from signing.authority import serial_of
from signing.errors import SigningError
from signing.suites import SUITES
from signing.tables import Certificate
from workflow.db import transaction
from workflow.signer import authority


@click.group()
def ca() -> None:
    """The certificate authority: its keys, their replacement, revocation."""


@ca.command()
def status() -> None:
    """List its certificates; those due for replacement are marked. Exit code 1 if something waits for the root's key."""
    own = authority()
    due = rotation.due(own)
    marked = {item.label for item in due if item.profile != "root_list"}
    for label, profile in own.own_labels():
        certificate = own.certificate(label)
        mark = "due" if label in marked else ""
        end = certificate.not_valid_after_utc.date()
        click.echo(f"{label:24} {profile:8} until {end}  {serial_of(certificate)}  {mark}".rstrip())
    until = x509.load_der_x509_crl(own.root_list()).next_update_utc
    assert until is not None
    click.echo(f"root's revocation list until {until.date()}")
    waiting = [item for item in due if item.by_root and not own.root_at_hand()]
    for item in waiting:
        click.echo(f"connect the root's key and run `qibu ca renew`: {item.label} ({item.profile})", err=True)
    sys.exit(1 if waiting else 0)


@ca.command()
@click.argument("what", type=click.Choice(["issuing", "tsa", "ocsp", "seal"]))
@click.argument("which", default="")
@click.option(
    "--suite", type=click.Choice(sorted(SUITES)), default="p256", help="sm2: issuing and seal of 国密."
)
def rotate(what: str, which: str, suite: str) -> None:
    """Put a new key to work at once: of the issuing certificate (needs the root's key), the time stamps, OCSP, a seal.

    WHICH: the issuing label for ocsp (the current one if left out), the registration authority's code for seal.
    Whoever signs meanwhile goes on; what was signed before stays valid.
    """
    own = authority()
    if suite == "sm2" and what in ("tsa", "ocsp"):
        raise click.UsageError(f"The SM2 tree has no {what}: time stamps are P-256, revocation is by lists.")
    if what == "issuing":
        label = own.rotate_issuing(transaction, suite)
    elif what == "tsa":
        label = own.rotate_tsa(transaction)
    elif what == "ocsp":
        label = own.rotate_ocsp(which, transaction)
    else:
        label = own.rotate_seal(which, sessions=transaction, suite=suite)
    click.echo(f"{label} is in use.")


@ca.command()
def renew() -> None:
    """Replace everything that is due, as the worker does by schedule; connect the root's key first for its part."""
    made, waiting = rotation.renew(authority(), transaction)
    for label in made:
        click.echo(f"{label} is in use.")
    for item in waiting:
        click.echo(f"{item.label} ({item.profile}) waits for the root's key until {item.until.date()}.")
    if not made and not waiting:
        click.echo("Nothing is due.")


@ca.command()
@click.argument("serial")
@click.argument("reason", type=click.Choice(sorted(set(revocation.REASONS) - {"removeFromCRL"})))
def revoke(serial: str, reason: str) -> None:
    """Revoke a certificate for good by its serial number (hexadecimal); for an issuing one connect the root's key."""
    own = authority()
    with transaction() as db:
        row = db.get(Certificate, serial.lower())
        if row is None:
            raise SigningError(f"no certificate {serial} is there to revoke")
        revocation.revoke(db, row.serial, reason)
        if row.profile == "issuing":
            moment = datetime.now(UTC).replace(microsecond=0)
            own.renew_root_list({row.serial: (moment, revocation.REASONS[reason])}, row.label or "")
        else:
            revocation.make_list(db, own, row.issuer)
    click.echo(f"{serial} is revoked; the lists and OCSP answers say so.")
