// Messages of the “Safe to delete?” page.

import { formatCount, formatDate, formatNames, formatPlural, formatText } from "./messages.js";

const groupTexts = {
  missing: (count) =>
    ngettext("%(count)s file is not in your library", "%(count)s files are not in your library", count),
  damaged: (count) => ngettext("%(count)s stored file is damaged", "%(count)s stored files are damaged", count),
  trash: (count) => ngettext("%(count)s file is in the trash", "%(count)s files are in the trash", count),
  archive: (count) => ngettext("%(count)s archive was not stored", "%(count)s archives were not stored", count),
  unreadable: (count) => ngettext("%(count)s file cannot be read", "%(count)s files cannot be read", count),
  ignored: (count) =>
    ngettext(
      "%(count)s hidden, empty or system file ignored", "%(count)s hidden, empty or system files ignored", count),
};

export const checkMessages = {
  columns: [gettext("File"), gettext("Bytes"), "SHA-256", gettext("State"), gettext("Verified")],
  states: {
    stored: gettext("stored"),
    sidecar: gettext("stored (sidecar)"),
    missing: gettext("not stored"),
    damaged: gettext("stored file is damaged"),
    trash: gettext("in the trash"),
    archive: gettext("archive, not stored"),
    unreadable: gettext("cannot be read"),
    ignored: gettext("ignored"),
  },
  advice: {
    missing: gettext("Keep these files, or add them to your library."),
    damaged: gettext("Keep these files. Adding them again repairs the stored ones."),
    trash: gettext("The trash is emptied automatically. Adding these files again restores them."),
    archive: gettext("The files inside were imported; the archive itself was not stored."),
    unreadable: gettext("Your device could not read these files. They may be damaged."),
    ignored: gettext("Imports ignore these files because they are not your photos."),
  },
  verdict: (stored, total) => {
    if (!total) return gettext("No files were compared");
    return stored === total
      ? formatPlural(
          ngettext("The file is stored", "All %(count)s files are stored", total), total)
      : formatPlural(
          ngettext("%(stored)s of %(count)s file is stored", "%(stored)s of %(count)s files are stored", total),
          total, { stored: formatCount(stored) });
  },
  safe: gettext("Every byte of these files is in your library. It is safe to delete them from this device."),
  keep: (count, unreadableFolders) => {
    const parts = [];
    if (count) {
      parts.push(formatPlural(ngettext("Keep %(count)s file for now.", "Keep %(count)s files for now.", count), count));
    }
    if (unreadableFolders.length) {
      parts.push(
        formatText(gettext("The browser cannot read %(names)s, so the files inside were not compared."), {
          names: formatNames(unreadableFolders),
        }));
    }
    return parts.join(" ");
  },
  notCompared: (count) =>
    count
      ? formatPlural(
          ngettext(
            "%(count)s hidden or system file was not compared.",
            "%(count)s hidden or system files were not compared.", count),
          count)
      : "",
  checks: ({ stored, readBack, oldestCheck }) => {
    const unread = stored - readBack;
    const parts = [];
    if (readBack) {
      parts.push(
        formatPlural(
          ngettext(
            "%(count)s stored file was last verified on %(day)s.",
            "%(count)s stored files were verified; the oldest check was on %(day)s.", readBack),
          readBack, { day: formatDate(oldestCheck) }));
    }
    if (unread) {
      parts.push(
        formatPlural(
          ngettext(
            "%(count)s stored file was verified when it arrived, but not since.",
            "%(count)s stored files were verified when they arrived, but not since.", unread),
          unread));
    }
    return parts.join(" ");
  },
  group: (state, count) => formatPlural(groupTexts[state](count), count),
  add: (count) => formatPlural(ngettext("Add %(count)s file", "Add %(count)s files", count), count),
  more: (count) =>
    formatPlural(ngettext("and %(count)s more in the list", "and %(count)s more in the list", count), count),
};
