# The list is published, in stages or at once: what the statistician records.
disclose =
    .title = 登记公布
    .what = 适用于由 klero list disclose 生成且您已公布的文件。此处在您的签名下登记其哈希值；文件本身不上传至本系统，系统不得知道分组或治疗组别。
    .when = 全试验入组结束后方可登记。须先登记分组，再登记含义；每个文件只登记一次。
    .before = 已登记
    .stage = 公布的内容
    .stage-hint = 以命令显示的 published 为准。
    .groups = 分组：各受试者属 A 组或 B 组，不含治疗组别
    .meaning = 含义：A 组为何种治疗
    .issued = 仅已发放的随机号；其余仍封存
    .list = 整个随机表：其秘密值
    .file = 文件的哈希值
    .file-hint = 以命令显示为准：64 位数字和字母 a 至 f，空格不影响。
    .for-ever = 不能撤销。
    .sign = 签名并登记公布
