// Tells by a notification of the browser that the batch is done, when the person has asked for it on this page. Shown
// only where notifications are possible: in a secure context, and not where they are refused already.

const box = document.getElementById("notice");
const live = document.getElementById("live");
const key = `notice-${box.dataset.batch}`;
let told = false;

const summary = () => document.getElementById("summary");
const ended = () => "ended" in summary().dataset;

function say(id) {
  for (const name of ["notice-on", "notice-off"]) {
    const line = document.getElementById(name);
    line.hidden = name !== id;
    line.textContent = name === id ? line.dataset.words : "";
  }
  document.getElementById("notice-ask").hidden = id !== "";
}

async function ask() {
  const answer = await Notification.requestPermission();
  if (answer === "granted") {
    sessionStorage.setItem(key, "wanted");
    say("notice-on");
  } else if (answer === "denied") {
    say("notice-off");
  }
}

function tell() {
  const cancelled = summary().dataset.state.startsWith("cancelled");
  const title = cancelled ? box.dataset.cancelled : box.dataset.done;
  const facts = [...summary().querySelectorAll(".facts li")].map((fact) => fact.textContent.trim());
  const options = { body: facts.join(", "), tag: key, icon: box.dataset.icon };
  try {
    new Notification(title, options).addEventListener("click", () => window.focus());
  } catch (error) {
    // Some phones take notifications from installed pages alone; the page's title tells it there.
    if (!(error instanceof TypeError)) throw error;
  }
}

function look() {
  if (!ended() || told) return;
  told = true;
  box.hidden = true;
  if (sessionStorage.getItem(key) && Notification.permission === "granted") tell();
  sessionStorage.removeItem(key);
}

if (window.isSecureContext && "Notification" in window && Notification.permission !== "denied" && !ended()) {
  box.hidden = false;
  say(sessionStorage.getItem(key) && Notification.permission === "granted" ? "notice-on" : "");
  document.getElementById("notice-ask").addEventListener("click", ask);
  new MutationObserver(look).observe(live, { childList: true, subtree: true, attributes: true });
}
