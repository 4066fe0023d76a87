// The server's answers over HTTP, forced into their shapes as in reading.js.

import { readMessage } from "./reading.js";
import { flag, line, list, number, object, one, text } from "./wire.js";

/** @template T @typedef {import("./wire.js").Unchecked<T>} Unchecked */

/** @param {unknown} value @returns {import("./frames.js").Session} */
export function readSession(value) {
  /** @type {Unchecked<import("./frames.js").Session>} */
  const raw = object(value);
  return {
    signed_in: flag(raw.signed_in) && raw.user !== null,
    csrf: text(raw.csrf),
    bridge: readVersion(raw.bridge),
    listens: text(raw.listens),
    user: raw.user ? readUser(raw.user) : null,
    rooms: list(raw.rooms, readRoom, 100),
    prefix: text(raw.prefix, 4) || "!",
    commands: list(raw.commands, readCommand, 50),
    test_accounts: list(raw.test_accounts, readAccount, 6),
  };
}

/** @param {unknown} value @returns {import("./frames.js").BridgeVersion} */
function readVersion(value) {
  /** @type {Unchecked<import("./frames.js").BridgeVersion>} */
  const raw = object(value);
  return { name: text(raw.name, 80), version: text(raw.version, 40) };
}

/** @param {unknown} value @returns {import("./frames.js").User} */
function readUser(value) {
  /** @type {Unchecked<import("./frames.js").User>} */
  const raw = object(value);
  return {
    user_id: text(raw.user_id),
    name: text(raw.name),
    address: text(raw.address, 42),
    kind: one(raw.kind, /** @type {const} */ (["hosted", "wallet"])),
    operator: flag(raw.operator),
  };
}

/** @param {unknown} value @returns {import("./frames.js").RoomLink} */
function readRoom(value) {
  /** @type {Unchecked<import("./frames.js").RoomLink>} */
  const raw = object(value);
  return { id: text(raw.id), group: text(raw.group) };
}

/** @param {unknown} value @returns {import("./frames.js").CommandSpec} */
function readCommand(value) {
  /** @type {Unchecked<import("./frames.js").CommandSpec>} */
  const raw = object(value);
  return {
    name: text(raw.name, 65),
    arguments: text(raw.arguments, 120),
    summary: text(raw.summary, 200),
    parameters: list(raw.parameters, readParameter, 10),
  };
}

const KINDS = /** @type {const} */ (["text", "member", "account", "ballot", "choice", "duration", "wallet", "signature", "command"]);

/** @param {unknown} value @returns {import("./frames.js").Parameter} */
function readParameter(value) {
  /** @type {Unchecked<import("./frames.js").Parameter>} */
  const raw = object(value);
  return {
    name: text(raw.name, 32),
    kind: one(raw.kind, KINDS),
    description: text(raw.description, 200),
    optional: flag(raw.optional),
    words: list(raw.words, line, 20),
    most: number(raw.most),
  };
}

/** @param {unknown} value @returns {import("./frames.js").TestAccount} */
function readAccount(value) {
  /** @type {Unchecked<import("./frames.js").TestAccount>} */
  const raw = object(value);
  return { name: text(raw.name), password: text(raw.password) };
}

/** @param {unknown} value @returns {import("./frames.js").Invitation} */
export function readInvitation(value) {
  /** @type {Unchecked<import("./frames.js").Invitation>} */
  const raw = object(value);
  return { name: text(raw.name, 120), operator: flag(raw.operator) };
}

/** @param {unknown} value @returns {import("./frames.js").InvitationLink} */
export function readInvitationLink(value) {
  /** @type {Unchecked<import("./frames.js").InvitationLink>} */
  const raw = object(value);
  return { link: text(raw.link, 2_000) };
}

/** @param {unknown} value @returns {import("./frames.js").SiweText} */
export function readSiweText(value) {
  /** @type {Unchecked<import("./frames.js").SiweText>} */
  const raw = object(value);
  return { message: text(raw.message, 4_000) };
}

/** @param {unknown} value @returns {import("./frames.js").Offer} */
export function readOffer(value) {
  /** @type {Unchecked<import("./frames.js").Offer>} */
  const raw = object(value);
  return { platform: text(raw.platform, 64), name: text(raw.name, 256), address: text(raw.address, 42), text: text(raw.text, 4_000) };
}

/** @param {unknown} value @returns {import("./frames.js").Words} */
export function readWords(value) {
  /** @type {Unchecked<import("./frames.js").Words>} */
  const raw = object(value);
  return { text: text(raw.text, 1_000) };
}

/** @param {unknown} value @returns {import("./frames.js").OlderMessages} */
export function readOlder(value) {
  /** @type {Unchecked<import("./frames.js").OlderMessages>} */
  const raw = object(value);
  return { messages: list(raw.messages, readMessage), more: flag(raw.more) };
}

/** @param {unknown} value @returns {import("./frames.js").Refusal} */
export function readRefusal(value) {
  /** @type {Unchecked<import("./frames.js").Refusal>} */
  const raw = object(value);
  return { error: text(raw.error), text: text(raw.text) };
}
