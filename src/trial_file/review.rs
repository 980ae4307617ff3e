//! The whole file for a reviewer, in both languages, every number with its source: what `klero trial check` prints.

mod rule_words;

use super::list;
use super::table::{Notes, Table};
use super::with_root;
use crate::domain::derived::DerivedForm;
use crate::domain::rule::Rule;
use crate::domain::trial::{
    Choice, DateLimits, Decision, Effect, Field, FieldKind, Origin, Range, Source, Trial, Words,
};
use rule_words::{Tongue, name_of, say};

/// Everything the file says, in the order in which a reviewer asks for it. `text` must be the text that `trial` was
/// read from: arms, list and the sources of single numbers come from there, since a [`Trial`] keeps none of them.
pub fn render(trial: &Trial, text: &str) -> String {
    let whole = |root: &Table<'_>| {
        let mut page = Page::default();
        heading(&mut page, trial);
        recruitment(&mut page, trial, root);
        arms_and_list(&mut page, root);
        centres_and_strata(&mut page, trial, root);
        factors(&mut page, trial);
        criteria(&mut page, trial);
        form(&mut page, trial, root);
        derived(&mut page, trial, root);
        cross_checks(&mut page, trial, root);
        schedule(&mut page, trial, root);
        preparation(&mut page, trial, root);
        stop_reasons(&mut page, trial, root);
        emergency(&mut page, trial, root);
        decisions(&mut page, trial);
        page.text
    };
    with_root(text, &Notes::of(text), whole).unwrap_or_default()
}

/// Lines, grown from top to bottom.
#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    fn section(&mut self, en: &str, zh: &str) {
        self.text.push_str(&format!("\n{en} {zh}\n"));
    }

    fn line(&mut self, indent: usize, text: impl AsRef<str>) {
        self.text.push_str(&format!("{:indent$}{}\n", "", text.as_ref().trim_end()));
    }

    fn words(&mut self, indent: usize, words: &Words) {
        self.line(indent, &words.en);
        if words.zh != words.en {
            self.line(indent, &words.zh);
        }
    }

    /// One number: what it is in both languages, what it is worth, who says so.
    fn number(&mut self, en: &str, zh: &str, worth: &str, source: &str) {
        self.line(2, format!("{en} {zh}: {worth}   {source}"));
    }
}

/// `[P R] [I: why] → decision`
fn tag(source: &Source) -> String {
    let letters: Vec<&str> = source
        .origins
        .iter()
        .map(|origin| match origin {
            Origin::Paper => "P",
            Origin::Registry => "R",
            Origin::Inferred => "I",
        })
        .collect();
    let because = source.because.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let decision = source.decision.as_ref().map(|id| format!(" → {id}")).unwrap_or_default();
    format!("[{}{because}]{decision}", letters.join(" "))
}

/// The member of a list of tables that has this id.
fn member<'t>(root: &Table<'t>, key: &str, id: &str) -> Option<Table<'t>> {
    let has_id = |table: &Table<'_>| table.maybe_text("id").is_some_and(|found| found == id);
    root.maybe_tables(key, key).into_iter().find(has_id)
}

/// The source of one member of a list of tables.
fn tag_of_member(root: &Table<'_>, key: &str, id: &str) -> String {
    member(root, key, id).map(|table| tag(&table.source())).unwrap_or_default()
}

/// The source of a table within tables.
fn tag_of(root: &Table<'_>, path: &[&str]) -> String {
    let found = path.iter().try_fold(root.clone(), |table, key| table.table(key));
    found.map(|table| tag(&table.source())).unwrap_or_default()
}

fn both(words: &Words) -> String {
    if words.en == words.zh { words.en.clone() } else { format!("{} {}", words.en, words.zh) }
}

/// A rule, one line a part.
fn rule(page: &mut Page, indent: usize, trial: &Trial, what: &Rule) {
    let (heading, parts) = match what {
        Rule::AllOf(parts) => ("all of 全部满足:", parts),
        Rule::AnyOf(parts) => ("any of 满足任一:", parts),
        leaf => {
            let said = |tongue| say(trial, leaf, tongue);
            return page.words(indent, &Words { en: said(Tongue::En), zh: said(Tongue::Zh) });
        }
    };
    page.line(indent, heading);
    for part in parts {
        rule(page, indent + 2, trial, part);
    }
}

fn heading(page: &mut Page, trial: &Trial) {
    page.line(0, trial.id.as_str());
    page.words(0, &trial.title);
    page.line(0, format!("time zone 时区: {}", trial.zone));
    page.line(0, "");
    page.line(0, "Sources: P protocol paper, R registry record, I inferred by us: a proposal.");
    page.line(0, "来源：P 方案论文，R 注册记录，I 推断，供研究者确认。");
    page.line(0, "An arrow names the decision that will settle it. 箭头后为对应的待定事项。");
}

fn recruitment(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("RECRUITMENT", "入组");
    let source = |key: &str| tag_of(root, &["recruitment", key]);
    page.number("Participants", "目标例数", &trial.target.to_string(), &source("target"));
    page.number("Warning from", "提醒起始例数", &trial.warn_at.to_string(), &source("warn_at"));
    let names: Vec<String> = trial
        .freshness
        .fields
        .iter()
        .map(|id| format!("{} {}", name_of(trial, id, Tongue::En), name_of(trial, id, Tongue::Zh)))
        .collect();
    let days = format!("{} days 天 ({})", trial.freshness.days, names.join("; "));
    page.number("Values at most", "数据有效期", &days, &source("freshness"));
    page.line(2, "Signature under an eligible participant 入组资格签名含义:");
    page.words(4, &trial.eligibility_meaning);
}

fn arms_and_list(page: &mut Page, root: &Table<'_>) {
    let Some(list) = list::read(root) else {
        return;
    };
    page.section("ARMS AND LIST", "治疗组别与随机表");
    for (number, arm) in list.arms.iter().enumerate() {
        let facts = member(root, "arms", &arm.id);
        let source = facts.as_ref().map(|table| tag(&table.source())).unwrap_or_default();
        page.line(2, format!("{number} {}   ratio 比例 {}   {source}", arm.id, arm.ratio));
        page.words(4, &arm.name);
        for (key, words) in [("dose_mg", "dose 剂量 mg"), ("vials", "vials 瓶数")] {
            if let Some(table) = facts.as_ref().filter(|table| table.has(key))
                && let Some(count) = table.whole(key, 0, i32::MAX)
            {
                page.line(4, format!("{words}: {count}"));
            }
        }
        page.words(4, &arm.prepare);
    }
    let sizes: Vec<String> = list.sizes.iter().map(u32::to_string).collect();
    let sizes = if sizes.is_empty() { "hidden 不公开".to_owned() } else { sizes.join(", ") };
    page.number("Block sizes", "区组大小", &sizes, &tag_of(root, &["list", "sizes"]));
    let slots = tag_of(root, &["list", "slots"]);
    page.number("Slots a stratum", "每层分配位数", &list.slots.to_string(), &slots);
}

fn centres_and_strata(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("CENTRES", "研究中心");
    for centre in &trial.centres {
        let source = tag_of_member(root, "centres", centre.id.as_str());
        page.line(2, format!("{}   {}-001 …   {source}", centre.id, centre.prefix));
        page.words(4, &centre.name);
        for form in &centre.consent_versions {
            let until = form.until.map(|day| format!(" – {day}")).unwrap_or_default();
            page.line(4, format!("consent form 知情同意书 {}: {}{until}", form.id, form.from));
        }
    }
    page.section("STRATA", "分层");
    for (number, stratum) in trial.strata().iter().enumerate() {
        page.line(2, format!("{} {stratum}", number + 1));
    }
}

fn factors(page: &mut Page, trial: &Trial) {
    for factor in &trial.stratification.factors {
        page.section("STRATIFICATION", "分层因素");
        page.words(2, &factor.name);
        let levels = |choice: &Choice| format!("{} ({})", choice.id, both(&choice.name));
        page.line(2, format!("all true 全部满足: {}", levels(&factor.when_all)));
        page.line(2, format!("else 否则: {}", levels(&factor.otherwise)));
        for item in &factor.items {
            page.line(2, format!("{}   {}", item.id, tag(&item.source)));
            page.words(4, &item.name);
            rule(page, 4, trial, &item.rule);
        }
    }
}

fn criteria(page: &mut Page, trial: &Trial) {
    page.section("ELIGIBILITY", "入组标准");
    for criterion in &trial.criteria {
        let effect = match criterion.on_false {
            Effect::Block => "else not eligible 否则不符合",
            Effect::Warn => "else warns 否则提示",
        };
        page.line(2, format!("{}   {effect}   {}", criterion.id, tag(&criterion.source)));
        page.words(4, &criterion.name);
        rule(page, 4, trial, &criterion.rule);
    }
}

fn form(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    for part in &trial.pages {
        page.section("FORM", "表单");
        page.words(2, &part.name);
        for field in trial.fields.iter().filter(|field| field.page == part.id) {
            one_field(page, trial, field, root);
        }
    }
}

fn one_field(page: &mut Page, trial: &Trial, field: &Field, root: &Table<'_>) {
    let mut marks = vec![kind(&field.kind)];
    marks.extend(field.unit.as_ref().map(both));
    if field.optional {
        marks.push("may stay empty 可留空".to_owned());
    }
    if field.private {
        marks.push("personal 个人信息".to_owned());
    }
    if let Some(when) = &field.only_when {
        let other = name_of(trial, &when.field, Tongue::En);
        marks.push(format!("only when 仅当 {other} = {}", when.choice));
    }
    page.line(2, format!("{}   {}   {}", field.id, marks.join(", "), tag(&field.source)));
    page.words(4, &field.name);
    let range = member(root, "fields", field.id.as_str());
    let range = range.and_then(|table| table.maybe_table("range"));
    if let Some(range) = range.filter(|range| range.has("source")) {
        page.line(4, format!("range 范围   {}", tag(&range.source())));
    }
    let options = match &field.kind {
        FieldKind::Choice(options) | FieldKind::Choices { options, .. } => options.as_slice(),
        _ => &[],
    };
    for option in options {
        page.line(6, format!("{}: {}", option.id, both(&option.name)));
    }
}

fn kind(kind: &FieldKind) -> String {
    let range = |range: &Range| {
        let ask = range.ask_above.map(|ask| format!(", asks above 超过须确认 {ask}"));
        format!("{} – {}{}", range.from, range.to, ask.unwrap_or_default())
    };
    match kind {
        FieldKind::EnrolmentNumber => "prefix-000 前缀加三位数字".to_owned(),
        FieldKind::Initials => "4 letters 4 位字母".to_owned(),
        FieldKind::Date(limits) => format!("day 日期{}", days(limits)),
        FieldKind::DateOrNever(limits) => {
            format!("day, month, year or never 日期或从未{}", days(limits))
        }
        FieldKind::Moment => "day and minute 日期和时间".to_owned(),
        FieldKind::YesNo => "yes or no 是或否".to_owned(),
        FieldKind::Choice(_) => "one of 单选".to_owned(),
        FieldKind::ConsentVersion => "form approved that day 当日获批版本".to_owned(),
        FieldKind::Choices { .. } => "several of 多选".to_owned(),
        FieldKind::Integer(limits) => format!("whole number 整数 {}", range(limits)),
        FieldKind::Decimal { places, range: limits } => {
            format!("number 数值 {}, places 小数位 {places}", range(limits))
        }
        FieldKind::Text { longest } => format!("text 文本 ≤ {longest}"),
    }
}

fn days(limits: &DateLimits) -> String {
    let mut said = String::new();
    if let Some((field, days)) = &limits.not_before {
        said.push_str(&format!(", not before 不早于 {field}"));
        if *days != 0 {
            said.push_str(&format!(" {days:+} days 天"));
        }
    }
    if let Some(field) = &limits.before {
        said.push_str(&format!(", before 早于 {field}"));
    }
    if let Some(years) = limits.years_back {
        said.push_str(&format!(", at most {years} years ago 不早于 {years} 年前"));
    }
    said
}

fn derived(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("WORKED OUT", "推算值");
    for value in &trial.derived {
        let how = match &value.form {
            DerivedForm::Age { born, at } => format!("full years from {born} at {at}"),
            DerivedForm::Days { from, to } => format!("days from {from} to {to}"),
            DerivedForm::Ratio { of, to } => format!("{of} / {to}"),
            DerivedForm::Sum(parts) => {
                parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(" + ")
            }
            DerivedForm::Count(field) => format!("number ticked in {field}"),
        };
        let unit = value.unit.as_ref().map(both).unwrap_or_default();
        let source = tag_of_member(root, "derived", value.id.as_str());
        page.line(2, format!("{} = {how}   {unit}   {source}", value.id));
        page.words(4, &value.name);
    }
}

fn cross_checks(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("ASKED AGAIN", "核对提问");
    for check in &trial.cross_checks {
        page.line(2, format!("{}   {}", check.id, tag_of_member(root, "cross_checks", &check.id)));
        page.words(4, &check.ask);
        rule(page, 4, trial, &check.when);
    }
}

fn schedule(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("VISITS", "访视");
    for visit in &trial.visits {
        let (opens, closes) =
            (visit.day - visit.early.cast_signed(), visit.day + visit.late.cast_signed());
        let infusion = if visit.infusion { "infusion 输注" } else { "no infusion 无输注" };
        let table = member(root, "visits", visit.id.as_str());
        let window = table.as_ref().and_then(|table| table.table("window"));
        let window = window.filter(|window| window.has("source")).map(|window| window.source());
        let source = table.map(|table| tag(&table.source())).unwrap_or_default();
        let source = format!("{source} {}", window.map(|window| tag(&window)).unwrap_or_default());
        let week = format!("week 第 {} 周", visit.week);
        let day = format!("day 第 {} 天 ({opens} – {closes})", visit.day);
        page.line(2, format!("{}   {week}   {day}   {infusion}   {source}", visit.id));
        page.words(4, &visit.name);
    }
    let infusions = tag_of(root, &["schedule", "infusions"]);
    page.number("Infusions at most", "输注次数上限", &trial.infusions().to_string(), &infusions);
    let interval = tag_of(root, &["schedule", "interval"]);
    let days = format!("{} days 天", trial.least_days);
    page.number("Least interval", "最短间隔", &days, &interval);
}

fn preparation(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("PREPARATION, ALIKE FOR ALL", "配制（各组相同）");
    let facts = &trial.preparation;
    let source = |key: &str| tag_of(root, &["preparation", key]);
    page.line(2, format!("Carrier 溶媒: {}", both(&facts.diluent)));
    let volume = format!("{} mL", facts.diluent_ml);
    page.number("Volume", "体积", &volume, &source("diluent_volume"));
    let duration = format!("{} min 分钟", facts.infusion_minutes);
    page.number("Infusion takes", "输注时间", &duration, &source("infusion_duration"));
    let within = format!("{} h 小时", facts.use_within_hours);
    page.number("Use within", "使用时限", &within, &source("use_within"));
    let wait = format!("{} min 分钟", facts.hand_over_wait_minutes);
    page.number("Hand over no sooner than", "最早交付", &wait, &source("hand_over_wait"));
    page.line(2, format!("Masking 遮蔽: {}", both(&facts.masking)));
}

fn stop_reasons(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("STOP REASONS", "停止给药原因");
    for reason in &trial.stop_reasons {
        let lift = if reason.liftable { "may be lifted 可解除" } else { "final 不可解除" };
        let source = tag_of_member(root, "stop_reasons", &reason.id);
        page.line(2, format!("{}   {lift}   {source}", reason.id));
        page.words(4, &reason.name);
        page.words(4, &reason.effect);
    }
}

fn emergency(page: &mut Page, trial: &Trial, root: &Table<'_>) {
    page.section("EMERGENCY", "紧急揭盲");
    let facts = &trial.emergency;
    page.words(2, &facts.condition);
    page.line(2, tag_of(root, &["emergency"]));
    page.line(2, format!("Telephone 电话: {} / {}", facts.phone, facts.second_phone));
    let hours = format!("{} h 小时", facts.follow_up_hours);
    page.number(
        "Follow-up within",
        "后续记录时限",
        &hours,
        &tag_of(root, &["emergency", "follow_up"]),
    );
    if trial.machines_randomise {
        let tag = tag_of(root, &["machines"]);
        page.line(2, format!("Machines may randomise when a coordinator has signed 经协调员签名后可由系统申请随机   {tag}"));
    }
    for category in &facts.categories {
        let hotline = if category.hotline_only { "   hotline only 仅热线" } else { "" };
        page.line(2, format!("{}: {}{hotline}", category.id, both(&category.name)));
    }
}

fn decisions(page: &mut Page, trial: &Trial) {
    page.section("DECISIONS OF THE PRINCIPAL INVESTIGATOR", "主要研究者待定事项");
    let open = trial.unanswered_decisions().len();
    page.line(2, format!("{open} of {} unanswered 未答复", trial.decisions.len()));
    for decision in &trial.decisions {
        one_decision(page, decision);
    }
}

fn one_decision(page: &mut Page, decision: &Decision) {
    page.line(2, format!("{}   training 演练值: {}", decision.id, decision.training));
    page.words(4, &decision.question);
    for choice in &decision.choices {
        page.line(6, format!("{}: {}", choice.id, both(&choice.name)));
    }
    if let Some(answered) = &decision.answer {
        let (answer, by) = (&answered.answer, &answered.by);
        let (on, document) = (answered.on, &answered.document);
        page.line(4, format!("answered 已答复: {answer}   {by}, {on}, {document}"));
    }
}
