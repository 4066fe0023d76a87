// The page behind a link from a chat platform: sign, and one's own wallet stands behind the account there.

import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { notice } from "./parts.js";

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function linkingView(app) {
  const { problem, result } = app.linking;
  return h(
    "main",
    { class: "entrance", key: "linking" },
    h(
      "div",
      { class: "entrance-card" },
      h("img", { src: "/static/icon.svg", alt: "", width: 48, height: 48 }),
      h("h1", null, "Your own wallet"),
      h("div", { role: "alert", class: "problem", key: "problem" }, problem && notice(problem, "bad")),
      result ? h("p", { key: "result", role: "status" }, result) : question(app),
      h("button", { type: "button", class: "wide", key: "leave", onclick: () => app.linking.leave() }, app.session?.user ? "To the chat" : "To the sign-in"),
    ),
  );
}

/** @param {App} app */
function question(app) {
  const { offer, busy } = app.linking;
  if (!offer) return busy && h("p", { class: "fine", key: "loading" }, "Loading…");
  const wallets = app.wallets.all;
  return h(
    "section",
    { key: "question", "aria-label": "What is signed" },
    h("p", { class: "lead" }, "Put the wallet ", h("code", null, offer.address), " behind the ", h("strong", null, offer.platform), " account of ", h("bdi", null, offer.name), "?"),
    h("p", { class: "fine" }, "It then signs membership and votes; this bridge never has its key. If this is not your account, do not sign."),
    h("pre", { class: "signed-text", tabindex: 0 }, offer.text),
    wallets.map((wallet) =>
      h(
        "button",
        { type: "button", class: "primary wide", key: wallet.id, disabled: busy, onclick: () => app.linking.sign(wallet) },
        wallet.icon ? h("img", { src: wallet.icon, alt: "", width: 18, height: 18 }) : icon("wallet"),
        h("span", null, busy ? "Answer in the wallet…" : `Sign with ${wallet.name}`),
      ),
    ),
    wallets.length === 0 && h("p", { class: "fine" }, "No wallet was found in this browser. Open this link in one that has the wallet, or sign the text above elsewhere and send the signature in the chat."),
  );
}
