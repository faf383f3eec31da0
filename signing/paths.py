"""Leads a certificate of a signed file to a trusted root, at a moment, with nothing but what the file holds."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asn1crypto import x509 as asn1
from pyhanko_certvalidator import CertificateValidator, ValidationContext, errors
from pyhanko_certvalidator.authority import Authority
from pyhanko_certvalidator.ltv.poe import POEManager
from pyhanko_certvalidator.registry import CertificateRegistry, SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import (
    OCSPContainer,
    process_legacy_crl_input,
    process_legacy_ocsp_input,
)
from pyhanko_certvalidator.revinfo.manager import RevinfoManager

from signing import guomi, parsed, suites

TOLERANCE = timedelta(seconds=5)
SIGNATURES = parsed.Signatures()


@dataclass(frozen=True)
class Held:
    """The validation data of a file: certificates, OCSP answers, revocation lists."""

    certificates: list[asn1.Certificate]
    answers: list[bytes]
    lists: list[bytes]


@dataclass(frozen=True)
class Way:
    """Whether there is a way to a trusted root.

    `reason`: empty, or why there is none: a key of `signing.validation.REASONS`. `until`: when the first certificate of
    the way runs out.
    """

    reason: str
    until: datetime | None = None

    def good_until(self, moment: datetime) -> bool:
        """Whether no certificate of the path has run out by this moment."""
        return self.until is not None and self.until >= moment


# The papers of one act hold the same certificates and answers and were stamped in the same second. What was found out
# for one of them holds for all: an outcome depends on nothing but what its key names.
_OUTCOMES: dict[tuple[bytes, ...], Way] = {}
MOST_OUTCOMES = 4096


def forget() -> None:
    """Keep no outcome."""
    _OUTCOMES.clear()


class _Answers(RevinfoManager):
    """The answers of a file. Asked about a certificate it gives those with its serial number, all when none has it."""

    def __init__(self, registry: CertificateRegistry, held: Held) -> None:
        lists = process_legacy_crl_input(map(parsed.revocation_list, held.lists))
        answers = process_legacy_ocsp_input(map(parsed.answer, held.answers))
        super().__init__(registry, POEManager(), lists, answers)
        self._about: dict[int, list[OCSPContainer]] = defaultdict(list)
        for answer in self._ocsps:
            if (single := answer.extract_single_response()) is not None:
                self._about[single["cert_id"]["serial_number"].native].append(answer)

    async def async_retrieve_ocsps(self, cert: asn1.Certificate, authority: Authority) -> list[OCSPContainer]:
        """See RevinfoManager."""
        return self._about.get(cert.serial_number) or self._ocsps


class Paths:
    """Finds them for one file. What the file holds is parsed once, and each question is answered once."""

    def __init__(self, held: Held, trust: list[asn1.Certificate]) -> None:
        self._held, self._trust = held, trust
        self._roots = SimpleTrustManager.build([root for root in trust if not suites.is_sm2(root)])
        self._material: dict[frozenset[bytes], tuple[CertificateRegistry, _Answers]] = {}
        self._contexts: dict[tuple[frozenset[bytes], datetime], ValidationContext] = {}
        names = [certificate.sha256 for certificate in held.certificates]
        self._names = frozenset(names)
        self._own = _readable(held.certificates)
        self._seal = parsed.digest(
            *(parsed.digest(root.dump()) for root in trust),
            b"certificates", *names,
            b"answers", *map(parsed.digest, held.answers), b"lists", *map(parsed.digest, held.lists),
        )  # fmt: skip

    async def find(
        self, certificate: asn1.Certificate, others: Iterable[asn1.Certificate], moment: datetime, use: str
    ) -> Way:
        """`others`: certificates that came with the signature. `use`: signing or time_stamping."""
        more = {
            other.sha256: parsed.certificate(other.dump())
            for other in others
            if other.sha256 not in self._names
        }
        key = (self._seal, *more, certificate.sha256, moment.isoformat().encode(), use.encode())
        if (known := _OUTCOMES.get(key)) is None:
            known = await self._find(parsed.certificate(certificate.dump()), more, moment, use)
            if len(_OUTCOMES) >= MOST_OUTCOMES:
                _OUTCOMES.clear()
            _OUTCOMES[key] = known
        return known

    async def _find(
        self, certificate: asn1.Certificate, more: dict[bytes, asn1.Certificate], moment: datetime, use: str
    ) -> Way:
        if not parsed.is_readable(certificate.dump()):
            return Way("untrusted_root")
        if use == "signing" and suites.is_sm2(certificate):
            held = [*self._own, *_readable(more.values())]
            reason = guomi.path_reason(certificate, held, self._trust, self._held.lists, moment, TOLERANCE)
            return Way(reason)
        validator = CertificateValidator(certificate, validation_context=self._context(more, moment))
        usages = {"non_repudiation"} if use == "signing" else set()
        extended = {"time_stamping"} if use == "time_stamping" else set()
        try:
            path = await validator.async_validate_usage(usages, extended)
            return Way("", min(c.not_valid_after for c in path.iter_certs(include_root=True)))
        except errors.PathBuildingError:
            return Way("untrusted_root")
        except errors.RevokedError:
            return Way("revoked")
        except (errors.ExpiredError, errors.NotYetValidError):
            return Way("not_valid_then")
        except (errors.InsufficientRevinfoError, errors.StaleRevinfoError):
            return Way("revocation_unknown")
        except errors.InvalidCertificateError:
            return Way("certificate_unfit")
        except (
            errors.PathError,
            errors.ValidationError,
        ):  # such as a certificate that its issuer did not sign
            return Way("untrusted_root")

    def _context(self, more: dict[bytes, asn1.Certificate], moment: datetime) -> ValidationContext:
        names = frozenset(more)
        if names not in self._material:
            held = [*self._own, *_readable(more.values())]
            registry = CertificateRegistry.build(c for c in held if not suites.is_sm2(c))
            for root in self._roots.iter_certs():
                registry.register(root)
            self._material[names] = registry, self._answers(registry)
        if (names, moment) not in self._contexts:
            registry, answers = self._material[names]
            self._contexts[names, moment] = ValidationContext(
                trust_manager=self._roots, certificate_registry=registry, revinfo_manager=answers, moment=moment,
                allow_fetching=False, revocation_mode="hard-fail", time_tolerance=TOLERANCE,
                signature_validator=SIGNATURES,
            )  # fmt: skip
        return self._contexts[names, moment]

    def _answers(self, registry: CertificateRegistry) -> _Answers:
        try:
            return _Answers(registry, self._held)
        except parsed.BENT:  # as if what cannot be read were not there
            held = Held(
                [],
                _sound(registry, "answers", self._held.answers),
                _sound(registry, "lists", self._held.lists),
            )
            return _Answers(registry, held)


def _sound(registry: CertificateRegistry, kind: str, pieces: list[bytes]) -> list[bytes]:
    found = []
    for piece in pieces:
        with suppress(*parsed.BENT):
            _Answers(registry, replace(Held([], [], []), **{kind: [piece]}))
            found.append(piece)
    return found


def _readable(certificates: Iterable[asn1.Certificate]) -> list[asn1.Certificate]:
    return [certificate for certificate in certificates if parsed.is_readable(certificate.dump())]
