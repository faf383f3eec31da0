"""Identity numbers, telephone numbers and mail addresses: form only; that they are the person's is checked elsewhere.

The region of a resident ID is not looked up: codes of the past live on, and demonstration numbers use none.
"""

import re
from datetime import date

import email_validator
import phonenumbers

from workflow.errors import Words

CHECKS = "10X98765432"
WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))
OTHER_FORMS = {
    "passport": r"[A-Z0-9]{5,17}",
    "hk_macao_permit": r"[HM]\d{8}(\d{2})?",
    "taiwan_permit": r"\d{8}([A-Z0-9]{1,2})?",
    "foreign_residence": r"[A-Z]{3}\d{12}|9\d{16}[\dX]",
}
FORM = Words("证件号码格式不正确，请核对。", "The document number does not have the right form.")
LENGTH = Words("居民身份证号码应为18位。", "A resident ID number has 18 characters.")
CHECK = Words(
    "身份证号码校验码不符，请核对是否输错。", "The ID number does not add up. Check for a typing error."
)
BIRTH = Words("身份证号码中的出生日期不正确。", "The birth date in the ID number is not possible.")


def check_digit(first17: str) -> str:
    """The last character of a resident ID number (GB 11643)."""
    return CHECKS[sum(int(c) * w for c, w in zip(first17, WEIGHTS, strict=True)) % 11]


def birth_date(id_number: str) -> date | None:
    """The birth date in a resident ID number, None when there is none."""
    try:
        return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        return None


def resident_id_problem(number: str, today: date) -> Words | None:
    """What is wrong with a resident ID number (GB 11643), or None."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return LENGTH
    born = birth_date(number)
    if born is None or not date(1900, 1, 1) <= born <= today:
        return BIRTH
    return None if check_digit(number[:17]) == number[17] else CHECK


def document_problem(id_type: str, number: str, today: date) -> Words | None:
    """What is wrong with the number of an identity document of this type, or None."""
    if id_type == "resident_id":
        return resident_id_problem(number, today)
    return None if re.fullmatch(OTHER_FORMS[id_type], number) else FORM


def age(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def valid_phone(number: str) -> bool:
    """Whether it can be a telephone number; without country code it is a Chinese one."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "CN"))
    except phonenumbers.NumberParseException:
        return False


def valid_mobile(number: str) -> bool:
    """Whether a message can reach it: a mainland mobile number, or a valid number with country code."""
    return bool(re.fullmatch(r"1[3-9][0-9]{9}", number)) or (number.startswith("+") and valid_phone(number))


def valid_email(address: str) -> bool:
    """Whether it can be a mail address; the domain is not asked."""
    try:
        email_validator.validate_email(address, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return False
    return True
