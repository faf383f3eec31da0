"""The catalogue's tool finds what is missing and keeps rooms apart."""

from app.web import catalogue


def house(tmp_path, template: str, po: dict[str, str]):
    (tmp_path / "templates/portal/naming").mkdir(parents=True)
    (tmp_path / "app").mkdir()
    (tmp_path / "translations/src").mkdir(parents=True)
    (tmp_path / "babel.cfg").write_text((catalogue.ROOT / "babel.cfg").read_text())
    (tmp_path / "templates/portal/naming/a.html").write_text(template)
    for name, text in po.items():
        head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (tmp_path / f"translations/src/{name}.po").write_text(head + text)
    return tmp_path


def test_missing_contradicting_and_broken_texts_are_named(tmp_path):
    root = house(
        tmp_path,
        '{{ _("New") }}{{ _("Step %(n)s", n=1) }}{{ _("Mark") }}{{ _("Same") }}',
        {
            "portal-naming": 'msgid "Step %(n)s"\nmsgstr "第步"\n\nmsgid "Mark"\nmsgstr "请填写,谢谢!"\n\nmsgid "Same"\nmsgstr "甲"\n',
            "web": 'msgid "Same"\nmsgstr "乙"\n',
        },
    )
    found = "\n".join(catalogue.problems(root))
    assert "no Chinese for 'New' (put it in portal-naming.po)" in found
    assert "placeholders differ" in found
    assert "half-width punctuation in '请填写,谢谢!'" in found
    assert "'甲' in portal-naming.po and '乙' in web.po" in found


def test_update_adds_the_rooms_own_messages_only(tmp_path):
    root = house(
        tmp_path,
        '{{ _("New") }}{{ _("Shared") }}{{ ngettext("%(num)s page", "%(num)s pages", 2) }}',
        {"portal-naming": 'msgid "Gone"\nmsgstr "没了"\n', "web": 'msgid "Shared"\nmsgstr "共有"\n'},
    )
    assert catalogue.update("portal-naming", root) == (2, 1)
    text = (root / "translations/src/portal-naming.po").read_text()
    assert 'msgid "New"' in text and 'msgid_plural "%(num)s pages"' in text
    assert "Shared" not in text and "Gone" not in text
    assert catalogue.update("portal-naming", root) == (0, 0)
