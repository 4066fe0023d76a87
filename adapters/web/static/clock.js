// The server's clock, and the countdowns on the page.

import { timeLeft } from "./format.js";

/** What `data-until` elements show once their time is over. */
const OVER = "0:00";
const TICK_MS = 250;

/** Server time minus ours, in seconds. */
let offset = 0;

/** Take over the server's clock. @param {number} serverNow Unix seconds; 0 is ignored */
export function setClock(serverNow) {
  if (serverNow > 0) offset = serverNow - Date.now() / 1_000;
}

/** The server's time in Unix seconds. */
export const serverNow = () => Date.now() / 1_000 + offset;

/** Write the time left into every element with `data-until` (Unix seconds; by our own clock when `is-local`). */
export function tick() {
  for (const element of document.querySelectorAll("[data-until]")) {
    const until = Number(element.getAttribute("data-until"));
    const left = until - (element.classList.contains("is-local") ? Date.now() / 1_000 : serverNow());
    const text = left > 0 ? timeLeft(left) : OVER;
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("is-urgent", left > 0 && left < 10);
  }
}

/** Let the countdowns run. */
export function startClock() {
  setInterval(tick, TICK_MS);
}
