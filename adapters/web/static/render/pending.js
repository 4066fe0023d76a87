// What the server refused to take: shown above the composer until the person decides.

import { words as wordsOf } from "../outbox.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";

/** @param {import("../app.js").App} app */
export function pendingRefused(app) {
  const refused = app.pending.filter((entry) => entry.stage === "refused").slice(-3);
  if (!refused.length) return null;
  return h(
    "ul",
    { class: "refused", key: "refused", "aria-label": "Not sent" },
    refused.map((entry) =>
      h(
        "li",
        { key: entry.ref },
        icon("warn"),
        h("p", null, h("strong", null, "Not sent: "), entry.text, h("span", { class: "quoted" }, wordsOf(entry).slice(0, 200))),
        h("button", { type: "button", onclick: () => app.discard(entry, true) }, "Edit"),
        h("button", { class: "quiet small", type: "button", "aria-label": "Discard", onclick: () => app.discard(entry, false) }, icon("close")),
      ),
    ),
  );
}
