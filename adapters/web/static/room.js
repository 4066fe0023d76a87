// One room as this page knows it: frames of the server are applied here, in any order and any number of times.

/** @typedef {import("./frames.js").Message} Message */
/** @typedef {import("./frames.js").Transition} Transition */
/** @typedef {import("./frames.js").FromPage} FromPage */

/** Messages kept in memory; older ones are fetched again when somebody scrolls there. */
const MAX_MESSAGES = 3_000;
const MAX_TRAIL = 40;

export class Room {
  /** The highest revision seen: what a new connection goes on from. */
  revision = 0;
  /** By position. @type {Message[]} */
  messages = [];
  /** Newest last. @type {Transition[]} */
  trail = [];
  /** Frames up to this revision are the first filling. */
  fillUntil = 0;
  filled = false;

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.#empty();
  }

  #empty() {
    this.revision = 0;
    this.fillUntil = 0;
    this.filled = false;
    /** @type {Map<string, Message>} */
    this.byId = new Map();
    this.messages = [];
    /** Whether there are older ones on the server. */
    this.more = true;
    this.loadingOlder = false;
    /** @type {import("./frames.js").Group | null} */
    this.group = null;
    /** @type {import("./frames.js").Result[]} */
    this.results = [];
    /** @type {import("./frames.js").Me | null} */
    this.me = null;
  }

  /** The position from which older messages are asked for. */
  get oldest() {
    return this.messages[0]?.position ?? 0;
  }

  /** @param {FromPage} frame @returns {Message[]} messages that are new */
  apply(frame) {
    // An empty room gets no messages: what comes after them ends the filling, too.
    if (frame.type !== "messages" && frame.type !== "welcome") this.filled = true;
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "messages":
        return this.#receive(frame);
      case "group":
        this.group = frame.group;
        break;
      case "results":
        this.results = frame.results;
        break;
      case "me":
        this.me = frame;
        break;
      case "state":
        this.#move(frame);
        break;
    }
    return [];
  }

  /** @param {import("./frames.js").Welcome} frame */
  #welcome(frame) {
    if (frame.reset) this.#empty();
    this.fillUntil = frame.revision;
    this.filled = this.revision > 0;
  }

  /** @param {import("./frames.js").Messages} frame */
  #receive(frame) {
    const known = this.messages.length > 0;
    const oldest = this.oldest;
    /** @type {Message[]} */
    const fresh = [];
    for (const message of frame.messages) {
      const isNew = !this.byId.has(message.id);
      // A change of a message that is not loaded: it comes, changed, when somebody scrolls there. Put in
      // now it would leave a gap.
      if (isNew && this.filled && known && this.more && message.position < oldest) continue;
      if (this.#put(message) && isNew) fresh.push(message);
    }
    this.revision = Math.max(this.revision, frame.revision);
    this.#sort();
    const news = this.filled ? fresh : [];
    this.filled ||= this.revision >= this.fillUntil;
    return news;
  }

  /** Older messages that were fetched. @param {Message[]} messages @param {boolean} more */
  addOlder(messages, more) {
    for (const message of messages) this.#put(message);
    this.more = more && messages.length > 0;
    this.#sort();
  }

  /** Forget the oldest when there are too many; only while nobody looks at them. */
  trim() {
    if (this.messages.length <= MAX_MESSAGES) return;
    for (const message of this.messages.splice(0, this.messages.length - MAX_MESSAGES)) this.byId.delete(message.id);
    this.more = true;
  }

  /** Whether it was news. @param {Message} message */
  #put(message) {
    if (!message.id) return false;
    const known = this.byId.get(message.id);
    if (known && known.revision >= message.revision) return false;
    this.byId.set(message.id, message);
    return true;
  }

  #sort() {
    this.messages = [...this.byId.values()].sort((one, other) => one.position - other.position);
  }

  /** @param {Transition} move */
  #move(move) {
    const seen = this.trail.some((old) => old.at_ms === move.at_ms && old.old === move.old && old.new === move.new);
    if (seen) return;
    this.trail = [...this.trail, move].slice(-MAX_TRAIL);
    if (this.group) this.group = { ...this.group, state: move.new, deadline: move.deadline };
  }
}
