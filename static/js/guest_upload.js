// Sends a guest's files in parts, because the server limits the size of a request. After an interruption, the
// upload resumes where it stopped. Without this script, the form sends all files together.

const TRIES = 5;
const form = document.getElementById("guest-upload");
const output = form.querySelector("output");
const bar = form.querySelector("progress");
const refused = form.querySelector("ul");
// A key tells the server which parts belong together. It stays the same if the guest chooses the file again, for
// example after reloading the page, so that the upload can resume. A file that was not accepted gets a new key.
const keys = new WeakMap();

const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function partOf(file, offset) {
  const body = new FormData(form);
  const part = file.slice(offset, offset + Number(form.dataset.partBytes));
  for (const [name, value] of Object.entries({ size: file.size, key: keys.get(file) ?? file.lastModified, offset })) {
    body.append(name, value);
  }
  body.set("files", part, file.name);
  return body;
}

// Resolves to the content of the server's response. A failed request is retried after a pause, which grows each time.
// After TRIES failures, resolves to an error for the user.
async function post(body) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(form.action, { method: "POST", body });
      return await response.json();
    } catch {
      if (attempt === TRIES) return { error: form.dataset.lost };
      await pause(2 ** attempt);
    }
  }
}

// Sends a file. Resolves to "", or to the reason why the server did not accept it. Rejects if nothing more can be sent.
async function send(file, before) {
  for (let offset = 0; ; ) {
    const answer = await post(partOf(file, offset));
    if (answer.error) throw new Error(answer.error);
    offset = answer.received;
    bar.value = before + offset;
    if (!answer.done) continue;
    if (answer.message) keys.set(file, crypto.getRandomValues(new Uint32Array(4)).join("-"));
    return answer.message;
  }
}

async function sendAll(files) {
  let [sent, bytes] = [0, 0];
  for (const file of files) {
    const message = await send(file, bytes);
    if (message) refused.append(Object.assign(document.createElement("li"), { textContent: `${file.name}: ${message}` }));
    refused.hidden = !refused.childElementCount;
    sent += message ? 0 : 1;
    bytes += file.size;
    output.textContent = fill(form.dataset.text, { sent, all: files.length });
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const files = [...form.elements.files.files];
  button.disabled = true;
  refused.replaceChildren();
  bar.max = files.reduce((sum, { size }) => sum + size, 0) || 1;
  bar.hidden = false;
  try {
    await sendAll(files);
    form.elements.files.value = "";
  } catch (error) {
    output.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});
