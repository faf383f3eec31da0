"""What messages say, in both languages. SMS open with the sender's mark 【七步】."""

from workflow.errors import Words

SUBJECT = {
    "authority_waits": Words(
        "请连接根密钥：{label} 将于 {until} 到期", "The root's key is needed: {label} runs out on {until}"
    ),
    "sign_invitation": Words("请签署“{company}”的设立材料", "Please sign the papers of “{company}”"),
}

TEMPLATES: dict[str, Words] = {
    "authority_waits": Words(
        "{label} 将于 {until} 到期，只有根密钥能够更换。请连接根密钥后运行 qibu ca renew，随后再将其离线保管。",
        "{label} runs out on {until} and only the root's key can replace it. Connect it, run qibu ca renew, and take it offline again.",
    ),
    "login_code": Words(
        "【七步】登录验证码 {code}，{minutes} 分钟内有效。请勿告诉任何人。",
        "[Qibu] Your sign-in code is {code}, valid for {minutes} minutes. Never tell it to anyone.",
    ),
    "passkey_added": Words(
        "【七步】您的账户添加了通行密钥“{name}”，可用于签署。如非本人操作，请立即登录，在“我的账号”中删除。",
        "[Qibu] The passkey “{name}” was added to your account and can sign. If that was not you, sign in and remove it at once.",
    ),
    "name_reserved": Words(
        "【七步】办件 {case}：名称“{company}”已保留至 {until}。请继续填写设立申请。",
        "[Qibu] Case {case}: the name “{company}” is reserved until {until}. Please go on with the application.",
    ),
    "name_submitted": Words(
        "【七步】办件 {case}：名称“{company}”已提交审核，结果将以短信通知。",
        "[Qibu] Case {case}: the name “{company}” is under review. We will text you the result.",
    ),
    "name_refused": Words(
        "【七步】办件 {case}：名称“{company}”未通过审核：{reason} 请登录后另选名称。",
        "[Qibu] Case {case}: the name “{company}” was not accepted: {reason} Sign in to choose another.",
    ),
    "reservation_expired": Words(
        "【七步】办件 {case}：名称“{company}”的保留期已满，请重新申报名称。",
        "[Qibu] Case {case}: the reservation of “{company}” has ended. Please declare a name again.",
    ),
    "sign_invitation": Words(
        "【七步】{inviter}请您签署“{company}”的设立材料：{link} {days} 天内有效，打开前需核验身份。",
        "[Qibu] {inviter} asks you to sign the papers of “{company}”: {link} Valid for {days} days; your identity is checked first.",
    ),
    "all_signed": Words(
        "【七步】办件 {case}：全部签署完成，请登录提交。",
        "[Qibu] Case {case}: everyone has signed. Sign in to submit.",
    ),
    "signing_declined": Words(
        "【七步】办件 {case}：{signer}拒绝签署：{reason}",
        "[Qibu] Case {case}: {signer} declined to sign: {reason}",
    ),
    "sign_lapsed": Words(
        "【七步】办件 {case}：{signer}的签署链接已过期，尚未签署。请登录重新发送。",
        "[Qibu] Case {case}: the signing link of {signer} has ended unsigned. Sign in to send a new one.",
    ),
    "submitted": Words(
        "【七步】办件 {case}已收到，登记机关将在 {days} 个工作日内办结（{until} 前）。",
        "[Qibu] Case {case} was received. The authority decides within {days} working days (by {until}).",
    ),
    "extended": Words(
        "【七步】办件 {case}情形复杂，登记机关将办理期限延长至 {until}：{reason} 告知书可登录查看。",
        "[Qibu] Case {case} is complex; the authority extended the time to decide to {until}: {reason} Sign in to read the notice.",
    ),
    "returned": Words(
        "【七步】办件 {case}需补正 {count} 处，请登录一次改好后再提交。",
        "[Qibu] Case {case} needs {count} correction(s). Sign in, correct them and submit again.",
    ),
    "refused": Words(
        "【七步】办件 {case}：登记机关决定不予登记：{reason} 您可以申请行政复议或提起诉讼，详见通知书。",
        "[Qibu] Case {case}: registration was refused: {reason} You may ask for review or go to court; see the notice.",
    ),
    "approved": Words(
        "【七步】办件 {case}：准予登记，正在生成营业执照。",
        "[Qibu] Case {case}: approved. The licence is being made.",
    ),
    "licence_issued": Words(
        "【七步】“{company}”已成立，统一社会信用代码 {uscc}。电子营业执照已可查看下载。",
        "[Qibu] “{company}” is established, credit code {uscc}. The electronic licence is ready to see and download.",
    ),
    "bank_delivered": Words(
        "【七步】“{company}”的开户预约资料已送达{bank}。",
        "[Qibu] The data of “{company}” was delivered to {bank}.",
    ),
    "bank_undeliverable": Words(
        "【七步】“{company}”的开户预约资料暂未送达{bank}，我们会继续重试，您也可以更换银行。",
        "[Qibu] The data of “{company}” could not yet be delivered to {bank}. We keep trying; you may also choose another bank.",
    ),
    "bank_received": Words(
        "【七步】{bank}已收到“{company}”的开户预约。",
        "[Qibu] {bank} has received the account-opening appointment of “{company}”.",
    ),
    "bank_assigned": Words(
        "【七步】{bank}已将“{company}”的开户预约分派至{branch}。",
        "[Qibu] {bank} has passed the appointment of “{company}” to {branch}.",
    ),
    "bank_appointment": Words(
        "【七步】{branch}为“{company}”安排了开户时间：{text}",
        "[Qibu] {branch} offers “{company}” an appointment: {text}",
    ),
    "bank_information_wanted": Words(
        "【七步】{branch}需要“{company}”补充资料：{text}",
        "[Qibu] {branch} asks “{company}” for more information: {text}",
    ),
    "bank_verified": Words(
        "【七步】{branch}已核实“{company}”的开户意愿。",
        "[Qibu] {branch} has verified the opening intention of “{company}”.",
    ),
    "bank_opened": Words(
        "【七步】“{company}”已在{branch}开立基本存款账户，尾号 {tail}。七步全部办完。",
        "[Qibu] “{company}” has a basic deposit account at {branch}, ending in {tail}. All seven steps are done.",
    ),
    "bank_declined": Words(
        "【七步】{bank}未受理“{company}”的开户预约：{text} 您可以另选银行。",
        "[Qibu] {bank} declined the appointment of “{company}”: {text} You may choose another bank.",
    ),
    "bank_withdrawn": Words(
        "【七步】“{company}”在{bank}的开户预约已撤回。",
        "[Qibu] The appointment of “{company}” at {bank} was withdrawn.",
    ),
}
