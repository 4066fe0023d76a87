// Small things that several views show.

import { fullDate, hue, initial, isoDate, shortAddress } from "../format.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";

/** @typedef {import("../app.js").App} App */

/** Coloured by the person, for the eye only. @param {string} name @param {string} identity @param {string} [kind] */
export const avatar = (name, identity, kind = "") =>
  h("span", { class: `avatar ${kind}`, style: { "--hue": hue(identity || name) }, "aria-hidden": "true" }, initial(name));

/** A name that somebody chose: kept apart from the text around it, whatever direction it is written in.
 * @param {string} name @param {string} [kind] */
export const named = (name, kind = "") => h("bdi", { class: `name ${kind}` }, name || "without a name");

/** @param {App} app @param {string} text @param {string} what  "Address" */
export const copyButton = (app, text, what) =>
  h(
    "button",
    { class: "quiet small", type: "button", title: `Copy ${what.toLowerCase()}`, "aria-label": `Copy ${what.toLowerCase()} ${text}`, onclick: () => app.copy(text, what) },
    icon("copy"),
  );

/** @param {App} app @param {string} address */
export const addressOf = (app, address) =>
  address
    ? h("span", { class: "address" }, h("code", { title: address }, shortAddress(address)), copyButton(app, address, "Address"))
    : null;

/** @param {number} ms @param {string} text @param {string} [kind] */
export const time = (ms, text, kind = "") =>
  h("time", { class: kind, datetime: isoDate(ms), title: fullDate(ms) }, text);

/** The time left, kept up to date by clock.js. @param {number} until Unix seconds @param {string} [kind] */
export const countdown = (until, kind = "") =>
  h("span", { class: `countdown ${kind}`, "data-until": until, opaque: true, role: "timer" });

/** @param {string} text @param {string} [kind] */
export const badge = (text, kind = "") => h("span", { class: `badge ${kind}` }, text);

/** @param {string} words @param {string} kind "bad" | "warn" | "info" @param {...import("../vdom.js").Child} more */
export const notice = (words, kind, ...more) =>
  h("div", { class: `notice is-${kind}` }, icon(kind === "info" ? "clock" : "warn"), h("span", { class: "words" }, words), more);

/** @param {string} id @param {string} title @param {import("../vdom.js").Child} beside @param {...import("../vdom.js").Child} body */
export const card = (id, title, beside, ...body) =>
  h(
    "section",
    { class: `card card-${id}`, key: id, "aria-labelledby": `card-${id}` },
    h("header", { class: "card-head" }, h("h2", { id: `card-${id}` }, title), beside),
    body,
  );
