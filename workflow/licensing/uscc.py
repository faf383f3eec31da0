"""Unified social credit codes (GB 32100-2015, USCC-01 to USCC-09)."""

import re

from workflow.errors import Words

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
PATTERN = re.compile(r"^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{9}[0-9A-HJ-NPQRTUWXY]$")
FICTITIOUS = "QB"  # real bodies of today begin with MA; this range is reserved for demonstration (USCC-07)

MALFORMED = Words(
    "统一社会信用代码应为18位数字或大写字母。",
    "A unified social credit code has 18 digits or capital letters.",
)
INNER = Words(
    "统一社会信用代码第17位校验码不符，请核对。", "Character 17 of the credit code does not fit the rest."
)
OUTER = Words(
    "统一社会信用代码末位校验码不符，请核对。", "The last character of the credit code does not fit the rest."
)


def check_character(first17: str) -> str:
    """Character 18 (USCC-03). Raises ValueError for characters outside the alphabet."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check(body: str) -> str:
    """Character 9 of an organisation code from its first eight, GB 11714 (USCC-05)."""
    total = sum(int(c, 36) * w for c, w in zip(body, INNER_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(c := 11 - total % 11) or str(c)


def problem_with(code: str) -> Words | None:
    """What is wrong with a credit code, or None. Codes of former divisions are as good as any other."""
    if not PATTERN.fullmatch(code):
        return MALFORMED
    if organisation_check(code[8:16]) != code[16]:
        return INNER
    return None if check_character(code[:17]) == code[17] else OUTER


def is_valid(code: str) -> bool:
    """Whether form and both check characters are right (USCC-02 to USCC-06)."""
    return problem_with(code) is None


def new_uscc(sequence: int, authority_code: str, kind: str = "1") -> str:
    """The credit code of the `sequence`-th subject registered, in the fictitious range.

    `authority_code` are the six digits of the authority (USCC-08); `kind` is 1 enterprise, 2 household,
    3 cooperative (USCC-04). Raises ValueError when the range of 31^6 numbers is left or the code is not six digits.
    """
    if not re.fullmatch(r"\d{6}", authority_code) or kind not in "1239":
        raise ValueError(f"no such authority or kind: {authority_code} {kind}")
    if not 0 <= sequence < 31**6:
        raise ValueError(f"sequence outside the range: {sequence}")
    body = ""
    for _ in range(6):
        sequence, digit = divmod(sequence, 31)
        body = ALPHABET[digit] + body
    body = FICTITIOUS + body
    first17 = f"9{kind}{authority_code}{body}{organisation_check(body)}"
    return first17 + check_character(first17)


def is_fictitious(code: str) -> bool:
    """Whether a code lies in the range of the demonstration."""
    return bool(re.match(rf"9[1239]\d{{6}}{FICTITIOUS}", code))
