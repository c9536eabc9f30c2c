// One file from its announcement to its end: create, then PATCH after PATCH. A repeated creation finds the file again
// and answers with its offset, or with why it was not taken; so that is also how sending goes on after any failure.

import { wordsOf } from "./reasons.js";
import { create, patch, withdraw } from "./tus.js";
import { say } from "./words.js";

// What a DELETE is answered with when nothing waits for the file any more.
const ALL_HERE = 409;
const GIVEN_UP = new Set([204, 404, ALL_HERE, 410]);
// Refused for a reason of its own, a file has a row that says so; of all others only this page knows.
const HAS_ROW = /^(file|item|upload)\./;
// Failures that may be this file's alone: after some tries it stands back, and others get their turn.
const ALONE = new Set([423, 500, 507]);
const TRIES = 5;

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// The file vanished from this computer: the server, which may have heard of it even where its answer was lost, must not
// wait for the rest of it. Resolves and rejects as sendFile.
async function giveUp(one, file, batch, location) {
  for (let attempt = 0; ; attempt += 1) {
    await batch.line.ready();
    const answer = await (location ? withdraw(location) : create(one, file, batch));
    if (!location && answer.status === 201) {
      if (answer.text) return { words: wordsOf(answer.text), local: false };
      location = answer.header("Location");
    } else if (location && GIVEN_UP.has(answer.status)) {
      batch.line.worked();
      return answer.status === ALL_HERE ? null : { words: say.gone, local: false };
    } else {
      const words = await batch.line.afterFailure(answer, attempt);
      if (words !== null) return { words, local: false };
    }
  }
}

// Where there is no room for this file there may be for smaller ones.
const standsBack = ({ status, text }, { tries }) =>
  (status === 507 && text.startsWith("storage.full")) || (ALONE.has(status) && tries >= TRIES);

// Sends a file; resolves to null when it is all there, to {words, later: true} when it must wait and others need not, or
// to {words, local} when it was not taken: `local` when only this page can tell. `bytes` is what meter.begin() gave.
// Rejects with BatchGone or NoneTaken.
export async function sendFile(one, batch, bytes) {
  const file = await one.file().catch(() => null);
  if (!file) return { words: say.gone, local: true };
  for (;;) {
    const { answer, location, note } = await sendOn(one, file, batch, bytes);
    if (!answer) return note ? { words: wordsOf(note), local: false } : null;
    if (answer.status === 0 && !(await isReadable(file))) return giveUp(one, file, batch, location);
    // Its last request was cut here, and may not have come to its end there.
    const told = answer.status === 423 && one.cut ? say.stillAtIt : wordsOf(answer.text);
    one.tries += 1;
    if (standsBack(answer, one)) return { words: told, later: true };
    const words = await batch.line.afterFailure(answer, one.tries - 1, told);
    if (words !== null) return { words, local: !HAS_ROW.test(answer.text) };
  }
}

// From where it stands to its end: resolves to {answer, location} of what failed on the way; without an answer it is
// all there, or was not taken for the reason in `note`.
async function sendOn(one, file, batch, bytes) {
  await batch.line.ready();
  const created = await create(one, file, batch, bytes.sent);
  if (created.status !== 201) return { answer: created, location: null };
  batch.line.worked();
  if (created.text) return { note: created.text };
  const location = created.header("Location");
  let offset = Number(created.header("Upload-Offset"));
  bytes.here(offset);
  while (offset < file.size) {
    await batch.line.ready();
    const answer = await patch(location, one, file, offset, batch, bytes.sent);
    if (answer.status !== 204) return { answer, location };
    batch.line.worked();
    one.tries = 0;
    offset = Number(answer.header("Upload-Offset"));
    bytes.sent(offset);
  }
  return {};
}
