"""The fictitious people that the services know. Nobody here exists.

Numbers that cannot belong to anybody: ID numbers begin with 990000, a division that does not exist, and pass the
check of GB 11643; bank cards begin with 999900, an issuer that is not given out, and pass Luhn's check; phones lie in
1990000xxxx; addresses name streets called 虚构; mail goes to example.com.
"""

import hashlib
import re
import sqlite3
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sandbox.store import Store

DIVISION = "990000"
ISSUER = "999900"
NAME = re.compile(r"[\u3400-\u9fff]{2,20}|[\u3400-\u9fff]{1,20}(·[\u3400-\u9fff]{1,20}){1,3}")
FACE_MODES = ("picture", "any", "never")


def id_number(birth: date, order: int) -> str:
    """A resident ID number (GB 11643); the order's parity gives the sex: odd male, even female."""
    first = f"{DIVISION}{birth:%Y%m%d}{order:03d}"
    return first + "10X98765432"[sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first)) % 11]


def card_number(number: int, which: int) -> str:
    """A 19-digit card number with Luhn's check digit."""
    first = f"{ISSUER}{which:02d}{number:010d}"
    doubled = (int(c) * (2 if i % 2 == 0 else 1) for i, c in enumerate(reversed(first)))
    return first + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def notary_code(number: int) -> str:
    """The eight digits that a notary or a registration desk gave the person (RN-02)."""
    return f"{int(hashlib.sha256(f'qibu-sandbox-notary-{number}'.encode()).hexdigest(), 16) % 10**8:08d}"


@dataclass(frozen=True)
class Seed:
    """A person of the first day."""

    id: str
    name: str
    label: str
    sex: str
    birth: date
    banks: tuple[str, ...]
    face_mode: str = "picture"
    valid_until: str = "2036-06-30"
    note: str = ""


SEEDS = (
    Seed("xiaozhang", "张小七", "小张", "M", date(1990, 3, 7), ("102", "308"), "any", note="本例的申请人、股东 · applicant and shareholder of the example"),
    Seed("xiaoli", "李小二", "小李", "F", date(1988, 11, 2), ("105",), note="股东 · shareholder"),
    Seed("xiaowang", "王小五", "小王", "M", date(1979, 5, 15), ("103",), note="监事 · supervisor"),
    Seed("xiaochen", "陈小八", "小陈", "F", date(1995, 8, 8), ("301", "403"), note="财务负责人 · finance officer"),
    Seed("xiaozhao", "赵小六", "小赵", "M", date(1968, 6, 16), ("104",), "never", note="面容核验总不通过，用公证码 · face never passes: use the notary code"),
    Seed("xiaosun", "孙小九", "小孙", "M", date(2011, 9, 9), ("403",), note="未成年人 · a minor"),
    Seed("xiaozhou", "周小十", "小周", "F", date(1949, 10, 10), ("HKB",), note="老年人 · an elderly person"),
    Seed("xiaowu", "吴小一", "小吴", "M", date(1985, 1, 1), ("HBB",), valid_until="2020-01-01", note="身份证已过期 · ID card has expired"),
    Seed("xiaozheng", "郑小四", "小郑", "F", date(1992, 4, 4), ("308",), note="代理人 · agent"),
    Seed("ouyang", "欧阳小三", "欧阳", "F", date(1983, 3, 3), ("102",), note="复姓 · two-character surname"),
    Seed("xiaoli-ayi", "阿依·小例", "阿依", "F", date(1996, 6, 6), ("104",), note="姓名含间隔号 · name with a middle dot"),
)  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A bank card and the phone reserved at the bank."""

    number: str
    bank_code: str
    phone: str


@dataclass(frozen=True)
class Person:
    """A fictitious person; `number` decides the face and the numbers."""

    id: str
    number: int
    name: str
    label: str
    sex: str
    birth: str
    id_number: str
    id_valid_until: str
    address: str
    phone: str
    email: str
    notary_code: str
    note: str
    face_mode: str
    cards: tuple[Card, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything, for tests and demonstrations."""
        return asdict(self) | {"fictitious": True, "face": f"/people/{self.id}/face.png"}


def _insert(db: sqlite3.Connection, number: int, seed: Seed, phone: str = "") -> None:
    order = number * 2 + (1 if seed.sex == "M" else 0)
    phone = phone or f"1990000{number:04d}"
    db.execute(
        "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seed.id, number, seed.name, seed.label, seed.sex, seed.birth.isoformat(), id_number(seed.birth, order),
            seed.valid_until, f"武汉市武昌区虚构路{number}号（虚构）", phone, f"{seed.id}@example.com",
            notary_code(number), seed.note, seed.face_mode,
        ),
    )  # fmt: skip
    for which, bank in enumerate(seed.banks, 1):
        db.execute(
            "INSERT INTO cards VALUES (?, ?, ?, ?)", (card_number(number, which), seed.id, bank, phone)
        )


def settle(store: Store) -> None:
    """Bring in the people of the first day, once."""
    with store.write() as db:
        known = {row["id"] for row in db.execute("SELECT id FROM people")}
        for number, seed in enumerate(SEEDS, 1):
            if seed.id not in known:
                _insert(db, number, seed)


def add(store: Store, name: str, sex: str, birth: str, bank_code: str, face_mode: str) -> str:
    """Make up a person; every number is made, none is asked. Returns the id. Raises ValueError naming the field."""
    if not NAME.fullmatch(name):
        raise ValueError("name")
    if sex not in ("M", "F"):
        raise ValueError("sex")
    try:
        born = date.fromisoformat(birth)
    except ValueError as error:
        raise ValueError("birth") from error
    if not date(1900, 1, 1) <= born <= date.today():
        raise ValueError("birth")
    if face_mode not in FACE_MODES:
        raise ValueError("face_mode")
    with store.write() as db:
        number = max(100, db.execute("SELECT max(number) FROM people").fetchone()[0]) + 1
        if number > 498:  # the order in an ID number has three digits
            raise ValueError("full")
        seed = Seed(f"p{number}", name, name, sex, born, (bank_code,), face_mode)
        _insert(db, number, seed)
    return seed.id


def _persons(db: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Person]:
    rows = db.execute(f"SELECT * FROM people {where}", values).fetchall()  # noqa: S608 - text of this module
    return [
        Person(
            **dict(row),
            cards=tuple(
                Card(card["number"], card["bank_code"], card["phone"])
                for card in db.execute(
                    "SELECT * FROM cards WHERE person_id = ? ORDER BY number", (row["id"],)
                )
            ),
        )
        for row in rows
    ]


def page(store: Store, limit: int = 1000, offset: int = 0) -> list[Person]:
    """People in order of their number."""
    with store.open() as db:
        return _persons(db, "ORDER BY number LIMIT ? OFFSET ?", (limit, offset))


def find(store: Store, person_id: str) -> Person | None:
    """A person by id."""
    with store.open() as db:
        return next(iter(_persons(db, "WHERE id = ?", (person_id,))), None)


def named(store: Store, name: str) -> list[Person]:
    """Everybody of this name."""
    with store.open() as db:
        return _persons(db, "WHERE name = ?", (name,))


def set_face_mode(store: Store, person_id: str, mode: str) -> None:
    """How the face check treats this person. Raises ValueError."""
    if mode not in FACE_MODES:
        raise ValueError("face_mode")
    with store.write() as db:
        db.execute("UPDATE people SET face_mode = ? WHERE id = ?", (mode, person_id))
