// Votes that are over.

import { fullDate, isoDate } from "../format.js";
import { h } from "../vdom.js";
import { tally } from "./ballot.js";
import { icon } from "./icons.js";
import { card } from "./parts.js";

const SHOWN = 20;

/** @param {import("../app.js").App} app */
export function resultsCard(app) {
  const results = app.room?.results ?? [];
  return card(
    "results",
    "Results",
    results.length > 0 && h("span", { class: "count" }, results.length),
    results.length
      ? h("ol", { class: "results", reversed: true, key: "results" }, results.slice(0, SHOWN).map(resultRow))
      : h("p", { class: "fine", key: "none" }, "No vote has ended yet."),
  );
}

/** @param {import("../frames.js").Result} result */
function resultRow(result) {
  const ended = result.closed_at * 1_000;
  return h(
    "li",
    { key: `${result.number}-${result.closed_at}` },
    h(
      "details",
      null,
      h(
        "summary",
        null,
        h("span", { class: `verdict is-${result.passed ? "yes" : "no"}` }, icon(result.passed ? "check" : "cross"), result.passed ? "passed" : "failed"),
        h("span", { class: "result-what" }, h("bdi", null, result.lines[0] ?? `Vote ${result.number}`), result.lines.length > 1 && ` +${result.lines.length - 1}`),
        h("span", { class: "result-counts", title: "yes – no" }, `${result.yes}–${result.no}`),
      ),
      result.lines.length > 1 && h("ul", { class: "question" }, result.lines.map((line) => h("li", null, h("bdi", null, line)))),
      result.text && h("p", null, result.text),
      tally(result.yes, result.no, Math.max(result.voters, result.yes + result.no)),
      h("p", { class: "fine" }, `Vote ${result.number}, ended `, h("time", { datetime: isoDate(ended) }, fullDate(ended)), result.by_deadline ? " by its deadline" : " by the votes"),
    ),
  );
}
