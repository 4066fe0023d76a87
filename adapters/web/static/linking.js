// One's own wallet for an account of a chat platform: the person comes by the link that `!link` gave them there.

import { WalletError, account, signText } from "./ethereum.js";

export class Linking {
  /** @type {{code: string, platform: string, name: string, address: string, text: string} | null} */
  offer = null;
  /** What went wrong, for the person. */
  problem = "";
  /** How it ended. */
  result = "";
  busy = false;
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {string} code of the link */
  async open(code) {
    this.offer = null;
    this.result = "";
    this.#app.view = "link";
    await this.#attempt(async () => {
      this.offer = { code, ...(await this.#app.api.lookAtLink(code)) };
    });
    // Not in the history, as with an invitation.
    history.replaceState(null, "", "/");
  }

  /** @param {import("./ethereum.js").Wallet} wallet */
  sign(wallet) {
    const offer = this.offer;
    if (!offer) return;
    return this.#attempt(async () => {
      const { address } = await account(wallet);
      if (address.toLowerCase() !== offer.address.toLowerCase()) {
        throw new WalletError(`The wallet shows another account. Switch it to ${offer.address}, then try again.`);
      }
      this.result = await this.#app.api.link(offer.code, await signText(wallet, address, offer.text));
    });
  }

  /** On to the chat, or to the sign-in. */
  leave() {
    this.offer = null;
    if (this.#app.session?.user) this.#app.enter(this.#app.room?.id ?? "");
    else this.#app.view = "entrance";
    this.#app.changed();
  }

  /** @param {() => Promise<void>} act */
  async #attempt(act) {
    this.problem = "";
    this.busy = true;
    this.#app.changed();
    try {
      await act();
    } catch (error) {
      this.problem = /** @type {Error} */ (error).message;
    }
    this.busy = false;
    this.#app.changed();
  }
}
