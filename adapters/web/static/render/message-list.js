// The list of messages: only a part of it stands in the document, however long it is, and what the person
// looks at does not move when something is added above or below.

import { day, plural, sameDay } from "../format.js";
import { answered, changed, words as wordsOf } from "../outbox.js";
import { draw, h } from "../vdom.js";
import { icon } from "./icons.js";
import { messageRow } from "./message.js";

/** @typedef {import("../frames.js").Message} Message */

/** Rows that stand in the document: at the start, added at an end, at most. */
const ROWS = 120;
const STEP = 60;
const MAX_ROWS = 240;
/** Pixels from an end at which more is added, and within which the end counts as reached. */
const NEAR = 600;
const AT_END = 48;
/** Messages of one author within this time stand together, ms. */
const TOGETHER_MS = 5 * 60_000;

export class MessageList {
  #app;
  #scroller;
  #list;
  #foot;
  #from = 0;
  #to = 0;
  /** The first and last drawn message, by which the part is found again. */
  #first = "";
  #last = "";
  #atEnd = true;
  /** Where the view stood last, px: only a move upwards leaves the end, not rows that grow. */
  #lastTop = 0;
  /** The newest message when the end was left. */
  #leftAt = 0;
  /** The row that Tab reaches. */
  #active = "";
  #picking = "";
  /** @type {Map<string, {signature: string, message: Message, replied: Message | undefined, row: import("../vdom.js").VNode}>} */
  #rows = new Map();
  /** @type {Map<string, number>} */
  #numbers = new Map();

  /** @param {Element} element @param {import("../app.js").App} app */
  constructor(element, app) {
    this.#app = app;
    draw(
      element,
      h("div", { class: "scroller", key: "scroller" }, h("ol", { class: "list", opaque: true, "aria-label": "Messages" })),
      h("div", { class: "list-foot", key: "foot", opaque: true }),
    );
    this.#scroller = /** @type {HTMLElement} */ (element.firstElementChild);
    this.#list = /** @type {HTMLElement} */ (this.#scroller.firstElementChild);
    this.#foot = /** @type {HTMLElement} */ (element.lastElementChild);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", (event) => this.#focused(event));
    const resized = new ResizeObserver(() => this.#atEnd && this.#toEnd());
    resized.observe(this.#scroller);
    resized.observe(this.#list);
  }

  update() {
    const room = this.#app.room;
    if (!room) return;
    if (this.#atEnd) room.trim();
    this.#choosePart(room.messages);
    const anchor = this.#atEnd ? null : this.#anchor();
    draw(this.#list, this.#top(room), this.#parts(room.messages), this.#to === room.messages.length && this.#echoes());
    if (this.#atEnd) this.#toEnd();
    else if (anchor?.row.isConnected) this.#scroller.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    this.#markActive();
    draw(this.#foot, this.#jumpButton(room.messages));
    if (room.messages.length < ROWS / 2 || this.#scroller.scrollTop < NEAR) this.#wantOlder();
  }

  /** @param {Message[]} messages */
  #choosePart(messages) {
    const wasAtNewest = this.#atEnd || !this.#last;
    if (wasAtNewest) {
      this.#to = messages.length;
      this.#from = Math.max(0, this.#to - ROWS);
    } else {
      const first = messages.findIndex((message) => message.id === this.#first);
      const last = messages.findIndex((message) => message.id === this.#last);
      this.#from = first < 0 ? Math.max(0, messages.length - ROWS) : first;
      this.#to = last < 0 ? messages.length : last + 1;
      // Older ones that were just fetched are drawn at once.
      if (this.#wantsMore && this.#from > 0) this.#extendUp();
      if (this.#to < messages.length && this.#to - this.#from < MAX_ROWS) this.#to = Math.min(messages.length, this.#from + MAX_ROWS);
    }
    this.#remember(messages);
  }

  /** @param {Message[]} messages */
  #remember(messages) {
    this.#first = messages[this.#from]?.id ?? "";
    this.#last = messages[this.#to - 1]?.id ?? "";
  }

  get #wantsMore() {
    return this.#scroller.scrollTop < NEAR;
  }

  #extendUp() {
    this.#from = Math.max(0, this.#from - STEP);
    this.#to = Math.min(this.#to, this.#from + MAX_ROWS);
  }

  #scrolled() {
    const room = this.#app.room;
    if (!room) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const below = scrollHeight - clientHeight - scrollTop;
    const newest = this.#to >= room.messages.length;
    const wentUp = scrollTop < this.#lastTop;
    this.#lastTop = scrollTop;
    const atEnd = newest && (below < AT_END || (this.#atEnd && !wentUp));
    if (atEnd && below > 0) this.#toEnd();
    if (this.#atEnd && !atEnd) this.#leftAt = room.messages.at(-1)?.position ?? 0;
    const changed = this.#atEnd !== atEnd;
    this.#atEnd = atEnd;
    if (!atEnd && scrollTop < NEAR) {
      if (this.#from > 0) {
        this.#extendUp();
        this.#remember(room.messages);
        this.#app.changed();
      } else this.#wantOlder();
    } else if (!newest && below < NEAR) {
      this.#to = Math.min(room.messages.length, this.#to + STEP);
      this.#from = Math.max(this.#from, this.#to - MAX_ROWS);
      this.#remember(room.messages);
      this.#app.changed();
    }
    if (changed) this.#app.changed();
  }

  #wantOlder() {
    const { scrollHeight, clientHeight } = this.#scroller;
    if (this.#from === 0 && (!this.#atEnd || scrollHeight <= clientHeight + AT_END)) void this.#app.loadOlder();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /** Show the newest message. */
  #jumpToEnd() {
    this.#atEnd = true;
    this.update();
  }

  /** The uppermost row in sight, and where it is. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const row of this.#list.querySelectorAll("li.row")) {
      const place = row.getBoundingClientRect();
      if (place.bottom > top) return { row, top: place.top };
    }
    return null;
  }

  /** @param {import("../room.js").Room} room */
  #top(room) {
    if (!room.filled) return h("li", { class: "edge", key: "edge" }, "Loading messages…");
    if (room.loadingOlder) return h("li", { class: "edge", key: "edge" }, "Loading older messages…");
    if (this.#from > 0 || room.more) return h("li", { class: "edge", key: "edge" });
    return h("li", { class: "edge", key: "edge" }, room.messages.length ? "The beginning" : "Nothing was said yet. Write the first message.");
  }

  /** @param {Message[]} messages */
  #parts(messages) {
    const rows = [];
    const busy = new Map(this.#app.pending.filter((entry) => entry.stage !== "refused").map((entry) => [changed(entry), "saving"]));
    const now = Date.now();
    for (let index = this.#from; index < this.#to; index += 1) {
      const message = messages[index];
      const before = messages[index - 1];
      const newDay = !before || !sameDay(before.time_ms, message.time_ms);
      if (newDay) rows.push(h("li", { class: "day", key: `day-${message.id}` }, h("span", null, day(message.time_ms, now))));
      rows.push(this.#row(message, !newDay && together(before, message), busy.get(message.id) ?? ""));
    }
    return rows;
  }

  /** @param {Message} message @param {boolean} grouped @param {string} stage */
  #row(message, grouped, stage) {
    const room = this.#app.room;
    const replied = message.reply_to ? room?.byId.get(message.reply_to) : undefined;
    const picking = this.#picking === message.id;
    const ballot = message.ballot ? JSON.stringify(room?.group?.ballot ?? "") + this.#app.pending.length : "";
    const signature = `${grouped} ${stage} ${picking} ${ballot}`;
    const known = this.#rows.get(message.id);
    if (known && known.message === message && known.replied === replied && known.signature === signature) return known.row;
    const row = messageRow(message, {
      app: this.#app,
      number: this.#number(message.id),
      grouped,
      replied,
      stage,
      picking,
      pick: (wanted) => this.#pick(wanted ?? null),
      jump: (id) => this.#jump(id),
    });
    if (this.#rows.size > MAX_ROWS * 4) this.#rows.clear();
    this.#rows.set(message.id, { signature, message, replied, row });
    return row;
  }

  /** A number for ids in the document: a message's own id may hold anything. @param {string} id */
  #number(id) {
    const number = this.#numbers.get(id) ?? this.#numbers.size + 1;
    this.#numbers.set(id, number);
    return number;
  }

  /** What was written here and the server has not shown yet. */
  #echoes() {
    const app = this.#app;
    const user = app.session?.user;
    const said = app.pending.filter((entry) => entry.frame.type === "say" && entry.stage !== "refused" && !app.room?.byId.has(entry.ref));
    return said.map((entry) =>
      this.#row(
        {
          id: entry.ref,
          position: Infinity,
          revision: 0,
          author: { name: user?.name ?? "", platform: "web", user_id: entry.user, address: user?.address ?? "", me: true, bridge: false },
          text: wordsOf(entry),
          html: "",
          time_ms: entry.time_ms,
          edited: false,
          deleted: false,
          status: null,
          reason: "",
          late: false,
          reply_to: answered(entry),
          thread: "",
          to_me: false,
          reactions: [],
          attachments: [],
          ballot: null,
        },
        false,
        "sending",
      ),
    );
  }

  /** @param {Message[]} messages */
  #jumpButton(messages) {
    if (this.#atEnd) return null;
    const count = messages.filter((message) => message.position > this.#leftAt).length;
    return h("button", { class: "jump", type: "button", onclick: () => this.#jumpToEnd() }, icon("down"), count ? plural(count, "new message") : "Newest");
  }

  /** @param {string} id of a message that is quoted */
  #jump(id) {
    const messages = this.#app.room?.messages ?? [];
    const index = messages.findIndex((message) => message.id === id);
    if (index < 0) return;
    if (index < this.#from || index >= this.#to) {
      this.#atEnd = false;
      this.#from = Math.max(0, index - STEP);
      this.#to = Math.min(messages.length, this.#from + ROWS);
      this.#remember(messages);
      this.update();
    }
    this.#active = id;
    this.#element(id)?.scrollIntoView({ block: "center" });
    this.#element(id)?.focus({ preventScroll: true });
  }

  // Keyboard

  /** @param {Message | null} message */
  #pick(message) {
    const before = this.#picking;
    this.#picking = message?.id ?? "";
    this.update();
    const row = this.#element(message?.id ?? before);
    if (message) row?.querySelector(/** @type {"button"} */ (".toolbar button"))?.focus();
    else row?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const article = target.closest("article");
    const message = this.#app.room?.byId.get(article?.dataset.id ?? "");
    if (event.key === "Escape" && article) {
      if (this.#picking) this.#pick(null);
      else article.focus();
      return;
    }
    if (target !== article || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...this.#list.querySelectorAll("article")];
    const place = rows.indexOf(article);
    const moves = new Map([["ArrowUp", place - 1], ["ArrowDown", place + 1], ["Home", 0], ["End", rows.length - 1]]);
    const next = moves.get(event.key);
    if (next !== undefined) {
      rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
      event.preventDefault();
    } else if (message && !message.deleted && this.#act(event.key, message)) event.preventDefault();
  }

  /** @param {string} key @param {Message} message */
  #act(key, message) {
    const mine = message.author.me && !message.author.bridge;
    if (key === "r" || key === "R") this.#app.aim("reply", message);
    else if (key === "+") this.#pick(message);
    else if ((key === "e" || key === "E") && mine) this.#app.aim("edit", message);
    else if (key === "Delete" && mine) this.#app.askToDelete(message);
    else return false;
    return true;
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    this.#active = /** @type {HTMLElement} */ (event.target).closest("article")?.dataset.id ?? this.#active;
    this.#markActive();
  }

  /** Exactly one row is reached with Tab; the arrows go on from it. */
  #markActive() {
    const rows = [...this.#list.querySelectorAll("article")];
    const active = rows.find((row) => row.dataset.id === this.#active) ?? rows.at(-1);
    for (const row of rows) row.tabIndex = row === active ? 0 : -1;
  }

  /** @param {string} id */
  #element(id) {
    return [...this.#list.querySelectorAll("article")].find((row) => row.dataset.id === id);
  }
}

/** Whether two messages stand under one name. @param {Message} before @param {Message} message */
function together(before, message) {
  const [one, other] = [before.author, message.author];
  return (
    one.user_id === other.user_id &&
    one.platform === other.platform &&
    one.name === other.name &&
    one.bridge === other.bridge &&
    !message.reply_to &&
    before.to_me === message.to_me &&
    message.time_ms - before.time_ms < TOGETHER_MS
  );
}
