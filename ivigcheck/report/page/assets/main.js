// The page: unpacks what it was given, and keeps address, filters, worklist, opened order and paper in step.

const $ = (id) => document.getElementById(id);

/** The report and what goes with it, unpacked. */
async function unpacked() {
  const packed = Uint8Array.from(atob($("data").textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** The choices of a filter with their counts, the usual first. */
function choices(select, all, counts, say = (value) => value) {
  const options = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  select.replaceChildren(h("option", { value: "" }, all), ...options.map(([value, count]) => h("option", { value }, `${shown(say(value), 50)} (${count})`)));
}

/** Shows which choice of a filter stands; an address may ask for one that no order has. */
function choose(select, value) {
  const there = [...select.options].some((option) => option.value === value);
  if (!there) select.append(h("option", { value }, `${shown(value, 50)} (0)`));
  select.value = value;
  select.closest("label").hidden = select.options.length < 3 && value === "";
}

/** How many orders have each value. valuesOf: of one order. */
function countsOf(valuesOf) {
  const counts = new Map();
  DATA.report.orders.forEach((order, index) => {
    for (const value of new Set(valuesOf(order, index))) counts.set(value, (counts.get(value) ?? 0) + 1);
  });
  return counts;
}

function fillFilters() {
  const { rules, sections } = DATA.reference;
  const unknown = (value) => (value === "-" ? "not known" : value);
  choices($("rule"), "Any rule", countsOf((order) => order.findings.map((finding) => finding.code)), (code) => `${code} ${rules[code].name}`);
  choices($("indication"), "Any indication", countsOf((order) => [order.ordered.indication ?? "-"]), unknown);
  choices($("product"), "Any product", countsOf((order) => [order.ordered.product ?? "-"]), unknown);
  choices($("unit"), "Any unit", countsOf((_, index) => [DATA.page.unit[index] || "-"]), unknown);
  choices($("file"), "Any file", countsOf((order) => [order.source.file ?? "-"]), unknown);
  choices($("news"), "New or not", countsOf((order) => order.findings.flatMap((finding) => finding.delta?.state ?? [])), (state) => sections[state][0]);
}

function start() {
  const { orders } = DATA.report;
  let view = viewOf(location.hash);
  let opened = null; // the number of the order that is open, as the page shows it
  /** Changes the view. push: as a step that the browser's Back takes back. */
  const go = (change, push = false) => {
    view = { ...view, ...change };
    if (push) history.pushState({ fromList: true }, "", hashOf(view));
    else history.replaceState(history.state, "", hashOf(view));
    show();
  };
  const filtered = (change) => go({ ...change, page: 1 });
  const worklist = new Worklist($("table"), view, (change) => go(change));
  $("table").setAttribute("aria-label", "Worklist");

  fillFilters();
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  document.querySelector("form.filters").addEventListener("submit", (event) => event.preventDefault());
  for (const name of FILTERS) $(name).addEventListener("change", (event) => filtered({ [name]: event.target.value }));
  for (const tile of document.querySelectorAll("[data-status]")) {
    tile.addEventListener("click", () => {
      const word = tile.dataset.status;
      const rest = view.status.filter((each) => each !== word);
      filtered({ status: word === "" ? [] : rest.length < view.status.length ? rest : [...rest, word], order: null });
    });
  }
  for (const tile of document.querySelectorAll("[data-news]")) {
    tile.addEventListener("click", () => filtered({ news: view.news === tile.dataset.news ? "" : tile.dataset.news, order: null }));
  }
  let typing;
  $("search").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => filtered({ search: event.target.value }), 120);
  });
  const cleared = { status: [], search: "", over: false, all: false, ...Object.fromEntries(FILTERS.map((name) => [name, ""])) };
  $("clear").addEventListener("click", () => {
    filtered(cleared);
    $("search").focus(); // the button itself is gone
  });
  $("unfold").addEventListener("click", () => filtered({ all: !view.all }));
  $("print-list").addEventListener("click", () => print_(false));
  $("print-sheets").addEventListener("click", () => print_(true));
  $("close").addEventListener("click", () => close());
  $("next").addEventListener("click", () => step(1));
  $("previous").addEventListener("click", () => step(-1));
  $("skip").addEventListener("click", () => (view.order === null ? $("search") : $("close")).focus());
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("keys-on").addEventListener("change", (event) => go({ keys: event.target.checked }));

  $("by-rule").append(findingsByRule(orders, (rule) => filtered({ ...cleared, rule, order: null })));
  $("shares").append(ratesAgainstLimits(orders, () => filtered({ ...cleared, over: true, sort: "share", descending: true, order: null })));
  $("at-risk").append(atRiskShare(orders));

  function show() {
    const { shown: indices, folded } = worklist.show(view);
    if (opened !== null && view.order === null) turnTo(opened - 1);
    for (const link of $("table").querySelectorAll("a.open")) link.href = hashOf({ ...view, order: Number(link.dataset.open) });
    for (const tile of document.querySelectorAll("[data-status]")) {
      const { status } = tile.dataset;
      tile.setAttribute("aria-pressed", String(status === "" ? !view.status.length : view.status.includes(status)));
    }
    for (const tile of document.querySelectorAll("[data-news]")) tile.setAttribute("aria-pressed", String(view.news === tile.dataset.news));
    for (const name of FILTERS) choose($(name), view[name]);
    if (document.activeElement !== $("search")) $("search").value = view.search;
    const narrowed = indices.length + folded < orders.length;
    $("found").textContent = `${narrowed ? `${indices.length + folded} of ` : ""}${counted(orders.length, "order")}${view.over ? ", with a rate over their hard maximum" : ""}`;
    $("stale").hidden = !view.stale;
    $("clear").hidden = !narrowed && !asksForMore(view) && !view.status.length;
    $("folded").hidden = !folded && !view.all;
    $("folded-text").textContent = folded ? `REVIEW, folded: ${DATA.page.folded_text}` : "Nothing is folded.";
    $("unfold").textContent = folded ? "Show them" : "Fold again";
    $("keys-on").checked = view.keys;
    const sheets = Math.min(MOST_SHEETS, indices.length);
    $("print-sheets").textContent = `Print ${sheets < indices.length ? "the first " : ""}${counted(sheets, "bedside sheet")}`;
    $("print-sheets").hidden = !sheets;
    showOrder();
  }

  function showOrder() {
    const open = view.order !== null;
    document.documentElement.classList.toggle("open", open);
    $("overview").hidden = open;
    $("order").hidden = !open;
    const was = opened;
    opened = view.order;
    if (!open) {
      $("order-view").replaceChildren();
      if (was !== null) ($("table").querySelector(`a[data-open="${was}"]`) ?? $("search")).focus();
      return;
    }
    const index = view.order - 1;
    if ($("order-view").firstElementChild?.dataset.order !== String(index)) {
      $("order-view").replaceChildren(orderView(orders[index], index));
      window.scrollTo(0, 0);
      $("order-view").querySelector("h2").focus({ preventScroll: true });
    }
    const { indices } = worklist;
    const place = indices.indexOf(index);
    $("place").textContent = place < 0 ? "" : `${place + 1} of ${indices.length}`;
    $("previous").disabled = place <= 0;
    $("next").disabled = place < 0 || place >= indices.length - 1;
  }

  function step(by) {
    const { indices } = worklist;
    const next = indices[indices.indexOf(view.order - 1) + by];
    if (next !== undefined) go({ order: next + 1 });
  }

  /** Closes the order: back to where it was opened, where that is this page. */
  function close() {
    if (history.state?.fromList) history.back();
    else go({ order: null });
  }

  /** Turns the list to the page on which an order stands. */
  function turnTo(index) {
    const place = worklist.indices.indexOf(index);
    if (place < 0) return;
    view = { ...view, page: Math.floor(place / A_PAGE) + 1 };
    history.replaceState(history.state, "", hashOf(view));
    worklist.show(view);
  }

  function print_(sheets) {
    fillPaper($("paper"), worklist, view, sheets);
    filled = true;
    window.print();
  }
  let filled = false;
  window.addEventListener("beforeprint", () => {
    if (!filled) fillPaper($("paper"), worklist, view, false);
  });
  window.addEventListener("afterprint", () => {
    filled = false;
    $("paper").replaceChildren();
  });

  $("table").addEventListener("click", (event) => {
    const link = event.target.closest("a.open");
    const plain = link && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!plain) return;
    event.preventDefault();
    go({ order: Number(link.dataset.open) }, true);
  });
  window.addEventListener("popstate", () => {
    const asked = viewOf(location.hash);
    view = { ...asked, keys: asked.keys && view.keys };
    show();
  });

  /** Moves to the next or previous order of the list. */
  function move(by) {
    const links = [...$("table").querySelectorAll("a.open")];
    const here = links.indexOf(document.activeElement);
    const next = links[Math.max(0, Math.min(links.length - 1, here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by))];
    next?.focus();
  }
  const KEYS = {
    "/": () => (view.order === null ? $("search").focus() : null),
    j: () => (view.order === null ? move(1) : step(1)),
    k: () => (view.order === null ? move(-1) : step(-1)),
    p: () => print_(false),
    "?": () => $("help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    const typed = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      if (view.order !== null) close();
      else if (typed || !$("clear").hidden) {
        $("search").value = "";
        document.activeElement.blur();
        filtered(cleared);
      }
      return;
    }
    if (typed) return;
    if (view.order === null && (event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement.matches("a.open")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    if (view.keys && KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  show();
  document.documentElement.classList.add("ready");
}

unpacked()
  .then((data) => {
    DATA = data;
    start();
  })
  .catch((error) => {
    for (const part of document.querySelectorAll("[data-script]")) part.hidden = true;
    $("order").hidden = true;
    $("overview").hidden = $("failed").hidden = false;
    throw error;
  });
