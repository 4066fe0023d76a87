// Who is in the group.

import { plural, shortAddress } from "../format.js";
import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { addressOf, avatar, badge, card, named } from "./parts.js";

/** @typedef {import("../frames.js").Member} Member */

const SHOWN = 200;
/** With more members than this one may filter. */
const FILTER_FROM = 12;
const KEYS = {
  hosted: ["hosted", "This bridge holds the key and signs"],
  own: ["own key", "Signs with an own wallet; on this bridge"],
  elsewhere: ["elsewhere", "Came by another bridge"],
};

/** @param {import("../app.js").App} app */
export function membersCard(app) {
  const group = app.room?.group;
  if (!group) return null;
  const wanted = app.memberFilter.toLowerCase();
  const found = group.members.filter((member) => [member.name, member.address, ...member.accounts].some((word) => word.toLowerCase().includes(wanted)));
  return card(
    "members",
    "Members",
    h("span", { class: "count" }, group.members.length),
    group.members.length > FILTER_FROM &&
      h("input", { class: "filter", key: "filter", type: "search", "aria-label": "Filter members", placeholder: "Filter", value: app.memberFilter, oninput: (/** @type {Event} */ event) => app.filterMembers(/** @type {HTMLInputElement} */ (event.target).value) }),
    group.members.length ? h("ul", { class: "members", key: "members" }, found.slice(0, SHOWN).map((member) => row(app, member))) : h("p", { class: "fine" }, "They are shown once this bridge has joined."),
    found.length > SHOWN && h("p", { class: "fine", key: "rest" }, `and ${found.length - SHOWN} more: filter to find them`),
  );
}

/** @param {import("../app.js").App} app @param {Member} member */
function row(app, member) {
  const [key, meaning] = KEYS[member.key];
  const name = member.name || shortAddress(member.address);
  return h(
    "li",
    { key: member.address, class: "member" },
    avatar(member.name, member.address),
    h(
      "div",
      { class: "member-what" },
      h("p", { class: "member-name" }, named(name), member.me && badge("you", "is-me"), member.is_steward && badge("steward", "is-accent"), member.is_bridge && badge("bridge")),
      h("p", { class: "member-more" }, addressOf(app, member.address), h("span", { title: meaning }, icon("key"), key), !member.has_vote && h("span", null, "no vote")),
      member.accounts.length > 0 && h("p", { class: "member-accounts", title: member.accounts.join("\n") }, h("bdi", null, member.accounts.slice(0, 3).join(", ")), member.accounts.length > 3 && ` and ${plural(member.accounts.length - 3, "account")}`),
    ),
    app.room?.me?.standing.is_member && !member.me && !member.is_bridge && h("button", { class: "quiet small", type: "button", title: `Propose to ban ${name}`, "aria-label": `Propose to ban ${name} ${shortAddress(member.address)}`, onclick: () => app.askFor("ban", { member: member.address }, `${name} ${shortAddress(member.address)}`) }, "Ban…"),
  );
}
