"""The mail server over real SMTP."""

import smtplib
import socket
from email.message import EmailMessage

import httpx
import pytest

from sandbox import mail


@pytest.fixture
def smtp(world):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = mail.server(world.store, "127.0.0.1", port)
    server.start()
    yield port
    server.stop()


def send(port, message_id="<1@qibu.example>", to="xiaozhang@example.com", html=""):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Qibu <no-reply@qibu.example>", to, "请签署文件 <b>"
    message["Message-ID"] = message_id
    message.set_content("请打开 http://127.0.0.1:8001/s/abc?x=1&y=2。<script>alert(1)</script>")
    if html:
        message = EmailMessage()
        message["Message-ID"] = message_id
        message.set_content(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.send_message(message, "no-reply@qibu.example", to)


def inbox(caller, to=""):
    return httpx.get(f"{caller.url}/mail/messages", params={"to": to}).json()


def test_a_mail_arrives_once_and_repeats_are_counted(caller, smtp):
    send(smtp)
    send(smtp)
    send(smtp, "<2@qibu.example>", "xiaoli@example.com")
    assert inbox(caller)["count"] == 2
    found = inbox(caller, "XiaoZhang@example.com")["messages"]
    assert [(m["count"], m["subject"], m["to"]) for m in found] == [
        (2, "请签署文件 <b>", ["xiaozhang@example.com"])
    ]


def test_a_mail_is_shown_escaped_with_its_link(caller, smtp):
    send(smtp)
    page = caller.page("/mail/1").text
    assert '<a href="http://127.0.0.1:8001/s/abc?x=1&amp;y=2"' in page
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "Subject:" in httpx.get(caller.url + "/mail/1/raw.eml").text
    assert caller.page("/mail/99").status_code == 404


def test_html_only_and_without_id(caller, smtp):
    send(smtp, "", html="<p>您好 &amp; 再见</p>")
    send(smtp, "", html="<p>您好 &amp; 再见</p>")
    message = inbox(caller)["messages"][0]
    assert message["text"].strip() == "您好 & 再见" and message["count"] == 2


def test_the_mail_server_misbehaves(caller, smtp):
    caller.plain("/switches", {"mail.fail_next": 1, "mail.lose_next": 1})
    with pytest.raises(smtplib.SMTPDataError):
        send(smtp)
    assert inbox(caller)["count"] == 0
    with pytest.raises(smtplib.SMTPDataError):
        send(smtp)
    assert inbox(caller)["count"] == 1
    caller.plain("/switches", {"mail.answer_twice": True})
    send(smtp)
    assert inbox(caller)["messages"][0]["count"] == 3
