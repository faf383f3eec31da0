"""Every part of a page in one place, for those who build pages; served outside production only."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.access import public
from app.web.pagination import paginate_list
from workflow.errors import Words

blueprint = Blueprint("styleguide", __name__)


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.TextField(
        _l("Name"), hint=_l("As on the ID card"), required=_l("Enter your name"), max_length=20
    )
    id_number = forms.IdNumberField(_l("ID number"), required=_l("Enter the ID number"))
    phone = forms.PhoneField(_l("Mobile phone"), required=_l("Enter the mobile number"))
    email = forms.EmailField(_l("Mail address"))
    code = forms.CodeField(_l("Code from the SMS"), required=_l("Enter the code"))
    card = forms.CardField(_l("Bank card number"), required=_l("Enter the card number"))
    password = forms.PasswordField(_l("Password"), required=_l("Enter the password"))
    capital = forms.MoneyField(_l("Capital"), unit="wan", required=_l("Enter the capital"))
    fee = forms.MoneyField(_l("Amount"))
    due = forms.DateField(_l("Date of contribution"), required=_l("Enter the date"))
    people = forms.IntegerField(_l("Number of employees"), most=10_000)
    alone = forms.Radios(
        _l("Who opens the company?"),
        choices=[
            ("alone", _l("I alone"), _l("You are the only shareholder")),
            ("together", _l("With others")),
        ],
        required=_l("Choose who opens the company"),
    )
    papers = forms.Checkboxes(
        _l("Papers"), choices=[("form", _l("Application form")), ("articles", _l("Articles"))]
    )
    bank = forms.Select(
        _l("Bank"),
        choices=[("a", "长江示例银行"), ("b", "东湖示例银行")],
        blank=_l("Choose a bank"),
        required=_l("Choose a bank"),
    )
    reason = forms.TextArea(_l("Reason"), count=True, max_length=200)
    proof = forms.FileField(_l("Proof of address"), accept="image/*,application/pdf")
    agreed = forms.Checkbox(_l("I declare that this is true"), required=_l("Tick the declaration to go on"))


def sample() -> SimpleNamespace:
    """Made-up data for every macro."""
    now = datetime.now(UTC)
    rows = [
        SimpleNamespace(
            name="武汉晨岫软件有限公司",
            due=now - timedelta(hours=2.5),
            left=0,
            capital=50_000_000,
            at=now,
            urgent=True,
        ),
        SimpleNamespace(
            name="武汉知秋企业管理合伙企业（有限合伙）",
            due=now + timedelta(days=2),
            left=1,
            capital=1_234_567_800,
            at=now,
            urgent=False,
        ),
    ]
    return SimpleNamespace(
        company="武汉晨岫软件有限公司",
        case_number="QB2026-0001-0387",
        division="武汉",
        trade_name="牛兰滩",
        industry="酒业",
        form="有限公司",
        due=now + timedelta(days=61),
        upload_url="https://qibu.example/u/7f3c-example",
        page=paginate_list(rows * 30, 2),
        tasks=[
            {
                "title": Words("住所和登记机关", "Address and authority"),
                "href": "#a",
                "status": "done",
                "hint": "武汉市武昌区东湖路105号",
            },
            {"title": Words("注册资本和股东", "Capital and shareholders"), "href": "#b", "status": "doing"},
            {"title": Words("董事和监事", "Directors and supervisors"), "href": "#c", "status": "todo"},
            {"title": Words("核对并生成材料", "Check and make the papers"), "status": "locked"},
        ],
        findings=[
            {
                "severity": "block",
                "title": Words("字号读音与已登记企业相同", "The trade name sounds like a registered one"),
                "names": [{"name": "武汉牛栏滩酒业有限公司", "note": "C151"}],
                "basis": Words(
                    "《企业名称登记管理规定》第十一条", "Regulations on Enterprise Names, article 11"
                ),
            },
            {"severity": "warn", "title": Words("与另一企业相似", "Similar to another company")},
            {"severity": "ok", "title": Words("组成、用字、禁限用词", "Parts, characters, restricted words")},
        ],
        events=[
            {
                "at": now,
                "title": Words("审查开始", "Examination began"),
                "who": Words("工号 0417", "Staff 0417"),
                "state": "now",
            },
            {
                "at": now - timedelta(days=1),
                "title": Words("提交申请", "Application submitted"),
                "who": "小张",
            },
        ],
        summary=[
            {"key": Words("住所", "Address"), "value": "武汉市武昌区东湖路105号", "href": "#a"},
            {
                "key": Words("经营期限", "Term"),
                "value": None,
                "href": "#b",
                "error": Words("请填写经营期限。", "Enter the term."),
            },
        ],
    )


@blueprint.route("/styleguide", methods=["GET", "POST"])
@public
def index() -> ResponseReturnValue:
    """All parts; sending the form shows its errors."""
    form = SampleForm()
    valid = form.validate_on_submit()
    page = render_template("styleguide.html", form=form, sample=sample())
    return page, 422 if form.is_submitted() and not valid else 200
