# Who is principal investigator, where that changes later.
principal =
    .title = 主要研究者
    .is = 主要研究者
    .give = 将 { $name } 标明为主要研究者
    .take = 取消 { $name } 的主要研究者标明
    .give-question = 是否将 { $name } 标明为主要研究者？
    .take-question = 是否取消 { $name } 的主要研究者标明？
    .what = 主要研究者关闭本中心的揭盲记录。已标明主要研究者的中心，其他人不能关闭。
    .give-what = 此后，上述中心未标明的其他研究者不能关闭揭盲记录。
    .take-what = 如该中心无其他主要研究者，则由该中心任一研究者关闭揭盲记录。
