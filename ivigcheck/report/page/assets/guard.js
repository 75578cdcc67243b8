// No markup is ever made from a text: neither a library nor this page may do it, and the browser sees to that. The one
// text with a reference in it that the table's library writes, between the numbers of its pages, is let through.
(() => {
  "use strict";
  if (!window.trustedTypes) return;
  window.trustedTypes.createPolicy("default", {
    createHTML(text) {
      if (text !== "&#x2026;" && /[<&]/.test(text)) throw new TypeError("markup from a text");
      return text;
    },
  });
})();
