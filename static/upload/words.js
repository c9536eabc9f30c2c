// All that the script says, in one place.

const number = new Intl.NumberFormat(document.documentElement.lang);
const tenth = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

export const count = (value) => number.format(value);

export const files = (value) => `${count(value)} ${value === 1 ? "file" : "files"}`;

export function bytes(value) {
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? tenth.format(value) : count(Math.round(value))} ${UNITS[unit]}`;
}

export function left(seconds) {
  if (seconds < 5) return "a moment left";
  if (seconds < 60) return `${Math.ceil(seconds / 10) * 10} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

export const say = {
  sentOf: (all, size) => `of ${files(all)} sent, ${size}`,
  percent: (tens) => `${tens} % sent.`,
  allSent: "All files are sent.",
  title: (percent, name) => `${percent} % sent · ${name} · vuemantics`,
  filesOf: (day) => `Files of ${day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" })}`,
  reading: "Looking into the folders…",
  nothing: "There are no files in it. Choose another folder or some files.",
  away: "The connection to the server is lost. Sending goes on by itself when it is back.",
  busy: "The server is busy or restarting. Sending goes on by itself.",
  signedOut: "You are signed out. Sign in again in another tab, then press “Go on”.",
  notOpened: "The server did not answer. Try again in a moment.",
  unreadable: "It could not be read on this computer. Was it moved, changed or deleted?",
  notTaken: (number) => (number === 1 ? "1 file was not taken" : `${count(number)} files were not taken`),
  more: (number) => `and ${count(number)} more`,
  notSealed: "All files are sent. The server could not be told; it finds out by itself later.",
};
