// The only place where text of the server becomes elements.
//
// The server has already cleaned `html` with nh3. Here it is cleaned a second time, by other means: it is parsed
// in a document that has no window (nothing runs, nothing loads), and only what the table names is made anew.

import { safeUrl } from "./links.js";

/** Elements that are kept, and as what they are drawn. Unknown ones give way to their children. */
const KEPT = new Map([
  ...["p", "br", "b", "strong", "i", "em", "u", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a"].map(
    (tag) => /** @type {[string, string]} */ ([tag, tag]),
  ),
  ...["h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => /** @type {[string, string]} */ ([tag, "h4"])),
  ["div", "p"],
  ["span", "span"],
  ["hr", "hr"],
  ["sub", "sub"],
  ["sup", "sup"],
]);
/** Elements of which not even the text is shown. */
const DROPPED = new Set(["script", "style", "template", "iframe", "object", "svg", "math", "noscript", "title"]);
const MAX_NODES = 2_000;
const MAX_DEPTH = 24;

/**
 * Replace the children of `target` by a cleaned copy of `html`.
 * @param {Element} target
 * @param {string} html
 */
export function showSafeHtml(target, html) {
  const source = new DOMParser().parseFromString(html, "text/html");
  const budget = { nodes: MAX_NODES };
  target.replaceChildren(...copies(source.body, budget, 0));
}

/** @param {Node} from @param {{nodes: number}} budget @param {number} depth @returns {Node[]} */
function copies(from, budget, depth) {
  /** @type {Node[]} */
  const made = [];
  for (const node of from.childNodes) {
    if (budget.nodes-- <= 0) break;
    if (node.nodeType === Node.TEXT_NODE) made.push(document.createTextNode(node.nodeValue ?? ""));
    else if (node instanceof Element || node.nodeType === Node.ELEMENT_NODE) {
      made.push(...copy(/** @type {Element} */ (node), budget, depth));
    }
  }
  return made;
}

/** @param {Element} source @param {{nodes: number}} budget @param {number} depth @returns {Node[]} */
function copy(source, budget, depth) {
  const tag = source.localName;
  if (DROPPED.has(tag)) return [];
  const kept = KEPT.get(tag);
  if (!kept || depth >= MAX_DEPTH) return depth >= MAX_DEPTH ? [] : copies(source, budget, depth + 1);
  const element = document.createElement(kept);
  if (kept === "a") {
    const url = safeUrl(source.getAttribute("href") ?? "");
    if (url) {
      element.setAttribute("href", url);
      element.setAttribute("rel", "noopener noreferrer nofollow");
      element.setAttribute("target", "_blank");
    }
  }
  element.append(...copies(source, budget, depth + 1));
  return [element];
}
