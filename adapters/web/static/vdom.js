// A small virtual DOM: what is drawn is described, compared with what stands there, and only differences are made.
// It keeps focus and scroll, and it cannot make markup from a string: children are elements or text nodes.

import { safeUrl } from "./links.js";

/**
 * @typedef {object} VNode
 * @property {string} tag
 * @property {string} key       tells siblings apart; "" = by place
 * @property {Props} props
 * @property {Array<VNode | string>} children
 */
/** @typedef {Record<string, any>} Props */
/** @typedef {VNode | string | number | null | undefined | false | Child[]} Child */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "circle", "text", "line", "marker", "defs", "title"]);
const URLS = new Set(["href", "src"]);
/** Set as properties, because the attribute is only their first value. */
const LIVE = new Set(["value", "checked", "disabled", "open", "hidden", "indeterminate"]);
/** Elements through which markup or code could come in. */
const FORBIDDEN = new Set(["script", "iframe", "object", "embed", "base", "style", "link", "meta", "template"]);

/** @type {WeakMap<Node, VNode>} */
const drawn = new WeakMap();
/** @type {WeakMap<Element, Map<string, EventListener>>} */
const handlers = new WeakMap();

/**
 * Describe an element. `props`: attributes; `on…` functions are listeners; `style` an object of CSS properties;
 * `key` tells siblings apart; `opaque` leaves the children to somebody else; `ref(element)` is called once.
 * @param {string} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {VNode}
 */
export function h(tag, props, ...children) {
  if (FORBIDDEN.has(tag)) throw new Error(`<${tag}> is never drawn`);
  const { key = "", ...rest } = props ?? {};
  return { tag, key: String(key), props: rest, children: flat(children) };
}

/** @param {Child[]} children @returns {Array<VNode | string>} */
function flat(children) {
  /** @type {Array<VNode | string>} */
  const found = [];
  for (const child of children) {
    if (Array.isArray(child)) found.push(...flat(child));
    else if (typeof child === "number") found.push(String(child));
    else if (child !== null && child !== undefined && child !== false && child !== "") found.push(child);
  }
  return found;
}

/**
 * Make the children of `parent` what `children` describes.
 * @param {Element} parent
 * @param {...Child} children
 */
export function draw(parent, ...children) {
  const wanted = flat(children);
  const keys = new Set(wanted.map((child) => (typeof child === "string" ? "" : child.key)));
  /** @type {Map<string, ChildNode>} */
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    const key = drawn.get(node)?.key;
    if (key && keys.has(key)) keyed.set(key, node);
    else if (key) node.remove(); // first, so that what stays need not move: a moved element loses the focus
  }
  let place = parent.firstChild;
  for (const child of wanted) {
    const key = typeof child === "string" ? "" : child.key;
    const found = key ? keyed.get(key) : place;
    keyed.delete(key);
    if (found && same(found, child)) {
      update(found, child);
      if (found === place) place = place.nextSibling;
      else parent.insertBefore(found, place);
      continue;
    }
    parent.insertBefore(make(child), place);
    if (found) {
      if (found === place) place = place.nextSibling;
      // A keyed neighbour has its own place further on.
      if (key || !drawn.get(found)?.key) found.remove();
      else place = found;
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** @param {Node} node @param {VNode | string} child */
function same(node, child) {
  if (typeof child === "string") return node.nodeType === Node.TEXT_NODE;
  const before = drawn.get(node);
  return before !== undefined && before.tag === child.tag && before.key === child.key;
}

/** @param {VNode | string} child @returns {ChildNode} */
function make(child) {
  if (typeof child === "string") return document.createTextNode(child);
  const element = SVG_TAGS.has(child.tag)
    ? document.createElementNS(SVG, child.tag)
    : document.createElement(child.tag);
  setProps(element, {}, child.props);
  if (!child.props.opaque) draw(element, ...child.children);
  // A select takes its value only once its options are there.
  if (child.tag === "select") setOne(element, "value", child.props.value);
  drawn.set(element, child);
  child.props.ref?.(element);
  return element;
}

/** @param {ChildNode} node @param {VNode | string} child */
function update(node, child) {
  if (typeof child === "string") {
    if (node.nodeValue !== child) node.nodeValue = child;
    return;
  }
  const before = drawn.get(node);
  if (before === child || !before) return;
  const element = /** @type {Element} */ (node);
  setProps(element, before.props, child.props);
  if (!child.props.opaque) draw(element, ...child.children);
  drawn.set(element, child);
}

/** @param {Element} element @param {Props} before @param {Props} after */
function setProps(element, before, after) {
  for (const name of Object.keys(before)) if (!(name in after)) setOne(element, name, null);
  for (const [name, value] of Object.entries(after)) {
    if (LIVE.has(name) || before[name] !== value) setOne(element, name, value);
  }
}

/** @param {Element} element @param {string} name @param {any} value */
function setOne(element, name, value) {
  if (name === "ref" || name === "opaque") return;
  if (name === "style") {
    const style = /** @type {HTMLElement} */ (element).style;
    for (const [property, text] of Object.entries(value ?? {})) style.setProperty(property, String(text));
  } else if (name.startsWith("on")) {
    listen(element, name.slice(2).toLowerCase(), value);
  } else if (LIVE.has(name)) {
    const target = /** @type {any} */ (element);
    const wanted = value ?? (name === "value" ? "" : false);
    if (target[name] !== wanted) target[name] = wanted;
  } else {
    const text = URLS.has(name) && value ? safeUrl(String(value), { picture: name === "src" }) : value;
    if (text === null || text === undefined || text === false || (text === "" && URLS.has(name))) {
      element.removeAttribute(name);
    } else if (text === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(text));
  }
}

/** One listener of a kind per element, replaceable without removing it.
 * @param {Element} element @param {string} kind @param {unknown} listener */
function listen(element, kind, listener) {
  const known = handlers.get(element) ?? new Map();
  handlers.set(element, known);
  if (!known.has(kind)) element.addEventListener(kind, (event) => known.get(kind)?.call(element, event));
  known.set(kind, typeof listener === "function" ? listener : undefined);
}
