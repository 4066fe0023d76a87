// The operator's view: the bridge's report, whatever it holds, and invitations.

import { fullDate, isoDate, shortAddress } from "../format.js";
import { h } from "../vdom.js";
import { badge, copyButton, notice } from "./parts.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {Record<string, unknown>} Report */

const REFRESH_MS = 5_000;
const MAX_ROWS = 200;
const MAX_DEPTH = 6;
const MAX_TEXT = 400;
/** Names of values that are points in time; in Unix seconds, or ms when they end so. */
const TIMES = /(^|_)(at|started|deadline|since|until|time|last|next|next_attempt)(_ms)?$/;
const FIRST_TIME = 1e9;
const BAD = /^(down|failed|error|stopped|refused)/i;
const GOOD = /^(ok|up|healthy|connected|running)\b/i;

/** The report and what is done with it. */
export class Operator {
  /** @type {Report | null} */
  report = null;
  problem = "";
  link = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #app;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {boolean} shown whether the view stands: only then it is kept up to date */
  active(shown) {
    if (shown && this.#timer === undefined) {
      this.#timer = setInterval(() => void this.load(), REFRESH_MS);
      void this.load();
    } else if (!shown && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.link = "";
    }
  }

  async load() {
    if (document.hidden) return;
    try {
      this.report = await this.#app.api.report();
      this.problem = "";
    } catch (error) {
      this.problem = /** @type {Error} */ (error).message;
    }
    this.#app.changed();
  }

  /** @param {string} name @param {boolean} operator */
  async invite(name, operator) {
    try {
      this.link = await this.#app.api.invite(name, operator);
      this.#app.announcer.say("The invitation is ready.");
    } catch (error) {
      this.#app.tell(/** @type {Error} */ (error).message);
    }
    this.#app.changed();
  }
}

/** @param {Operator} operator @param {App} app */
export function operatorView(operator, app) {
  return h(
    "main",
    { class: "operator", key: "operator" },
    h("h1", null, "Operator"),
    operator.problem && notice(operator.problem, "bad"),
    invitations(operator, app),
    operator.report ? sections(operator.report, app) : h("p", { class: "fine" }, "Loading the report…"),
  );
}

/** @param {Operator} operator @param {App} app */
function invitations(operator, app) {
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const data = new FormData(form);
    void operator.invite(String(data.get("name") ?? "").trim(), data.get("operator") === "on");
    form.reset();
  };
  return h(
    "section",
    { class: "card", key: "invite", "aria-labelledby": "invite-title" },
    h("header", { class: "card-head" }, h("h2", { id: "invite-title" }, "Invite somebody")),
    h(
      "form",
      { class: "invite", onsubmit: send },
      h("div", { class: "field" }, h("label", { for: "invite-name" }, "Name"), h("input", { id: "invite-name", name: "name", required: true, maxlength: 64, autocomplete: "off" })),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "operator" }), "may see this view"),
      h("button", { class: "primary", type: "submit" }, "Make link"),
    ),
    operator.link && h("p", { class: "link", key: "link" }, h("code", null, operator.link), copyButton(app, operator.link, "Link"), h("small", null, "Works once. Whoever has it can open the account: send it by a safe way.")),
  );
}

/** Plain values first, then a card for each part. @param {Report} report @param {App} app */
function sections(report, app) {
  const entries = Object.entries(report).slice(0, MAX_ROWS);
  const plain = entries.filter(([, value]) => !isPart(value));
  const parts = entries.filter(([, value]) => isPart(value));
  return [
    plain.length > 0 && section("Bridge", "bridge", pairs(Object.fromEntries(plain), app, 0)),
    parts.map(([key, value]) => section(words(key), key, shown(value, key, app, 0), Array.isArray(value) ? value.length : null)),
  ];
}

/** @param {unknown} value */
const isPart = (value) => typeof value === "object" && value !== null;

/** @param {string} title @param {string} key @param {import("../vdom.js").Child} body @param {number | null} [count] */
const section = (title, key, body, count = null) =>
  h("section", { class: "card", key: `part-${key}`, "aria-label": title }, h("header", { class: "card-head" }, h("h2", null, title), count !== null && h("span", { class: "count" }, count)), body);

/** @param {unknown} value @param {string} key @param {App} app @param {number} depth @returns {import("../vdom.js").Child} */
function shown(value, key, app, depth) {
  if (depth > MAX_DEPTH) return "…";
  if (Array.isArray(value)) return many(value, key, app, depth);
  if (isPart(value)) return pairs(/** @type {Report} */ (value), app, depth);
  return plainValue(value, key, app);
}

/** @param {unknown[]} values @param {string} key @param {App} app @param {number} depth */
function many(values, key, app, depth) {
  if (!values.length) return h("p", { class: "fine" }, "None.");
  const rows = values.slice(0, MAX_ROWS);
  const rest = values.length > rows.length && h("p", { class: "fine" }, `and ${values.length - rows.length} more`);
  if (!rows.every((row) => isPart(row) && !Array.isArray(row))) {
    return [h("ul", { class: "plain" }, rows.map((row) => h("li", null, shown(row, key, app, depth + 1)))), rest];
  }
  const columns = [...new Set(rows.flatMap((row) => Object.keys(/** @type {Report} */ (row))))].slice(0, 16);
  // Focusable: it scrolls sideways on narrow screens.
  return [
    h(
      "div",
      { class: "table", tabindex: 0, role: "region", "aria-label": words(key) },
      h(
        "table",
        null,
        h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, words(column))))),
        h("tbody", null, rows.map((row) => h("tr", null, columns.map((column) => h("td", null, shown(/** @type {Report} */ (row)[column], column, app, depth + 1)))))),
      ),
    ),
    rest,
  ];
}

/** @param {Report} report @param {App} app @param {number} depth */
function pairs(report, app, depth) {
  const entries = Object.entries(report).slice(0, MAX_ROWS);
  if (!entries.length) return h("p", { class: "fine" }, "None.");
  return h(
    "dl",
    { class: "facts" },
    entries.map(([key, value]) => h("div", { key }, h("dt", null, words(key)), h("dd", null, shown(value, key, app, depth + 1)))),
  );
}

/** @param {unknown} value @param {string} key @param {App} app @returns {import("../vdom.js").Child} */
function plainValue(value, key, app) {
  if (value === null || value === undefined || value === "") return h("span", { class: "nothing" }, "–");
  if (typeof value === "boolean") return badge(value ? "yes" : "no", value ? "is-yes" : "");
  if (typeof value === "number") return numeral(value, key);
  const text = String(value);
  if (/^0x[0-9a-f]{40,}$/i.test(text)) return h("span", { class: "address" }, h("code", { title: text }, shortAddress(text)), copyButton(app, text, words(key)));
  if (GOOD.test(text)) return h("span", { class: "health is-yes" }, text.slice(0, MAX_TEXT));
  if (BAD.test(text)) return h("span", { class: "health is-no" }, text.slice(0, MAX_TEXT));
  return h("bdi", null, text.slice(0, MAX_TEXT));
}

/** @param {number} value @param {string} key */
function numeral(value, key) {
  const ms = key.endsWith("_ms") ? value : value * 1_000;
  if (TIMES.test(key) && ms > FIRST_TIME * 1_000) return h("time", { datetime: isoDate(ms) }, fullDate(ms));
  return Number.isInteger(value) ? value.toLocaleString() : value.toLocaleString(undefined, { maximumFractionDigits: 3 });
}

/** "deliveries_waiting" as "Deliveries waiting". @param {string} key */
function words(key) {
  const text = key.replaceAll("_", " ").slice(0, 80).trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
