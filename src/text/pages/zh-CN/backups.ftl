# 数据库备份的情况：显示在“运行状态”页面。

backups =
    .made = 最近一次备份
    .made-none = 从未备份
    .made-remedy = 每晚应做一次备份：klero backup create
    .read = 最近一次备份复核
    .read-none = 从未复核
    .read-remedy = 请在保存备份的机器上运行：klero backup verify
    .tried = 最近一次恢复演练
    .tried-none = 从未演练
    .tried-remedy = 从未恢复过的备份只是一个希望：klero backup drill
    .tried-lost = 未能恢复的已发放随机号：{ $lost } 个
    .at = { $at }，{ $entries } 条条目
