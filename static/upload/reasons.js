// Why a file was not taken, or the server does not take one now, in the reader's language: an answer is `code: words in
// English`, and the code decides. The page holds the words for what is wrong with files. Those for the server come first:
// a disk that refuses now is waited for, and the file need not be added again.

const ofFiles = JSON.parse(document.getElementById("reasons").textContent);
const ofDisk = gettext("The server cannot write to its disk. Sending goes on by itself when that is mended.");
const ofServer = {
  "batch.full": gettext("This batch holds as many files as it may. Put the rest in another."),
  "database.away": gettext("The database does not answer. Nothing is lost; sending goes on by itself."),
  "server.error": gettext("The server failed. What was sent is kept; sending goes on by itself."),
  "storage.away": gettext("The server cannot reach its storage. Sending goes on by itself when it is back."),
  "storage.denied": ofDisk,
  "storage.failed": ofDisk,
  "storage.full": gettext("The disk of the server has no room. Sending goes on by itself when there is some."),
  "storage.read_only": ofDisk,
  "tus.too_long": gettext("The file became larger while it was sent. Add it again when it is at rest."),
  "upload.busy": gettext("This file is being sent from another page as well. Sending goes on by itself."),
};

// Blank for what is no such answer.
export function wordsOf(text) {
  const [, code, words] = text.match(/^([a-z_.]+): ([^]*)$/) ?? [];
  if (!code) return "";
  const [known, told] = ofServer[code] ? [ofServer[code], false] : ofFiles[code] ?? [];
  // Some messages tell what no other words can, such as the file's kind or size.
  return told ? `${known} ${words}` : known ?? words;
}
