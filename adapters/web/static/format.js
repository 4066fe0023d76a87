// Times, sizes and addresses as people read them.

const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exactTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
/** The largest time that a Date can hold, in ms. */
const LAST = 8.64e15;

/** @param {number} ms */
const date = (ms) => new Date(Math.min(Math.max(ms, 0), LAST));

/** "14:05". @param {number} ms */
export const hourMinute = (ms) => clockTime.format(date(ms));
/** "14:05:09". @param {number} ms */
export const hourMinuteSecond = (ms) => exactTime.format(date(ms));
/** @param {number} ms */
export const fullDate = (ms) => fullTime.format(date(ms));
/** For `datetime`. @param {number} ms */
export const isoDate = (ms) => date(ms).toISOString();

/** "Today", "Yesterday" or the date. @param {number} ms @param {number} now ms */
export function day(ms, now) {
  const then = date(ms).toDateString();
  if (then === date(now).toDateString()) return "Today";
  if (then === date(now - 86_400_000).toDateString()) return "Yesterday";
  return dayName.format(date(ms));
}

/** Two times on the same local day. @param {number} one @param {number} other */
export const sameDay = (one, other) => date(one).toDateString() === date(other).toDateString();

/** Seconds left as "0:42", "3:05", "2 h 10 min". @param {number} seconds */
export function timeLeft(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  if (left >= 86_400) return `${Math.floor(left / 86_400)} d ${Math.floor((left % 86_400) / 3_600)} h`;
  if (left >= 3_600) return `${Math.floor(left / 3_600)} h ${Math.floor((left % 3_600) / 60)} min`;
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** How long something took: "340 ms", "2.1 s", "4 min". @param {number} ms */
export function duration(ms) {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** "0x12ab…90ef". @param {string} address */
export const shortAddress = (address) =>
  /^0x[0-9a-f]{12,}$/i.test(address) ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toFixed(unit && value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** "1 vote", "2 votes". @param {number} count @param {string} word @param {string} [more] */
export const plural = (count, word, more = `${word}s`) => `${count} ${count === 1 ? word : more}`;

/** A hue for a person, the same on every page. @param {string} identity */
export function hue(identity) {
  let sum = 7;
  for (const unit of identity.toLowerCase()) sum = (sum * 31 + (unit.codePointAt(0) ?? 0)) % 36_000;
  return sum % 360;
}

/** The first letter or digit of a name. @param {string} name */
export const initial = (name) => /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? "•";
