"""What a collision means, in words: the rule, the name, who holds it and until when, and what would clear it."""

from workflow.clock import BEIJING
from workflow.errors import Words
from workflow.naming.comparison import BLOCKING, Entry
from workflow.naming.proposal import Effect, Finding, Match, Proposal

_STATES = {
    "registered": Words("已登记", "registered"),
    "reserved": Words("已被他人保留至{until}", "reserved by someone else until {until}"),
    "pending": Words("他人正在申请登记", "in another pending application"),
    "licence_revoked": Words(
        "营业执照已被吊销但尚未注销，名称仍受保护",
        "licence revoked but not yet de-registered, so still protected",
    ),
    "deregistered": Words("{date}注销，不满一年", "de-registered on {date}, less than a year ago"),
    "renamed": Words(
        "{date}变更名称，不满一年", "given up on {date} by a change of name, less than a year ago"
    ),
    "establishment_revoked": Words(
        "{date}被撤销登记，不满一年", "registration revoked on {date}, less than a year ago"
    ),
}
_SAME = "企业名称登记管理规定第十七条；企业名称相同相近比对规则第三条"
_ALIKE = "企业名称相同相近比对规则第四条"
_WHY: dict[str, tuple[Words, str]] = {
    "CMP-S1": (Words("与现有名称完全相同", "identical to an existing name"), _SAME),
    "CMP-S2": (Words("字词相同，只是排列顺序不同", "the same words in another order"), _SAME),
    "CMP-S3": (Words("字号和行业相同，只是行政区划或者组织形式不同", "same trade name and industry; only division or form differ"), _SAME),
    "CMP-N1": (Words("字号相同，行业用语不同但属于同一行业（“{mine}”与“{other}”）", "same trade name, and “{mine}” and “{other}” are one trade"), _SAME + "；" + _ALIKE),
    "CMP-B4": (Words("字号相同，其中一个名称不使用行业用语", "same trade name, and one of the names states no industry"), "企业名称登记管理规定第十七条"),
    "CMP-N2": (Words("字号读音相同，行业相同或者相近", "the trade names sound the same, in one trade"), _ALIKE),
    "CMP-N3": (Words("字号互相包含，行业相同或者相近", "one trade name contains the other, in one trade"), _ALIKE),
    "CMP-N4": (Words("字号部分读音相同，行业相同或者相近", "part of the trade name sounds the same, in one trade"), _ALIKE),
    "CMP-N5": (Words("其中一个名称没有行业用语，字号读音相同或者互相包含", "one of the names states no industry, and the trade names sound alike or contain each other"), _ALIKE),
    "CMP-N6": (Words("字号字形极其相近，行业相同或者相近", "the trade names look very much alike, in one trade"), "企业名称申报指引（2025年版）"),
}  # fmt: skip
_END = {
    "block": Words("不能使用该名称。", "The name cannot be used."),
    "review": Words("可以继续申报，但可能在审查时不予通过，使用中也可能引起侵权纠纷或者被要求更名。",
                    "You can go on, but it may be refused at review, and its use may bring a dispute or a forced change."),
}  # fmt: skip


def collision(rule: str, proposal: Proposal, proposed: Entry, other: Entry, match: Match) -> Finding:
    """The finding for one colliding name. A declared exemption that fits turns a block into a review (CMP-B1 to B3)."""
    clears = clearing(match.status)
    effect: Effect = "block" if rule in BLOCKING and not proposal.exemptions & set(clears) else "review"
    why, basis = _WHY[rule]
    state = _STATES[match.status].format(until=_day(match.reserved_until), date=match.status_date or "")
    why = why.format(mine=proposed.industry, other=other.industry or other.industry_word)
    end = _END[effect]
    words = Words(
        f"“{match.name}”（{state.zh}）：{why.zh}。{end.zh}",
        f"“{match.name}” ({state.en}): {why.en}. {end.en}",
    )
    also = ("CMP-N6",) if rule == "CMP-N2" else ("LIM-04",) if effect == "block" else ("LIM-15",)
    return Finding(rule, effect, words, basis, match, clears, also)


def contained(proposal: Proposal, match: Match) -> Finding:
    """The finding for an enterprise whose full name stands inside the proposed one (NM-22, LIM-17)."""
    clears = ("investment", "authorisation")
    words = Words(
        f"名称中含有另一企业的全称“{match.name}”。只有与该企业有投资关系或者经其授权，才可以使用。",
        f"The name contains another enterprise's full name, “{match.name}”. That needs an investment relation with it or "
        "its authorisation.",
    )
    basis = "企业名称登记管理规定第十五条；企业名称禁限用规则第十七条"
    effect: Effect = "review" if proposal.exemptions & set(clears) else "block"
    return Finding("NM-22", effect, words, basis, match, clears, ("LIM-17",))


def clearing(status: str) -> tuple[str, ...]:
    """The exemptions that can clear a collision with a name in this state (REG734 Art. 17)."""
    if status in ("deregistered", "renamed"):
        return ("investment", "transferee")
    return ("investment", "authorisation")


def _day(moment: object) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d") if hasattr(moment, "astimezone") else ""  # type: ignore[attr-defined]
