// Line icons of 16 × 16, drawn with the text's colour.

import { h } from "../vdom.js";

const PATHS = {
  reply: "M6.5 3.5 2.5 7.5l4 4M2.5 7.5h6a5 5 0 0 1 5 5v.5",
  react: "M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12ZM5.5 9.5c1 2 4 2 5 0M6 6.2v.3M10 6.2v.3",
  edit: "M10.5 3 13 5.5 5.5 13H3v-2.500zM9 4.500 11.500 7",
  delete: "M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.5 9h6l.5-9M7 7v4M9 7v4",
  copy: "M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z",
  send: "M2.500 8 13.500 2.500 10 13.500 7.500 9zM7.500 9l6-6.500",
  close: "m4 4 8 8M12 4l-8 8",
  down: "M8 3v10M3.500 8.500 8 13l4.500-4.500",
  check: "m3 8.500 3.500 3.500L13 4.500",
  cross: "m4 4 8 8M12 4l-8 8",
  clock: "M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12ZM8 4.500V8l2.500 1.500",
  warn: "M8 2 14.500 13.500h-13zM8 6.500v3M8 11.500v.1",
  file: "M4 1.500h5L12.500 5v9.500h-8.500zM9 1.500V5h3.500",
  wallet: "M2 4.500h11.500v9H2zM2 4.500l9-2.500v2.500M11 9h.1",
  key: "M10.500 9.500a3.500 3.500 0 1 1 0-7 3.500 3.500 0 0 1 0 7ZM8 8.500l-5.500 5v-2.500M5 11l1.500 1.500",
  people: "M6 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM1.500 13.500c0-5 9-5 9 0M11 3.200a2.500 2.500 0 0 1 0 4.600M12 9.700c1.700.5 2.600 1.900 2.600 3.800",
  menu: "M3.500 6 8 10.500 12.500 6",
  vote: "M2.500 9.500v4h11v-4M5 2.500h6v8H5zM6.500 6 8 7.500 10 4.500",
  star: "m8 2 1.800 3.900 4.200.5-3.100 2.900.8 4.200L8 11.400l-3.700 2.100.8-4.200L2 6.400l4.200-.5z",
  eye: "M1.500 8C4 3 12 3 14.500 8 12 13 4 13 1.500 8ZM8 9.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600Z",
};

/** @param {keyof typeof PATHS} name @param {string} [kind] further class */
export const icon = (name, kind = "") =>
  h(
    "svg",
    { class: `icon ${kind}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    h("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": "1.4", "stroke-linejoin": "round", "stroke-linecap": "round" }),
  );
