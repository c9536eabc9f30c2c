// All that the script says, in one place.

const number = new Intl.NumberFormat(document.documentElement.lang);
const tenth = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

export const count = (value) => number.format(value);

export const files = (value) => `${count(value)} ${value === 1 ? "file" : "files"}`;

const are = (value) => `${files(value)} ${value === 1 ? "is" : "are"}`;

// The first three by name.
const some = (names) => names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${count(names.length - 3)} more` : "");

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
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

export const say = {
  ofFiles: (all) => `of ${files(all)}`,
  size: (size, exact) => `${exact ? "" : "about "}${bytes(size)}`,
  speed: (perSecond) => `${bytes(perSecond)} a second`,
  percent: (tens) => `${tens} % sent.`,
  sent: "Sent",
  stopped: "Stopped",
  wait: "Wait until this is sent, then drop or choose them again: what you added just now is not being sent.",
  allEnded: (refused) => (refused ? `All is sent, but ${say.notTaken(refused)}.` : "All files are sent."),
  title: (percent, name) => `${percent} % sent · ${name} · vuemantics`,
  titlePaused: (name) => `Paused · ${name} · vuemantics`,
  filesOf: (day) => `Files of ${day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" })}`,
  reading: (found) => (found ? `Looking into the folders: ${files(found)} so far…` : "Looking into the folders…"),
  comparing: "Looking what is here already…",
  nothing: "There are no files in it. Choose another folder or some files.",
  nothingButJunk: (junk) => `There is nothing in it but ${files(junk)} of the system. Choose another folder.`,
  junk: (junk) => `${are(junk)} left out: made by the system, not by you, such as .DS_Store or Thumbs.db.`,
  unreadable: (folders) => `The browser may not look into ${some(folders)}. What is in there is left out.`,
  goOnWith: (name) => `Go on with “${name}”?`,
  hereOf: (here, whole) => `${count(here)} of ${files(whole)} ${here === 1 ? "is" : "are"} here. Only what is missing is sent.`,
  goOn: "Go on",
  pause: "Pause",
  paused: "Paused",
  away: "The connection to the server is lost. Sending goes on by itself when it is back.",
  offline: "You are offline. Sending goes on by itself as soon as you are back.",
  busy: "The server is busy or restarting. Sending goes on by itself.",
  signedOut: "You are signed out. Sign in again in another tab, then press “Go on”.",
  notOpened: "The server did not answer. Try again in a moment.",
  gone: "It could not be read on this computer. Was it moved, changed or deleted?",
  broken: "This page has failed. Load it again and choose the same folder: only what is missing is sent.",
  notTaken: (refused) => `${files(refused)} ${refused === 1 ? "was" : "were"} not taken`,
  more: (more) => `and ${count(more)} more`,
  notSealed: "All files are sent. The server could not be told; it finds out by itself later.",
  keepOpen: "Keep this page open until all is sent.",
  mayClose: "You may leave this page.",
  lookAtIt: "Open the batch",
};
