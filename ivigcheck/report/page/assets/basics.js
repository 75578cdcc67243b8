// Elements from texts, and numbers as texts. Nothing here ever reads a text as markup.

let DATA = null; // what the page was given: the report, the words that explain it, and what its pictures need
const LONGEST = 2000; // characters of one text that are shown; the rest is cut, with a mark, and whole in the JSON
const CUT_MARK = "…(cut)";
const MOST_DIGITS = 17;
const USUAL_DIGITS = 6;

/** An element. props: "class" and other attributes by name (no style, no handler); children: nodes and texts. */
function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** An element that does something when it is pressed. */
function button(label, act, props = {}) {
  const element = h("button", { type: "button", ...props }, label);
  element.addEventListener("click", act);
  return element;
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** A text with every character that would not be seen written as an escape. */
function visible(text) {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0);
    const digits = code.toString(16);
    if (code <= 0xff) return "\\x" + digits.padStart(2, "0");
    return code <= 0xffff ? "\\u" + digits.padStart(4, "0") : "\\U" + digits.padStart(8, "0");
  });
}

/** A text of the report as it may be shown: visible, and cut with a mark where it is very long. */
function shown(text, longest = LONGEST) {
  const whole = visible(text);
  if (whole.length <= longest) return whole;
  const begin = whole.slice(0, longest - CUT_MARK.length).replace(/[\ud800-\udbff]$/, ""); // no half of a character
  return begin + CUT_MARK;
}

/** A name of the report in words: "central_venous_catheter" is "central venous catheter". */
function words(name) {
  return name.replaceAll("_", " ");
}

/** "1 order", "2 orders". */
function counted(count, one, many = one + "s") {
  return `${count} ${count === 1 ? one : many}`;
}

const FORMATS = new Map();

/** A number with so many significant digits, without exponent and without trailing zeros. */
function number(value, digits = USUAL_DIGITS) {
  if (!FORMATS.has(digits)) {
    const options = { maximumSignificantDigits: digits, useGrouping: false };
    FORMATS.set(digits, new Intl.NumberFormat("en-US", options));
  }
  return FORMATS.get(digits).format(value);
}

/** A limit as it may be shown: never more than it is. */
function roundedDown(value) {
  const text = number(value);
  if (Number(text) <= value || same(Number(text), value)) return text;
  return number(Number(text) - 10 ** (Math.floor(Math.log10(value)) + 1 - USUAL_DIGITS));
}

/**
 * A value beside limits, with as many digits as it takes for what is shown to be true of each: 8.004 over 8 is not "8",
 * and neither is 7.9999 under it. limits: null where there is none.
 */
function against(value, limits, fewest = 4) {
  const known = limits.filter((limit) => limit !== null);
  const equal = known.find((limit) => same(value, limit));
  if (equal !== undefined) return roundedDown(equal);
  for (let digits = fewest; digits < MOST_DIGITS; digits += 1) {
    const text = number(value, digits);
    if (known.every((limit) => Number(text) !== limit && Number(text) > limit === value > limit)) return text;
  }
  return number(value, MOST_DIGITS);
}

/** Whether a value equals a limit, as the comparison of rates and limits has it. */
function same(value, limit) {
  return Math.abs(value - limit) <= DATA.reference.tolerance * Math.abs(limit);
}

/** Minutes as "3 h 17 min". */
function duration(minutes) {
  const whole = Math.floor(minutes + 0.5);
  const hours = Math.floor(whole / 60);
  return hours ? `${hours} h ${String(whole % 60).padStart(2, "0")} min` : `${whole} min`;
}

const SIGNS = { STOP: "■", UNCHECKED: "▲", REVIEW: "◆", PASS: "✓", INFO: "i" };

/** A status or severity: a sign, the word, and a colour that repeats it. */
function badge(word) {
  const sign = h("span", { "aria-hidden": "true" }, SIGNS[word]);
  return h("span", { class: `badge ${word.toLowerCase()}` }, sign, ` ${word}`);
}
