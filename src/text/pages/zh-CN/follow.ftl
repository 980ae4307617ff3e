# 揭盲之后：后续记录、关闭、计划的安全性揭盲。

follow =
    .title = 一次揭盲
    .when = 揭盲时间
    .why = 原因
    .until = 后续记录截止
    .opening = 打开情况
    .record = 后续记录
    .due = 待填写后续记录
    .overdue = 后续记录逾期
    .written = 已填写后续记录
    .closed = 已关闭
    .by-then = 截止 { $time }
    .late = { $ref } 的后续记录自 { $time } 起已逾期
    .in-time = { $ref } 的后续记录：截止 { $time }
    .write = 填写后续记录
    .write-again = 再次填写后续记录
    .close = 以主要研究者身份关闭
    .no-treatment = 请勿在此填写治疗，也不要填写任何可推知治疗的内容。
    .unconfirmed-what = 没有设备确认已打开。仍视为已揭盲，请填写已知情况。
    .overdue-count = 逾期的揭盲后续记录：{ $count }。
    .you-know = 您知道该治疗。此处不显示；如需再次查看，请再次揭盲。
    .again-person = 此人一日内第二次揭盲
    .again-centre = 本中心一日内第二次揭盲
    .withdrawn = 已撤回、未揭盲的请求：{ $count }。
