// Runs on every page with the search box. Arrow keys move between the box and its suggestions.
// Escape closes the suggestions.

const form = document.querySelector("form.search");
const box = form.querySelector("input[type=search]");
const suggestions = form.querySelector(".suggestions");

form.addEventListener("keydown", (event) => {
  const links = [...suggestions.querySelectorAll("a")];
  if (!links.length) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const stops = [box, ...links];
    stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
  } else if (event.key === "Escape") {
    window.htmx.trigger(box, "htmx:abort");
    suggestions.replaceChildren();
    box.focus();
  } else {
    return;
  }
  event.preventDefault();
});
