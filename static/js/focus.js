// Keyboard focus: Escape closes the account menu and focuses its button. Elements that a frame replaces keep the focus.

const menu = document.querySelector(".account");
let focusedId = "";

// An element that was just hidden keeps the focus until the next rendering.
function isFocusLost() {
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

// When a popover closes, the browser returns the focus to its button, unless a frame has replaced that button.
function returnFocus({ target, newState }) {
  if (newState !== "closed" || !target.id || !isFocusLost()) return;
  document.querySelector(`[popovertarget="${target.id}"]:not([popovertargetaction])`)?.focus();
}

document.addEventListener("toggle", returnFocus, { capture: true });

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.contains(document.activeElement)) focusedId = document.activeElement.id;
});

document.addEventListener("htmx:oobAfterSwap", () => {
  if (focusedId && isFocusLost()) document.getElementById(focusedId)?.focus();
  focusedId = "";
});
