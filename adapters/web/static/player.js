// Shows transitions one after the other, each long enough to be seen: some states last only milliseconds.

/** @typedef {import("./frames.js").Transition} Transition */

const SHOWN_MS = 650;
/** With more than this waiting, the diagram lags too far behind: the oldest are left out (the trail has them). */
const MAX_WAITING = 6;

export class Player {
  /** @type {Transition | null} */
  #shown = null;
  /** @type {Transition[]} */
  #waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {Transition} move */
  push(move) {
    if (this.#waiting.at(-1) === move || this.#shown === move) return;
    this.#waiting = [...this.#waiting, move].slice(-MAX_WAITING);
    if (this.#timer === undefined) this.#next();
  }

  #next() {
    const move = this.#waiting.shift();
    if (move) {
      this.#shown = move;
      this.#timer = setTimeout(() => this.#next(), SHOWN_MS);
    } else this.#timer = undefined;
    this.#changed();
  }

  /** The state to show, and the move that led to it. @param {import("./frames.js").State} present */
  now(present) {
    const busy = this.#timer !== undefined;
    const move = this.#shown;
    return { state: busy && move ? move.new : present, move: move && (busy || move.new === present) ? move : null };
  }

  reset() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shown = null;
    this.#waiting = [];
  }
}
