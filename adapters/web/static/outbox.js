// What was asked of the server and is not yet known to be durable. It outlives a lost connection and, in this
// tab, a reload; a `ref` makes sending it twice harmless.

import { list, object, text } from "./wire.js";

/** @typedef {import("./types.js").Pending} Pending */

const STORED = "demls.outbox";
const MAX_KEPT = 200;
const TYPES = new Set(["say", "edit", "delete", "react", "unreact", "vote"]);

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

  /** @param {string} user @param {string} room @param {{type: string} & Record<string, unknown>} frame */
  add(user, room, frame) {
    const ref = crypto.randomUUID();
    /** @type {Pending} */
    const entry = { ref, room, user, time_ms: Date.now(), frame: { ...frame, ref }, stage: "unsent", text: "" };
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
    // A signature is asked for again by the server; it need not be stored.
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
  const frame = /** @type {Pending["frame"]} */ (object(raw.frame));
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
