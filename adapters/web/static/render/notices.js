// What concerns the whole room or page: connection, ban, membership, confirmation, passing remarks.

import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { countdown, named, notice } from "./parts.js";

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function connectionBanner(app) {
  if (app.phase === "live" || (app.phase === "connecting" && !app.retryAt && !app.bye)) return null;
  if (app.phase === "closed" && !app.room) return null;
  const waiting = app.pending.filter((entry) => entry.stage === "unsent" || entry.stage === "sent").length;
  const kept = waiting ? ` What you wrote (${waiting}) is kept and sent then.` : " What you write is kept and sent then.";
  return h(
    "div",
    { class: "banner", key: "banner" },
    icon("warn"),
    h(
      "p",
      null,
      app.bye || (app.phase === "closed" ? "The server closed the connection." : "Connection lost."),
      app.phase === "lost" && [" Next attempt in ", countdown(app.retryAt / 1_000, "is-local"), "."],
      app.phase === "connecting" && " Connecting…",
      app.phase !== "closed" && kept,
    ),
    app.phase !== "connecting" && h("button", { type: "button", onclick: () => (app.phase === "closed" ? app.connection.open() : app.connection.retryNow()) }, "Try now"),
  );
}

/** @param {App} app */
export function roomNotices(app) {
  const room = app.room;
  if (!room?.me && !room?.group) return null;
  const standing = room.me?.standing;
  if (room.group?.is_removed) {
    return strip("bad", "This bridge was removed from the group.", "It reads and writes there no more. What was said until then stays below. Its operator can tell you more.");
  }
  if (standing?.is_banned) {
    return strip("bad", "You are banned from this group.", "The members voted you out. You can read what was said until then; you cannot write or vote.");
  }
  if (room.group && !room.group.joined) return strip("info", "This bridge is joining the group.", "Messages wait until it is in.");
  if (standing?.is_joining) return strip("info", "You are joining.", "The group takes you in with its next change of members, or votes on it first.");
  if (standing && !standing.is_member) {
    return strip("info", "You are not a member yet.", "Members write into the encrypted group and vote.", h("button", { class: "primary", type: "button", onclick: () => app.give("join", {}) }, "Join"));
  }
  if (room.me && !room.me.accepts) return strip("info", "The room takes no messages now.", "You can write; it is sent as soon as it does.");
  return null;
}

/** @param {string} kind @param {string} title @param {string} words @param {...import("../vdom.js").Child} more */
const strip = (kind, title, words, ...more) =>
  h("div", { class: `strip is-${kind}`, key: "strip", role: kind === "bad" ? "alert" : "status" }, h("p", null, h("strong", null, title), " ", words), more);

/** @param {App} app */
export function deleteDialog(app) {
  const message = app.deleting;
  if (!message) return null;
  return h(
    "dialog",
    { class: "dialog", key: `delete-${message.id}`, "aria-labelledby": "delete-title", ref: (/** @type {HTMLDialogElement} */ dialog) => queueMicrotask(() => dialog.isConnected && dialog.showModal()), onclose: () => app.askToDelete(null) },
    h("h2", { id: "delete-title" }, "Delete this message?"),
    h("blockquote", null, named(message.author.name), " ", message.text.slice(0, 200)),
    h("p", null, "It is deleted for everybody in all mirrored rooms. Who has read it has read it."),
    h("div", { class: "row is-end" }, h("button", { type: "button", onclick: () => app.askToDelete(null) }, "Keep"), h("button", { class: "danger", type: "button", onclick: () => app.remove(message) }, "Delete")),
  );
}

/** @param {App} app */
export const toast = (app) =>
  app.toast ? h("div", { class: "toast", key: "toast" }, h("span", null, app.toast), h("button", { class: "quiet small", type: "button", "aria-label": "Dismiss", onclick: () => ((app.toast = ""), app.changed()) }, icon("close"))) : null;

export { notice };
