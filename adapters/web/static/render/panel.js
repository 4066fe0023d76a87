// The side of the room: what the group is and decides.

import { plural } from "../format.js";
import { h } from "../vdom.js";
import { ballotCard } from "./ballot.js";
import { machineCard } from "./machine.js";
import { membersCard } from "./members.js";
import { badge, card, copyButton } from "./parts.js";
import { resultsCard } from "./results.js";
import { signingsCard } from "./signings.js";

/** @param {import("../app.js").App} app */
export const panel = (app) =>
  h(
    "aside",
    { class: "panel", key: "panel", "aria-label": "Group", tabindex: -1 },
    app.room?.group
      ? [signingsCard(app), ballotCard(app), machineCard(app), membersCard(app), resultsCard(app), groupCard(app)]
      : h("p", { class: "fine", key: "loading" }, "Loading the group…"),
  );

/** @param {import("../app.js").App} app */
function groupCard(app) {
  const group = app.room?.group;
  if (!group) return null;
  return card(
    "group",
    "Group",
    badge(group.coordination === "contract" ? "contract" : "Waku", "is-accent"),
    h(
      "dl",
      { class: "facts" },
      fact("Name", h("bdi", null, group.name)),
      fact("Full name", h("span", { class: "full-name" }, h("code", null, group.full_name), group.full_name && copyButton(app, group.full_name, "Full name"))),
      fact("Epoch", group.epoch),
      fact("Coordination", group.coordination === "contract" ? "smart contract" : "stewards on Waku"),
      fact("Transport", group.transport || "unknown"),
      group.chain && fact("Chain", group.chain),
      fact("Queued", `${plural(group.queued, "change")}, ${plural(group.waiting_chat, "message")}`),
    ),
  );
}

/** @param {string} name @param {import("../vdom.js").Child} value */
const fact = (name, value) => h("div", { key: name }, h("dt", null, name), h("dd", null, value));
