// The keyboard's place: what opens over the page closes by Escape and gives it back, and a part that the socket brings
// anew does not lose it.

const menu = document.querySelector(".account");
let held = "";

// What was hidden has the focus still, until the next frame is drawn.
function isLost() {
  const { activeElement } = document;
  return activeElement === document.body || !activeElement.checkVisibility();
}

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("click", ({ target }) => {
  if (!menu.contains(target)) menu.open = false;
});

// The browser gives the place back itself, unless a frame has put a new button where the old one was.
function giveBack({ target, newState }) {
  if (newState !== "closed" || !target.id || !isLost()) return;
  document.querySelector(`[popovertarget="${target.id}"]:not([popovertargetaction])`)?.focus();
}

document.addEventListener("toggle", giveBack, { capture: true });

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.contains(document.activeElement)) held = document.activeElement.id;
});

document.addEventListener("htmx:oobAfterSwap", () => {
  if (held && isLost()) document.getElementById(held)?.focus();
  held = "";
});
