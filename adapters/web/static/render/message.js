// One message as a list item.

import { hourMinute, plural, size } from "../format.js";
import { isOurs, safeUrl, splitLinks } from "../links.js";
import { showSafeHtml } from "../safe-html.js";
import { h } from "../vdom.js";
import { noteCard } from "./ballot.js";
import { icon } from "./icons.js";
import { avatar, badge, named, time } from "./parts.js";

/** @typedef {import("../frames.js").Message} Message */
/**
 * @typedef {object} Surroundings
 * @property {import("../app.js").App} app
 * @property {number} number        of the row; for ids
 * @property {boolean} grouped      follows a message of the same author
 * @property {Message | undefined} replied
 * @property {string} stage         "" or what is under way: "sending", "saving"
 * @property {boolean} picking      reactions are being chosen
 * @property {(message: Message | null) => void} pick
 * @property {(id: string) => void} jump
 */

export const QUICK_REACTIONS = ["👍", "👎", "❤️", "😂", "🎉", "👀", "🙏", "✅"];
const MAX_QUOTE = 140;

/** @param {Message} message @param {Surroundings} around */
export function messageRow(message, around) {
  const { author } = message;
  const { grouped, number } = around;
  const kinds = [
    author.bridge ? "is-notice" : "",
    author.me ? "is-mine" : "",
    grouped ? "is-grouped" : "",
    message.to_me ? "is-private" : "",
    message.deleted ? "is-deleted" : "",
    message.status === "waiting" || around.stage === "sending" ? "is-waiting" : "",
    message.status === "dropped" ? "is-dropped" : "",
  ];
  return h(
    "li",
    { key: message.id, class: "row" },
    h(
      "article",
      { class: `message ${kinds.join(" ")}`, tabindex: -1, "data-id": message.id, "aria-labelledby": `m${number}-who m${number}-what` },
      grouped || author.bridge ? h("span", { class: "gutter" }, author.bridge ? icon("vote") : time(message.time_ms, hourMinute(message.time_ms), "hover-time")) : avatar(author.name, author.address || author.user_id),
      h(
        "div",
        { class: "message-body" },
        head(message, around),
        message.reply_to && quote(message, around),
        h("div", { id: `m${number}-what`, class: "what" }, content(message)),
        message.ballot && noteCard(message.ballot, around.app),
        attachments(message),
        marks(message, around.stage),
        reactions(message, around),
      ),
      !message.deleted && !around.stage && toolbar(message, around),
    ),
  );
}

/** @param {Message} message @param {Surroundings} around */
function head(message, { grouped, number }) {
  const { author } = message;
  return h(
    "header",
    { class: grouped ? "unseen" : "message-head", key: "head" },
    h("span", { id: `m${number}-who`, class: "who" }, named(author.name || (author.bridge ? "bridge" : "")), author.me && h("span", { class: "unseen" }, " (you)")),
    author.platform && !author.bridge && badge(author.platform, "is-platform"),
    message.to_me && badge("only you see this", "is-private"),
    time(message.time_ms, hourMinute(message.time_ms), "when"),
  );
}

/** @param {Message} message @param {Surroundings} around */
function quote(message, { replied, jump }) {
  if (!replied) return h("p", { class: "quote is-gone", key: "quote" }, icon("reply"), "in reply to an earlier message");
  const words = replied.deleted ? "deleted message" : replied.text.slice(0, MAX_QUOTE);
  return h(
    "button",
    { class: "quote", type: "button", key: "quote", onclick: () => jump(replied.id) },
    icon("reply"),
    named(replied.author.name),
    h("span", { class: "quoted" }, words),
  );
}

/** @param {Message} message @returns {import("../vdom.js").Child} */
function content(message) {
  if (message.deleted) return h("p", { class: "text gone", key: "gone" }, "This message was deleted.");
  if (message.html) {
    // The key makes it anew when its content changed.
    return h("div", { class: "text rich", key: `html-${message.revision}`, opaque: true, ref: (/** @type {Element} */ element) => showSafeHtml(element, message.html) });
  }
  if (!message.text) return null;
  return h(
    "p",
    { class: "text", key: "text" },
    splitLinks(message.text).map(({ text, url }) => (url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text) : text)),
  );
}

/** @param {Message} message */
function attachments({ attachments: files, deleted }) {
  if (!files.length || deleted) return null;
  return h(
    "ul",
    { class: "attachments", key: "attachments" },
    files.map((file) => {
      const url = safeUrl(file.url);
      const name = file.name || "file";
      const about = [file.media_type, file.size ? size(file.size) : ""].filter(Boolean).join(" · ");
      const picture = /^image\/(png|jpeg|gif|webp|avif)$/.test(file.media_type) && isOurs(url);
      const inside = [
        picture ? h("img", { src: url, alt: name, loading: "lazy", class: "preview" }) : icon("file"),
        h("span", { class: "file-name" }, h("bdi", null, name), h("small", null, about)),
      ];
      return h("li", null, url ? h("a", { class: "file", href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, inside) : h("span", { class: "file" }, inside));
    }),
  );
}

/** @param {Message} message @param {string} stage */
function marks(message, stage) {
  const found = [
    stage === "sending" && h("span", { class: "mark" }, icon("clock"), "sending…"),
    stage === "saving" && h("span", { class: "mark" }, icon("clock"), "saving…"),
    message.status === "waiting" && h("span", { class: "mark is-warn" }, icon("clock"), "waits for the group", message.reason && `: ${message.reason}`),
    message.status === "dropped" && h("span", { class: "mark is-bad" }, icon("warn"), "not sent", message.reason && `: ${message.reason}`),
    message.late && h("span", { class: "mark is-warn" }, icon("clock"), "late: an earlier message never came"),
    message.edited && !message.deleted && h("span", { class: "mark" }, "edited"),
  ].filter(Boolean);
  return found.length ? h("p", { class: "marks", key: "marks" }, found) : null;
}

/** @param {Message} message @param {Surroundings} around */
function reactions(message, { app }) {
  if (!message.reactions.length || message.deleted) return null;
  return h(
    "ul",
    { class: "reactions", key: "reactions", "aria-label": "Reactions" },
    message.reactions.map((reaction) =>
      h(
        "li",
        { key: reaction.key },
        h(
          "button",
          { type: "button", "aria-pressed": String(reaction.mine), title: reaction.names.join(", "), "aria-label": `${reaction.key}, ${plural(reaction.count, "person", "people")}: ${reaction.names.join(", ")}`, onclick: () => app.react(message, reaction.key) },
          h("span", { class: "reaction-key" }, reaction.key),
          h("span", null, reaction.count),
        ),
      ),
    ),
  );
}

/** @param {Message} message @param {Surroundings} around */
function toolbar(message, { app, picking, pick }) {
  const mine = message.author.me && !message.author.bridge;
  /** @param {"reply" | "react" | "edit" | "delete"} name @param {string} label @param {() => void} act */
  const tool = (name, label, act) => h("button", { type: "button", key: name, title: label, "aria-label": label, onclick: act }, icon(name));
  if (picking) {
    return h(
      "div",
      { class: "toolbar is-picking", key: "toolbar", role: "group", "aria-label": "React with" },
      QUICK_REACTIONS.map((key) => h("button", { type: "button", key, "aria-label": `React with ${key}`, onclick: () => (pick(null), app.react(message, key)) }, key)),
      h("button", { type: "button", key: "close", "aria-label": "Close", onclick: () => pick(null) }, icon("close")),
    );
  }
  return h(
    "div",
    { class: "toolbar", key: "toolbar", role: "group", "aria-label": "Message actions" },
    tool("reply", "Reply (R)", () => app.aim("reply", message)),
    tool("react", "React (+)", () => pick(message)),
    mine && tool("edit", "Edit (E)", () => app.aim("edit", message)),
    mine && tool("delete", "Delete (Del)", () => app.askToDelete(message)),
  );
}
