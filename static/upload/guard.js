// While files are sent: the browser asks before the page is left, and the screen stays on where it can be kept on (the
// sleep of a phone ends the sending; browsers allow it on HTTPS and on this computer alone).

const stay = (event) => event.preventDefault();
let lock = null;
let held = false;

async function keepAwake() {
  if (!held || lock || document.visibilityState !== "visible") return;
  // Refused on a low battery: then the page works without.
  lock = await navigator.wakeLock?.request("screen").catch(() => null);
  lock?.addEventListener("release", () => {
    lock = null;
  });
}

export function hold() {
  held = true;
  window.addEventListener("beforeunload", stay);
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
}

export function letGo() {
  held = false;
  window.removeEventListener("beforeunload", stay);
  document.removeEventListener("visibilitychange", keepAwake);
  lock?.release();
}
