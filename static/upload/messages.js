// The texts of the upload scripts, except those in check_messages.js, and functions that format texts. `gettext`,
// `ngettext` and `interpolate` come from the server's words.js.

const { lang } = document.documentElement;
const integer = new Intl.NumberFormat(lang);
const wholePercent = new Intl.NumberFormat(lang, { style: "percent" });
const size = new Intl.NumberFormat(lang, {
  maximumFractionDigits: 1, minimumFractionDigits: 1, roundingMode: "halfEven", useGrouping: false,
});
const UNITS = ["KB", "MB", "GB", "TB", "PB"];

export const formatText = (text, values) => interpolate(text, values, true);
export const formatPlural = (text, count, values = {}) => formatText(text, { count: formatCount(count), ...values });

export const formatCount = (value) => integer.format(value);

const formatPercent = (value) => wholePercent.format(value / 100);

// Returns the same text as Django's filter `filesizeformat`, with which the server formats sizes.
export function formatBytes(value) {
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit >= 0) return `${size.format(value)}\u00a0${UNITS[unit]}`;
  const bytes = Math.trunc(value);
  return formatText(ngettext("%(bytes)s byte", "%(bytes)s bytes", bytes), { bytes }).replace(" ", "\u00a0");
}

export function formatTimeLeft(seconds) {
  if (seconds < 5) return gettext("almost done");
  if (seconds < 60) return formatPlural(gettext("%(count)s s left"), Math.ceil(seconds / 10) * 10);
  if (seconds < 3600) return formatPlural(gettext("%(count)s min left"), Math.ceil(seconds / 60));
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return formatText(gettext("%(hours)s h %(minutes)s min left"), { hours, minutes: minutes % 60 });
}

// Lists the first three names and how many more there are.
export function formatNames(names) {
  const first = names.slice(0, 3).join(", ");
  const more = names.length - 3;
  return more > 0 ? formatPlural(gettext("%(names)s and %(count)s more"), more, { names: first }) : first;
}

export function formatDate(day) {
  return day.toLocaleDateString(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "long", year: "numeric" });
}

export const messages = {
  pause: gettext("Pause"),
  paused: gettext("Paused"),
  resume: gettext("Resume"),
  stopped: gettext("Stopped"),
  uploaded: gettext("Uploaded"),
  openImport: gettext("Open import"),
  mayLeave: gettext("You can leave this page."),

  // Choosing files
  scanning: (found) =>
    found
      ? formatPlural(
          ngettext("Scanning folders: %(count)s file so far…", "Scanning folders: %(count)s files so far…", found),
          found)
      : gettext("Scanning folders…"),
  checking: gettext("Checking for duplicates…"),
  noFiles: gettext("No files found. Choose another folder or select files."),
  onlyIgnored: (count) =>
    formatPlural(
      ngettext(
        "Found only %(count)s hidden or system file. Choose another folder.",
        "Found only %(count)s hidden or system files. Choose another folder.", count),
      count),
  filesIgnored: (count) =>
    formatPlural(
      ngettext(
        "%(count)s hidden or system file ignored. It is listed in the import.",
        "%(count)s hidden or system files ignored. They are listed in the import.", count),
      count),
  unreadableFolders: (folders) =>
    formatText(gettext("The browser cannot read %(names)s. The files inside are not uploaded."), {
      names: formatNames(folders),
    }),
  alreadyRunning: gettext("An upload is already running. Add these files again when it has finished."),
  defaultName: (day) => formatText(gettext("Import on %(day)s"), { day: formatDate(day) }),

  // Before sending
  partsMissing: (names) =>
    formatPlural(
      ngettext(
        "%(count)s part of this export is missing: %(names)s", "%(count)s parts of this export are missing: %(names)s",
        names.length),
      names.length, { names: formatNames(names) }),
  partsAdvice: gettext("Photos and their dates may be in different parts. Add all parts together, or add the others later."),
  loneSidecars: (paths) =>
    formatPlural(
      ngettext(
        "%(count)s sidecar has no matching photo: %(names)s", "%(count)s sidecars have no matching photos: %(names)s",
        paths.length),
      paths.length, { names: formatNames(paths) }),
  sidecarsAdvice: gettext(
    "Sidecars only contain data about photos. Choose the photos as well, unless they are already in your library."),
  archivesDamaged: (paths) =>
    formatPlural(
      ngettext(
        "%(count)s archive is incomplete or damaged: %(names)s", "%(count)s archives are incomplete or damaged: %(names)s",
        paths.length),
      paths.length, { names: formatNames(paths) }),
  damagedAdvice: gettext("Download or copy damaged archives again. Otherwise, nothing in them can be imported."),
  archivesEncrypted: (paths) =>
    formatPlural(
      ngettext(
        "%(count)s archive is password-protected: %(names)s", "%(count)s archives are password-protected: %(names)s",
        paths.length),
      paths.length, { names: formatNames(paths) }),
  encryptedAdvice: gettext("Unpack such archives first, then add the files."),
  unsupportedFiles: (count, kinds) =>
    formatPlural(
      ngettext("%(count)s file cannot be imported: %(names)s", "%(count)s files cannot be imported: %(names)s", count),
      count, { names: formatNames(kinds.map(([kind, files]) => `${formatCount(files)} ${kind}`)) }),
  kindsAdvice: gettext("Only photos, videos and archives of them can be imported. Other files are only listed in the import."),
  tooLittleSpace: gettext("The server does not have enough space for these files."),
  spaceAdvice: gettext("Choose fewer files, or ask your administrator for more space."),
  spaceNeeded: (bytes, free) =>
    free === null
      ? formatText(gettext("Space needed: about %(size)s."), { size: formatBytes(bytes) })
      : formatText(gettext("Space needed: about %(size)s. Available: %(free)s."), {
          size: formatBytes(bytes), free: formatBytes(free),
        }),

  // Resuming
  resumeQuestion: (name) => formatText(gettext("Resume “%(name)s”?"), { name }),
  alreadyUploaded: (received, total) =>
    formatPlural(
      ngettext(
        "%(received)s of %(count)s file is already uploaded. Only missing files are sent.",
        "%(received)s of %(count)s files are already uploaded. Only missing files are sent.", total),
      total, { received: formatCount(received) }),

  // Progress
  ofFiles: (total) => formatPlural(ngettext("of %(count)s file", "of %(count)s files", total), total),
  totalSize: (size, isExact) =>
    isExact ? formatBytes(size) : formatText(gettext("about %(size)s"), { size: formatBytes(size) }),
  speed: (bytesPerSecond) => formatText(gettext("%(size)s/s"), { size: formatBytes(bytesPerSecond) }),
  percentUploaded: (percent) => formatText(gettext("%(percent)s uploaded."), { percent: formatPercent(percent) }),
  title: (percent, name) =>
    `${formatText(gettext("%(percent)s uploaded"), { percent: formatPercent(percent) })} · ${name} · vuemantics`,
  pausedTitle: (name) => `${gettext("Paused")} · ${name} · vuemantics`,
  filesSkipped: (count) => formatPlural(ngettext("%(count)s file skipped", "%(count)s files skipped", count), count),
  more: (count) => formatPlural(gettext("and %(count)s more"), count),
  allUploaded: (rejected) =>
    rejected
      ? formatPlural(
          ngettext("Upload finished, %(count)s file skipped.", "Upload finished, %(count)s files skipped.", rejected),
          rejected)
      : gettext("All files are uploaded."),

  // Warnings
  connectionLost: gettext("Connection lost. The upload resumes automatically."),
  offline: gettext("You are offline. The upload resumes when you are back online."),
  busy: gettext("The server is busy or restarting. The upload resumes automatically."),
  signedOut: gettext("You are signed out. Sign in again in another tab, then press “Resume”."),
  otherAccount: gettext("This browser is now signed in to another account. Reload this page."),
  otherAccountDuring: gettext(
    "This browser is now signed in to another account. Switch back in another tab, then press “Resume”."),
  proxyLimit: gettext(
    "A proxy refuses even small requests. Raise its limit (nginx: client_max_body_size 16m), then press “Resume”."),
  unexpected: (status) => formatText(gettext("The server sent an unexpected response (%(status)s)."), { status }),
  noResponse: gettext("The server did not respond. Try again in a moment."),
  stillWriting: gettext("The server is still storing a file. The upload resumes automatically."),
  batchGone: gettext("This import was cancelled or deleted. Add the remaining files to a new import."),
  unreadableFile: gettext("This file could not be read. It may have been moved, changed or deleted."),
  crashed: gettext("Something went wrong. Reload the page and choose the same folder; only missing files are uploaded."),
  notSealed: gettext("All files are uploaded, but the import could not be closed. It will close automatically later."),
};

// Maps error codes to [text, whether to append the server's English message]; see batches/views/upload.py.
const errorTexts = JSON.parse(document.getElementById("error-texts").textContent);

// The text for a response `code: message` in the user's language, the message itself if the page has no text for the
// code, or "" if the response has no code.
export function errorText(response) {
  const [, code, message] = response.match(/^([a-z_.]+): ([^]*)$/) ?? [];
  if (!code) return "";
  const [text, appendMessage] = errorTexts[code] ?? [message, false];
  return appendMessage ? `${text} ${message}` : text;
}
