// Signing in: by password, by invitation, by one's own wallet.

import { WalletError, account, signText } from "./ethereum.js";

export class Entrance {
  /** What went wrong, for the person. */
  problem = "";
  /** What is under way, so that a button says so; "" = nothing. */
  busy = "";
  /** @type {{token: string, name: string, operator: boolean} | null} */
  invitation = null;
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
  }

  reset() {
    this.problem = "";
    this.busy = "";
    this.invitation = null;
  }

  /** @param {string} token of an invitation link */
  async invited(token) {
    this.#app.view = "entrance";
    await this.#attempt("invitation", async () => {
      this.invitation = { token, ...(await this.#app.api.lookAtInvitation(token)) };
    });
    // Not in the history: whoever comes back to this screen must not find it.
    history.replaceState(null, "", "/");
  }

  /** @param {string} name @param {string} password */
  signIn(name, password) {
    return this.#attempt(`account:${name}`, async () => {
      this.#app.adopt(await this.#app.api.enter("/api/sign-in", { name, password }));
    });
  }

  /** @param {string} name @param {string} password */
  accept(name, password) {
    const token = this.invitation?.token ?? "";
    return this.#attempt("accept", async () => {
      this.#app.adopt(await this.#app.api.enter("/api/invitation", { token, name, password }));
    });
  }

  /** @param {import("./ethereum.js").Wallet} wallet @param {string} name "" keeps the present one */
  byWallet(wallet, name) {
    return this.#attempt(`wallet:${wallet.id}`, async () => {
      const { address, chainId } = await account(wallet);
      const message = await this.#app.api.siweMessage(address, chainId);
      if (!message) throw new WalletError("The server gave nothing to sign. Try again.");
      const signature = await signText(wallet, address, message);
      const body = { message, signature, ...(name ? { name } : {}) };
      this.#app.wallets.choose(wallet);
      this.#app.adopt(await this.#app.api.enter("/api/siwe", body));
    });
  }

  /** @param {string} what @param {() => Promise<void>} act */
  async #attempt(what, act) {
    this.problem = "";
    this.busy = what;
    this.#app.changed();
    try {
      await act();
    } catch (error) {
      this.problem = /** @type {Error} */ (error).message;
    }
    this.busy = "";
    this.#app.changed();
  }
}
