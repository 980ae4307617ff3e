# 演练：页面、指示灯、列表。

drill =
    .title = 演练
    .what = 在本系统上用演练受试者练习紧急揭盲：真实登录、真实密钥、真实条目。不涉及任何受试者，也不算揭盲。
    .clock = 系统时钟自开始时计时，到您的设备打开编码为止。
    .begin = 开始演练
    .rings = 电话响起。医师说：受试者的编码如下。请按所听输入。
    .code = 药物编码
    .break-title = 演练：是否打开演练编码 { $code }？
    .goes-nowhere = 请按真实紧急情况填写。此处仅为练习：所填内容不发送、不保存。
    .open = 演练：打开 { $code }
    .leave = 返回：暂不演练
    .stands-for = 演练：{ $code } 对应
    .nobodys = 此编码不属于任何人，所示内容不对应任何受试者。
    .read = 请朗读，如同读给来电者听。
    .passed = 演练通过，用时 { $seconds } 秒
    .not-passed = 演练未通过
    .not-passed-what = 分配位不符、有密钥无法打开，或用时超过十分钟。请当天告知统计师与监查员；紧急时请走第二条通路。
    .certificate = 演练证明
    .person = 演练人
    .trial = 试验
    .place = 演练受试者所属中心
    .keys = 真实揭盲所需密钥
    .keys-open = { $opened } 可打开
    .took = 从开始到打开编码
    .next = 下次演练应在四周内进行。
    .print = 打印证明
    .again = 再演练一次
    .hotline = 热线
    .roads = 紧急揭盲通路演练
    .never = 从未通过演练
    .last-passed = 上次通过：{ $days ->
        [0] 今天
        [1] 昨天
       *[other] { $days } 天前
    }
    .green = 正常
    .amber = 应当演练
    .red = 演练已逾期
    .road = 状态：{ $light }，{ $last }
    .last-failed = 最近一次未通过
    .link = 演练
    .all = 全部演练
    .none = 尚无演练。
    .when = 时间
    .who = 演练人
    .result = 结果
    .unfinished = 未完成
    .passed-in = 通过，用时 { $seconds } 秒
    .failed-in = 未通过（{ $seconds } 秒）
