"""What the report calls the events, the checks and the people: it is a formal paper, in Chinese."""

EVENTS = {
    "open": "开始办理",
    "declare_name": "申报名称",
    "waive_name": "不申报名称",
    "approve_name": "名称获准保留",
    "refuse_name": "名称未获准",
    "release_name": "放弃名称",
    "extend_reservation": "延长名称保留期",
    "expire_reservation": "名称保留期届满",
    "choose_again": "另选名称",
    "generate_papers": "生成材料并邀请签署",
    "revise": "重新修改申请",
    "invite_again": "再次发出邀请",
    "sign": "签署材料",
    "decline": "拒绝签署",
    "choose_control": "选定签名控制方式",
    "start_over": "重新开始核验",
    "complete_signatures": "全部签署完成",
    "submit": "提交登记机关",
    "issue_receipt": "出具接收申请材料凭证",
    "extend_decision": "延长办理期限",
    "issue_extension": "出具延长办理期限告知书",
    "return_for_correction": "退回补正",
    "recuse": "登记人员回避",
    "approve": "准予登记",
    "refuse": "不予登记",
    "issue_licence": "颁发营业执照",
    "close": "办结",
    "withdraw": "撤回",
    "attach": "上传文件",
    "remove_attachment": "移除文件",
    "restore_attachment": "恢复文件",
    "choose_bank": "选定银行并同意提供资料",
    "bank_deliver": "资料送达银行",
    "bank_give_up": "资料未能送达银行",
    "bank_retry": "再次送达银行",
    "bank_receive": "银行收到",
    "bank_assign": "分派至开户网点",
    "bank_offer_appointment": "银行提供预约时间",
    "bank_ask_information": "银行要求补充资料",
    "bank_verify_intention": "银行核实开户意愿",
    "bank_open_account": "开立账户",
    "bank_decline": "银行未受理",
    "bank_withdraw": "撤回同意并告知银行",
    # what signatures rest on
    "invitation": "送出签署邀请",
    "identity": "身份核验通过",
    "licence": "电子营业执照核验通过",
    "admission": "本人核验通过",
    "control": "设定签名控制方式",
    "signature": "电子签名",
}
ACTORS = {
    "applicant": "申请人",
    "signer": "签名人",
    "registrar": "登记人员",
    "bank": "银行",
    "system": "平台",
}
ADMISSION = {
    "face": "人脸核验",
    "code": "登记窗口或公证核验码",
    "licence": "以所代表单位的电子营业执照核验",
    "passkey": "账户内通行密钥核验",
}
ROLE = {"legal_representative": "法定代表人", "person_in_charge": "负责人", "authorised": "被授权的持照人"}
CONTROL = {"passkey": "签名人设备上的通行密钥", "pin": "签名人设定的口令"}
CHANNEL = {"sms": "短信", "mail": "邮件"}
SENT = {"sent": "已被受理发送", "failed": "未能送达"}
HOLDER = {"applicant": "申请人", "signer": "签名人", "registrar": "登记机关", "operator": "平台运营方"}
