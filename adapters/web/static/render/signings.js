// What the person's own wallet is asked to sign.

import { payloadText } from "../ethereum.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { card, notice } from "./parts.js";

/** @param {import("../app.js").App} app */
export function signingsCard(app) {
  const requests = app.room?.me?.signings ?? [];
  if (!requests.length) return null;
  return card("signings", "Your wallet is asked", h("span", { class: "count" }, requests.length), h("ul", { class: "signings" }, requests.map((request) => one(app, request))));
}

/** @param {import("../app.js").App} app @param {import("../frames.js").Signing} request */
function one(app, request) {
  const busy = app.signing.has(request.id);
  const problem = app.signProblems.get(request.id);
  return h(
    "li",
    { key: request.id },
    h("p", { class: "signing-title" }, h("bdi", null, request.title || request.purpose)),
    h("details", null, h("summary", null, "What will be signed"), h("pre", { tabindex: 0 }, shown(request))),
    h("div", { role: "alert", key: "problem" }, problem && notice(problem, "bad")),
    h(
      "div",
      { class: "row" },
      h("button", { class: "primary", type: "button", disabled: busy, onclick: () => void app.answer(request, true) }, icon("wallet"), busy ? "Answer in the wallet…" : "Sign in wallet"),
      h("button", { type: "button", disabled: busy, onclick: () => void app.answer(request, false) }, "Refuse"),
    ),
  );
}

/** @param {import("../frames.js").Signing} request */
function shown(request) {
  if (request.method === "personal_sign") return payloadText(request.payload);
  try {
    return JSON.stringify(JSON.parse(request.payload), null, 2);
  } catch {
    return request.payload;
  }
}
