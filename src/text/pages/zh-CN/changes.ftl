# 密钥与随机表的变更：轮换、传递、作废、演练。

pass-on =
    .title = 传递密钥
    .what = 以下受试者已转中心，编码不变。传递该编码的密钥后，新中心方可开启。此操作不会揭示任何分组。
    .nobody = 目前没有待传递的密钥。
    .give = 传递：{ $number }
    .sign-title = 传递 { $number } 的密钥
    .to = 接收方
    .gives = 内容
    .one-code = 仅此一个编码的密钥
    .sign = 签名并传递：{ $number }
    .done-title = 已传递：{ $number }
    .done-what = 该中心的非盲药师现在可以配制。您的密钥已重新锁定。
    .to-list = 返回列表
