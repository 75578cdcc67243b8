// What goes to paper: the worklist on A4 landscape, or a sheet an order for the bedside.

const MOST_LINES = 1000; // of a printed worklist: more takes a browser minutes
const MOST_SHEETS = 100;

/** The worklist as a plain table of all its pages; what is beyond the most that is printed is said. */
function printedWorklist(worklist) {
  const { orders } = DATA.report;
  const heads = worklist.columns.map((column) => h("th", { scope: "col", class: column.name }, column.head));
  const all = worklist.indices;
  const rows = all.slice(0, MOST_LINES).map((index) => h("tr", {}, worklist.columns.map((column) => h("td", { class: column.name }, column.cell(orders[index], index)))));
  const { folded } = chosen(worklist.view);
  const left = orders.length - all.length - folded;
  const said = [`Worklist: ${counted(rows.length, "order")} of ${orders.length}`];
  if (rows.length < all.length) said.push(`NOT ALL: the first ${rows.length} of ${all.length} that the list shows; filter it to print the rest`);
  if (left) said.push(`${left} filtered out (${filtersInWords(worklist.view)})`);
  if (folded) said.push(`REVIEW, folded: ${DATA.page.folded_text}`);
  return h("div", {}, h("table", { class: "worklist" }, h("caption", {}, said.join("; ")), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)), knowOfRun());
}

/** What a view asks for: "status STOP, PASS; rule IVG101". */
function filtersInWords(view) {
  const told = (name) => (name === "news" ? `since last time ${words(view.news)}` : `${name} ${view[name] === "-" ? "not known" : view[name]}`);
  const asked = FILTERS.filter((name) => view[name]).map(told);
  if (view.status.length) asked.unshift(`status ${view.status.join(", ")}`);
  if (view.search) asked.push(`search "${view.search}"`);
  if (view.over) asked.push("with a rate over their hard maximum");
  return shown(asked.join("; "), 300);
}

/** What a reader must know of the run: how the site's policy deviates from the one built in, and the notices. */
function knowOfRun() {
  const { notices } = DATA.report;
  const said = [...DATA.page.deviations.map((text) => `Site policy: ${shown(text)}`), ...notices.map((text) => shown(text))];
  return h("ul", { class: "run" }, said.map((text) => h("li", {}, text)));
}

/** One bedside sheet: what was found, how fast it may run, the pump programme, two lines to sign, and a note.
 *
 * Of an order that must not run, or was not cleared, there is nothing to sign. */
function sheet(index, note = "") {
  const line = (word) => h("p", { class: "sign" }, `${word}: `, h("span", { class: "blank" }));
  const { run, policy, knowledge, tool } = DATA.report;
  const foot = `${tool.name} ${tool.version}, as of ${run.as_of}, policy ${policy.id} ${policy.version}, knowledge ${knowledge.version}`;
  const order = DATA.report.orders[index];
  const { ordered } = order;
  const severity = (finding) => h("strong", {}, `${finding.code} ${finding.severity.toUpperCase()}`);
  const findings = order.findings.map((finding, k) => h("li", {}, severity(finding), " ", fact(order, ["findings", k, "message"])));
  const cells = [["Product", orWritten(order, "product")], ["Indication", orWritten(order, "indication")], ["Age", ordered.age_years === null ? "not known" : within("years")(ordered.age_years)], ["At risk", listed(order, ["at_risk"], words, ordered.age_years === null ? "no factor that is known, and the age is not known" : "no factor that is known")], ["Not documented", listed(order, ["undocumented"], words, "nothing")]];
  if (order.history.length) cells.push(["On record", listed(order, ["history"], shown, "")]);
  const runs = order.status === "REVIEW" || order.status === "PASS";
  const drawn = ratePicture(order, index);
  const refused = h("p", { class: "alert" }, order.status === "STOP" ? "NOT TO BE GIVEN AS ORDERED." : "NOT CLEARED: could not be checked. No rate is given here.");
  return h(
    "section",
    { class: "sheet order" },
    h("h2", {}, badge(order.status), " ", headingOf(order)),
    h("p", {}, DATA.reference.statuses[order.status], " ", placeOf(order)),
    runs ? null : refused,
    h("dl", {}, cells.map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", {}, said)))),
    h("h3", {}, "Findings"),
    findings.length ? h("ul", {}, findings) : h("p", {}, NOTHING_FOUND),
    order.status === "UNCHECKED" ? null : [h("h3", {}, "Rates and limits"), h("figure", {}, drawn ?? "", notDrawn(order)), limitsTable(order, index), basisLine(order)],
    h("h3", {}, "Pump programme"),
    programme(order),
    runs ? h("div", { class: "signatures" }, line("Verified by, time"), line("Second check, time")) : null,
    knowOfRun(),
    h("p", { class: "quiet" }, shown(foot)),
    note ? h("p", {}, h("strong", {}, note)) : null,
  );
}

/** The sheets of these orders; where they are more than are printed at once, the last one says so. */
function bedsideSheets(indices) {
  const printed = indices.slice(0, MOST_SHEETS);
  const more = printed.length < indices.length;
  const note = `NOT ALL: the first ${printed.length} of ${indices.length} that the list shows; filter it to print the rest`;
  return printed.map((index, k) => sheet(index, more && k === printed.length - 1 ? note : ""));
}

/** Fills the part of the page that only paper shows. */
function fillPaper(paper, worklist, view, sheets) {
  paper.replaceChildren();
  document.documentElement.classList.toggle("sheets", sheets || view.order !== null);
  if (view.order !== null) paper.append(sheet(view.order - 1));
  else if (sheets) paper.append(...bedsideSheets(worklist.indices));
  else paper.append(printedWorklist(worklist));
}
