"""The forms of the signer's pages."""

from flask_babel import lazy_gettext as _l

from app.web import forms
from app.web.forms import half_width
from workflow.signatures import signing


class IdentityForm(forms.Form):
    """Who are you?"""

    name = forms.TextField(
        _l("Your name"),
        max_length=100,
        required=_l("Enter your name"),
        autocomplete="name",
        hint=_l("As on your ID card"),
    )
    id_number = forms.TextField(
        _l("ID number"), max_length=30, required=_l("Enter your ID number"), filters=[half_width, lambda v: v and v.upper()],
        classes="govuk-input--width-20 q-id-number", attributes={"autocapitalize": "characters"},
    )  # fmt: skip


class FaceForm(forms.Form):
    """A picture of the face, with a consent of its own."""

    frame = forms.FileField(
        _l("A photo of your face"), accept="image/jpeg,image/png", camera="user", mark_optional=False
    )
    consent = forms.Checkbox(
        _l("I agree that my face is compared with the photo of my ID for this signature.")
    )


class CodeForm(forms.Form):
    """The lawful alternative to the face."""

    code = forms.TextField(
        _l("Verification code"), max_length=40, required=_l("Enter the verification code"), filters=[half_width],
        classes="govuk-input--width-10", hint=_l("From the registration desk or a notary who has seen you and your ID"),
    )  # fmt: skip


class PasskeyForm(forms.Form):
    """The device's answer: a passkey of the account instead of the face."""

    answer = forms.HiddenField()


def _pin_field(label: str, autocomplete: str, hint: str = "") -> forms.PasswordField:
    return forms.PasswordField(
        label, autocomplete=autocomplete, hint=hint, classes="govuk-input--width-10", mark_optional=False,
        attributes={"inputmode": "numeric"},
    )  # fmt: skip


class ControlForm(forms.Form):
    """How the signing key is kept: `answer` is the phone's, with scripts; otherwise a PIN."""

    answer = forms.HiddenField()
    keep = forms.Checkbox(_l("Keep this passkey in my account, to sign later papers with it"))
    pin = _pin_field(
        _l("New PIN"), "new-password", _l("6 to 12 digits, not your birthday, ID number or phone")
    )
    again = _pin_field(_l("The same PIN again"), "new-password")


class SignForm(forms.Form):
    """All papers in one act: as shown, agreed to, under the signer's own key."""

    shown = forms.HiddenField()
    answer = forms.HiddenField()
    consent = forms.Checkbox(signing.CONSENT)
    pin = _pin_field(_l("Your PIN"), "current-password", _l("The one that you set on the page before"))

    def papers(self) -> list[tuple[str, str]]:
        """Kind and SHA-256 of each paper as the page showed them."""
        pairs = (entry.partition(":") for entry in (self.shown.data or "").split(",") if entry)
        return [(kind, digest) for kind, _, digest in pairs]


class DeclineForm(forms.Form):
    """No, and why."""

    reason = forms.TextArea(
        _l("Why do you decline?"), max_length=500, count=True, required=signing.WHY_DECLINE,
        hint=_l("Whoever invited you reads this."),
    )  # fmt: skip
