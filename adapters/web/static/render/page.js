// The whole page: which view stands, and the parts that keep a state of their own.

import { h, draw } from "../vdom.js";
import { Composer } from "./composer.js";
import { entranceView } from "./entrance.js";
import { linkingView } from "./linking.js";
import { header } from "./header.js";
import { MessageList } from "./message-list.js";
import { Operator, operatorView } from "./operator.js";
import { panel } from "./panel.js";
import { ballotStrip } from "./ballot.js";
import { commandDialog } from "./command-dialog.js";
import { connectionBanner, deleteDialog, roomNotices, toast } from "./notices.js";
import { pendingRefused } from "./pending.js";

export class Page {
  /** @type {MessageList | null} */
  #list = null;
  /** @type {Composer | null} */
  #composer = null;
  #operator;
  #root;
  #app;

  /** @param {Element} root @param {import("../app.js").App} app */
  constructor(root, app) {
    this.#root = root;
    this.#app = app;
    this.#operator = new Operator(app);
  }

  draw() {
    const app = this.#app;
    this.#operator.active(app.view === "operator");
    draw(this.#root, ...this.#views(app));
    if (app.view === "room") {
      this.#list?.update();
      this.#composer?.update();
    }
    document.title = this.#title(app);
  }

  /** @param {import("../app.js").App} app @returns {import("../vdom.js").Child[]} */
  #views(app) {
    if (app.view === "loading") return [h("p", { class: "loading", key: "loading" }, "Loading…")];
    if (app.view === "entrance") return [entranceView(app), toast(app)];
    if (app.view === "link") return [linkingView(app), toast(app)];
    const body = app.view === "operator" ? operatorView(this.#operator, app) : this.#room(app);
    return [header(app), connectionBanner(app), body, deleteDialog(app), commandDialog(app), toast(app)];
  }

  /** @param {import("../app.js").App} app */
  #room(app) {
    if (!app.room) {
      return h("main", { class: "empty", key: "empty" }, h("h1", null, "No room"), h("p", null, "This bridge has no room for the page. Its operator adds one to the configuration: a room of the platform “web”."));
    }
    const writes = !app.room.me?.standing.is_banned && !app.room.group?.is_removed;
    const room = h(
      "div",
      { class: `room shows-${app.pane}`, key: `room-${app.room.id}` },
      h(
        "main",
        { class: "chat", key: "chat", "aria-label": "Chat" },
        h("h1", { class: "unseen" }, app.room.group?.name || app.room.id),
        h("div", { class: "messages", key: "messages", opaque: true, ref: (/** @type {Element} */ element) => (this.#list = new MessageList(element, app)) }),
        ballotStrip(app),
        pendingRefused(app),
        writes && h("div", { class: "composer", key: "composer", opaque: true, ref: (/** @type {Element} */ element) => (this.#composer = new Composer(element, app)) }),
      ),
      panel(app),
    );
    return [roomNotices(app), room];
  }

  /** @param {import("../app.js").App} app */
  #title(app) {
    const place = app.view === "room" ? app.room?.group?.name || app.room?.id : app.view === "operator" ? "Operator" : app.view === "link" ? "Your own wallet" : "Sign in";
    const bridge = app.session?.bridge.name || "demls bridge";
    return `${app.unseen ? `(${app.unseen}) ` : ""}${place ? `${place} · ` : ""}${bridge}`;
  }
}
