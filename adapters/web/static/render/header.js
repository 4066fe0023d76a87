// The bar on top: bridge, rooms, the state, the person.

import { shortAddress } from "../format.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { addressOf, avatar, badge, countdown, named } from "./parts.js";
import { STATE_NAMES } from "./machine.js";

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function header(app) {
  return h(
    "header",
    { class: "top", key: "top" },
    h("a", { class: "brand", href: "#", "aria-label": `${app.session?.bridge.name || "bridge"}: to the room` }, h("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }), h("span", { class: "brand-name" }, app.session?.bridge.name || "bridge")),
    rooms(app),
    app.view === "room" && stateChip(app),
    app.view === "room" && panes(app),
    person(app),
  );
}

/** @param {App} app */
function rooms(app) {
  const all = app.session?.rooms ?? [];
  return h(
    "nav",
    { class: "rooms", "aria-label": "Rooms", key: "rooms" },
    all.map((room) =>
      h(
        "a",
        { key: room.id, class: "room-link", href: `#room/${encodeURIComponent(room.id)}`, "aria-current": app.view === "room" && room.id === app.room?.id ? "page" : null },
        h("span", { class: "hash", "aria-hidden": "true" }, "#"),
        h("bdi", null, room.id),
      ),
    ),
    app.session?.user?.operator && h("a", { class: "room-link", href: "#operator", key: "#", "aria-current": app.view === "operator" ? "page" : null }, "Operator"),
  );
}

/** @param {App} app */
function stateChip(app) {
  const group = app.room?.group;
  if (!group) return null;
  return h(
    "div",
    { class: `state-chip is-${group.state}`, key: "state", title: "State of the group" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    h("span", { class: "state-name" }, STATE_NAMES[group.state]),
    group.deadline > 0 && countdown(group.deadline),
  );
}

/** Chat or group, where only one of them has room. @param {App} app */
function panes(app) {
  const attention = Boolean(app.room?.group?.ballot) || Boolean(app.room?.me?.signings.length);
  /** @param {"chat" | "group"} pane @param {string} name */
  const one = (pane, name) =>
    h("button", { type: "button", "aria-pressed": String(app.pane === pane), onclick: () => app.show(pane) }, name, pane === "group" && attention && h("span", { class: "dot" }, h("span", { class: "unseen" }, " (something waits for you)")));
  return h("div", { class: "panes", role: "group", "aria-label": "View", key: "panes" }, one("chat", "Chat"), one("group", "Group"));
}

/** @param {App} app */
function person(app) {
  const user = app.session?.user;
  if (!user) return null;
  return h(
    "div",
    { class: "person", key: "person" },
    h(
      "button",
      { class: "person-button", type: "button", popovertarget: "person-menu" },
      h("span", { class: "unseen" }, `Your account: ${user.name || shortAddress(user.address)}`),
      avatar(user.name, user.address || user.user_id),
      h("span", { class: "person-name", "aria-hidden": "true" }, user.name || shortAddress(user.address)),
      icon("menu"),
    ),
    h(
      "div",
      { id: "person-menu", class: "menu", popover: "auto" },
      h("p", { class: "menu-who" }, named(user.name), badge(user.kind === "wallet" ? "own wallet" : "hosted"), user.operator && badge("operator", "is-accent")),
      addressOf(app, user.address),
      h("form", { class: "rename", onsubmit: (/** @type {SubmitEvent} */ event) => rename(event, app) }, h("label", { for: "new-name" }, "Name shown to others"), h("div", { class: "row" }, h("input", { id: "new-name", name: "name", required: true, maxlength: 64, autocomplete: "off", placeholder: user.name }), h("button", { type: "submit" }, "Change"))),
      h("button", { class: "wide", type: "button", onclick: () => void app.signOut() }, "Sign out"),
      h("p", { class: "fine" }, `Version ${app.session?.bridge.version || "unknown"} · listens on ${app.session?.listens || "an unknown address"}`),
    ),
  );
}

/** @param {SubmitEvent} event @param {App} app */
function rename(event, app) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const name = String(new FormData(form).get("name") ?? "").trim();
  if (name) void app.rename(name);
  form.reset();
  document.getElementById("person-menu")?.hidePopover();
}
