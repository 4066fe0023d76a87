// What may be followed: http, https and mailto; everything else (javascript:, data:, blob:, file:) stays text.

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const IMAGE_DATA = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i;
const URL_IN_TEXT = /\bhttps?:\/\/[^\s<>"'`]{1,2000}/gi;
const TRAILING = /[.,;:!?)\]}]+$/;

/**
 * The address when it may be followed, else "". A picture may also be a data address: an `img` runs nothing.
 * @param {string} text
 * @param {{picture?: boolean}} [how]
 * @returns {string}
 */
export function safeUrl(text, how = {}) {
  const trimmed = text.trim();
  if (how.picture && IMAGE_DATA.test(trimmed)) return trimmed;
  // A path on this server, or a place on this page; "//" and "/\\" would name another server.
  if (/^(\/(?![/\\])|#)/.test(trimmed)) return trimmed;
  try {
    return SCHEMES.has(new URL(trimmed).protocol) ? trimmed : "";
  } catch {
    return "";
  }
}

/** Whether it lies on this server: only such pictures are shown, the CSP allows no others.
 * @param {string} url */
export function isOurs(url) {
  try {
    return safeUrl(url) !== "" && new URL(url, location.origin).origin === location.origin;
  } catch {
    return false;
  }
}

/**
 * Split plain text into words and web addresses.
 * @param {string} text
 * @returns {Array<{text: string, url: string}>}
 */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(URL_IN_TEXT)) {
    const url = match[0].replace(TRAILING, "");
    if (match.index > end) parts.push({ text: text.slice(end, match.index), url: "" });
    parts.push({ text: url, url: safeUrl(url) });
    end = match.index + url.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), url: "" });
  return parts;
}
