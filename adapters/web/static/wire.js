// Everything that comes from the server is forced into the shapes of types.js here: wrong types become empty
// values, long lists and texts are cut. What is drawn later can trust its types (not its texts).

/** @typedef {Record<string, unknown>} Raw */

const MAX_TEXT = 65_536;
const MAX_LINE = 500;
const MAX_LIST = 1_000;

/** @param {unknown} value @returns {Raw} */
export const object = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? /** @type {Raw} */ (value) : {};

/** @param {unknown} value @param {number} [max] characters */
export const text = (value, max = MAX_LINE) => (typeof value === "string" ? value.slice(0, max) : "");

/** A finite number that is not negative. @param {unknown} value */
export const number = (value) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);

/** @param {unknown} value */
const flag = (value) => value === true;

/**
 * @template T
 * @param {unknown} value @param {(item: unknown) => T} read @param {number} [max]
 * @returns {T[]}
 */
export const list = (value, read, max = MAX_LIST) =>
  Array.isArray(value) ? value.slice(0, max).map((item) => read(item)) : [];

/**
 * @template {string} T
 * @param {unknown} value @param {readonly T[]} choices  the first is the default
 * @returns {T}
 */
const one = (value, choices) => choices.find((choice) => choice === value) ?? choices[0];

const STATES = /** @type {const} */ (["working", "waiting", "voting"]);
const VOTES = /** @type {const} */ (["", "yes", "no"]);
const line = (/** @type {unknown} */ value) => text(value);

/** @param {unknown} value @returns {import("./types.js").Session} */
export function readSession(value) {
  const raw = object(value);
  const bridge = object(raw.bridge);
  return {
    signed_in: flag(raw.signed_in) && raw.user !== null,
    csrf: text(raw.csrf),
    bridge: { name: text(bridge.name, 80), version: text(bridge.version, 40) },
    listens: text(raw.listens),
    user: raw.user ? readUser(raw.user) : null,
    rooms: list(raw.rooms, (item) => ({ id: text(object(item).id), group: text(object(item).group) }), 100),
    prefix: text(raw.prefix, 4) || "!",
    commands: list(raw.commands, readCommand, 50),
    test_accounts: list(raw.test_accounts, readAccount, 6),
    siwe: flag(raw.siwe),
  };
}

/** @param {unknown} value @returns {import("./types.js").User} */
function readUser(value) {
  const raw = object(value);
  return {
    user_id: text(raw.user_id),
    name: text(raw.name),
    address: text(raw.address, 42),
    kind: one(raw.kind, /** @type {const} */ (["hosted", "wallet"])),
    operator: flag(raw.operator),
  };
}

/** @param {unknown} value */
function readCommand(value) {
  const raw = object(value);
  return { name: text(raw.name, 40), arguments: text(raw.arguments, 120), summary: text(raw.summary, 200) };
}

/** @param {unknown} value */
function readAccount(value) {
  const raw = object(value);
  return { name: text(raw.name), password: text(raw.password) };
}

/** @param {unknown} value @returns {import("./types.js").Message} */
export function readMessage(value) {
  const raw = object(value);
  const author = object(raw.author);
  return {
    id: text(raw.id),
    position: number(raw.position),
    revision: number(raw.revision),
    author: {
      name: text(author.name, 120),
      platform: text(author.platform, 24),
      user_id: text(author.user_id),
      address: text(author.address, 42),
      me: flag(author.me),
      bridge: flag(author.bridge),
    },
    text: text(raw.text, MAX_TEXT),
    html: text(raw.html, MAX_TEXT),
    time_ms: number(raw.time_ms),
    edited: flag(raw.edited),
    deleted: flag(raw.deleted),
    fate: one(raw.fate, /** @type {const} */ (["", "waiting", "sent", "dropped"])),
    reason: text(raw.reason),
    late: flag(raw.late),
    reply_to: text(raw.reply_to),
    thread: text(raw.thread),
    to_me: flag(raw.to_me),
    reactions: list(raw.reactions, readReaction, 40),
    attachments: list(raw.attachments, readAttachment, 20),
    ballot: raw.ballot ? readNote(raw.ballot) : null,
  };
}

/** @param {unknown} value */
function readReaction(value) {
  const raw = object(value);
  return { key: text(raw.key, 32), count: number(raw.count), names: list(raw.names, line, 30), mine: flag(raw.mine) };
}

/** @param {unknown} value */
function readAttachment(value) {
  const raw = object(value);
  const media_type = text(raw.media_type, 80);
  return { name: text(raw.name, 200), url: text(raw.url, 2_000), size: number(raw.size), media_type };
}

/** @param {unknown} value @returns {import("./types.js").BallotNote} */
function readNote(value) {
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

/** @param {unknown} value @returns {import("./types.js").Group} */
export function readGroup(value) {
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

/** @param {unknown} value @returns {import("./types.js").Member} */
function readMember(value) {
  const raw = object(value);
  return {
    address: text(raw.address, 42),
    name: text(raw.name, 120),
    key: one(raw.key, /** @type {const} */ (["elsewhere", "hosted", "own"])),
    is_bridge: flag(raw.is_bridge),
    is_steward: flag(raw.is_steward),
    has_vote: flag(raw.has_vote),
    accounts: list(raw.accounts, line, 20),
    me: flag(raw.me),
  };
}

/** @param {unknown} value @returns {import("./types.js").Ballot} */
function readBallot(value) {
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

/** @param {unknown} value @returns {import("./types.js").Voter} */
function readVoter(value) {
  const raw = object(value);
  return {
    address: text(raw.address, 42),
    name: text(raw.name, 120),
    vote: one(raw.vote, VOTES),
    me: flag(raw.me),
  };
}

/** @param {unknown} value @returns {import("./types.js").Result} */
export function readResult(value) {
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

/** @param {unknown} value @returns {import("./types.js").Transition} */
export function readTransition(value) {
  const raw = object(value);
  return {
    old: one(raw.old, STATES),
    new: one(raw.new, STATES),
    deadline: number(raw.deadline),
    cause: text(raw.cause, 200),
    at_ms: number(raw.at_ms),
  };
}

/** @param {unknown} value @returns {import("./types.js").Me} */
export function readMe(value) {
  const raw = object(value);
  const standing = object(raw.standing);
  return {
    standing: {
      address: text(standing.address, 42),
      is_member: flag(standing.is_member),
      has_vote: flag(standing.has_vote),
      is_banned: flag(standing.is_banned),
      is_joining: flag(standing.is_joining),
      key: text(standing.key, 20),
    },
    signings: list(raw.signings, readSigning, 20),
    accepts: raw.accepts !== false,
  };
}

/** @param {unknown} value @returns {import("./types.js").Signing} */
function readSigning(value) {
  const raw = object(value);
  return {
    id: text(raw.id),
    purpose: text(raw.purpose),
    title: text(raw.title),
    method: one(raw.method, /** @type {const} */ (["personal_sign", "eth_signTypedData_v4"])),
    payload: text(raw.payload, MAX_TEXT),
  };
}
