// The picture of one order: its rates against its limits on one scale; and its pump programme over time.

const OVER = { START_OVER_START: 1, START_OVER_SOFT: 2, START_OVER_HARD: 4, MAX_OVER_SOFT: 8, MAX_OVER_HARD: 16 };
const LABEL = 6.6; // units of width that a letter of a label takes
const BOLD_LABEL = 7.4;

/** How wide a picture is in its own units, which are about pixels: on a phone less, so that its words stay readable. */
function width() {
  return window.matchMedia("(max-width: 40rem)").matches ? 360 : 640;
}

/** Which limit an ordered rate is over: "hard", "soft", "start" or "". rate: "start" or "max". */
function overWhat(index, rate) {
  const over = DATA.page.over[index];
  const is = (flag) => (over & OVER[flag]) !== 0;
  if (rate === "max") return is("MAX_OVER_HARD") ? "hard" : is("MAX_OVER_SOFT") ? "soft" : "";
  if (is("START_OVER_HARD")) return "hard";
  return is("START_OVER_SOFT") ? "soft" : is("START_OVER_START") ? "start" : "";
}

/** Whether an ordered rate, the start or the maximum, is over the hard maximum. */
function isOver(index) {
  return overWhat(index, "max") === "hard" || overWhat(index, "start") === "hard";
}

/** What stands below the picture: rates that are written and not drawn. */
function notDrawn(order) {
  const { ordered } = order;
  const names = ["start", "max"].filter((name) => ordered[`${name}_rate`] !== null && ordered[`${name}_rate_mg_per_kg_min`] === null);
  return names.length ? h("figcaption", { class: "over" }, `Not drawn, see findings: ${names.map((name) => `ordered ${name} "${shown(ordered[`${name}_rate`], 40)}"`).join(", ")}`) : null;
}

/** An ordered rate in mg/kg/min, told apart from every limit and from the other rate. name: "start" or "max". */
function rateText(order, name) {
  const { limits, ordered } = order;
  const value = ordered[`${name}_rate_mg_per_kg_min`];
  const other = ordered[`${name === "max" ? "start" : "max"}_rate_mg_per_kg_min`];
  const beside = ["start", "soft_max", "hard_max"].map((limit) => limits[`${limit}_mg_per_kg_min`]);
  if (other !== null && !same(value, other)) beside.push(other);
  return against(value, beside);
}

/** An SVG with a title for those who do not see it. */
function picture(width, height, title, kind) {
  const svg = d3.create("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("class", `picture ${kind}`);
  svg.attr("role", "img").attr("aria-label", title);
  return svg;
}

/** The values that a picture of rates has: words, value in mg/kg/min, and what to say of it. */
function marksOf(order, index) {
  const { limits, ordered } = order;
  const limit = (name, word, exclusive) => {
    const value = limits[`${name}_mg_per_kg_min`];
    return { name, value, kind: "limit", word, shown: `${exclusive ? "below " : ""}${value === null ? "" : roundedDown(value)}` };
  };
  const rate = (name, word) => {
    const value = ordered[`${name}_rate_mg_per_kg_min`];
    const over = overWhat(index, name);
    const text = value === null ? "" : rateText(order, name);
    const said = over ? ` (over ${over === "start" ? "start limit" : over + " max"})` : "";
    return { name, value, kind: "rate", over, text: `${word} ${text}${said}` };
  };
  const marks = [
    limit("start", "start", false),
    limit("soft_max", "soft", limits.soft_max_exclusive),
    limit("hard_max", "hard", limits.hard_max_exclusive),
    rate("start", "ordered start"),
    rate("max", "ordered max"),
  ];
  return joined(marks.filter((mark) => mark.value !== null));
}

/** The marks, those of limits that are the same as one: "soft and hard max 8". */
function joined(marks) {
  const result = [];
  for (const mark of marks) {
    const twin = result.find((each) => each.kind === "limit" && mark.kind === "limit" && each.shown === mark.shown && same(each.value, mark.value));
    if (twin) Object.assign(twin, { name: mark.name, words: [...twin.words, mark.word] });
    else result.push({ ...mark, words: [mark.word] });
  }
  for (const mark of result) {
    if (mark.kind === "limit") mark.text = `${mark.words.join(" and ")} ${mark.words.at(-1) === "start" ? "limit" : "max"} ${mark.shown}`;
  }
  return result;
}

/** Labels in as few rows as let none lie on another. x: where each would like its middle to be. */
function laidOut(labels, room) {
  const rows = [];
  for (const label of [...labels].sort((a, b) => a.x - b.x)) {
    const wide = label.text.length * (label.over ? BOLD_LABEL : LABEL);
    const left = Math.max(0, Math.min(room - wide, label.x - wide / 2));
    let row = rows.findIndex((end) => end + 8 <= left);
    if (row < 0) row = rows.push(0) - 1;
    rows[row] = left + wide;
    Object.assign(label, { left, row, middle: left + wide / 2 });
  }
  return rows.length;
}

/** The ordered rates against start, soft and hard limits on one scale; null where there is nothing to draw. */
function ratePicture(order, index) {
  const marks = marksOf(order, index);
  const limits = marks.filter((mark) => mark.kind === "limit");
  if (!limits.length) return null;
  const wide = width();
  const highest = Math.max(...limits.map((mark) => mark.value));
  // What is far over would press the limits together: it stands at the end of the scale, with an arrow.
  const end = Math.min(2.2 * highest, 1.15 * Math.max(...marks.map((mark) => mark.value)));
  const scale = d3.scaleLinear([0, end], [10, wide - 10]);
  for (const mark of marks) Object.assign(mark, { beyond: mark.value > end, x: scale(Math.min(mark.value, end)) });
  const above = marks.filter((mark) => mark.kind === "rate");
  const rowsAbove = laidOut(above, wide);
  const rowsBelow = laidOut(limits, wide);
  const ROW = 17;
  const top = rowsAbove * ROW + 14;
  const bar = 22;
  const height = top + bar + 34 + rowsBelow * ROW;
  const title = `Rates in mg/kg/min: ${marks.map((mark) => mark.text).join(", ")}`;
  const svg = picture(wide, height, title, "rates");
  const at = (name) => (order.limits[`${name}_mg_per_kg_min`] === null ? undefined : scale(order.limits[`${name}_mg_per_kg_min`]));
  const zones = [
    ["within", 10, at("soft_max") ?? wide - 10],
    ["judge", at("soft_max"), at("hard_max")],
    ["never", at("hard_max"), wide - 10],
  ];
  for (const [kind, left, right] of zones) {
    if (left === undefined || right === undefined || right <= left) continue;
    svg.append("rect").attr("class", `zone ${kind}`).attr("x", left).attr("y", top).attr("width", right - left).attr("height", bar);
  }
  const clear = (tick) => limits.every((mark) => Math.abs(mark.x - scale(tick)) > 14); // of the lines to their labels
  const axis = d3.axisBottom(scale).tickValues(scale.ticks(wide / 80).filter(clear)).tickFormat((tick) => number(tick)).tickSizeOuter(0);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0 ${top + bar})`).call(axis);
  svg.append("text").attr("class", "unit").attr("x", wide - 10).attr("y", height - 3).attr("text-anchor", "end").text("mg/kg/min");
  for (const mark of limits) {
    const y = top + bar + 30 + mark.row * ROW;
    svg.append("line").attr("class", `limit ${mark.name}`).attr("x1", mark.x).attr("x2", mark.x).attr("y1", top - 4).attr("y2", top + bar + 4);
    svg.append("path").attr("class", "leader").attr("d", `M${mark.x} ${top + bar + 4}V${y - 11}L${mark.middle} ${y - 9}`);
    svg.append("text").attr("x", mark.left).attr("y", y + 2).text(mark.text);
  }
  for (const mark of above) {
    const y = (rowsAbove - mark.row) * ROW - 5;
    const shape = mark.beyond ? "M-7 -8L5 0L-7 8Z" : mark.name === "max" ? "M0 -8L8 0L0 8L-8 0Z" : "M0 -7A7 7 0 1 1 -0.1 -7Z";
    svg.append("path").attr("class", "leader").attr("d", `M${mark.middle} ${y + 4}L${mark.x} ${top - 4}V${top + bar / 2}`);
    svg.append("path").attr("class", `ordered ${mark.over}`).attr("transform", `translate(${mark.x} ${top + bar / 2})`).attr("d", shape);
    svg.append("text").attr("class", mark.over ? "over" : "").attr("x", mark.left).attr("y", y).text(mark.text);
  }
  return svg.node();
}

/** The pump programme as a step curve: mL/h over minutes from the start. */
function schedulePicture(order) {
  const { steps, total_minutes: total } = order.schedule;
  const limits = [
    ["soft max", order.limits.soft_max_mL_per_h],
    ["hard max", order.limits.hard_max_mL_per_h],
  ].filter(([, value]) => value !== null);
  const wide = width();
  const height = 210;
  const highest = Math.max(...steps.map((step) => step.mL_per_h), ...limits.map(([, value]) => value));
  const x = d3.scaleLinear([0, total], [46, wide - 86]);
  const y = d3.scaleLinear([0, highest * 1.08], [height - 34, 12]);
  const title = `Pump programme: ${steps.map((step) => `from ${duration(step.at)} ${number(step.mL_per_h)} mL/h`).join(", ")}; ends after ${duration(total)}`;
  const svg = picture(wide, height, title, "programme");
  const points = [...steps.map((step) => [step.at, step.mL_per_h]), [total, steps.at(-1).mL_per_h]];
  const curve = (shape) => shape.x((point) => x(point[0])).curve(d3.curveStepAfter);
  svg.append("path").attr("class", "given").attr("d", curve(d3.area()).y0(y(0)).y1((point) => y(point[1]))(points));
  svg.append("path").attr("class", "curve").attr("d", curve(d3.line()).y((point) => y(point[1]))(points));
  const hours = total >= 180;
  const ticks = d3.ticks(0, total / (hours ? 60 : 1), 7).map((tick) => tick * (hours ? 60 : 1));
  const told = (minutes) => number(minutes / (hours ? 60 : 1));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0 ${height - 34})`).call(d3.axisBottom(x).tickValues(ticks).tickFormat(told).tickSizeOuter(0));
  svg.append("g").attr("class", "axis").attr("transform", "translate(46 0)").call(d3.axisLeft(y).ticks(5).tickSizeOuter(0));
  svg.append("text").attr("class", "unit").attr("x", wide - 86).attr("y", height - 3).attr("text-anchor", "end").text(`${hours ? "hours" : "minutes"} from the start`);
  svg.append("text").attr("class", "unit").attr("x", 4).attr("y", 10).text("mL/h");
  let last = Infinity;
  for (const [word, value] of limits.sort((a, b) => b[1] - a[1])) {
    const line = y(value);
    svg.append("line").attr("class", `limit ${word.replace(" ", "_")}`).attr("x1", 46).attr("x2", wide - 86).attr("y1", line).attr("y2", line);
    if (last - line > -13 && last !== Infinity && line - last < 13) continue; // one label where two lines lie together
    svg.append("text").attr("x", wide - 82).attr("y", line + 4).text(`${word} ${number(value)}`);
    last = line;
  }
  return svg.node();
}
