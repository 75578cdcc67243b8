// The pictures of the whole batch: findings by rule, ordered rates against limits, and who is at risk.

const SEVERITIES = ["stop", "unchecked", "review", "info"];
const BINS = 10; // tenths of the hard maximum; what is over it stands in bins of its own, up to twice and beyond

/** Findings by rule, worst first: each line a button that shows the orders with it. */
function findingsByRule(orders, choose) {
  const counts = new Map();
  for (const order of orders) {
    for (const finding of order.findings) {
      const key = `${SEVERITIES.indexOf(finding.severity)} ${finding.code}`;
      const entry = counts.get(key) ?? { ...finding, count: 0 };
      entry.count += 1;
      counts.set(key, entry);
    }
  }
  const entries = [...counts.keys()].sort().map((key) => counts.get(key));
  if (!entries.length) return h("p", {}, "No finding.");
  const most = Math.max(...entries.map((entry) => entry.count));
  const line = (entry) => {
    const bar = picture(100, 10, "", `bar ${entry.severity}`).attr("aria-hidden", "true").attr("preserveAspectRatio", "none");
    bar.append("rect").attr("width", Math.max(1, (100 * entry.count) / most)).attr("height", 10);
    const name = `${entry.severity.toUpperCase()} ${entry.code} ${words(entry.name.replaceAll("-", "_"))}`;
    const act = () => choose(entry.code);
    return h("li", {}, button([h("span", { class: "what" }, name), bar.node(), h("span", { class: "count" }, String(entry.count))], act, { title: "Show the orders with this finding" }));
  };
  return h("ul", { class: "byrule" }, entries.map(line));
}

/** Ordered maximum rates as shares of their hard maxima; what is over stands apart, with its number. */
function ratesAgainstLimits(orders, chooseOver) {
  const within = new Array(BINS).fill(0);
  const over = [0, 0, 0];
  let unknown = 0;
  let uncleared = 0; // within the limits that could be reckoned, which may not be all of them
  orders.forEach((order, index) => {
    const share = shareOfLimit(order);
    if (overWhat(index, "max") === "hard") over[share === null || share >= 2 ? 2 : share >= 1.5 ? 1 : 0] += 1;
    else if (share === null) unknown += 1;
    else if (order.status === "UNCHECKED") uncleared += 1;
    else within[Math.min(BINS - 1, Math.floor(share * BINS))] += 1;
  });
  const overAll = d3.sum(over);
  const labels = [...within.map((_, bin) => `${bin * 10}`), "100", "150", "200"];
  const counts = [...within, ...over];
  const [width, height, base] = [340, 118, 90];
  const x = d3.scaleLinear([0, counts.length], [10, width - 6]);
  const y = d3.scaleLinear([0, Math.max(1, ...counts)], [base, 16]);
  const title = `Ordered maximum rate as a share of the hard maximum: ${counted(d3.sum(within), "order")} within it, ${overAll} over it, ${uncleared} UNCHECKED and ${unknown} without a rate or limit not drawn`;
  const svg = picture(width, height, title, "shares");
  counts.forEach((count, bin) => {
    const kind = bin >= BINS ? "never" : "within";
    const left = x(bin) + (bin >= BINS ? 5 : 0);
    svg.append("rect").attr("class", `zone ${kind}`).attr("x", left).attr("width", x(1) - x(0) - 3).attr("y", y(count)).attr("height", base - y(count));
    if (count) svg.append("text").attr("class", "count").attr("x", left + (x(1) - x(0) - 3) / 2).attr("y", y(count) - 3).attr("text-anchor", "middle").text(count);
    svg.append("text").attr("class", "tick").attr("x", left).attr("y", base + 13).text(labels[bin]);
  });
  svg.append("line").attr("class", "limit hard_max").attr("x1", x(BINS) + 1).attr("x2", x(BINS) + 1).attr("y1", 8).attr("y2", base + 4);
  svg.append("text").attr("class", "unit").attr("x", width - 6).attr("y", height - 2).attr("text-anchor", "end").text("% of hard maximum");
  const either = orders.filter((_, index) => isOver(index)).length; // the start rate, or the maximum
  const say = either ? button(`Show the ${counted(either, "order")} with a rate over it`, chooseOver, { class: "link" }) : h("span", {}, "None is over it.");
  const left = [unknown ? `${unknown} without a rate or limit to compare` : "", uncleared ? `${uncleared} UNCHECKED: not cleared` : ""].filter(Boolean);
  return h("div", {}, svg.node(), h("p", {}, say, left.length ? ` Not drawn: ${left.join("; ")}.` : ""));
}

/** The ordered maximum rate as a share of the hard maximum; null where one of them is not known. */
function shareOfLimit(order) {
  const rate = order.ordered.max_rate_mg_per_kg_min;
  const limit = order.limits.hard_max_mg_per_kg_min;
  if (rate === null || limit === null || limit <= 0) return null;
  return same(rate, limit) ? 1 : rate / limit;
}

/** What is known of an order's risk: of a row that could not be taken apart, nothing. */
function riskOf(order) {
  if (order.at_risk.length) return "at risk";
  if (order.findings.some((finding) => finding.code === "IVG910")) return "row not used";
  if (order.undocumented.length) return "not documented";
  return order.ordered.age_years === null ? "age not known" : "not at risk, as documented";
}

/** How many are at risk, how many were not asked, how many neither. */
function atRiskShare(orders) {
  const counts = d3.rollup(orders, (some) => some.length, riskOf);
  const kinds = [["at risk", "judge"], ["not documented", "unknown"], ["age not known", "unknown"], ["row not used", "unknown"], ["not at risk, as documented", "within"]];
  const parts = kinds.map(([word, kind]) => [word, kind, counts.get(word) ?? 0]).filter(([word, , count]) => count || !["row not used", "age not known"].includes(word));
  const title = `Risk of thrombosis or renal dysfunction: ${parts.map(([word, , count]) => `${count} ${word}`).join(", ")}`;
  const svg = picture(300, 26, title, "risk").attr("preserveAspectRatio", "none");
  let left = 0;
  for (const [, kind, count] of parts) {
    const width = orders.length ? (300 * count) / orders.length : 0;
    if (width) svg.append("rect").attr("class", `zone ${kind}`).attr("x", left).attr("width", width).attr("height", 26);
    left += width;
  }
  const key = ([word, kind, count]) => {
    const percent = orders.length ? ` (${Math.round((100 * count) / orders.length)}%)` : "";
    return h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), `${count} ${word}${percent}`);
  };
  return h("div", {}, svg.node(), h("ul", { class: "key" }, parts.map(key)));
}
