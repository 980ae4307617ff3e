# A monitor's review of the trail.
review =
    .title = 审阅稽查轨迹
    .what = 审阅范围截至您上次核验时的稽查轨迹。请先核验，再按计划阅读，然后在此签名。
    .scope = 审阅了哪些内容，为什么
    .scope-hint = 最多 500 个字符：所依据的计划、阅读的条目或类别、发现的情况。请勿填写治疗信息。
    .sign = 签名：已审阅
    .link = 签名确认已审阅
