// Send the files of a guest one by one, because the server limits the size of a request. Without this script, the form
// sends them together.

const form = document.getElementById("guest-upload");
const output = form.querySelector("output");

const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

async function send(file) {
  const body = new FormData(form);
  body.delete("files");
  body.append("files", file);
  const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.accepted;
}

async function sendAll(files) {
  let sent = 0;
  for (const file of files) {
    sent += await send(file);
    output.textContent = fill(form.dataset.text, { sent, all: files.length });
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const all = [...form.elements.files.files];
  const large = all.filter(({ size }) => size > Number(form.dataset.maxBytes));
  button.disabled = true;
  try {
    await sendAll(all.filter((file) => !large.includes(file)));
    form.elements.files.value = "";
    if (large.length) output.textContent += ` ${fill(form.dataset.skipped, { names: large.map(({ name }) => name).join(", ") })}`;
  } catch (error) {
    output.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});
