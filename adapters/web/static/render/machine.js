// The steward state machine as a picture: where the group is, how it came there, and how long it lasts.

import { duration, hourMinuteSecond, plural } from "../format.js";
import { h } from "../vdom.js";
import { card, countdown, time } from "./parts.js";

/** @typedef {import("../frames.js").State} StateName */
/** @typedef {import("../frames.js").Transition} Transition */

/** @type {Record<StateName, string>} */
export const STATE_NAMES = { working: "Working", waiting: "Waiting", voting: "Voting" };

/** @type {Record<StateName, string>} */
const MEANING = {
  working: "Chat goes to the group.",
  waiting: "The steward collects or applies changes; chat waits.",
  voting: "The members vote; chat waits.",
};
const TRAIL_SHOWN = 8;

/** Boxes of 92 × 38 and the ways between them, in the picture's units. @type {Record<StateName, [number, number]>} */
const PLACES = { working: [6, 52], waiting: [212, 8], voting: [212, 98] };
/** @type {Record<string, string>} */
const WAYS = {
  "working-working": "M34 51 C26 22 66 22 60 49",
  "working-waiting": "M86 51 C112 22 160 16 208 19",
  "waiting-working": "M211 37 C170 42 136 50 102 66",
  "waiting-voting": "M276 47 L276 94",
  "voting-waiting": "M242 97 L242 50",
  "voting-working": "M211 122 C160 126 112 120 84 93",
};

/** @param {import("../app.js").App} app */
export function machineCard(app) {
  const room = app.room;
  const group = room?.group;
  if (!room || !group) return null;
  const { state, move } = app.player.now(group.state);
  const deadline = state === group.state ? group.deadline : (move?.deadline ?? 0);
  return card(
    "machine",
    "State",
    h("span", { class: `state-chip is-${state}` }, h("span", { class: "dot", "aria-hidden": "true" }), h("span", { class: "state-name" }, STATE_NAMES[state]), deadline > 0 && countdown(deadline)),
    diagram(state, move),
    h("p", { class: "meaning" }, MEANING[state], group.queued > 0 && ` ${plural(group.queued, "change")} queued.`, group.waiting_chat > 0 && ` ${plural(group.waiting_chat, "message")} waiting.`),
    trail(room.trail),
  );
}

/** @param {StateName} state @param {Transition | null} move */
function diagram(state, move) {
  const way = move ? `${move.old}-${move.new}` : "";
  const label = `State machine: now ${STATE_NAMES[state]}${move ? `, came from ${STATE_NAMES[move.old]}` : ""}`;
  return h(
    "svg",
    { class: "machine", viewBox: "0 0 310 144", role: "img", "aria-label": label, "data-state": state },
    h("defs", null, arrow("arrow", ""), arrow("arrow-last", "is-last")),
    Object.entries(WAYS).map(([name, path]) => {
      const last = name === way;
      // Another key at every move: the animation starts anew.
      return h("path", { key: last ? `${name}-${move?.at_ms}` : name, class: `way${last ? " is-last" : ""}`, d: path, "marker-end": `url(#${last ? "arrow-last" : "arrow"})` });
    }),
    Object.entries(PLACES).map(([name, [x, y]]) =>
      h(
        "g",
        { key: `box-${name}`, class: `box is-${name}${name === state ? " is-present" : ""}` },
        h("rect", { x, y, width: 92, height: 38, rx: 11 }),
        h("text", { x: x + 46, y: y + 24, "text-anchor": "middle" }, STATE_NAMES[/** @type {StateName} */ (name)]),
      ),
    ),
  );
}

/** @param {string} id @param {string} kind */
const arrow = (id, kind) =>
  h("marker", { id, key: id, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, h("path", { class: `arrow ${kind}`, d: "M0 0 8 4 0 8z" }));

/** @param {Transition[]} moves */
function trail(moves) {
  if (!moves.length) return h("p", { class: "fine" }, "No change of state since this page was opened.");
  const shown = moves.map((move, index) => ({ move, lasted: index + 1 < moves.length ? moves[index + 1].at_ms - move.at_ms : 0 }));
  return h(
    "ol",
    { class: "trail", "aria-label": "Last changes of state" },
    shown
      .slice(-TRAIL_SHOWN)
      .reverse()
      .map(({ move, lasted }) =>
        h(
          "li",
          { key: `${move.at_ms}-${move.old}-${move.new}` },
          time(move.at_ms, hourMinuteSecond(move.at_ms)),
          h("span", { class: "from-to" }, h("span", null, STATE_NAMES[move.old]), h("span", { class: "to", "aria-label": "to" }, "→"), h("strong", { class: `is-${move.new}` }, STATE_NAMES[move.new])),
          lasted > 0 && h("span", { class: "lasted", title: "how long it lasted" }, duration(lasted)),
          move.cause && h("span", { class: "cause" }, move.cause),
        ),
      ),
  );
}
