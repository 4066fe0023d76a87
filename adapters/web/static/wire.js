// Values of unknown kind are forced into a kind here: wrong ones become empty, long lists and texts are cut.

/** @typedef {Record<string, unknown>} Raw */
/**
 * The fields of a shape before their values are checked.
 * @template T
 * @typedef {{[K in keyof T]?: unknown}} Unchecked
 */

export const MAX_TEXT = 65_536;
const MAX_LINE = 500;
const MAX_LIST = 1_000;

/** @param {unknown} value @returns {Raw} */
export const object = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? /** @type {Raw} */ (value) : {};

/** @param {unknown} value @param {number} [max] characters */
export const text = (value, max = MAX_LINE) => (typeof value === "string" ? value.slice(0, max) : "");

/** A finite number that is not negative. @param {unknown} value */
export const number = (value) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);

/** @param {unknown} value */
export const flag = (value) => value === true;

/**
 * @template T
 * @param {unknown} value @param {(item: unknown) => T} read @param {number} [max]
 * @returns {T[]}
 */
export const list = (value, read, max = MAX_LIST) =>
  Array.isArray(value) ? value.slice(0, max).map((item) => read(item)) : [];

/**
 * @template {string} T
 * @param {unknown} value @param {readonly T[]} choices  the first is the default
 * @returns {T}
 */
export const one = (value, choices) => choices.find((choice) => choice === value) ?? choices[0];

/** @param {unknown} value */
export const line = (value) => text(value);
