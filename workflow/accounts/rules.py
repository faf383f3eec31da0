"""What the four elements of a bank card must look like before anybody is asked (RN-06)."""

import re

from workflow.clock import today
from workflow.errors import Problem, RuleViolation, Words
from workflow.identity import resident_id_problem

REQUIRED = {
    "name": Words("请输入您的姓名，与身份证一致。", "Enter your name as on your ID card."),
    "id_number": Words("请输入 18 位身份证号码。", "Enter your 18-character ID number."),
    "card_number": Words("请输入银行卡号。", "Enter your bank card number."),
    "phone": Words("请输入银行预留手机号。", "Enter the phone number that your bank has on file."),
}
WRONG = {
    "name": Words(
        "姓名应为 2 至 50 个汉字，可含间隔号“·”。",
        "A name has 2 to 50 Chinese characters and may contain “·”.",
    ),
    "id_number": Words(
        "身份证号码不正确，请核对 18 位号码。", "This is not a valid ID number. Check all 18 characters."
    ),
    "card_number": Words(
        "银行卡号不正确，请核对卡面上的数字。",
        "This is not a valid card number. Check the digits on the card.",
    ),
    "phone": Words(
        "请输入 11 位手机号码，例如 13900000000。", "Enter an 11-digit mobile number, such as 13900000000."
    ),
}
MISMATCH = {
    "name": Words("没有找到这个姓名，请核对后重试。", "This name was not found. Check it and try again."),
    "id_number": Words(
        "身份证号码与姓名不一致，请核对后重试。",
        "The ID number does not go with the name. Check it and try again.",
    ),
    "card_number": Words(
        "银行卡不是您本人名下的，请换一张本人的卡。",
        "The card is not held in your name. Use a card of your own.",
    ),
    "phone": Words(
        "手机号与银行预留的不一致，请核对后重试。",
        "The phone number is not the one your bank has on file. Check it and try again.",
    ),
}


def luhn_ok(number: str) -> bool:
    """Whether the last digit of a card number fits (ISO/IEC 7812)."""
    digits = [int(d) for d in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


def normalise(element: str, value: str) -> str:
    """The value without what people add: blanks, dashes, full-width digits, a small x."""
    value = value.strip().translate(str.maketrans("０１２３４５６７８９Ｘ", "0123456789X"))
    if element == "name":
        return value.replace("•", "·").replace("．", "·")
    return re.sub(r"[\s-]", "", value).upper().removeprefix("+86")


def check_element(element: str, value: str) -> str:
    """The normalised value. Raises RuleViolation when it cannot be right."""
    value = normalise(element, value)
    if not value:
        raise RuleViolation([Problem("required", element, REQUIRED[element])])
    fits = {
        "name": lambda: (
            re.fullmatch(
                r"[\u3400-\u9fff\U00020000-\U0003ffff]+(·[\u3400-\u9fff\U00020000-\U0003ffff]+)*", value
            )
            and 2 <= len(value) <= 50
        ),
        "id_number": lambda: resident_id_problem(value, today()) is None,
        "card_number": lambda: re.fullmatch(r"\d{12,19}", value) and luhn_ok(value),
        "phone": lambda: re.fullmatch(r"1[3-9]\d{9}", value),
    }[element]
    if not fits():
        raise RuleViolation([Problem("RN-06", element, WRONG[element])])
    return value
