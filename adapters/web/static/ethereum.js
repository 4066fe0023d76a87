// The person's own wallet: an injected provider (EIP-1193), found by announcement (EIP-6963) or as window.ethereum.
// The key stays in the wallet; only addresses and signatures pass through here.

/** @typedef {{request: (call: {method: string, params?: unknown[]}) => Promise<unknown>}} Provider */
/** @typedef {{id: string, name: string, icon: string, provider: Provider}} Wallet */

const CHOSEN = "demls.wallet";
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const SIGNATURE = /^0x[0-9a-fA-F]{2,4096}$/;
/** Error codes of EIP-1193 and EIP-1474, in words. */
const WORDS = new Map([
  [4001, "You refused in the wallet. Nothing was signed."],
  [4100, "The wallet does not let this page use the account. Allow it in the wallet, then try again."],
  [4200, "This wallet cannot sign this kind of request. Use another wallet."],
  [4900, "The wallet is not connected. Open it, then try again."],
  [-32002, "The wallet is already asking: open it and answer there."],
]);

/** Something the wallet did not do. The message is for the person. */
export class WalletError extends Error {}

export class Wallets {
  /** @type {Map<string, Wallet>} */
  #found = new Map();

  /** @param {() => void} changed */
  constructor(changed) {
    addEventListener("eip6963:announceProvider", (event) => {
      this.#announced(/** @type {CustomEvent} */ (event).detail);
      changed();
    });
    dispatchEvent(new Event("eip6963:requestProvider"));
  }

  /** @returns {Wallet[]} */
  get all() {
    if (this.#found.size) return [...this.#found.values()].slice(0, 8);
    const provider = /** @type {{ethereum?: Provider}} */ (/** @type {unknown} */ (window)).ethereum;
    return isProvider(provider) ? [{ id: "injected", name: "your wallet", icon: "", provider }] : [];
  }

  /** The wallet of the last sign-in, else the only one. */
  get chosen() {
    const id = sessionStorage.getItem(CHOSEN);
    return this.all.find((wallet) => wallet.id === id) ?? this.all[0] ?? null;
  }

  /** @param {Wallet} wallet */
  choose(wallet) {
    sessionStorage.setItem(CHOSEN, wallet.id);
  }

  /** @param {unknown} detail */
  #announced(detail) {
    const { info, provider } = /** @type {any} */ (detail ?? {});
    if (!isProvider(provider) || typeof info?.uuid !== "string" || this.#found.size >= 20) return;
    const icon = typeof info.icon === "string" && info.icon.startsWith("data:image/") ? info.icon : "";
    const name = typeof info.name === "string" ? info.name.slice(0, 40) : "wallet";
    // uuid differs at every load; rdns names the product.
    const id = typeof info.rdns === "string" ? info.rdns : info.uuid;
    this.#found.set(id, { id, name, icon, provider });
  }
}

/** @param {unknown} value @returns {value is Provider} */
const isProvider = (value) =>
  typeof value === "object" && value !== null && typeof /** @type {any} */ (value).request === "function";

/** Ask for an account. @param {Wallet} wallet @returns {Promise<{address: string, chainId: number}>} */
export async function account(wallet) {
  const accounts = await ask(wallet, "eth_requestAccounts");
  const address = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== "string" || !ADDRESS.test(address)) {
    throw new WalletError("The wallet names no account. Unlock it, then try again.");
  }
  const chainId = Number(await ask(wallet, "eth_chainId"));
  return { address, chainId: Number.isSafeInteger(chainId) && chainId > 0 ? chainId : 1 };
}

/** Sign a text (EIP-191). @param {Wallet} wallet @param {string} address @param {string} words */
export function signText(wallet, address, words) {
  const bytes = new TextEncoder().encode(words);
  const hex = `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return signature(wallet, "personal_sign", [hex, address]);
}

/**
 * Answer a signing request of the bridge with the account that it is for.
 * @param {Wallet | null} wallet @param {string} address @param {import("./frames.js").Signing} request
 */
export async function signRequest(wallet, address, request) {
  if (!wallet) throw new WalletError("This browser has no wallet. Install or unlock one, then try again.");
  const accounts = await ask(wallet, "eth_requestAccounts");
  const own = Array.isArray(accounts) && accounts.some((one) => String(one).toLowerCase() === address.toLowerCase());
  if (!own) throw new WalletError(`The wallet shows another account. Switch it to ${address}, then try again.`);
  const typed = request.method === "eth_signTypedData_v4";
  return signature(wallet, request.method, typed ? [address, request.payload] : [request.payload, address]);
}

/** @param {Wallet} wallet @param {string} method @param {unknown[]} params */
async function signature(wallet, method, params) {
  const signed = await ask(wallet, method, params);
  if (typeof signed !== "string" || !SIGNATURE.test(signed)) throw new WalletError("The wallet gave no signature.");
  return signed;
}

/** @param {Wallet} wallet @param {string} method @param {unknown[]} [params] */
async function ask(wallet, method, params) {
  try {
    return await wallet.provider.request(params ? { method, params } : { method });
  } catch (error) {
    const { code, message } = /** @type {{code?: number, message?: unknown}} */ (error ?? {});
    const known = WORDS.get(Number(code));
    throw new WalletError(known ?? `The wallet could not do this: ${String(message ?? "no reason given").slice(0, 200)}`);
  }
}

/** What a personal_sign payload says, as text; the hexadecimal itself when it is none. @param {string} payload */
export function payloadText(payload) {
  if (!/^0x([0-9a-f]{2})*$/i.test(payload)) return payload;
  const bytes = Uint8Array.from(payload.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return payload;
  }
}
