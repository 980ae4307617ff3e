# Klero 的用语，简体中文。键和参数与 `en.ftl` 完全相同，由测试比较。
#
# 每个问题有标题（每次相同）、说明（发生了什么、为什么）和下一步怎么办。
# `more` 是附加的一句，只有它需要的参数都已知时才显示。

## 问题：请求本身

malformed-request =
    .title = 无法读取该请求
    .detail = 请求内容、请求头或地址的某一部分缺失、重复、类型不符或格式不正确。未执行任何操作。
    .next = 请对照 /docs 中的说明，更正后重新发送。
idempotency-key-missing =
    .title = 缺少 Idempotency-Key
    .detail = 每项操作都需要一个 Idempotency-Key 请求头，为 16 至 64 个可打印字符，以保证重复发送不会重复执行。未执行任何操作。
    .next = 请为该操作生成一个随机键，重复发送时使用同一个键。
idempotency-key-reused =
    .title = 该 Idempotency-Key 属于另一项操作
    .detail = 此键此前已用于不同的内容。本次未执行任何操作，首次操作仍然有效。
    .next = 如需重复首次操作，请发送与当时完全相同的内容；如为新操作，请生成新的键。
too-large =
    .title = 发送的内容过大
    .detail = 地址或请求内容超过本接口的上限。未执行任何操作。
    .next = 请减少每次发送的内容。上限见 /docs。
wrong-content-type =
    .title = 内容类型不符
    .detail = 本接口只读取未压缩的 UTF-8 JSON：Content-Type: application/json。未执行任何操作。
    .next = 请发送 JSON，并在 Content-Type 请求头中注明。
invalid-fields =
    .title = 部分内容有问题
    .detail = 有些字段无法接受，下面逐一说明原因。未记录任何内容。
    .next = 请更正所列字段后重新提交。
if-match-needed =
    .title = 缺少您所查看的版本
    .detail = 只有看过记录当前内容的人才能修改，因此需要 If-Match 请求头。未作任何修改。
    .next = 请先读取该记录，并将其 ETag 作为 If-Match 发送。
changed-since-read =
    .title = 您查看期间内容已被修改
    .detail = 该记录已不是您所看到的内容。本次未作任何修改。
    .next = 请重新查看后再决定。
no-such-page =
    .title = 没有该页面
    .detail = 此地址没有任何内容。
    .next = 请核对地址，或从首页开始。
no-such-record =
    .title = 没有您可查看的此项记录
    .detail = 该记录不存在，或您无权查看。两种情况的答复相同。
    .next = 请核对参考号。如无误，请联系试验办公室。
method-not-allowed =
    .title = 此地址不接受该方法
    .detail = Allow 响应头列出了可用的方法。未执行任何操作。
    .next = 请使用 Allow 中的方法；各方法的作用见 /docs。
slow-down =
    .title = 请求过于频繁
    .detail = 同一账户或全部请求超过了本系统的接收能力。本次请求未执行。
    .next = 请按 Retry-After 所示时间等待，再用同一 Idempotency-Key 重新发送。

## 问题：身份与权限

sign-in-needed =
    .title = 请先登录
    .detail = 没有会话，或会话已结束。未执行任何操作。
    .next = 请登录后用新的会话重新发送。
credentials-wrong =
    .title = 用户名、密码或验证码不正确
    .detail = 对任何人都不说明是哪一项。未执行任何操作。
    .next = 请重试。如密码或手机丢失，请联系管理员。
second-factor-needed =
    .title = 需要第二验证因素
    .detail = 仅凭用户名和密码不能使用此账户，还须输入手机上的验证码或恢复码。未执行任何操作。
    .next = 请输入手机上显示的六位数字或一个恢复码。如尚未设置手机，请在账户页面设置，约需一分钟。
signature-needed =
    .title = 缺少签名或签名不正确
    .detail = 此操作须当时输入登录密码签名。未执行任何操作。
    .next = 请输入登录密码后重新提交。
not-your-role =
    .title = 您的角色无此权限
    .detail = 权限表将此操作授予其他角色，或其他研究中心的同一角色。此次尝试已记录。
    .next = 请联系有此权限的同事。试验办公室可告知是谁。
not-granted-yet =
    .title = 您的密钥尚未获得授权
    .detail = 尚无人将开启该记录的中心密钥授予您的密钥。未调取任何记录。
    .next = 请致电持钥人，并在电话中核对指纹。

## 问题：受试者与随机

possible-duplicate =
    .title = 此人可能已在试验中
    .detail = 已有出生日期、性别和姓名缩写相同或仅略有不同的受试者。
    .next = 请确认不是同一人，并由研究者签名确认。
no-consent =
    .title = 没有已签署的知情同意书
    .detail = 未签署知情同意，不能继续。尚未随机。
    .next = 请填写知情同意书的签署时间和版本，或到此为止。
    .more = 涉及 { $number }。
dates-out-of-order =
    .title = 日期顺序不对
    .detail = 有一个日期早于应在其之前的日期。未执行任何操作。
    .next = 请核对日期并更正。
    .more = { $later }不能早于{ $earlier }。
not-eligible =
    .title = 该受试者不能随机入组
    .detail = 有一条标准不满足或未回答。您的回答已保存，尚未随机。
    .next = 如填写有误请更正；否则筛选记录保持不变。
    .more = 涉及 { $criterion }。
eligibility-not-signed =
    .title = 研究者尚未签署入组资格
    .detail = 目前的内容没有研究者签名；签名后如有修改，签名即失效。尚未随机。
    .next = 请本中心研究者签名。
not-entrusted =
    .title = 协调员尚未为此签名
    .detail = 系统本身不能签名。须由本中心协调员就该受试者目前的内容签名，且签名未超过 72 小时，系统才可申请随机。尚未随机。
    .next = 请协调员在该受试者页面签名，然后用同一 Idempotency-Key 重新发送请求。
recruitment-paused =
    .title = 已暂停入组
    .detail = 目前此处不进行随机。尚未随机。
    .next = 请向申办者了解暂停时间和原因。
centre-not-open =
    .title = 本中心未启动
    .detail = 本中心尚未启动入组，或已结束入组。尚未随机。
    .next = 请向申办者了解启动时间。
target-reached =
    .title = 试验已达到入组例数
    .detail = 不再随机新的受试者。尚未随机。
    .next = 请告知受试者，并向试验办公室询问后续安排。
no-allocation-available =
    .title = 暂无可用随机号
    .detail = 尚未随机，已通知试验办公室。
    .next = 请等待试验办公室答复。无需重新筛选，您的回答已保存。

## 问题：配制与紧急揭盲

identifiers-do-not-match =
    .title = 编码与受试者不符
    .detail = 未打开任何记录。此次尝试已记录。
    .next = 请重新核对编码和第二项身份信息。
visit-not-due =
    .title = 今天不在访视窗内
    .detail = 该受试者今天没有应做的输注。未调取任何记录。
    .next = 请说明仍需配制的原因，或返回。
already-prepared =
    .title = 本次输注已配制
    .detail = 该访视的编码此前已调取。本次未调取任何记录。
    .next = 请查看首次配制。如不能使用，请说明原因后再次配制。
    .more = 已于 { $at } 配制。
handover-early =
    .title = 尚未到交付时间
    .detail = 每份输液自调取后均须等待相同的时间，以免等待时间透露信息。尚未记录任何内容。
    .next = 请将输液留在药房，稍后交付。
    .more = 请于 { $at } 后交付。
second-check-needed =
    .title = 复核尚未签名
    .detail = 复核须由本中心另一位药师输入其账户和登录密码。尚未记录任何内容。
    .next = 请复核人重新输入，或说明未复核的原因。
not-prepared =
    .title = 该访视尚未配制
    .detail = 该访视没有用于配制的调取记录。未作任何记录。
    .next = 请核对访视。如确已输注，请记录差错并联系研究者。
treatment-ended =
    .title = 该受试者已终止治疗
    .detail = 未调取任何记录。请勿配制。
    .next = 如认为应有输注，请询问本中心协调员。
    .more = 涉及 { $number }。

## 问题：随机表、密钥与开启

list-already-imported =
    .title = 该随机表已存在
    .detail = 每个分段、每种用途只有一份随机表。未导入任何内容。
    .next = 如需扩展试验，请为下一分段生成随机表。
list-not-reviewed =
    .title = 随机表报告尚未批准
    .detail = 须由监查员批准机器生成的报告后，随机表才能发放。未发放任何编码。
    .next = 请监查员审阅并签名。
list-does-not-verify =
    .title = 随机表与其随机清单不符
    .detail = 签名、数量、编码或承诺值不一致。未导入任何内容。
    .next = 请统计师重新封存，请勿手工修改文件。
was-unblinded =
    .title = 该人员不能担任设盲角色
    .detail = 持有该原账号或同名的人员在本试验中曾经揭盲。未发出邀请。
    .next = 请选择可知晓分组的角色。如为同名的另一人，请注明并说明依据。
key-not-passed =
    .title = 该编码的密钥尚未传递
    .detail = 该受试者已转入本中心。在全试验持钥人传递该编码的密钥之前，本中心无法开启。未释放任何内容。
    .next = 请致电紧急揭盲热线，由其打开“传递密钥”页面，约需一分钟。
rotation-does-not-fit =
    .title = 密钥更换文件不符
    .detail = 该文件属于其他随机表、中心或密钥序号，或将密钥授予无权持有者。未接受任何内容。
    .next = 请用最新导出的稽查轨迹和最新公开卡，以 klero key rotate 重新制作。
rotation-outdated =
    .title = 密钥更换文件已过时
    .detail = 文件制作之后，该中心又发放了编码，或密钥已再次更换。未接受任何内容。
    .next = 请重新导出稽查轨迹，再以 klero key rotate 重新制作。
signature-does-not-verify =
    .title = 签名不符
    .detail = 签名来自另一密钥，或所签内容不同。未接受任何内容。
    .next = 请用已登记的密钥重新签名，或先登记新密钥。
wrong-state =
    .title = 目前不能进行此操作
    .detail = 该记录已有其他进展，或缺少前一步。未执行任何操作。
    .next = 请查看记录的当前状态。
decisions-open =
    .title = 尚有未作的决定
    .detail = 试验配置中的每项决定都答复后，才能启动入组。未启动。
    .next = 请答复未作的决定，klero trial check 会逐项列出。

## 问题：系统

internal =
    .title = 系统出现错误
    .detail = 系统在给出结果之前中断。已记录的内容是完整的。
    .next = 请用同一 Idempotency-Key 重新发送，不会重复执行。请将参考号告知试验办公室。
read-only =
    .title = 目前无法写入记录
    .detail = 系统可以查看，但不能写入。未执行任何操作。
    .next = 请稍候，再用同一 Idempotency-Key 重新发送。紧急情况请致电第二持钥人，或使用离线应急包。
trail-damaged =
    .title = 稽查轨迹已损坏
    .detail = 修复之前不得记录或调取。未执行任何操作。
    .next = 请立即告知管理员。紧急情况请致电第二持钥人，或使用离线应急包。
checkpoint-store-away =
    .title = 无法连接检查点存储
    .detail = 记录的内容无法得到保证，因此不得记录或调取。
    .next = 请立即告知管理员。紧急情况请致电第二持钥人，或使用离线应急包。
clock-off =
    .title = 系统时钟不正确
    .detail = 操作时间会有误，因此不得记录或调取。未执行任何操作。
    .next = 请立即告知管理员。紧急情况请致电第二持钥人，或使用离线应急包。
starting =
    .title = 系统正在启动
    .detail = 系统仍在核对记录。未执行任何操作。
    .next = 请按 Retry-After 所示时间等待后重新发送。

## 单个字段的问题

required = 此项必填
unknown-field = 此处有接口未定义的字段
wrong-type = 类型不符
doubled = 此项重复出现
bad-json = JSON 格式不正确
choice-unknown = 请从给出的选项中选择
num-range = { $field }应为 { $min } 至 { $max } 的数值
number-form = 请填写数字，小数用小数点
num-places = 小数位数最多为 { $max } 位
num-confirm = { $field }高于 { $max } 较少见，请再次核对，无误后确认
choice-none-and-others = “无”与其他选项不能同时选择
not-asked = 仅在另一问题作出相应回答后才填写此项，请留空
text-too-long = 最多填写 { $max } 个字符
text-empty = 至少填写一个字符
text-control = 请用文字、数字和符号写在一行内
date-form = 请按“年-月-日”填写，如 2026-11-21
moment-format = 请填写日期和时间，如 2026-11-21T08:30
date-too-old = 日期不能早于 { $min }
date-future = 日期不能晚于今天
date-order = { $later }不能早于{ $earlier }
dob-young = 签署知情同意当日须年满 { $n } 周岁
enrol-format = 请填写 { $prefix }- 加三位数字
enrol-taken = 该入组编号已被使用
init-format = 请填写 4 个字母，不足处填 -
init-cjk = 请填写字母缩写，不要填写姓名或身份证号
code-check = 校验位不符，请核对编码
code-training = 这是演练编码，不对应任何受试者
consent-form-unknown = 该版本当日未在本中心获批
reason-needed = 请说明原因
names-treatment = 请勿在文字中写出治疗名称
again-why = 已有该记录，请说明再次记录的原因
identity-in-text = 请勿填写身份证号或电话号码
password-short = 至少使用 { $min } 个字符
password-common = 该密码过于常见，请另选一个
password-wrong = 密码不正确，操作尚未执行
answer-open = 请回答此项，或保存后稍后继续
answer-twice = 请填写答案或勾选旁边的选项，二者只选其一
account-form = 请使用小写字母、数字和中间的连字符，最多 40 个字符，如 c-rjs-2
table-form = 无法读取此表格：每行的列数须与首行相同，编码为 UTF-8 或 GBK
table-long = 一次最多 { $max } 人
account-taken = 此账户名已被使用。账户名只给予一次，永久有效
past-unknown = 同名者曾接触过分组信息。请单独邀请此人，并说明如何确认不是同一人
factor-code = 与手机当前显示的验证码不符。请核对手机时间，并输入下一个六位数字
network-form = 请填写地址（如 10.20.0.7）或网段（如 10.20.0.0/16）
bytes-form = 长度或格式不符

## 签名的含义，按操作

meaning =
    .screen = 以上数据由本人录入，与原始文件一致
    .sign-eligibility = 本人确认该受试者符合入组条件，并已签署知情同意书
    .send-back = 本人已查看该记录，须按备注补充或更正后方可签名
    .randomise = 本人申请对该受试者进行随机，仅此一次
    .review-access = 本人已审核权限分配；各项权限均属必要
    .entrust = 本人申请对该受试者进行随机，仅此一次；可由研究数据系统取回结果
    .record-preparation = 本人已按分配结果配制
    .check = 本人已复核药品、批号、有效期和受试者
    .break-code = 为救治该受试者须立即获知治疗组别，所述原因属实
    .follow-up = 该记录完整、属实
    .correct = 更正后的数据属实，随机分配不变
    .record-visit = 该记录完整、属实
    .end-treatment = 此决定由本人作出，或由决定者告知本人，内容属实
    .resume-treatment = 本人决定继续治疗
    .transfer = 受试者转至另一中心，分层和编码保持不变
    .report-accident = 该记录完整、属实，且未写出治疗名称
    .close-break = 本人作为主要研究者已评估此次揭盲，记录完整
    .plan-unblinding = 因安全性报告须告知此人，试验团队中无人获知
    .grant-key = 本人已与新持钥人通话核对指纹
    .decide-recruitment = 本人决定启动、暂停或结束入组
    .review-trail = 本人已审阅至此条
    .review-list = 本人已审阅此随机表报告
    .disclose = 本人已公布随机表的该文件，入组已结束
    .void-code = 该编码在发放前已泄露，不得再发放

## 解释问题的页面

problem-page =
    .about = 发生了什么
    .next = 下一步怎么办
    .code = 代码
    .status = 状态
