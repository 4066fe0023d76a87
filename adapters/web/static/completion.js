// What could be meant by a half-typed command. No DOM: text and caret in, suggestions out.

import { shortAddress } from "./format.js";

/**
 * @typedef {object} Suggestion
 * @property {string} label    what is chosen
 * @property {string} detail   what it means
 * @property {string} insert   the box's text afterwards
 */
/**
 * @typedef {object} Known
 * @property {string} prefix
 * @property {import("./frames.js").CommandSpec[]} commands
 * @property {import("./frames.js").Member[]} members
 * @property {number} ballot   the open ballot's number; 0: none
 */

const MAX_SUGGESTIONS = 8;
/** Begins a command on every platform, whatever the prefix is. */
const SLASH = "/";

/**
 * Suggestions for the text before the caret; none unless it is a command and the caret is at its end.
 * @param {string} text @param {number} caret @param {Known} known
 * @returns {Suggestion[]}
 */
export function complete(text, caret, known) {
  if (caret !== text.length || text.includes("\n")) return [];
  const sign = [known.prefix, SLASH].find((one) => text.startsWith(one));
  if (!sign) return [];
  const behind = text.slice(sign.length).toLowerCase();
  const command = known.commands.find((one) => behind.startsWith(`${one.name} `));
  if (!command) return names(sign, behind, known.commands);
  const head = text.slice(0, sign.length + command.name.length);
  return argument(head, text.slice(head.length + 1).split(" "), command, known).slice(0, MAX_SUGGESTIONS);
}

/** @param {string} sign @param {string} typed @param {import("./frames.js").CommandSpec[]} commands @returns {Suggestion[]} */
function names(sign, typed, commands) {
  const found = commands.filter((command) => command.name.startsWith(typed));
  // Complete as it stands: Enter must send it.
  if (found.length === 1 && found[0].name === typed && found[0].parameters.every((one) => one.optional)) return [];
  return found.map((command) => ({
    label: `${sign}${command.name} ${command.arguments}`.trim(),
    detail: command.summary,
    insert: `${sign}${command.name}${command.parameters.length ? " " : ""}`,
  }));
}

/**
 * What fits the parameter that is being typed: the first, or, behind a ballot's number, its choice.
 * @param {string} head @param {string[]} rest @param {import("./frames.js").CommandSpec} command @param {Known} known
 * @returns {Suggestion[]}
 */
function argument(head, rest, command, known) {
  const [first, second] = command.parameters;
  if (first?.kind === "ballot" && second?.kind === "choice") return rest.length > 2 ? [] : votes(head, rest, second.words, known);
  if (!first || rest.length > 1) return [];
  if (first.kind === "member" || first.kind === "account") return people(head, rest[0], known);
  if (first.kind === "command") return topics(head, rest[0], known);
  if (first.kind === "choice") return choices(head, rest[0], first);
  return [];
}

/** @param {string} head @param {string} typed @param {import("./frames.js").Parameter} parameter @returns {Suggestion[]} */
function choices(head, typed, { words, description }) {
  return words
    .filter((word) => word.startsWith(typed.toLowerCase()) && word !== typed.toLowerCase())
    .map((word) => ({ label: word, detail: description, insert: `${head} ${word}` }));
}

/** @param {string} head @param {string} typed @param {Known} known @returns {Suggestion[]} */
function people(head, typed, known) {
  const wanted = typed.toLowerCase().replace(/^@/, "");
  const found = known.members.filter((member) => {
    const words = [member.name, member.address, ...member.accounts].map((word) => word.toLowerCase());
    return words.some((word) => word.startsWith(wanted) || (wanted.length > 1 && word.includes(wanted)));
  });
  // An address is certain where a name may be borne by two.
  return found
    .filter((member) => member.address.toLowerCase() !== wanted)
    .map((member) => ({
      label: member.name || shortAddress(member.address),
      detail: `${shortAddress(member.address)}${member.me ? " · you" : ""}${member.is_bridge ? " · bridge" : ""}`,
      insert: `${head} ${member.address} `,
    }));
}

/** @param {string} head @param {string[]} rest @param {string[]} words @param {Known} known @returns {Suggestion[]} */
function votes(head, rest, words, known) {
  const number = known.ballot ? `${known.ballot} ` : "";
  const typed = rest.join(" ").toLowerCase();
  const details = new Map([["yes", "for what is voted on"], ["no", "against it"]]);
  return words
    .map((word) => ({ label: `${number}${word}`, detail: details.get(word) ?? "", insert: `${head} ${number}${word}`, word }))
    .filter(({ label, word }) => typed !== label && typed !== word)
    .filter(({ label, word }) => label.startsWith(typed) || word.startsWith(typed))
    .map(({ label, detail, insert }) => ({ label, detail, insert }));
}

/** @param {string} head @param {string} typed @param {Known} known @returns {Suggestion[]} */
function topics(head, typed, known) {
  return known.commands
    .filter((command) => command.name.startsWith(typed.toLowerCase()) && command.name !== typed.toLowerCase())
    .map((command) => ({ label: command.name, detail: command.summary, insert: `${head} ${command.name}` }));
}
