// Asks for what a command still needs: one field for each parameter that was not given, by its kind.

import { h } from "../vdom.js";
import { named } from "./parts.js";

/** @typedef {import("../frames.js").Parameter} Parameter */

/** @param {import("../app.js").App} app */
export function commandDialog(app) {
  if (!app.asking) return null;
  const { command, given, about } = app.asking;
  const missing = command.parameters.filter((parameter) => !(parameter.name in given));
  return h(
    "dialog",
    { class: "dialog", key: `command-${command.name}-${about}`, "aria-labelledby": "command-title", ref: (/** @type {HTMLDialogElement} */ dialog) => queueMicrotask(() => dialog.isConnected && dialog.showModal()), onclose: () => app.askFor(null) },
    h("h2", { id: "command-title" }, `${command.name[0].toUpperCase()}${command.name.slice(1)}`, about && [" ", named(about)]),
    h("p", null, command.summary),
    h(
      "form",
      { onsubmit: (/** @type {SubmitEvent} */ event) => submit(event, app) },
      missing.map(field),
      h("div", { class: "row is-end" }, h("button", { type: "button", onclick: () => app.askFor(null) }, "Cancel"), h("button", { class: "primary", type: "submit" }, "Send")),
    ),
  );
}

/** @param {Parameter} parameter */
function field(parameter) {
  const { name, kind, words, most, optional, description } = parameter;
  const id = `argument-${name}`;
  const all = { id, name, required: !optional };
  const input =
    kind === "choice"
      ? h("select", all, optional && h("option", { value: "" }, ""), words.map((word) => h("option", { value: word }, word)))
      : h("input", { ...all, maxlength: most || 256, autocomplete: "off", inputmode: kind === "ballot" ? "numeric" : "text" });
  return h("div", { class: "field", key: name }, h("label", { for: id }, `${description || name}${optional ? " (optional)" : ""}`), input);
}

/** @param {SubmitEvent} event @param {import("../app.js").App} app */
function submit(event, app) {
  event.preventDefault();
  if (!app.asking) return;
  const given = { ...app.asking.given };
  for (const [name, value] of new FormData(/** @type {HTMLFormElement} */ (event.target))) {
    if (String(value).trim()) given[name] = String(value).trim();
  }
  app.give(app.asking.command.name, given);
  app.askFor(null);
}
