"""Why an application is returned or refused: codes with words and legal basis, chosen by the registrar."""

from dataclasses import dataclass

from workflow.errors import Words


@dataclass(frozen=True)
class Reason:
    """A reason that a registrar may choose; `basis` is printed on the notice."""

    code: str
    words: Words
    basis: str = ""


# PRO-05: what makes materials incomplete or not in legal form.
CORRECTIONS = {
    reason.code: reason
    for reason in (
        Reason("missing", Words("内容缺少或不完整", "Missing or incomplete")),
        Reason("inconsistent", Words("与其他内容或文件不一致", "Does not agree with other data or papers")),
        Reason("wording", Words("表述不规范", "Not worded as the rules ask")),
        Reason("form", Words("不符合法定形式", "Not in the legal form")),
        Reason("unclear", Words("不清楚，需要说明", "Unclear; please explain")),
    )
}
# PRO-07, NM-47: what an application is refused for.
REFUSALS = {
    reason.code: reason
    for reason in (
        Reason(
            "unlawful",
            Words("申请不符合法律、行政法规规定", "The application is against laws or administrative regulations"),
            "《中华人民共和国市场主体登记管理条例》第二十条、《中华人民共和国市场主体登记管理条例实施细则》第十九条",
        ),
        Reason(
            "public_interest",
            Words("可能危害国家安全、社会公共利益", "It may endanger national security or the public interest"),
            "《中华人民共和国市场主体登记管理条例》第二十条、《中华人民共和国市场主体登记管理条例实施细则》第十九条",
        ),
        Reason(
            "name",
            Words("名称不符合企业名称登记管理规定", "The name does not meet the rules for enterprise names"),
            "《企业名称登记管理规定》第二十条、《中华人民共和国市场主体登记管理条例》第二十条",
        ),
    )
}  # fmt: skip
