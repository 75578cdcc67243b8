// The worklist: worst first, sorted, searched and filtered, a page at a time.

const A_PAGE = 50;
const TOLD = 3; // findings of an order that its line tells; the rest is counted
const MESSAGE = 320; // characters of one

// Smaller first or larger first, and what has no value last either way.
DataTable.type("place", {
  detect: () => false,
  order: {
    pre: (value) => value,
    asc: (a, b) => (a === null) - (b === null) || a - b,
    desc: (a, b) => (a === null) - (b === null) || b - a,
  },
});

/** For each order its place when all are sorted by a text: numbers in it by their value. null where it has none. */
function ranks(orders, textOf) {
  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
  const texts = orders.map((order) => textOf(order) || null);
  const places = new Map([...new Set(texts)].filter((text) => text !== null).sort(compare).map((text, place) => [text, place]));
  return texts.map((text) => places.get(text) ?? null);
}

/** What a search finds an order by. */
function haystack(order) {
  const { ordered, source } = order;
  const findings = order.findings.flatMap((finding) => [finding.code, finding.name, finding.message, finding.fingerprint]);
  const parts = [order.order_id, order.patient_id, order.status, ordered.indication, ordered.product, ...Object.values(order.written), source.file, ...order.at_risk.map(words), ...findings];
  return parts.filter(Boolean).join("\n").toLowerCase();
}

/** What stands in a cell that was not recognised: as written, and so marked. */
function orWritten(order, column) {
  if (order.ordered[column] !== null) return [fact(order, ["ordered", column])];
  const text = order.written[column];
  return text === undefined ? [h("span", { class: "none" }, "not given")] : [`"${shown(text, 60)}"`, h("span", { class: "none" }, " as written")];
}

/** The ordered maximum rate, as written and in mg/kg/min, with a small bar of its share of the hard maximum. */
function rateCell(order, index) {
  const { ordered, limits } = order;
  const over = overWhat(index, "max");
  const rate = ordered.max_rate_mg_per_kg_min;
  if (rate === null) {
    if (ordered.max_rate === null) return [h("span", { class: "none" }, "not ordered")];
    return [shown(ordered.max_rate, 40), h("div", { class: over ? "over" : "none" }, over ? `over ${over} max` : "no rate was read")];
  }
  const parts = [h("span", { class: "rate" }, fact(order, ["ordered", "max_rate_mg_per_kg_min"], () => rateText(order, "max")))];
  const share = shareOfLimit(order);
  if (share === null) return parts;
  const cleared = order.status === "UNCHECKED" ? "unknown" : "within";
  const bar = picture(100, 8, "", `bar ${over || cleared}`).attr("aria-hidden", "true").attr("preserveAspectRatio", "none");
  bar.append("rect").attr("class", "room").attr("width", 100).attr("height", 8);
  bar.append("rect").attr("class", "fill").attr("width", Math.min(100, 50 * share)).attr("height", 8);
  bar.append("line").attr("x1", 50).attr("x2", 50).attr("y1", 0).attr("y2", 8);
  const percent = against(100 * share, [100], 3);
  parts.push(` of ${limits.hard_max_exclusive ? "<" : ""}${roundedDown(limits.hard_max_mg_per_kg_min)}`, bar.node());
  const reached = over === "hard" && same(rate, limits.hard_max_mg_per_kg_min);
  const said = over ? ` ${reached ? "not below" : "over"} ${over} max` : order.status === "UNCHECKED" ? " not cleared" : "";
  parts.push(h("span", { class: over ? "over" : "quiet" }, `${percent}%${said}`));
  const start = overWhat(index, "start");
  if (start) parts.push(h("div", { class: "over" }, `start rate over ${start === "start" ? "its limit" : `${start} max`}`));
  return parts;
}

/** What was found, in short. */
function findingsCell(order) {
  const told = order.findings.filter((finding) => finding.severity !== "info");
  const items = told.slice(0, TOLD).map((finding) => h("li", {}, h("b", {}, finding.code), " ", newsOf(finding), shown(finding.message, MESSAGE)));
  if (told.length > TOLD) items.push(h("li", { class: "quiet" }, `and ${counted(told.length - TOLD, "more finding")}`));
  if (!items.length) return order.findings.length ? [h("span", { class: "quiet" }, `for information: ${order.findings.map((finding) => finding.code).join(", ")}`)] : [];
  return [h("ul", {}, items)];
}

/** "new: ", "changed: " or "reopened: " where a finding is; what stands as it stood is not marked. */
function newsOf(finding) {
  const state = finding.delta?.state;
  return state && state !== "still_open" ? h("em", {}, `${DATA.reference.sections[state][0].toLowerCase()}: `) : "";
}

/** The link by which an order is opened. */
function openLink(order, index, view) {
  const id = fact(order, ["order_id"], (text) => shown(text, 40), "(no order id)");
  return h("a", { class: "open", href: hashOf({ ...view, order: index + 1 }), "data-open": index + 1 }, id);
}

/** The worklist's columns: head, what it is sorted by, and its cell. */
function columnsOf(orders, view) {
  const rank = (textOf) => ranks(orders, textOf);
  const files = [...new Set(orders.map((order) => order.source.file))];
  const rows = orders.map((order) => [files.indexOf(order.source.file), order.source.sheet ?? "", order.source.row ?? 0]);
  const inFile = [...orders.keys()].sort((a, b) => rows[a][0] - rows[b][0] || (rows[a][1] < rows[b][1] ? -1 : rows[a][1] > rows[b][1] ? 1 : 0) || rows[a][2] - rows[b][2]);
  const place = [];
  inFile.forEach((index, k) => (place[index] = k));
  const share = orders.map((order, index) => shareOfLimit(order) ?? (overWhat(index, "max") ? Infinity : null));
  return [
    { name: "worst", head: "Status", by: orders.map((_, index) => index), cell: (order) => [badge(order.status)] },
    { name: "order", head: "Order", by: rank((order) => order.order_id ?? ""), cell: (order, index) => [openLink(order, index, view)] },
    { name: "patient", head: "Patient", by: rank((order) => order.patient_id ?? ""), cell: (order) => [fact(order, ["patient_id"], (text) => shown(text, 40), "(no patient id)")] },
    { name: "indication", head: "Indication", by: rank((order) => order.ordered.indication ?? ""), cell: (order) => orWritten(order, "indication") },
    { name: "product", head: "Product", by: rank((order) => order.ordered.product ?? ""), cell: (order) => orWritten(order, "product") },
    { name: "share", head: "Max rate, mg/kg/min", by: share, cell: rateCell },
    { name: "risk", head: "At risk", by: null, cell: (order) => [order.at_risk.length ? order.at_risk.map(words).join(", ") : order.undocumented.length ? h("span", { class: "none" }, "not documented") : order.ordered.age_years === null ? h("span", { class: "none" }, "age not known") : ""] },
    { name: "findings", head: "Findings", by: null, cell: findingsCell },
    { name: "row", head: "Row", by: place, cell: (order) => [order.source.row === null ? "" : String(order.source.row)] },
  ];
}

/** Whether an order is what the view asks for; folding apart. */
function fits(order, index, view, texts) {
  if (view.status.length && !view.status.includes(order.status)) return false;
  if (view.rule && !order.findings.some((finding) => finding.code === view.rule)) return false;
  if (view.indication && (order.ordered.indication ?? "-") !== view.indication) return false;
  if (view.product && (order.ordered.product ?? "-") !== view.product) return false;
  if (view.unit && (DATA.page.unit[index] || "-") !== view.unit) return false;
  if (view.file && (order.source.file ?? "-") !== view.file) return false;
  if (view.news && !order.findings.some((finding) => finding.delta?.state === view.news)) return false;
  if (view.over && !isOver(index)) return false;
  return texts.every((text) => HAYSTACKS.at(index).includes(text));
}

/** Whether the view asks for something by which a folded order may be looked for: then none is folded. */
function asksForMore(view) {
  return view.all || view.over || Boolean(view.search) || view.status.length > 0 || FILTERS.some((name) => view[name]);
}

let HAYSTACKS = [];
let FOLDED = new Set();

/** The numbers of the orders that a view shows, and how many it folds. */
function chosen(view) {
  const { orders } = DATA.report;
  const texts = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = [...orders.keys()].filter((index) => fits(orders[index], index, view, texts));
  const folded = asksForMore(view) ? [] : fitting.filter((index) => FOLDED.has(index));
  const away = new Set(folded);
  return { shown: folded.length ? fitting.filter((index) => !away.has(index)) : fitting, folded: folded.length };
}

/** The table of the worklist. act: what the page does when the reader sorts or turns a page. */
class Worklist {
  constructor(element, view, act) {
    const { orders } = DATA.report;
    HAYSTACKS = orders.map(haystack);
    FOLDED = new Set(DATA.page.folded);
    this.view = view;
    this.chosen = new Set();
    this.columns = columnsOf(orders, view);
    this.quiet = false; // while the page itself sorts or turns, nobody is told
    const render = (column) => (index, type) => {
      if (type === "display") return h("span", {}, column.cell(orders[index], index));
      return type === "sort" && column.by !== null ? column.by[index] : "";
    };
    this.table = new DataTable(element, {
      data: orders.map((_, index) => [index]),
      columns: this.columns.map((column) => ({
        data: 0, title: column.head, type: "place", orderable: column.by !== null, orderSequence: ["asc", "desc"], render: render(column),
        className: column.name,
      })),
      order: [[0, "asc"]],
      orderMulti: false,
      orderDescReverse: false, // of equals the worst comes first, either way
      pageLength: A_PAGE,
      lengthChange: false,
      autoWidth: false,
      deferRender: true,
      layout: { topStart: null, topEnd: null, bottomStart: "info", bottomEnd: "paging" },
      language: { thousands: "", info: "_START_ to _END_ of _TOTAL_", infoEmpty: "", infoFiltered: "", zeroRecords: "No order fits. Esc clears the filters.", emptyTable: "There is no order." },
      createdRow: (row, [index]) => {
        row.classList.add(orders[index].status.toLowerCase());
        this.columns.forEach((column, k) => row.cells[k].setAttribute("data-title", column.head));
      },
    });
    this.table.search.fixed("view", (_, [index]) => this.chosen.has(index));
    const told = (change) => () => this.quiet || act(change());
    this.table.on("order", told(() => this.sorted()));
    this.table.on("page", told(() => ({ page: this.table.page() + 1 })));
  }

  /** How the reader has sorted. */
  sorted() {
    const [column, direction] = this.table.order()[0] ?? [0, "asc"];
    return { sort: this.columns[column].name, descending: direction === "desc", page: 1 };
  }

  /** Shows what the view asks for; gives what that comes to. */
  show(view) {
    this.quiet = true;
    this.view = view;
    const found = chosen(view);
    this.chosen = new Set(found.shown);
    const column = this.columns.findIndex((each) => each.name === view.sort);
    this.table.order([column, view.descending ? "desc" : "asc"]);
    this.table.draw();
    const pages = this.table.page.info().pages;
    this.table.page(Math.max(0, Math.min(view.page, pages) - 1)).draw("page");
    this.quiet = false;
    return found;
  }

  /** The numbers of the orders that are shown, in their order, on all pages. */
  get indices() {
    return this.table.rows({ search: "applied", order: "applied" }).data().toArray().map(([index]) => index);
  }
}
