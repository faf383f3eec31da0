"""Fields read what people really type, refuse the rest with words, and keep what was typed."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField
from wtforms import Form as Subform

from app.web import forms
from workflow.errors import Problem, Words


class Share(Subform):
    amount = forms.MoneyField("Amount", unit="wan", required="Enter the amount")


class Everything(forms.Form):
    name = forms.TextField("Name", required="Enter your name", max_length=5)
    phone = forms.PhoneField("Phone")
    id_number = forms.IdNumberField("ID")
    card = forms.CardField("Card")
    code = forms.CodeField("Code")
    email = forms.EmailField("Mail")
    capital = forms.MoneyField("Capital", unit="wan")
    fee = forms.MoneyField("Fee")
    due = forms.DateField("Due")
    people = forms.IntegerField("People", least=1, most=50)
    kind = forms.Radios("Kind", choices=[("a", "A"), ("b", "B")])
    bank = forms.Select("Bank", choices=lambda: [("x", "X")], blank="Choose")
    papers = forms.Checkboxes("Papers", choices=[("form", "Form"), ("articles", "Articles")])
    agreed = forms.Checkbox("Agreed")
    shares = FieldList(FormField(Share))


@pytest.fixture
def read(web):
    with web.test_request_context("/", method="POST"):

        def fill(**data):
            pairs = {k.replace("__", "-"): v for k, v in data.items()}
            form = Everything(MultiDict({"name": "小张", **pairs}))
            return form, form.validate()

        yield fill


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("name", "  小张\u0000 ", "小张"),
        ("phone", "+86 138-0000 0000", "13800000000"),
        ("phone", "１３８００００００００", "13800000000"),
        ("id_number", "42010619900101123x", "42010619900101123X"),
        ("card", "6222 0000 0000 0000 123", "6222000000000000123"),
        ("code", "１２３４５６", "123456"),
        ("email", " a@example.cn ", "a@example.cn"),
        ("capital", "50", 50_000_000),
        ("capital", "50万元", 50_000_000),
        ("capital", "1,234.5678", 1_234_567_800),
        ("capital", "0.000001", 1),
        ("fee", "12.34", 1234),
        ("fee", "０", 0),
        ("due", "2026-11-24", date(2026, 11, 24)),
        ("people", "１２", 12),
        ("kind", "a", "a"),
        ("bank", "x", "x"),
        ("papers", "form", ["form"]),
        ("agreed", "y", True),
    ],
)
def test_what_people_type_is_understood(read, field, typed, value):
    form, valid = read(**{field: typed})
    assert valid, form.errors
    assert form[field].data == value


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "六个字的名字"),
        ("phone", "12345"),
        ("phone", "23800000000"),
        ("id_number", "4201061990010112"),
        ("card", "622"),
        ("code", "12345a"),
        ("email", "a@b"),
        ("capital", "-1"),
        ("capital", "1e9"),
        ("capital", "五十"),
        ("capital", "0.0000001"),
        ("capital", "9" * 15),
        ("fee", "0.001"),
        ("due", "2026-02-30"),
        ("due", "yesterday"),
        ("people", "0"),
        ("people", "51"),
        ("people", "1.5"),
        ("people", "9" * 30),
        ("kind", "c"),
        ("bank", "y"),
        ("papers", "<b>"),
    ],
)
def test_what_is_wrong_is_refused_with_words_and_kept(read, field, typed):
    form, valid = read(**{field: typed})
    assert not valid
    assert list(form.errors) == [field]
    (item,) = form.error_list()
    assert item.text and item.href == ("#due-year" if field == "due" else f"#{field}")
    if field not in ("kind", "bank", "papers", "due"):
        assert form[field]._value() == typed.strip()


def test_a_date_in_three_boxes_keeps_each_box(read):
    form, valid = read(due__year="2026", due__month="2", due__day="30")
    assert not valid
    assert [form.due.part(p) for p in ("year", "month", "day")] == ["2026", "2", "30"]
    form, valid = read(due__year="２０２６", due__month="2", due__day="3")
    assert valid and form.due.data == date(2026, 2, 3)


def test_empty_optional_fields_are_fine(read):
    form, valid = read(due__year="", due__month="", due__day="", capital="", people="", phone="")
    assert valid, form.errors
    assert form.due.data is None and form.capital.data is None and form.people.data is None


def test_data_of_the_domain_are_shown(web):
    with web.test_request_context("/"):
        form = Everything(data={"capital": 50_000_050, "fee": 1234, "due": date(2026, 2, 3), "people": 3})
        assert form.capital._value() == "50.00005"
        assert form.fee._value() == "12.34"
        assert form.due.part("month") == "2"
        assert form.people._value() == "3"


def test_problems_of_the_domain_find_their_field(read):
    form, valid = read(shares__0__amount="1", shares__1__amount="2")
    assert valid, form.errors
    words = Words("出资额不对。", "Not right.")
    form.add_problems(
        [
            Problem("LLC-02", "shares.1.amount", words, "article 47"),
            Problem("LLC-03", "due.deep.below", words),
            Problem("LLC-04", "", words),
            Problem("LLC-05", "name", words, severity="warning"),
            Problem("LLC-06", "address", words),
        ],
        fields={"address": "email"},
    )
    found = [(item.href, item.basis) for item in form.error_list()]
    assert found == [(None, ""), ("#email", ""), ("#due-year", ""), ("#shares-1-amount", "article 47")]
    assert form.errors


def test_hostile_text_is_only_text(web, client):
    web.config["WTF_CSRF_ENABLED"] = False
    hostile = '"><script>alert(1)</script>'
    page = client.post(
        "/styleguide", data={"name": hostile, "email": hostile, "reason": hostile, "bank": hostile}
    ).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
