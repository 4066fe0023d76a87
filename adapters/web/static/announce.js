// Words for screen readers, in one polite live region. Messages that come in a burst are summed up.

const PAUSE_MS = 700;
const MAX_WORDS = 160;

export class Announcer {
  #region;
  /** @type {string[]} */
  #waiting = [];
  /** @type {import("./frames.js").Message[]} */
  #messages = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Element} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} words */
  say(words) {
    if (words && this.#waiting.at(-1) !== words) this.#waiting.push(words);
    this.#start();
  }

  /** @param {import("./frames.js").Message[]} messages */
  messages(messages) {
    this.#messages.push(...messages.filter((message) => !message.author.me && !message.deleted));
    this.#start();
  }

  #start() {
    this.#timer ??= setTimeout(() => this.#speak(), PAUSE_MS);
  }

  #speak() {
    this.#timer = undefined;
    const last = this.#messages.at(-1);
    const words = [...this.#waiting];
    if (last) {
      const count = this.#messages.length;
      const said = `${last.author.name || "somebody"}: ${last.text.slice(0, MAX_WORDS)}`;
      words.push(count > 1 ? `${count} new messages. Last, ${said}` : said);
    }
    this.#waiting = [];
    this.#messages = [];
    this.#region.textContent = words.join(". ");
  }
}
