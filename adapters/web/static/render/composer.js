// The box in which one writes, with completion of commands (ARIA combobox with a list).

import { complete } from "../completion.js";
import { draw, h } from "../vdom.js";
import { icon } from "./icons.js";
import { named } from "./parts.js";

/** @typedef {import("../completion.js").Suggestion} Suggestion */

const MAX_TEXT = 16_000;
const MAX_HEIGHT = 180;
const LIST_ID = "suggestions";

export class Composer {
  #app;
  #popup;
  #about;
  /** @type {HTMLTextAreaElement} */
  #box;
  /** @type {Suggestion[]} */
  #suggestions = [];
  #chosen = 0;
  /** Closed with Escape; opens again when something is typed. */
  #closed = false;
  /** @type {import("../app.js").Target | null} */
  #target = null;

  /** @param {Element} element @param {import("../app.js").App} app */
  constructor(element, app) {
    this.#app = app;
    draw(
      element,
      h("div", { class: "about", key: "about", opaque: true }),
      h("div", { class: "popup", key: "popup", opaque: true }),
      h(
        "form",
        { class: "write", key: "write", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), this.#submit()) },
        h("label", { class: "unseen", for: "write" }, "Message or command"),
        h("textarea", { id: "write", rows: 1, maxlength: MAX_TEXT, placeholder: "Message, or ! for commands", autocomplete: "off", enterkeyhint: "send", "aria-describedby": "write-help" }),
        h("button", { class: "primary send", type: "submit", "aria-label": "Send" }, icon("send")),
      ),
      h("p", { class: "fine help", id: "write-help", key: "help" }, h("kbd", null, "Enter"), " sends, ", h("kbd", null, "Shift Enter"), " makes a new line, ", h("kbd", null, "!"), " or ", h("kbd", null, "/"), " starts a command, ", h("kbd", null, "↑"), " edits your last message"),
    );
    this.#about = /** @type {Element} */ (element.querySelector(".about"));
    this.#popup = /** @type {Element} */ (element.querySelector(".popup"));
    this.#box = /** @type {HTMLTextAreaElement} */ (element.querySelector("textarea"));
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("blur", () => this.#close());
    this.#set(app.drafts.get(app.room?.id ?? "") ?? "");
  }

  update() {
    const app = this.#app;
    if (app.handed) {
      this.#set(app.handed);
      app.handed = "";
      this.#box.focus();
    }
    if (this.#target !== app.target) this.#aim(app.target);
    draw(this.#about, this.#aboutTarget());
    this.#suggest();
  }

  /** @param {import("../app.js").Target} target */
  #aim(target) {
    const before = this.#target;
    this.#target = target;
    if (target.kind === "edit") this.#set(target.message?.text ?? "");
    else if (before?.kind === "edit") this.#set("");
    if (target.kind !== "new") this.#box.focus();
  }

  #aboutTarget() {
    const { kind, message } = this.#app.target;
    if (!message) return null;
    return h(
      "div",
      { class: "about-line" },
      icon(kind === "edit" ? "edit" : "reply"),
      h("span", null, kind === "edit" ? "Editing your message" : ["Reply to ", named(message.author.name)], kind === "reply" && h("span", { class: "quoted" }, message.text.slice(0, 120))),
      h("button", { class: "quiet small", type: "button", "aria-label": kind === "edit" ? "Cancel editing" : "Cancel reply", onclick: () => (this.#app.aim("new", null), this.#box.focus()) }, icon("close")),
    );
  }

  /** @param {string} text */
  #set(text) {
    this.#box.value = text;
    this.#typed();
  }

  #typed() {
    this.#closed = false;
    this.#chosen = 0;
    const style = this.#box.style;
    style.height = "auto";
    style.height = `${Math.min(this.#box.scrollHeight, MAX_HEIGHT)}px`;
    if (this.#app.target.kind !== "edit") this.#app.drafts.set(this.#app.room?.id ?? "", this.#box.value);
    this.#suggest();
  }

  #submit() {
    const text = this.#box.value.trim();
    if (!text) return;
    this.#app.drafts.delete(this.#app.room?.id ?? "");
    this.#app.submit(text);
    this.#set("");
    this.#target = this.#app.target;
    this.#box.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (this.#suggestions.length ? this.#keyInList(event) : this.#keyAlone(event)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #keyInList(event) {
    const count = this.#suggestions.length;
    if (event.key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (event.key === "ArrowUp") this.#choose((this.#chosen + count - 1) % count);
    else if (event.key === "Escape") this.#close();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.#accept(this.#suggestions[this.#chosen]);
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  #keyAlone(event) {
    if (event.key === "Enter" && !event.shiftKey) this.#submit();
    else if (event.key === "Escape" && this.#app.target.kind !== "new") this.#app.aim("new", null);
    else if (event.key === "ArrowUp" && !this.#box.value) return this.#editLast();
    else return false;
    return true;
  }

  #editLast() {
    const last = this.#app.room?.messages.findLast((message) => message.author.me && !message.author.bridge && !message.deleted);
    if (last) this.#app.aim("edit", last);
    return last !== undefined;
  }

  // Completion

  #suggest() {
    const { room, session } = this.#app;
    const known = {
      prefix: session?.prefix ?? "!",
      commands: session?.commands ?? [],
      members: room?.group?.members ?? [],
      ballot: room?.group?.ballot?.number ?? 0,
    };
    const open = !this.#closed && document.activeElement === this.#box && this.#app.target.kind !== "edit";
    this.#suggestions = open ? complete(this.#box.value, this.#box.selectionStart, known) : [];
    this.#chosen = Math.min(this.#chosen, Math.max(0, this.#suggestions.length - 1));
    this.#drawList();
  }

  #close() {
    this.#closed = true;
    this.#suggestions = [];
    this.#drawList();
  }

  /** @param {number} index */
  #choose(index) {
    this.#chosen = index;
    this.#drawList();
  }

  /** @param {Suggestion} suggestion */
  #accept(suggestion) {
    this.#set(suggestion.insert);
    this.#box.setSelectionRange(suggestion.insert.length, suggestion.insert.length);
    this.#suggest();
  }

  #drawList() {
    const open = this.#suggestions.length > 0;
    // A textarea is a combobox only while it has a list.
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-expanded": "true",
      "aria-autocomplete": "list",
      "aria-controls": LIST_ID,
      "aria-activedescendant": `suggestion-${this.#chosen}`,
    })) {
      if (open) this.#box.setAttribute(name, value);
      else this.#box.removeAttribute(name);
    }
    draw(
      this.#popup,
      open &&
        h(
          "ul",
          { id: LIST_ID, role: "listbox", "aria-label": "Suggestions", class: "suggestions" },
          this.#suggestions.map((suggestion, index) =>
            h(
              "li",
              { id: `suggestion-${index}`, role: "option", "aria-selected": String(index === this.#chosen), onpointerdown: (/** @type {Event} */ event) => (event.preventDefault(), this.#accept(suggestion)) },
              h("bdi", { class: "label" }, suggestion.label),
              h("span", { class: "detail" }, suggestion.detail),
            ),
          ),
        ),
    );
    this.#popup.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }
}
