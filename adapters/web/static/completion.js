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
 * @property {import("./frames.js").Command[]} commands
 * @property {import("./frames.js").Member[]} members
 * @property {number} ballot   the open ballot's number; 0: none
 */

const MAX_SUGGESTIONS = 8;
/** The seed's own spelling, which every bridge understands. */
const SEED_BAN = "/ban";

/**
 * Suggestions for the text before the caret; none unless it is a command and the caret is at its end.
 * @param {string} text @param {number} caret @param {Known} known
 * @returns {Suggestion[]}
 */
export function complete(text, caret, known) {
  if (caret !== text.length || text.includes("\n")) return [];
  const [head, ...rest] = text.split(" ");
  if (!head.startsWith(known.prefix) && !head.startsWith("/")) return [];
  const commands = spellings(known);
  if (rest.length === 0) return names(head, commands);
  const command = commands.find((one) => one.spelling === head.toLowerCase());
  if (!command || rest.length > 2) return [];
  return argument(head, rest, command, known).slice(0, MAX_SUGGESTIONS);
}

/** @param {Known} known */
function spellings(known) {
  const all = known.commands.map((command) => ({ spelling: known.prefix + command.name, ...command }));
  const ban = known.commands.find((command) => command.name === "ban");
  return ban ? [...all, { ...ban, spelling: SEED_BAN }] : all;
}

/** @typedef {import("./frames.js").Command & {spelling: string}} Spelling */

/** @param {string} typed @param {Spelling[]} commands @returns {Suggestion[]} */
function names(typed, commands) {
  const found = commands.filter((command) => command.spelling.startsWith(typed.toLowerCase()));
  // Complete as it stands: Enter must send it.
  if (found.length === 1 && found[0].spelling === typed.toLowerCase() && !needsMore(found[0])) return [];
  return found.map((command) => ({
    label: `${command.spelling} ${command.arguments}`.trim(),
    detail: command.summary,
    insert: command.spelling + (command.arguments ? " " : ""),
  }));
}

/** Whether it says nothing without arguments: not all of them are in brackets. @param {Spelling} command */
const needsMore = (command) => command.arguments.replace(/\[[^\]]*\]/g, "").trim() !== "";

/** @param {string} head @param {string[]} rest @param {Spelling} command @param {Known} known @returns {Suggestion[]} */
function argument(head, rest, command, known) {
  if (/yes\|no/.test(command.arguments)) return votes(head, rest, known);
  if (rest.length > 1) return [];
  if (/user|address|member/.test(command.arguments)) return people(head, rest[0], known);
  if (/command/.test(command.arguments)) return topics(head, rest[0], known);
  return [];
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

/** @param {string} head @param {string[]} rest @param {Known} known @returns {Suggestion[]} */
function votes(head, rest, known) {
  const number = known.ballot ? `${known.ballot} ` : "";
  const typed = rest.join(" ").toLowerCase();
  const details = { yes: "for what is voted on", no: "against it" };
  return Object.entries(details)
    .map(([word, detail]) => ({ label: `${number}${word}`, detail, insert: `${head} ${number}${word}`, word }))
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
