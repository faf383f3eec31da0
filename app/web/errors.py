"""The ways in which the platform says no, as a page or (under /v1) as JSON; each says what to do next."""

import logging
import uuid
from dataclasses import dataclass

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from app.web.i18n import say
from workflow.errors import Conflict, NotAllowed, NotFound, OutsideFailure, Problem, RuleViolation, Words

log = logging.getLogger("qibu.errors")


@dataclass(frozen=True)
class Refusal:
    """What an error page says: what happened, what to do."""

    title: Words
    advice: Words


REFUSALS = {
    400: Refusal(
        Words("这个请求我们读不懂", "We could not read this request"),
        Words("请返回上一页，刷新后重新提交。", "Go back, reload the page and send it again."),
    ),
    403: Refusal(
        Words("您没有权限进行这项操作", "You may not do this"),
        Words(
            "如果您认为应当可以，请换用有权限的账号，或者联系为您开通账号的人。",
            "If you think you should be able to, sign in with the account that may, or ask whoever set up yours.",
        ),
    ),
    404: Refusal(
        Words("没有找到这个页面", "This page was not found"),
        Words(
            "网址可能不完整，链接可能已经过期，或者这项内容不属于您。请从首页重新进入。",
            "The address may be incomplete, the link may have expired, or this is not yours to see. "
            "Start again from the home page.",
        ),
    ),
    405: Refusal(
        Words("这个页面不能这样打开", "This page cannot be opened this way"),
        Words("请从首页重新进入，不要直接刷新提交后的页面。", "Start again from the home page."),
    ),
    409: Refusal(
        Words("内容已经发生变化", "This has moved on"),
        Words("请返回并刷新，查看最新内容后再继续。", "Go back, reload to see the newest state, then go on."),
    ),
    410: Refusal(
        Words("这个链接已经失效", "This link no longer works"),
        Words("请联系发送链接的人重新发送一条。", "Ask the person who sent it for a new one."),
    ),
    413: Refusal(
        Words("文件太大", "The file is too large"),
        Words(
            "一次最多上传 25 兆字节。请压缩图片，或者分几次上传。",
            "At most 25 MB at a time. Make the pictures smaller, or upload them in several goes.",
        ),
    ),
    422: Refusal(
        Words("填写的内容有误，没有保存", "Something entered is not right; nothing was saved"),
        Words("请返回上一页更正。", "Go back and correct it."),
    ),
    429: Refusal(
        Words("操作太频繁", "Too many attempts"),
        Words(
            "请稍等一分钟再试。您已填写的内容没有丢失。",
            "Wait a minute and try again. What you saved is kept.",
        ),
    ),
    500: Refusal(
        Words("系统出错了", "Something went wrong on our side"),
        Words(
            "没有保存这一次操作。请稍后再试；仍然不行时，请把下面的编号告诉我们。",
            "This action was not saved. Try again later; if it still fails, tell us the number below.",
        ),
    ),
    503: Refusal(
        Words("外部服务暂时没有应答", "An outside service is not answering"),
        Words(
            "您已填写的内容没有丢失。请过几分钟再试。",
            "What you saved is kept. Try again in a few minutes.",
        ),
    ),
}
BUSY = Refusal(
    Words("有人正在办理同一件业务", "Somebody else is at work on the same thing"),
    Words("您已填写的内容没有丢失。请等一分钟再试。", "What you saved is kept. Wait a minute and try again."),
)
FORM_EXPIRED = Refusal(
    Words("页面停留太久，已经过期", "This page was open too long and has expired"),
    Words("请返回上一页，刷新后重新提交。", "Go back, reload the page and send it again."),
)


def wants_json() -> bool:
    """Whether the caller is a program: the banks' API, or one that asks for JSON and not for HTML."""
    accepts = request.accept_mimetypes
    return request.path.startswith("/v1/") or (accepts.accept_json and not accepts.accept_html)


def request_id() -> str:
    """The id of this request, as in the logs."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex[:16]
    return str(g.request_id)


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def problem_json(
    status: int, code: str, words: Words, problems: tuple[Problem, ...] | list[Problem] = ()
) -> Response:
    """An `application/problem+json` answer (RFC 9457), with what is wrong field by field."""
    response = jsonify(
        type="about:blank",
        title=words.en,
        message=_both(words),
        status=status,
        code=code,
        request_id=request_id(),
        errors=[
            {
                "code": problem.code,
                "path": problem.field,
                "message": _both(problem.words),
                "basis": problem.basis,
                "severity": problem.severity,
            }
            for problem in problems
        ],
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def refuse(
    status: int,
    code: str = "",
    refusal: Refusal | None = None,
    title: Words | None = None,
    problems: tuple[Problem, ...] | list[Problem] = (),
) -> Response:
    """An error answer in the caller's form: JSON for programs, a page for people."""
    refusal = refusal or REFUSALS.get(status) or REFUSALS[500 if status >= 500 else 400]
    heading = title or refusal.title
    if wants_json():
        return problem_json(status, code or str(status), heading, problems)
    page = render_template(
        "error.html",
        form=None,
        heading=say(heading),
        advice=say(refusal.advice),
        status=status,
        request_id=request_id() if status >= 500 else None,
        items=[{"text": say(p.words), "basis": p.basis} for p in problems],
    )
    response = Response(page, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def init_errors(app: Flask) -> None:
    """Handlers for the domain's errors, for Flask's, and for whatever nobody expected."""

    @app.errorhandler(RuleViolation)
    def rule_violation(error: RuleViolation) -> ResponseReturnValue:
        return refuse(422, "rule_violation", problems=list(error.problems))

    @app.errorhandler(NotAllowed)
    def not_allowed(error: NotAllowed) -> ResponseReturnValue:
        return refuse(403, "not_allowed")

    @app.errorhandler(NotFound)
    def not_found(error: NotFound) -> ResponseReturnValue:
        return refuse(404, "not_found")

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> ResponseReturnValue:
        return refuse(409, error.code, title=error.words)

    @app.errorhandler(OutsideFailure)
    def outside(error: OutsideFailure) -> ResponseReturnValue:
        log.warning("an outside party failed: %s", error)
        response = refuse(503, "outside_failure")
        response.headers["Retry-After"] = "120"
        return response

    @app.errorhandler(CSRFError)
    def form_expired(error: CSRFError) -> ResponseReturnValue:
        return refuse(400, "form_expired", FORM_EXPIRED)

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> ResponseReturnValue:
        """Somebody else holds what is wanted for longer than one waits, such as a signer whose time stamps are slow."""
        if not isinstance(error.orig, LockNotAvailable):
            return unexpected(error)
        log.warning("somebody else holds it")
        response = refuse(503, "busy", BUSY)
        response.headers["Retry-After"] = "60"
        return response

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> ResponseReturnValue:
        """A value that no column takes, such as a text with a NUL in it: nobody writes that by hand."""
        log.warning("the database refused a value: %s", type(error.orig).__name__)
        return refuse(400, "invalid")

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        answer = refuse(error.code, error.name.lower().replace(" ", "_"))
        for name, value in error.get_response().headers:
            if name in ("Retry-After", "Allow", "WWW-Authenticate"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        if app.testing and app.config.get("PROPAGATE_EXCEPTIONS") is not False:
            raise error
        log.exception("unexpected error")
        try:
            return refuse(500, "internal_error")
        except Exception:  # the page itself may be what is broken
            log.exception("the error page failed")
            return Response(f"500 · {request_id()}", 500, mimetype="text/plain")
