// Signing in: test accounts, password, invitation, wallet.

import { h } from "../vdom.js";
import { icon } from "./icons.js";
import { avatar, notice } from "./parts.js";

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function entranceView(app) {
  const { entrance, session } = app;
  return h(
    "main",
    { class: "entrance", key: "entrance" },
    h(
      "div",
      { class: "entrance-card" },
      h("img", { src: "/static/icon.svg", alt: "", width: 48, height: 48 }),
      h("h1", null, session?.bridge.name || "demls bridge"),
      h("p", { class: "lead" }, "Chat in an end-to-end-encrypted group that decides by its members’ votes."),
      h("div", { role: "alert", class: "problem", key: "problem" }, entrance.problem && notice(entrance.problem, "bad")),
      entrance.invitation ? invitation(app) : [testAccounts(app), password(app), wallets(app)],
    ),
    session && h("p", { class: "fine" }, `Version ${session.bridge.version || "unknown"} · listens on ${session.listens || "an unknown address"}`),
  );
}

/** @param {App} app */
function testAccounts(app) {
  const accounts = app.session?.test_accounts ?? [];
  if (!accounts.length) return null;
  return h(
    "section",
    { key: "test-accounts", "aria-labelledby": "test-accounts" },
    h("h2", { id: "test-accounts" }, "Ready test accounts"),
    h(
      "div",
      { class: "test-accounts" },
      accounts.map(({ name, password: secret }) =>
        h("button", { type: "button", key: name, disabled: app.entrance.busy !== "", onclick: () => app.entrance.signIn(name, secret) }, avatar(name, name, "is-large"), h("bdi", null, name)),
      ),
    ),
  );
}

/** @param {App} app */
function password(app) {
  return h(
    "form",
    { key: "password", "aria-label": "Sign in with a name and a password", onsubmit: (/** @type {SubmitEvent} */ event) => submit(event, (name, secret) => app.entrance.signIn(name, secret)) },
    field("name", "Name", { autocomplete: "username", required: true, maxlength: 64 }),
    field("password", "Password", { type: "password", autocomplete: "current-password", required: true, maxlength: 1024 }),
    h("button", { class: "primary wide", type: "submit", disabled: app.entrance.busy !== "" }, app.entrance.busy.startsWith("account:") ? "Signing in…" : "Sign in"),
  );
}

/** @param {App} app */
function invitation(app) {
  const { invitation: offer, busy } = app.entrance;
  return h(
    "form",
    { key: "invitation", "aria-label": "Open your account", onsubmit: (/** @type {SubmitEvent} */ event) => submit(event, (name, secret) => app.entrance.accept(name, secret)) },
    h("h2", null, "You are invited"),
    h("p", null, offer?.operator ? "You will be an operator of this bridge." : "Choose a name and a password; the bridge keeps your key for you."),
    field("name", "Name shown to others", { autocomplete: "username", required: true, maxlength: 64, placeholder: offer?.name ?? "", ref: (/** @type {HTMLInputElement} */ input) => (input.value = offer?.name ?? "") }),
    field("password", "Password", { type: "password", autocomplete: "new-password", required: true, minlength: 10, maxlength: 1024 }),
    h("p", { class: "fine" }, "At least 10 characters. A password manager makes a good one."),
    h("button", { class: "primary wide", type: "submit", disabled: busy !== "" }, busy ? "Opening…" : "Open account"),
  );
}

/** @param {App} app */
function wallets(app) {
  const all = app.wallets.all;
  const busy = app.entrance.busy;
  return h(
    "section",
    { class: "wallets", key: "wallets", "aria-labelledby": "wallets" },
    h("h2", { id: "wallets", class: "or" }, h("span", null, "or with your own wallet")),
    all.length > 0 && field("wallet-name", "Name shown to others (optional)", { autocomplete: "nickname", maxlength: 64 }),
    all.map((wallet) =>
      h(
        "button",
        { type: "button", class: "wide", key: wallet.id, disabled: busy !== "", onclick: () => app.entrance.byWallet(wallet, walletName()) },
        wallet.icon ? h("img", { src: wallet.icon, alt: "", width: 18, height: 18 }) : icon("wallet"),
        h("span", null, busy === `wallet:${wallet.id}` ? "Answer in the wallet…" : `Sign in with ${wallet.name}`),
      ),
    ),
    h("p", { class: "fine" }, all.length ? "Your key stays in the wallet: this bridge never sees it." : "No wallet was found in this browser. With one (an extension that injects an Ethereum provider) you keep your own key."),
  );
}

const walletName = () => /** @type {HTMLInputElement | null} */ (document.getElementById("field-wallet-name"))?.value.trim() ?? "";

/** @param {string} name @param {string} label @param {import("../vdom.js").Props} props */
export const field = (name, label, props) =>
  h("div", { class: "field", key: name }, h("label", { for: `field-${name}` }, label), h("input", { id: `field-${name}`, name, ...props }));

/** @param {SubmitEvent} event @param {(name: string, password: string) => void} act */
function submit(event, act) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  act(String(data.get("name") ?? "").trim(), String(data.get("password") ?? ""));
}
