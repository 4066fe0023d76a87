// What was asked of the server and is not yet known to be durable. It outlives a lost connection and, in this
// tab, a reload; a `ref` makes sending it twice harmless.

import { MAX_TEXT, list, object, text } from "./wire.js";

/** @typedef {Exclude<import("./frames.js").FromBrowser, {type: "hello"}>} Asked */
/** @typedef {Asked extends infer F ? (F extends Asked ? Omit<F, "ref"> : never) : never} Unsent  without its ref */
/**
 * Something asked of the server that is not yet durable.
 * @typedef {object} Pending
 * @property {string} ref
 * @property {string} room
 * @property {string} user
 * @property {number} time_ms
 * @property {Asked} frame
 * @property {"unsent" | "sent" | "done" | "refused"} stage
 * @property {string} text     why it was refused
 */

const STORED = "demls.outbox";
const MAX_KEPT = 200;
/** What is kept over a reload. A signature is not: the server asks for it again. */
const TYPES = new Set(/** @type {Asked["type"][]} */ (["say", "edit", "delete", "react", "unreact", "command"]));

export class Outbox {
  /** @type {Pending[]} */
  #entries = [];
  #storage;

  /** @param {Storage} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#load();
  }

  /** Entries of one person in one room, in their order. @param {string} user @param {string} room */
  of(user, room) {
    return this.#entries.filter((entry) => entry.user === user && entry.room === room);
  }

  /** @param {string} user @param {string} room @param {Unsent} frame */
  add(user, room, frame) {
    const ref = crypto.randomUUID();
    /** @type {Pending} */
    const entry = { ref, room, user, time_ms: Date.now(), frame: /** @type {Asked} */ ({ ...frame, ref }), stage: "unsent", text: "" };
    this.#entries.push(entry);
    this.#entries = this.#entries.slice(-MAX_KEPT);
    this.#save();
    return entry;
  }

  /** @param {string} ref */
  find(ref) {
    return this.#entries.find((entry) => entry.ref === ref);
  }

  /** @param {string} ref */
  remove(ref) {
    this.#entries = this.#entries.filter((entry) => entry.ref !== ref);
    this.#save();
  }

  /** The server refused it: it stays, to be shown. @param {string} ref @param {string} words */
  refuse(ref, words) {
    const entry = this.find(ref);
    if (!entry) return;
    entry.stage = "refused";
    entry.text = words;
    this.#save();
  }

  /** The connection is new: what was sent on the old one may be lost. */
  rewind() {
    for (const entry of this.#entries) if (entry.stage === "sent") entry.stage = "unsent";
  }

  /** On signing out: the next person at this screen must not send it. */
  clear() {
    this.#entries = [];
    this.#save();
  }

  #save() {
    const kept = this.#entries.filter((entry) => TYPES.has(entry.frame.type) && entry.stage !== "done");
    try {
      this.#storage.setItem(STORED, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: it is still in memory.
    }
  }

  #load() {
    let raw;
    try {
      raw = JSON.parse(this.#storage.getItem(STORED) ?? "[]");
    } catch {
      return;
    }
    this.#entries = list(raw, read, MAX_KEPT).filter((entry) => entry.ref && TYPES.has(entry.frame.type));
  }
}

/** @param {unknown} value @returns {Pending} */
function read(value) {
  const raw = object(value);
  const frame = /** @type {Asked} */ (/** @type {unknown} */ (object(raw.frame)));
  return {
    ref: text(raw.ref, 64),
    room: text(raw.room),
    user: text(raw.user),
    time_ms: typeof raw.time_ms === "number" ? raw.time_ms : Date.now(),
    frame,
    stage: raw.stage === "refused" ? "refused" : "unsent",
    text: text(raw.text),
  };
}

/** What was written, of a message or an edit. @param {Pending} entry */
export const words = ({ frame }) => (frame.type === "say" || frame.type === "edit" ? text(frame.text, MAX_TEXT) : "");

/** The message that is being changed; "" for none. @param {Pending} entry */
export const changed = ({ frame }) => ("id" in frame ? frame.id : "");

/** The message that this answers; "" for none. @param {Pending} entry */
export const answered = ({ frame }) => (frame.type === "say" ? text(frame.reply_to, 64) : "");

/**
 * The vote that this is; null: it is none.
 * @param {Pending} entry @returns {{ballot: number, choice: "yes" | "no"} | null}
 */
export function vote({ frame }) {
  if (frame.type !== "command" || frame.name !== "vote") return null;
  const given = object(frame.arguments);
  return { ballot: Number(given.ballot), choice: given.choice === "yes" ? "yes" : "no" };
}
