// Whatever comes from the server is forced into the shapes of frames.d.ts here, which is made from the server's own
// code: a field that has another name there fails the check of these types. What is drawn later can trust its types
// (not its texts).

import { MAX_TEXT, flag, line, list, number, object, one, text } from "./wire.js";

/** @typedef {import("./frames.js").FromPage} FromPage */
/** @template T @typedef {import("./wire.js").Unchecked<T>} Unchecked */

const STATES = /** @type {const} */ (["working", "waiting", "voting"]);
const VOTES = /** @type {const} */ (["", "yes", "no"]);
const KEYS = /** @type {const} */ (["elsewhere", "hosted", "own"]);
const STATUSES = /** @type {const} */ (["waiting", "sent", "dropped"]);

/** A frame of the live socket; null: none that this page knows. @param {unknown} value @returns {FromPage | null} */
export function readFrame(value) {
  const { type } = object(value);
  const read = Object.hasOwn(READERS, String(type)) ? READERS[/** @type {FromPage["type"]} */ (type)] : undefined;
  return read ? read(object(value)) : null;
}

/** @type {{[T in FromPage["type"]]: (raw: Unchecked<Extract<FromPage, {type: T}>>) => Extract<FromPage, {type: T}>}} */
const READERS = {
  welcome: (raw) => ({ type: "welcome", room: text(raw.room), revision: number(raw.revision), reset: flag(raw.reset) }),
  messages: (raw) => ({ type: "messages", messages: list(raw.messages, readMessage, Infinity), revision: number(raw.revision) }),
  group: (raw) => ({ type: "group", group: readGroup(raw.group) }),
  results: (raw) => ({ type: "results", results: list(raw.results, readResult, 100) }),
  me: (raw) => ({ type: "me", standing: readStanding(raw.standing), signings: list(raw.signings, readSigning, 20), accepts: raw.accepts !== false }),
  state: (raw) => ({ type: "state", old: one(raw.old, STATES), new: one(raw.new, STATES), deadline: number(raw.deadline), cause: text(raw.cause, 200), at_ms: number(raw.at_ms) }),
  done: (raw) => ({ type: "done", ref: text(raw.ref, 64) }),
  refused: (raw) => ({ type: "refused", ref: text(raw.ref, 64), code: text(raw.code, 40), text: text(raw.text) }),
  bye: (raw) => ({ type: "bye", text: text(raw.text) }),
};

/** @param {unknown} value @returns {import("./frames.js").Message} */
export function readMessage(value) {
  /** @type {Unchecked<import("./frames.js").Message>} */
  const raw = object(value);
  return {
    id: text(raw.id),
    position: number(raw.position),
    revision: number(raw.revision),
    author: readAuthor(raw.author),
    text: text(raw.text, MAX_TEXT),
    html: text(raw.html, MAX_TEXT),
    time_ms: number(raw.time_ms),
    edited: flag(raw.edited),
    deleted: flag(raw.deleted),
    status: STATUSES.find((status) => status === raw.status) ?? null,
    reason: text(raw.reason),
    late: flag(raw.late),
    reply_to: text(raw.reply_to),
    thread: text(raw.thread),
    to_me: flag(raw.to_me),
    reactions: list(raw.reactions, readReaction, 40),
    attachments: list(raw.attachments, readFile, 20),
    ballot: raw.ballot ? readNote(raw.ballot) : null,
  };
}

/** @param {unknown} value @returns {import("./frames.js").Author} */
function readAuthor(value) {
  /** @type {Unchecked<import("./frames.js").Author>} */
  const raw = object(value);
  return {
    name: text(raw.name, 120),
    platform: text(raw.platform, 24),
    user_id: text(raw.user_id),
    address: text(raw.address, 42),
    me: flag(raw.me),
    bridge: flag(raw.bridge),
  };
}

/** @param {unknown} value @returns {import("./frames.js").ReactionCount} */
function readReaction(value) {
  /** @type {Unchecked<import("./frames.js").ReactionCount>} */
  const raw = object(value);
  return { key: text(raw.key, 32), count: number(raw.count), names: list(raw.names, line, 30), mine: flag(raw.mine) };
}

/** @param {unknown} value @returns {import("./frames.js").File} */
function readFile(value) {
  /** @type {Unchecked<import("./frames.js").File>} */
  const raw = object(value);
  return { name: text(raw.name, 200), url: text(raw.url, 2_000), size: number(raw.size), media_type: text(raw.media_type, 80) };
}

/** @param {unknown} value @returns {import("./frames.js").BallotNote} */
function readNote(value) {
  /** @type {Unchecked<import("./frames.js").BallotNote>} */
  const raw = object(value);
  return {
    number: number(raw.number),
    question: list(raw.question, line, 50),
    yes: number(raw.yes),
    no: number(raw.no),
    voters: number(raw.voters),
    deadline: number(raw.deadline),
    result: text(raw.result),
  };
}

/** @param {unknown} value @returns {import("./frames.js").Group} */
function readGroup(value) {
  /** @type {Unchecked<import("./frames.js").Group>} */
  const raw = object(value);
  return {
    name: text(raw.name, 120),
    full_name: text(raw.full_name),
    state: one(raw.state, STATES),
    deadline: number(raw.deadline),
    epoch: number(raw.epoch),
    joined: flag(raw.joined),
    is_removed: flag(raw.is_removed),
    members: list(raw.members, readMember),
    queued: number(raw.queued),
    waiting_chat: number(raw.waiting_chat),
    coordination: one(raw.coordination, /** @type {const} */ (["waku", "contract"])),
    transport: text(raw.transport),
    chain: text(raw.chain),
    ballot: raw.ballot ? readBallot(raw.ballot) : null,
    now: number(raw.now),
  };
}

/** @param {unknown} value @returns {import("./frames.js").Member} */
function readMember(value) {
  /** @type {Unchecked<import("./frames.js").Member>} */
  const raw = object(value);
  return {
    address: text(raw.address, 42),
    name: text(raw.name, 120),
    key: one(raw.key, KEYS),
    is_bridge: flag(raw.is_bridge),
    is_steward: flag(raw.is_steward),
    has_vote: flag(raw.has_vote),
    accounts: list(raw.accounts, line, 20),
    me: flag(raw.me),
  };
}

/** @param {unknown} value @returns {import("./frames.js").Ballot} */
function readBallot(value) {
  /** @type {Unchecked<import("./frames.js").Ballot>} */
  const raw = object(value);
  return {
    number: number(raw.number),
    lines: list(raw.lines, line, 100),
    voters: list(raw.voters, readVoter),
    yes: number(raw.yes),
    no: number(raw.no),
    deadline: number(raw.deadline),
    steward: text(raw.steward, 42),
    transaction: text(raw.transaction, 80),
    kind: one(raw.kind, /** @type {const} */ (["policy", "add", "remove"])),
    mine: one(raw.mine, VOTES),
    may_vote: flag(raw.may_vote),
  };
}

/** @param {unknown} value @returns {import("./frames.js").Voter} */
function readVoter(value) {
  /** @type {Unchecked<import("./frames.js").Voter>} */
  const raw = object(value);
  return { address: text(raw.address, 42), name: text(raw.name, 120), vote: one(raw.vote, VOTES), me: flag(raw.me) };
}

/** @param {unknown} value @returns {import("./frames.js").Result} */
function readResult(value) {
  /** @type {Unchecked<import("./frames.js").Result>} */
  const raw = object(value);
  return {
    number: number(raw.number),
    lines: list(raw.lines, line, 100),
    passed: flag(raw.passed),
    yes: number(raw.yes),
    no: number(raw.no),
    voters: number(raw.voters),
    by_deadline: flag(raw.by_deadline),
    closed_at: number(raw.closed_at),
    text: text(raw.text),
  };
}

/** @param {unknown} value @returns {import("./frames.js").Standing} */
function readStanding(value) {
  /** @type {Unchecked<import("./frames.js").Standing>} */
  const raw = object(value);
  return {
    address: text(raw.address, 42),
    is_member: flag(raw.is_member),
    has_vote: flag(raw.has_vote),
    is_banned: flag(raw.is_banned),
    is_joining: flag(raw.is_joining),
    key: KEYS.find((key) => key === raw.key) ?? null,
  };
}

/** @param {unknown} value @returns {import("./frames.js").Signing} */
function readSigning(value) {
  /** @type {Unchecked<import("./frames.js").Signing>} */
  const raw = object(value);
  return {
    id: text(raw.id),
    purpose: text(raw.purpose),
    title: text(raw.title),
    method: one(raw.method, /** @type {const} */ (["personal_sign", "eth_signTypedData_v4"])),
    payload: text(raw.payload, MAX_TEXT),
  };
}
