// One order, opened: so that it can be understood, and recomputed by hand, without the manual.

// Columns of an order, each with the fact that was read from it and its unit.
const READ_AS = {
  indication: ["indication", ""],
  product: ["product", ""],
  weight: ["weight_kg", "kg"],
  dosing_weight: ["dosing_weight_kg", "kg"],
  age_years: ["age_years", "years"],
  start_rate: ["start_rate_mg_per_kg_min", "mg/kg/min"],
  max_rate: ["max_rate_mg_per_kg_min", "mg/kg/min"],
  concentration: ["concentration_mg_per_mL", "mg/mL"],
  dose: ["dose_g_per_kg", "g/kg"],
  dose_total: ["dose_total_g", "g"],
  infusion_hours: ["infusion_hours", "h"],
  height_cm: ["height_cm", "cm"],
  sex: ["sex", ""],
  pregnant: ["pregnant", ""],
  ordered_at: ["ordered_on", ""],
  first_infusion: ["first_infusion", ""],
  phase: ["phase", ""],
  last_ivig_date: ["last_ivig_date", ""],
  last_thrombosis_date: ["last_thrombosis_date", ""],
  reaction_grade: ["reaction_grade", ""],
  reaction_rate: ["reaction_rate_mg_per_kg_min", "mg/kg/min"],
  minutes_since_resolved: ["minutes_since_resolved", "min"],
  reaction_resolved: ["reaction_resolved", ""],
};
const NOTHING_FOUND = "None: every ordered rate was compared with a limit and is within it.";
const IDS = ["order_id", "patient_id"];

/** A table. heads: texts of the header cells; rows: lists of cells, the first of each a header of its row. */
function table(caption, heads, rows, kind = "") {
  const header = h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)));
  const body = rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell))));
  return h("table", { class: kind }, h("caption", {}, caption), h("thead", {}, header), h("tbody", {}, body));
}

/** A table where there is something in it, in a frame that scrolls by itself where the page is narrow. */
function framed(inner, label) {
  return h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": label }, inner);
}

/** Where an order stands in its input. */
function placeOf(order) {
  const { file, sheet, row } = order.source;
  const parts = [];
  if (file !== null) parts.push(fact(order, ["source", "file"]));
  if (sheet !== null) parts.push(', sheet "', fact(order, ["source", "sheet"]), '"');
  else parts.push(unsaid(order, ["source", "sheet"]));
  if (row !== null) parts.push(", row ", fact(order, ["source", "row"]));
  return h("span", {}, parts);
}

/** A finding: what is wrong, with its numbers, and what it rests on. */
function findingCard(order, k) {
  const finding = order.findings[k];
  const at = (...path) => ["findings", k, ...path];
  const inputs = Object.keys(finding.inputs);
  const told = [
    finding.arithmetic ? ["Arithmetic", fact(order, at("arithmetic"))] : null,
    inputs.length ? ["From", inputs.flatMap((name, n) => [n ? "; " : "", `${name}: `, fact(order, at("inputs", name))])] : null,
    finding.column ? ["Column", fact(order, at("column"))] : null,
    ["Source", fact(order, at("source"))],
    finding.fingerprint === null ? null : ["Fingerprint", h("code", {}, fact(order, at("fingerprint")))],
    finding.delta ? ["Since last time", deltaLine(order, at("delta"))] : null,
  ].filter(Boolean);
  const severity = finding.severity.toUpperCase();
  const page = DATA.reference.rules[finding.code]?.page ?? [];
  const rule = page.length ? h("details", {}, h("summary", {}, `About ${finding.code}`), page.map((said) => h("p", {}, said))) : null;
  const props = { "data-fact": JSON.stringify(at("severity")), "data-value": JSON.stringify(finding.severity) };
  return h(
    "article",
    { class: `finding ${finding.severity}` },
    h("h4", {}, h("span", props, badge(severity)), " ", fact(order, at("code")), " ", fact(order, at("name"))),
    h("p", { class: "message" }, fact(order, at("message"))),
    h("dl", {}, told.map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", {}, said)))),
    rule,
  );
}

/** What an order has, at the most, that is new to a reader of the last report. */
function newest(order) {
  if (order.delta === undefined) return null; // of a report that is compared with none
  if (order.delta === null) return unsaid(order, ["delta"]);
  return ["; since last time: ", fact(order, ["delta"], (state) => DATA.reference.sections[state][0])];
}

/** What a finding is to a reader of the last report. */
function deltaLine(order, path) {
  const mark = valueAt(order, path);
  const title = (state) => DATA.reference.sections[state][0];
  const line = [fact(order, [...path, "state"], title), ", first seen on ", fact(order, [...path, "since"])];
  if (mark.acknowledged) {
    const at = (name) => fact(order, [...path, "acknowledged", name]);
    line.push("; acknowledged by ", at("by"), " on ", at("on"), " until ", at("until"), " as ", at("reason"));
    if (mark.acknowledged.text !== null) line.push(": ", at("text"));
    line.push(" (entry ", at("entry"), ")");
  } else line.push(unsaid(order, [...path, "acknowledged"]));
  return line;
}

/** The limits with what governs each, and the rates that were ordered. */
function limitsTable(order, index) {
  const { limits } = order;
  const below = (name) => (limits[`${name}_exclusive`] ? "below " : "");
  const limit = (name, word) => {
    const exclusive = name === "start" ? "" : fact(order, ["limits", `${name}_exclusive`], (is) => (is ? "below " : ""));
    const rate = fact(order, ["limits", `${name}_mg_per_kg_min`], roundedDown);
    const volume = fact(order, ["limits", `${name}_mL_per_h`], (value) => below(name) && value === null ? "" : number(value));
    return [word, [exclusive, rate], volume, fact(order, ["limits", "governed_by", name])];
  };
  const rate = (name, word) => {
    const over = overWhat(index, name);
    const value = fact(order, ["ordered", `${name}_rate_mg_per_kg_min`], () => rateText(order, name));
    const words = over ? h("strong", { class: "over" }, ` over ${over === "start" ? "the start limit" : `the ${over} maximum`}`) : "";
    const written = fact(order, ["ordered", `${name}_rate`], (text) => `as ordered: ${shown(text)}`, "not ordered");
    return [word, [value, words], "", written];
  };
  const rows = [
    rate("start", "Ordered start"),
    rate("max", "Ordered maximum"),
    limit("start", "Start limit"),
    limit("soft_max", "Soft maximum"),
    limit("hard_max", "Hard maximum"),
  ];
  return framed(table("Rates and limits", ["rate or limit", "mg/kg/min", "mL/h", "governed by"], rows, "limits"), "Rates and limits");
}

/** Every cell that holds something, as it is written in the input and as it was read. */
function cellsTable(order) {
  const { written, ordered, answers } = order;
  const questions = DATA.reference.questions;
  const read = Object.keys(READ_AS).filter((name) => ordered[READ_AS[name][0]] !== null);
  const names = [...new Set([...Object.keys(written), ...read, ...Object.keys(answers)])];
  const place = (name) => {
    const known = [...IDS, ...Object.keys(READ_AS), ...Object.keys(questions)].indexOf(name);
    return known < 0 ? Infinity : known;
  };
  const unread = new Set(order.findings.filter((finding) => finding.column).map((finding) => finding.column));
  const row = (name) => {
    const asWritten = written[name] === undefined ? "" : fact(order, ["written", name]);
    let asRead = "";
    if (IDS.includes(name)) asRead = fact(order, [name]);
    else if (READ_AS[name]) {
      const rate = { start_rate: "start", max_rate: "max" }[name];
      asRead = fact(order, ["ordered", READ_AS[name][0]], (value) => `${rate ? rateText(order, rate) : plainly(value)} ${READ_AS[name][1]}`.trim());
    }
    else if (answers[name] !== undefined) asRead = fact(order, ["answers", name]);
    else if (questions[name]) asRead = h("span", { class: "none" }, "undocumented");
    const flag = unread.has(name) ? h("strong", { class: "over" }, " see findings") : "";
    const title = questions[name] ?? DATA.reference.columns[name] ?? "";
    return [h("span", { title }, name), asWritten, [asRead, flag]];
  };
  const rows = names.sort((a, b) => place(a) - place(b)).map(row);
  return framed(table("As written, and as read", ["column", "as written", "as read"], rows, "cells"), "Cells as written and as read");
}

/** What rates per kg are reckoned on, and the rest of what was read that no cell says alone. */
function basisLine(order) {
  const { ordered } = order;
  if (ordered.rate_weight_kg === null) return h("p", {}, "Rates per kg are reckoned on no weight: ", fact(order, ["ordered", "rate_weight_kg"]), unsaid(order, ["ordered", "weight_basis"]));
  return h("p", {}, "Rates per kg are reckoned on ", fact(order, ["ordered", "rate_weight_kg"], within("kg")), ": ", fact(order, ["ordered", "weight_basis"]));
}

/** Facts that were not read: told apart once, so that each fact of the report stands on the page. */
function notRead(order) {
  const names = Object.values(READ_AS).map(([name]) => name);
  const missing = names.filter((name) => order.ordered[name] === null);
  const items = missing.map((name, k) => [k ? ", " : "", h("span", { "data-fact": JSON.stringify(["ordered", name]), "data-value": "null" }, words(name))]);
  return missing.length ? h("p", { class: "quiet" }, "Not given, or not read: ", items) : null;
}

/** What puts the patient at risk, what nobody documented, and what is on record. */
function riskList(order) {
  const byCode = Object.keys(order.answered_by_code);
  const rows = [
    ["At risk", listed(order, ["at_risk"], words, order.ordered.age_years === null ? "no factor that is known, and the age is not known" : "no factor that is known")],
    ["Not documented", listed(order, ["undocumented"], words, "nothing")],
    ["Not assessed", listed(order, ["not_assessed"], words, "nothing")],
  ];
  if (byCode.length) rows.push(["Answered by a diagnosis code", byCode.flatMap((name, k) => [k ? ", " : "", `${words(name)}: `, fact(order, ["answered_by_code", name])])]);
  if (order.history.length) rows.push(["On record", listed(order, ["history"], shown, "")]);
  return h("dl", {}, rows.map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", {}, said))));
}

/** The pump programme: its picture and its steps, or why there is none. */
function programme(order) {
  const plan = order.schedule;
  if (plan === null) return h("p", {}, "No pump programme: ", unsaid(order, ["schedule"]), fact(order, ["no_schedule"]));
  const at = (...path) => ["schedule", ...path];
  const steps = plan.steps.map((_, k) => [
    fact(order, at("steps", k, "at"), duration),
    ...["minutes", "mL_per_h", "mg_per_kg_min", "mL", "cumulative_mL", "cumulative_g"].map((name) => fact(order, at("steps", k, name), (value) => number(value, 4))),
    h("span", { class: "blank" }, ""),
  ]);
  const vials = (path) => valueAt(order, path).flatMap((_, k) => [k ? " + " : "", fact(order, [...path, k, "count"]), " × ", fact(order, [...path, k, "grams"], within("g"))]);
  const rows = [
    ["Weight", [fact(order, at("weight_kg"), within("kg")), ": ", fact(order, at("weight_basis"))]],
    ["Dose", [fact(order, at("dose_g"), within("g")), " = ", fact(order, at("volume_mL"), within("mL")), " of ", fact(order, at("concentration_mg_per_mL"), within("mg/mL"))]],
    ["Vials", plan.vials === null ? fact(order, at("vials")) : [vials(at("vials")), ", waste ", fact(order, at("waste_g"), within("g"))]],
    plan.whole_vials === null ? null : ["In whole vials", ["a suggestion: ", fact(order, at("whole_vials", "dose_g"), within("g")), " (", fact(order, at("whole_vials", "dose_g_per_kg"), within("g/kg")), "): ", vials(at("whole_vials", "vials"))]],
    ["Rates raised", [fact(order, at("step_rule")), ". Source: ", fact(order, at("step_rule_source"))]],
    ["Pump takes steps of", fact(order, at("pump_increment_mL_per_h"), within("mL/h"))],
    ["Ends", ["after ", fact(order, at("total_minutes"), duration), typeof plan.ends_at === "string" ? [", at ", fact(order, at("ends_at"))] : unsaid(order, at("ends_at")), "; close watch for the first ", fact(order, at("close_watch_until"), duration)]],
    ["Vital signs", plan.vital_signs.flatMap((sign, k) => [k ? "; " : "", fact(order, at("vital_signs", k, "at"), duration), sign.until === null ? unsaid(order, at("vital_signs", k, "until")) : [" to ", fact(order, at("vital_signs", k, "until"), duration)], " (", fact(order, at("vital_signs", k, "why")), ")"])],
    plan.notes.length ? ["Notes", listed(order, at("notes"), shown, "")] : null,
  ].filter(Boolean);
  const heads = ["from start", "minutes", "mL/h", "mg/kg/min", "mL", "total mL", "total g", "vitals"];
  return h(
    "div",
    {},
    schedulePicture(order),
    framed(table("Steps of the pump", heads, steps, "steps"), "Steps of the pump"),
    plan.whole_vials === null ? unsaid(order, at("whole_vials")) : null,
    unsaid(order, ["no_schedule"]),
    h("dl", {}, rows.map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", {}, said)))),
  );
}

/** The order's heading, as a link has it too. */
function headingOf(order) {
  const id = (name, word) => fact(order, [name], (text) => shown(text, 80), `(no ${word} id)`);
  return [id("order_id", "order"), h("span", { class: "patient" }, " patient ", id("patient_id", "patient"))];
}

/** Everything that the report says of one order. level: of its heading. */
function orderView(order, index) {
  const status = h("span", { "data-fact": '["status"]', "data-value": JSON.stringify(order.status) }, badge(order.status));
  const findings = order.findings.map((_, k) => findingCard(order, k));
  const drawn = ratePicture(order, index);
  const beside = (...parts) => h("div", { class: "beside" }, parts);
  const section = (title, ...inner) => h("section", {}, h("h3", {}, title), inner);
  return h(
    "div",
    { class: "order", "data-order": index },
    h("h2", { tabindex: "-1" }, status, " ", headingOf(order)),
    h("p", { class: "quiet" }, DATA.reference.statuses[order.status], " ", placeOf(order), newest(order)),
    beside(
      section("Findings", findings.length ? findings : h("p", {}, NOTHING_FOUND)),
      h("div", {}, section("Rates and limits", drawn ? h("figure", {}, drawn, notDrawn(order)) : h("p", {}, "There is no limit to draw."), limitsTable(order, index), basisLine(order)), section("Risk", riskList(order))),
    ),
    beside(section("The order's cells", cellsTable(order), notRead(order)), section("Pump programme", programme(order))),
    h("details", {}, h("summary", {}, "Policy and notices of this run"), knowOfRun()),
  );
}
