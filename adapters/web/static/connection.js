// One WebSocket to the server, kept alive: after a loss it is made anew with growing pauses.
// It knows nothing of rooms: it calls `greet` when it is open and hands every frame on.

import { readFrame } from "./reading.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A connection must come about in this time. */
const PATIENCE_MS = 10_000;
/** Close codes after which trying again is of no use. */
const NOT_SIGNED_IN = 4401;
const FOREIGN_ORIGIN = 4403;

/** @typedef {"connecting" | "live" | "lost" | "closed"} Phase */
/**
 * @typedef {object} Listener
 * @property {() => void} greet                              open: say hello
 * @property {(frame: import("./frames.js").FromPage) => void} receive
 * @property {(phase: Phase, retryAt: number) => void} phase  retryAt: ms, when the next attempt is made
 * @property {() => void} expelled                           the session is over
 */

export class Connection {
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #wanted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #listener;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
  }

  /** Connect, and stay connected until `close`. */
  open() {
    this.#wanted = true;
    if (!this.#socket) this.#connect();
  }

  /** End it for good. */
  close() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#listener.phase("closed", 0);
  }

  /** Do not wait for the next attempt. */
  retryNow() {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** The server showed that all is well: the next loss starts with a short pause again. */
  settled() {
    this.#failures = 0;
    this.#listener.phase("live", 0);
  }

  /** Whether the frame was handed to an open socket; it may be lost all the same. @param {import("./frames.js").FromBrowser} frame */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    this.#listener.phase("connecting", 0);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live`);
    this.#socket = socket;
    const patience = setTimeout(() => socket.close(), PATIENCE_MS);
    socket.onopen = () => {
      clearTimeout(patience);
      if (socket === this.#socket) this.#listener.greet();
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(patience);
      if (socket === this.#socket) this.#lost(event.code);
    };
  }

  /** @param {unknown} data */
  #receive(data) {
    let frame;
    try {
      frame = readFrame(JSON.parse(String(data)));
    } catch {
      return; // not from our server's hand; the next frame may be
    }
    if (frame) this.#listener.receive(frame);
  }

  /** @param {number} code */
  #lost(code) {
    this.#socket = null;
    if (code === NOT_SIGNED_IN || code === FOREIGN_ORIGIN) {
      this.#wanted = false;
      this.#listener.phase("closed", 0);
      this.#listener.expelled();
      return;
    }
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
    // Not all pages at once when a server comes back.
    const pause = longest * (0.75 + Math.random() / 4);
    this.#timer = setTimeout(() => this.#connect(), pause);
    this.#listener.phase("lost", Date.now() + pause);
  }
}
