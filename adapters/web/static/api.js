// HTTP to our server: JSON in and out, the CSRF token with every change, errors as sentences.

import { readInvitation, readInvitationLink, readOffer, readOlder, readRefusal, readSession, readSiweText, readWords } from "./reading-http.js";
import { object } from "./wire.js";

/** @typedef {import("./frames.js").Posts} Posts */

/** Refused by the server, or not reached. The message is for the person. */
export class ApiError extends Error {
  /** @param {string} code @param {string} words @param {number} [status] */
  constructor(code, words, status = 0) {
    super(words);
    this.code = code;
    this.status = status;
  }
}

const UNREACHED = "The server does not answer. Check that the bridge runs, then try again.";
const TIMEOUT_MS = 20_000;

export class Api {
  /** The token that every POST carries; bound to the session cookie. */
  #csrf = "";

  /** @returns {Promise<import("./frames.js").Session>} */
  async session() {
    return this.#adopt(await this.#get("/api/session"));
  }

  /**
   * Post what answers with a session: sign-in, sign-out, invitation, name.
   * @template {keyof Posts} P @param {P} path @param {Posts[P]} body
   */
  async enter(path, body) {
    return this.#adopt(await this.#post(path, body));
  }

  /** Whom an invitation is for. @param {string} token */
  async lookAtInvitation(token) {
    return readInvitation(await this.#post("/api/invitation/look", { token }));
  }

  /** What a link from a chat platform is about. @param {string} code */
  async lookAtLink(code) {
    return readOffer(await this.#post("/api/link/look", { code }));
  }

  /** Answers in words. @param {string} code @param {string} signature */
  async link(code, signature) {
    return readWords(await this.#post("/api/link", { code, signature })).text;
  }

  /** The EIP-4361 text to sign. @param {string} address @param {number} chainId */
  async siweMessage(address, chainId) {
    return readSiweText(await this.#post("/api/siwe/start", { address, chain_id: chainId })).message;
  }

  /** Operators only. @param {string} name @param {boolean} operator */
  async invite(name, operator) {
    return readInvitationLink(await this.#post("/api/invitations", { name, operator })).link;
  }

  /** The bridge's report; operators only. */
  async report() {
    return object(await this.#get("/api/operator"));
  }

  /** Messages before a position, ascending. @param {string} room @param {number} before @param {number} limit */
  async older(room, before, limit) {
    const query = new URLSearchParams({ before: String(before), limit: String(limit) });
    return readOlder(await this.#get(`/api/rooms/${encodeURIComponent(room)}/messages?${query}`));
  }

  /** @param {unknown} raw */
  #adopt(raw) {
    const session = readSession(raw);
    this.#csrf = session.csrf;
    return session;
  }

  /** @param {string} path */
  #get(path) {
    return this.#ask(path, { method: "GET" });
  }

  /** @template {keyof Posts} P @param {P} path @param {Posts[P]} body */
  #post(path, body) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.#csrf };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** @param {string} path @param {RequestInit} init @returns {Promise<unknown>} */
  async #ask(path, init) {
    let response;
    let body;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      response = await fetch(path, { credentials: "same-origin", cache: "no-store", signal, ...init });
      body = await response.json();
    } catch {
      throw new ApiError("unreached", UNREACHED, response?.status ?? 0);
    }
    if (response.ok) return body;
    const refusal = readRefusal(body);
    const words = refusal.text || `The server refused this (${response.status}). Reload the page.`;
    throw new ApiError(refusal.error, words, response.status);
  }
}
