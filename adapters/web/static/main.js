// Puts the parts together: nothing but this file knows all of them.

import { Announcer } from "./announce.js";
import { Api } from "./api.js";
import { App } from "./app.js";
import { startClock, tick } from "./clock.js";
import { Outbox } from "./outbox.js";
import { Page } from "./render/page.js";

/** Drawn at the latest after this time: a page in the background gets no animation frames. */
const LATEST_MS = 150;

/** @param {string} id */
const place = (id) => /** @type {Element} */ (document.getElementById(id));

let drawing = false;

const app = new App(new Api(), new Outbox(sessionStorage), new Announcer(place("announcer")), () => {
  if (drawing) return;
  drawing = true;
  const timer = setTimeout(redraw, LATEST_MS);
  const frame = requestAnimationFrame(redraw);

  function redraw() {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    drawing = false;
    page.draw();
    tick();
  }
});
const page = new Page(place("app"), app);

startClock();
addEventListener("hashchange", () => app.follow(location.hash));
document.addEventListener("visibilitychange", () => document.hidden || app.seen());
void app.start(location.hash);
