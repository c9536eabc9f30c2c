// All that the script says, in one place. The page's language comes with `gettext`, `ngettext` and `interpolate`, which
// the server's words.js defines before this runs.

const { lang } = document.documentElement;
const number = new Intl.NumberFormat(lang);
const tenth = new Intl.NumberFormat(lang, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const UNITS = [gettext("bytes"), "KB", "MB", "GB", "TB"];

export const count = (value) => number.format(value);

const fill = (words, values) => interpolate(words, values, true);

// `one` and `many` are what ngettext made of a number of files, or of whatever is counted.
const counted = (words, value, more = {}) => fill(words, { count: count(value), ...more });

export const files = (value) => counted(ngettext("%(count)s file", "%(count)s files", value), value);

// The first three by name.
function some(names) {
  const first = names.slice(0, 3).join(", ");
  const more = names.length - 3;
  return more > 0 ? counted(gettext("%(names)s and %(count)s more"), more, { names: first }) : first;
}

export function bytes(value) {
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? tenth.format(value) : count(Math.round(value))} ${UNITS[unit]}`;
}

export function left(seconds) {
  if (seconds < 5) return gettext("a moment left");
  if (seconds < 60) return counted(gettext("%(count)s s left"), Math.ceil(seconds / 10) * 10);
  if (seconds < 3600) return counted(gettext("%(count)s min left"), Math.ceil(seconds / 60));
  const minutes = Math.round(seconds / 60);
  return fill(gettext("%(hours)s h %(minutes)s min left"), { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

function allEnded(refused) {
  if (!refused) return gettext("All files are sent.");
  const words = ngettext(
    "All is sent, but %(count)s file was not taken.", "All is sent, but %(count)s files were not taken.", refused);
  return counted(words, refused);
}

function reading(found) {
  if (!found) return gettext("Looking into the folders…");
  const words = ngettext(
    "Looking into the folders: %(count)s file so far…", "Looking into the folders: %(count)s files so far…", found);
  return counted(words, found);
}

function nothingButJunk(junk) {
  const words = ngettext(
    "There is nothing in it but %(count)s file of the system. Choose another folder.",
    "There is nothing in it but %(count)s files of the system. Choose another folder.", junk);
  return counted(words, junk);
}

function junk(value) {
  const words = ngettext(
    "%(count)s file is left out: made by the system, not by you, such as .DS_Store or Thumbs.db.",
    "%(count)s files are left out: made by the system, not by you, such as .DS_Store or Thumbs.db.", value);
  return counted(words, value);
}

function filesOf(day) {
  const words = day.toLocaleDateString(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "long", year: "numeric" });
  return fill(gettext("Files of %(day)s"), { day: words });
}

function hereOf(here, whole) {
  const words = ngettext(
    "%(here)s of %(count)s file is here. Only what is missing is sent.",
    "%(here)s of %(count)s files are here. Only what is missing is sent.", whole);
  return counted(words, whole, { here: count(here) });
}

export const say = {
  ofFiles: (all) => counted(ngettext("of %(count)s file", "of %(count)s files", all), all),
  size: (size, exact) => (exact ? bytes(size) : fill(gettext("about %(size)s"), { size: bytes(size) })),
  speed: (perSecond) => fill(gettext("%(size)s a second"), { size: bytes(perSecond) }),
  percent: (tens) => fill(gettext("%(percent)s sent."), { percent: `${tens} %` }),
  sent: gettext("Sent"),
  stopped: gettext("Stopped"),
  wait: gettext("Wait until this is sent, then drop or choose them again: what you added just now is not being sent."),
  allEnded,
  title: (percent, name) => `${fill(gettext("%(percent)s sent"), { percent: `${percent} %` })} · ${name} · vuemantics`,
  titlePaused: (name) => `${gettext("Paused")} · ${name} · vuemantics`,
  filesOf,
  reading,
  comparing: gettext("Looking what is here already…"),
  nothing: gettext("There are no files in it. Choose another folder or some files."),
  nothingButJunk,
  junk,
  unreadable: (folders) =>
    fill(gettext("The browser may not look into %(names)s. What is in there is left out."), { names: some(folders) }),
  goOnWith: (name) => fill(gettext("Go on with “%(name)s”?"), { name }),
  hereOf,
  goOn: gettext("Go on"),
  pause: gettext("Pause"),
  paused: gettext("Paused"),
  away: gettext("The connection to the server is lost. Sending goes on by itself when it is back."),
  offline: gettext("You are offline. Sending goes on by itself as soon as you are back."),
  busy: gettext("The server is busy or restarting. Sending goes on by itself."),
  signedOut: gettext("You are signed out. Sign in again in another tab, then press “Go on”."),
  notOpened: gettext("The server did not answer. Try again in a moment."),
  stillAtIt: gettext("The server is still busy with a file that was sent. Sending goes on by itself."),
  batchGone: gettext("This batch was cancelled or deleted: no more files are sent. Add them again as a new batch."),
  gone: gettext("It could not be read on this computer. Was it moved, changed or deleted?"),
  broken: gettext("This page has failed. Load it again and choose the same folder: only what is missing is sent."),
  notTaken: (refused) =>
    counted(ngettext("%(count)s file was not taken", "%(count)s files were not taken", refused), refused),
  more: (more) => counted(gettext("and %(count)s more"), more),
  notSealed: gettext("All files are sent. The server could not be told; it finds out by itself later."),
  mayClose: gettext("You may leave this page."),
  lookAtIt: gettext("Open the batch"),
};
