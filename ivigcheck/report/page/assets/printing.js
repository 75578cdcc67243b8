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
  if (left) said.push(`${left} filtered out (${decodeURIComponent(hashOf(worklist.view)).slice(1)})`);
  if (folded) said.push(foldedText(folded));
  return h("table", { class: "worklist" }, h("caption", {}, said.join("; ")), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
}

/** One bedside sheet: what was found, how fast it may run, the pump programme, and two lines to sign. */
function sheet(index) {
  const line = (word) => h("p", { class: "sign" }, `${word}: `, h("span", { class: "blank" }));
  const { run, policy, knowledge, tool } = DATA.report;
  const foot = `${tool.name} ${tool.version}, as of ${run.as_of}, policy ${policy.id} ${policy.version}, knowledge ${knowledge.version}`;
  const order = DATA.report.orders[index];
  const { ordered } = order;
  const severity = (finding) => h("strong", {}, `${finding.code} ${finding.severity.toUpperCase()}`);
  const findings = order.findings.map((finding, k) => h("li", {}, severity(finding), " ", fact(order, ["findings", k, "message"])));
  const cells = [["Product", orWritten(order, "product")], ["Indication", orWritten(order, "indication")], ["Age", ordered.age_years === null ? "not known" : within("years")(ordered.age_years)], ["At risk", listed(order, ["at_risk"], words, "no factor that is known")], ["Not documented", listed(order, ["undocumented"], words, "nothing")]];
  const drawn = ratePicture(order, index);
  return h(
    "section",
    { class: "sheet order" },
    h("h2", {}, badge(order.status), " ", headingOf(order)),
    h("p", {}, DATA.reference.statuses[order.status], " ", placeOf(order)),
    h("dl", {}, cells.map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", {}, said)))),
    h("h3", {}, "Findings"),
    findings.length ? h("ul", {}, findings) : h("p", {}, NOTHING_FOUND),
    h("h3", {}, "Rates and limits"),
    drawn ? h("figure", {}, drawn) : null,
    limitsTable(order, index),
    basisLine(order),
    h("h3", {}, "Pump programme"),
    programme(order),
    h("div", { class: "signatures" }, line("Verified by, time"), line("Second check, time")),
    h("p", { class: "quiet" }, visible(foot)),
  );
}

/** Fills the part of the page that only paper shows. */
function fillPaper(paper, worklist, view, sheets) {
  paper.replaceChildren();
  document.documentElement.classList.toggle("sheets", sheets || view.order !== null);
  if (view.order !== null) paper.append(sheet(view.order - 1));
  else if (sheets) paper.append(...worklist.indices.slice(0, MOST_SHEETS).map(sheet));
  else paper.append(printedWorklist(worklist));
}
