// Votes: the card of the open one, its short form above the composer, and ballots inside messages.

import { plural, shortAddress } from "../format.js";
import { vote as voteOf } from "../outbox.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { badge, card, copyButton, countdown, named } from "./parts.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../frames.js").Ballot} Ballot */

const KINDS = { add: "new member", remove: "ban", policy: "rules" };
const VOTERS_SHOWN = 100;

/** The vote that the person asked for and the server has not confirmed. @param {App} app @param {number} number */
const underWay = (app, number) => app.pending.map(voteOf).find((vote) => vote?.ballot === number);

/** @param {App} app */
export function ballotCard(app) {
  const ballot = app.room?.group?.ballot;
  if (!ballot) return null;
  return card(
    "ballot",
    `Vote ${ballot.number}`,
    h("span", { class: "time-left" }, icon("clock"), countdown(ballot.deadline)),
    badge(KINDS[ballot.kind], `is-${ballot.kind}`),
    h("ul", { class: "question" }, ballot.lines.map((line) => h("li", null, h("bdi", null, line)))),
    tally(ballot.yes, ballot.no, Math.max(ballot.voters.length, ballot.yes + ballot.no)),
    buttons(app, ballot),
    voters(ballot),
    ballot.transaction && h("p", { class: "fine transaction" }, "Opened by transaction ", h("code", null, ballot.transaction), copyButton(app, ballot.transaction, "Transaction")),
  );
}

/** @param {App} app @param {Ballot} ballot */
function buttons(app, ballot) {
  const pending = underWay(app, ballot.number);
  const mine = pending ? pending.choice : ballot.mine;
  if (!ballot.may_vote && !mine) return h("p", { class: "fine", key: "may-not" }, "You have no vote in this one.");
  /** @param {"yes" | "no"} choice @param {"check" | "cross"} sign */
  const one = (choice, sign) =>
    h(
      "button",
      { type: "button", key: choice, class: `vote is-${choice}`, "aria-pressed": String(mine === choice), "aria-label": `Vote ${choice} on vote ${ballot.number}`, disabled: mine !== "" || !ballot.may_vote, onclick: () => app.vote(ballot.number, choice === "yes") },
      icon(sign),
      choice.toUpperCase(),
    );
  return h(
    "div",
    { class: "vote-buttons", key: "buttons" },
    one("yes", "check"),
    one("no", "cross"),
    mine && h("p", { class: "fine", role: "status" }, pending ? `Your vote (${mine}) is on its way…` : `You voted ${mine}.`),
  );
}

/** @param {number} yes @param {number} no @param {number} all */
export function tally(yes, no, all) {
  const open = Math.max(0, all - yes - no);
  return h(
    "div",
    { class: "tally", key: "tally" },
    h(
      "div",
      { class: "bar", role: "img", "aria-label": `${yes} yes, ${no} no, ${open} not voted` },
      h("span", { class: "is-yes", style: { "flex-grow": yes } }),
      h("span", { class: "is-no", style: { "flex-grow": no } }),
      h("span", { class: "is-open", style: { "flex-grow": open || (yes + no ? 0 : 1) } }),
    ),
    h("p", { class: "counts" }, h("span", { class: "is-yes" }, h("b", null, yes), " yes"), h("span", { class: "is-no" }, h("b", null, no), " no"), h("span", null, h("b", null, open), ` of ${all} not voted`)),
  );
}

/** @param {Ballot} ballot */
function voters(ballot) {
  if (!ballot.voters.length) return null;
  return h(
    "ul",
    { class: "voters", key: "voters", "aria-label": "Who voted what" },
    ballot.voters.slice(0, VOTERS_SHOWN).map((voter) =>
      h(
        "li",
        { key: voter.address },
        named(voter.name || shortAddress(voter.address)),
        voter.me && badge("you", "is-me"),
        voter.address === ballot.steward && badge("steward"),
        h("span", { class: `choice is-${voter.vote || "open"}` }, voter.vote ? [icon(voter.vote === "yes" ? "check" : "cross"), voter.vote] : "–"),
      ),
    ),
    ballot.voters.length > VOTERS_SHOWN && h("li", { key: "more" }, `and ${ballot.voters.length - VOTERS_SHOWN} more`),
  );
}

/** One line above the composer while a vote is open: it is not overlooked, wherever one looks. @param {App} app */
export function ballotStrip(app) {
  const ballot = app.room?.group?.ballot;
  if (!ballot) return null;
  const pending = underWay(app, ballot.number);
  const mine = pending ? pending.choice : ballot.mine;
  /** @param {boolean} yes */
  const button = (yes) => h("button", { type: "button", key: String(yes), class: `vote is-${yes ? "yes" : "no"}`, "aria-label": `Vote ${yes ? "yes" : "no"}`, onclick: () => app.vote(ballot.number, yes) }, yes ? "YES" : "NO");
  return h(
    "div",
    { class: "ballot-strip", key: "ballot-strip", role: "region", "aria-label": "Open vote" },
    icon("vote"),
    h("button", { class: "strip-words", type: "button", onclick: () => app.show("group") }, h("bdi", null, ballot.lines.join("; ") || `Vote ${ballot.number}`)),
    h("span", { class: "strip-counts" }, `${ballot.yes}–${ballot.no}`),
    countdown(ballot.deadline),
    ballot.may_vote && !mine ? [button(true), button(false)] : mine && badge(`you: ${mine}`, `is-${mine}`),
  );
}

/** A ballot inside a message. @param {import("../frames.js").BallotNote} note @param {App} app */
export function noteCard(note, app) {
  const open = app.room?.group?.ballot;
  const live = !note.result && open?.number === note.number ? open : null;
  const yes = live ? live.yes : note.yes;
  const no = live ? live.no : note.no;
  return h(
    "div",
    { class: `note${note.result ? " is-closed" : ""}`, key: "note" },
    h("p", { class: "note-head" }, icon("vote"), h("strong", null, `Vote ${note.number}`), note.result ? badge(note.result) : live && countdown(note.deadline)),
    h("ul", { class: "question" }, note.question.map((line) => h("li", null, h("bdi", null, line)))),
    tally(yes, no, Math.max(note.voters, yes + no)),
    live && buttons(app, live),
    !note.result && !live && h("p", { class: "fine" }, plural(note.voters, "voter")),
  );
}
