// The view as it stands in the page's address, after "#": so that it can be shared, kept, and gone back to.

const STATUSES = ["STOP", "UNCHECKED", "REVIEW", "PASS"];
const FILTERS = ["rule", "indication", "product", "unit", "file", "news"];
const SORTS = ["worst", "order", "patient", "indication", "product", "share", "row"];

/** The view that an address asks for; what it asks for in vain is left out. order: its number, from 1. */
function viewOf(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name) => (/^[1-9]\d{0,8}$/.test(asked.get(name) ?? "") ? Number(asked.get(name)) : null);
  const status = (asked.get("status") ?? "").split(",").filter((word) => STATUSES.includes(word));
  const [sort, direction] = (asked.get("sort") ?? "").split(":");
  const order = number("order");
  const view = {
    status,
    search: asked.get("search") ?? "",
    over: asked.get("over") === "yes",
    all: asked.get("all") === "yes",
    keys: asked.get("keys") !== "off",
    sort: SORTS.includes(sort) ? sort : "worst",
    descending: direction === "desc" && SORTS.includes(sort),
    page: number("page") ?? 1,
    order: order !== null && order <= DATA.report.orders.length ? order : null,
    stale: order !== null && asked.has("report") && asked.get("report") !== DATA.page.id,
  };
  if (view.stale) view.order = null; // the number of an order of another report
  for (const name of FILTERS) view[name] = asked.get(name) ?? "";
  return view;
}

/** The address of a view; what is as usual is left out. */
function hashOf(view) {
  const said = new URLSearchParams();
  if (view.status.length) said.set("status", view.status.join(","));
  for (const name of FILTERS) if (view[name]) said.set(name, view[name]);
  if (view.search) said.set("search", view.search);
  if (view.over) said.set("over", "yes");
  if (view.all) said.set("all", "yes");
  if (view.sort !== "worst" || view.descending) said.set("sort", view.sort + (view.descending ? ":desc" : ""));
  if (view.page > 1) said.set("page", view.page);
  if (view.order !== null) {
    said.set("order", view.order);
    said.set("report", DATA.page.id); // in another report the number is another order's
  }
  if (!view.keys) said.set("keys", "off");
  const text = said.toString();
  return text ? `#${text}` : "#";
}
