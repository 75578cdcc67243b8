// A fact of the report wherever it stands on the page: with its place in the report's JSON and its exact value, so that
// what a reader sees can be compared with what other programs read.

/** The value that stands at a path such as "limits.start_mg_per_kg_min" in an order. */
function valueAt(order, path) {
  return path.reduce((value, key) => value[key], order);
}

/** A fact. path: keys in the order's JSON; say: how a value that is known is shown; unknown: what is said of null. */
function fact(order, path, say = plainly, unknown = "not known") {
  const value = valueAt(order, path);
  const text = value === null ? unknown : say(value);
  const props = { "data-fact": JSON.stringify(path), "data-value": JSON.stringify(value) };
  if (value === null) props.class = "none";
  return h("span", props, text);
}

/** A fact of which no word is needed where it stands: nothing is there, or it is said already. */
function unsaid(order, path) {
  return fact(order, path, () => "", "");
}

/** A value as it is shown where nothing else is said. */
function plainly(value) {
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return shown(value);
}

/** Facts of a list, one after the other; what is said where it is empty. */
function listed(order, path, say, none) {
  const values = valueAt(order, path);
  const items = values.flatMap((_, k) => [k ? ", " : "", fact(order, [...path, k], say)]);
  const props = { "data-fact": JSON.stringify(path), "data-length": values.length };
  return h("span", props, values.length ? items : none);
}

/** The value with its unit. */
function within(unit) {
  return (value) => `${number(value)} ${unit}`;
}
