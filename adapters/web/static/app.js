// What the person can do, and what becomes of the server's frames. It holds the state that is drawn and knows
// neither elements nor sockets.

import { setClock } from "./clock.js";
import { Connection } from "./connection.js";
import { Entrance } from "./entrance.js";
import { Linking } from "./linking.js";
import { Wallets, signRequest } from "./ethereum.js";
import { Player } from "./player.js";
import { Room } from "./room.js";
import { vote as voteOf, words as wordsOf } from "./outbox.js";

/** @typedef {import("./frames.js").Message} Message */
/** @typedef {import("./outbox.js").Pending} Pending */
/** @typedef {{kind: "new" | "reply" | "edit", message: Message | null}} Target */

const PAGE_SIZE = 60;
/** How long an accepted message is shown before the server shows it itself. */
const ECHO_MS = 3_000;
/** How long a vote that was taken is shown as on its way before one may vote again. */
const VOTE_MS = 10_000;
const TOAST_MS = 8_000;

export class App {
  /** @type {"loading" | "entrance" | "link" | "room" | "operator"} */
  view = "loading";
  /** @type {import("./frames.js").Session | null} */
  session = null;
  /** @type {Room | null} */
  room = null;
  /** @type {import("./connection.js").Phase} */
  phase = "connecting";
  /** When the next attempt to connect is made, ms. */
  retryAt = 0;
  /** The server's last words before it closed the connection. */
  bye = "";
  /** A short message about what just happened. */
  toast = "";
  /** New messages that came while nobody looked. */
  unseen = 0;
  /** On narrow screens: what is shown. @type {"chat" | "group"} */
  pane = "chat";
  /** What the composer writes. @type {Target} */
  target = { kind: "new", message: null };
  /** Text to be put into the composer. */
  handed = "";
  /** What is half written, by room. @type {Map<string, string>} */
  drafts = new Map();
  /** What the list of members is cut down to. */
  memberFilter = "";
  /** Asked for confirmation. @type {Message | null} */
  deleting = null;
  /** A command whose arguments are asked for. @type {{command: import("./frames.js").CommandSpec, given: Record<string, string>, about: string} | null} */
  asking = null;
  /** Why signing did not work, by request. @type {Map<string, string>} */
  signProblems = new Map();
  /** Requests that the wallet or the server has now. @type {Set<string>} */
  signing = new Set();

  /** Hello was said; frames until the welcome belong to the room before. */
  #awaiting = false;
  #wasLive = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #toastTimer;

  /**
   * @param {import("./api.js").Api} api @param {import("./outbox.js").Outbox} outbox
   * @param {import("./announce.js").Announcer} announcer @param {() => void} changed  draws soon
   */
  constructor(api, outbox, announcer, changed) {
    this.api = api;
    this.outbox = outbox;
    this.announcer = announcer;
    this.changed = changed;
    this.wallets = new Wallets(changed);
    this.player = new Player(changed);
    this.entrance = new Entrance(this);
    this.linking = new Linking(this);
    this.connection = new Connection({
      greet: () => this.#greet(),
      receive: (frame) => this.#receive(frame),
      phase: (phase, retryAt) => this.#phaseIs(phase, retryAt),
      expelled: () => void this.#expelled("You are signed out. Sign in again."),
    });
  }

  // Coming and going

  /** @param {string} hash of the address bar */
  async start(hash) {
    try {
      this.adopt(await this.api.session());
    } catch (error) {
      this.entrance.problem = String(/** @type {Error} */ (error).message);
      this.view = "entrance";
    }
    this.follow(hash);
  }

  /** Go where the address bar points: an invitation, a link for a wallet, the operator's view, a room. @param {string} hash */
  follow(hash) {
    const token = /^#invitation=([\w.~-]{1,512})$/.exec(hash)?.[1];
    const link = /^#link=([\w-]{1,128})$/.exec(hash)?.[1];
    if (token) void this.entrance.invited(token);
    else if (link) void this.linking.open(link);
    else if (this.session?.user) {
      const room = /^#room\/(.{1,600})$/.exec(hash)?.[1];
      if (hash === "#operator" && this.session.user.operator) this.view = "operator";
      else this.enter(room ? decode(room) : (this.room?.id ?? ""));
    }
    this.changed();
  }

  /** A session came from the server. @param {import("./frames.js").Session} session */
  adopt(session) {
    const before = this.session?.user?.user_id;
    this.session = session;
    if (!session.user) {
      this.#leave();
      return;
    }
    if (before && before !== session.user.user_id) this.outbox.clear();
    this.entrance.reset();
    if (this.view === "loading" || this.view === "entrance") this.enter(this.room?.id ?? "");
    this.changed();
  }

  #leave() {
    this.room = null;
    this.player.reset();
    this.connection.close();
    this.#wasLive = false;
    this.view = "entrance";
    this.changed();
  }

  async signOut() {
    this.outbox.clear();
    this.connection.close();
    try {
      this.adopt(await this.api.enter("/api/sign-out", {}));
    } catch (error) {
      this.tell(/** @type {Error} */ (error).message);
    }
    history.replaceState(null, "", "/");
  }

  /** @param {string} name */
  async rename(name) {
    try {
      this.adopt(await this.api.enter("/api/name", { name }));
      this.tell("Your name is changed.");
    } catch (error) {
      this.tell(/** @type {Error} */ (error).message);
    }
  }

  /** The server closed the session. @param {string} words */
  async #expelled(words) {
    try {
      const session = await this.api.session();
      this.adopt(session);
      if (!session.user) this.entrance.problem = this.bye || words;
    } catch {
      // It is not reachable: the banner says so and offers another attempt.
    }
    this.changed();
  }

  /** @param {string} id "" = the first */
  enter(id) {
    const rooms = this.session?.rooms ?? [];
    const wanted = rooms.find((room) => room.id === id) ?? rooms[0];
    this.view = "room";
    if (wanted && wanted.id !== this.room?.id) {
      this.room = new Room(wanted.id);
      this.player.reset();
      this.target = { kind: "new", message: null };
      if (this.phase === "live") this.#greet();
    }
    if (wanted) this.connection.open();
    this.changed();
  }

  // Frames

  #greet() {
    if (!this.room) return;
    this.#awaiting = true;
    this.connection.send({ type: "hello", room: this.room.id, after: this.room.revision });
  }

  /** @param {import("./connection.js").Phase} phase @param {number} retryAt */
  #phaseIs(phase, retryAt) {
    if (phase === "lost" && this.phase === "live") this.announcer.say("Connection lost. Reconnecting.");
    if (phase === "live" && this.#wasLive) this.announcer.say("Connected again.");
    if (phase === "live") this.#wasLive = true;
    this.phase = phase;
    this.retryAt = retryAt;
    this.changed();
  }

  /** @param {import("./frames.js").FromPage} frame */
  #receive(frame) {
    if (!this.room) return;
    if (frame.type === "bye") {
      this.bye = frame.text;
      void this.#expelled(this.bye);
    } else if (frame.type === "done") this.#done(frame.ref);
    else if (frame.type === "refused") this.#refused(frame.ref, frame.text);
    else if (frame.type === "welcome") this.#welcome(frame);
    else if (!this.#awaiting) this.#apply(frame);
    this.changed();
  }

  /** @param {import("./frames.js").Welcome} frame */
  #welcome(frame) {
    if (!this.room || frame.room !== this.room.id) return;
    const again = this.#wasLive;
    this.#awaiting = false;
    this.bye = "";
    this.room.apply(frame);
    this.outbox.rewind();
    this.connection.settled();
    this.#flush();
    // A restarted server may want another token with the next POST.
    if (again) this.api.session().then((session) => this.adopt(session), () => undefined);
  }

  /** @param {import("./frames.js").FromPage} frame */
  #apply(frame) {
    const room = /** @type {Room} */ (this.room);
    const before = room.group?.ballot?.number ?? 0;
    const last = room.results[0]?.number ?? 0;
    const fresh = room.apply(frame);
    if (frame.type === "messages") this.#arrived(fresh);
    if (frame.type === "group") {
      setClock(frame.group.now);
      const ballot = room.group?.ballot;
      this.#countedVotes(ballot?.mine ? 0 : (ballot?.number ?? 0));
      if (ballot && ballot.number !== before) this.announcer.say(`A vote is open: ${ballot.lines.join(", ")}`);
    }
    const result = room.results[0];
    if (frame.type === "results" && last && result && result.number !== last) {
      this.announcer.say(result.text || `Vote ${result.number} ${result.passed ? "passed" : "failed"}`);
    }
    if (frame.type === "state") {
      const move = room.trail.at(-1);
      if (move) this.player.push(move);
      this.announcer.say(`State: ${room.group?.state ?? move?.new}`);
    }
  }

  /** @param {Message[]} fresh */
  #arrived(fresh) {
    for (const { ref, stage } of this.pending) {
      if (stage !== "refused" && this.room?.byId.has(ref)) this.#settle(ref);
    }
    this.announcer.messages(fresh);
    if (document.hidden) this.unseen += fresh.filter((message) => !message.author.me).length;
  }

  /** Votes that the tally has, or that came too late, are no longer on their way.
   * @param {number} open  the ballot that still lacks the person's vote */
  #countedVotes(open) {
    for (const entry of this.pending) {
      const vote = voteOf(entry);
      if (vote && entry.stage === "done" && vote.ballot !== open) this.#settle(entry.ref);
    }
  }

  /** Somebody looks at the page. */
  seen() {
    this.unseen = 0;
    this.changed();
  }

  // Things said and done

  /** What the person asked for in this room and is not yet durable. */
  get pending() {
    return this.outbox.of(this.session?.user?.user_id ?? "", this.room?.id ?? "");
  }

  /** @param {import("./outbox.js").Unsent} frame */
  #ask(frame) {
    if (!this.room || !this.session?.user) return;
    this.outbox.add(this.session.user.user_id, this.room.id, frame);
    this.#flush();
    this.changed();
  }

  #flush() {
    if (this.phase !== "live" || this.#awaiting) return;
    for (const entry of this.pending) {
      if (entry.stage !== "unsent") continue;
      if (!this.connection.send(entry.frame)) return;
      entry.stage = "sent";
    }
  }

  /** Send what the composer holds: a new message, a reply or an edit. @param {string} words */
  submit(words) {
    const { kind, message } = this.target;
    if (kind === "edit" && message) this.#ask({ type: "edit", id: message.id, text: words });
    else if (kind === "reply" && message) this.#ask({ type: "say", text: words, reply_to: message.id });
    else this.#ask({ type: "say", text: words });
    this.aim("new", null);
  }

  /** @param {Target["kind"]} kind @param {Message | null} message */
  aim(kind, message) {
    this.target = { kind, message };
    this.changed();
  }

  /** Give a command, which never becomes text. @param {string} name @param {Record<string, string>} given arguments */
  give(name, given) {
    this.#ask({ type: "command", name, arguments: given });
  }

  /**
   * Ask the person for the arguments that are still missing; null: asked no more.
   * @param {string | null} name @param {Record<string, string>} [given] @param {string} [about] whom or what it concerns
   */
  askFor(name, given = {}, about = "") {
    const command = this.session?.commands.find((one) => one.name === name);
    this.asking = command ? { command, given, about } : null;
    this.changed();
  }

  /** @param {Message | null} message null: asked no more */
  askToDelete(message) {
    this.deleting = message;
    this.changed();
  }

  /** @param {Message} message */
  remove(message) {
    this.deleting = null;
    this.#ask({ type: "delete", id: message.id });
  }

  /** @param {Message} message @param {string} key */
  react(message, key) {
    const mine = message.reactions.some((reaction) => reaction.key === key && reaction.mine);
    this.#ask({ type: mine ? "unreact" : "react", id: message.id, key });
  }

  /** @param {number} ballot @param {boolean} yes */
  vote(ballot, yes) {
    this.give("vote", { ballot: String(ballot), choice: yes ? "yes" : "no" });
  }

  /** @param {import("./frames.js").Signing} request @param {boolean} agree */
  async answer(request, agree) {
    const address = this.room?.me?.standing.address || this.session?.user?.address || "";
    this.signProblems.delete(request.id);
    this.signing.add(request.id);
    this.changed();
    try {
      const signature = agree ? await signRequest(this.wallets.chosen, address, request) : "";
      this.#ask({ type: "sign", request: request.id, signature });
    } catch (error) {
      this.signing.delete(request.id);
      this.signProblems.set(request.id, /** @type {Error} */ (error).message);
      this.changed();
    }
  }

  /** @param {string} ref */
  #done(ref) {
    const entry = this.outbox.find(ref);
    if (!entry) return;
    const echo = entry.frame.type === "say" ? ECHO_MS : voteOf(entry) ? VOTE_MS : 0;
    if (!echo || this.room?.byId.has(ref)) this.#settle(ref);
    else {
      entry.stage = "done";
      setTimeout(() => this.#settle(ref), echo);
    }
  }

  /** @param {string} ref */
  #settle(ref) {
    const entry = this.outbox.find(ref);
    if (entry?.frame.type === "sign") this.signing.delete(entry.frame.request);
    this.outbox.remove(ref);
    this.changed();
  }

  /** @param {string} ref @param {string} words */
  #refused(ref, words) {
    const entry = this.outbox.find(ref);
    const reason = words || "The server refused this.";
    if (entry?.frame.type === "sign") this.signProblems.set(entry.frame.request, reason);
    else if (entry?.frame.type !== "say") this.tell(reason);
    if (entry?.frame.type === "say") this.outbox.refuse(ref, reason);
    else this.#settle(ref);
    if (entry?.frame.type === "edit") this.hand(wordsOf(entry));
    this.announcer.say(`Not sent: ${reason}`);
  }

  /** Give up something refused; its text goes back into the composer when wanted.
   * @param {Pending} entry @param {boolean} again */
  discard(entry, again) {
    this.outbox.remove(entry.ref);
    if (again) this.hand(wordsOf(entry));
    this.changed();
  }

  /** @param {string} words for the composer */
  hand(words) {
    this.handed = words;
    this.changed();
  }

  // The rest

  async loadOlder() {
    const room = this.room;
    if (!room || room.loadingOlder || !room.more || !room.filled || !room.messages.length) return;
    room.loadingOlder = true;
    this.changed();
    try {
      const { messages, more } = await this.api.older(room.id, room.oldest, PAGE_SIZE);
      room.addOlder(messages, more);
    } catch (error) {
      this.tell(/** @type {Error} */ (error).message);
    }
    room.loadingOlder = false;
    this.changed();
  }

  /** @param {"chat" | "group"} pane */
  show(pane) {
    this.pane = pane;
    this.changed();
  }

  /** @param {string} words */
  filterMembers(words) {
    this.memberFilter = words;
    this.changed();
  }

  /** @param {string} words shown for a while, and read out */
  tell(words) {
    clearTimeout(this.#toastTimer);
    this.toast = words;
    this.announcer.say(words);
    this.#toastTimer = setTimeout(() => {
      this.toast = "";
      this.changed();
    }, TOAST_MS);
    this.changed();
  }

  /** @param {string} words @param {string} what */
  async copy(words, what) {
    try {
      await navigator.clipboard.writeText(words);
      this.tell(`${what} copied.`);
    } catch {
      this.tell(`The browser does not let this page copy. Select it by hand: ${words}`);
    }
  }
}

/** @param {string} part of the address bar */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
