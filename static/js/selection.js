// Select pictures in a list by click, range, long press or keyboard, even if parts of the list are not in the document.
// Without this script, the check boxes and the buttons of the form still work. The ids are sent with the form.

import { tileAfterKey } from "./tile_keys.js";

const LONG_PRESS = 500;
const form = document.getElementById("selection");
const list = form?.closest(".selectable");
const number = document.createElement("b");
const words = form?.querySelector(".selected-count span");
const selected = words?.textContent;
const chosen = new Set();
let last = null;
let press = 0;
let isPressed = false;

const boxes = () => [...list.querySelectorAll("[name=picture]")];
// The timeline adds empty tiles first, and their content later.
const tiles = () => [...list.querySelectorAll(".tile:has(a)")];
const boxOf = (tile) => tile.querySelector("[name=picture]");
const linkOf = (tile) => tile.querySelector("a");

function choose(box, isChosen) {
  box.checked = isChosen;
  box.closest(".tile").classList.toggle("selected", isChosen);
  if (isChosen) chosen.add(box.value);
  else chosen.delete(box.value);
}

// Applies the state of `box` to all boxes from the last changed one to `box`.
function chooseRange(box) {
  const all = boxes();
  const [start, end] = [last, box].map((one) => all.indexOf(one)).sort((a, b) => a - b);
  if (start >= 0) for (const one of all.slice(start, end + 1)) choose(one, box.checked);
}

function toggle(box, isRange) {
  choose(box, !box.checked);
  if (isRange) chooseRange(box);
  last = box;
  show();
}

function show() {
  list.classList.toggle("has-selection", chosen.size > 0);
  const isOver = chosen.size > Number(form.dataset.most);
  form.classList.toggle("over", isOver);
  number.textContent = chosen.size.toLocaleString(document.documentElement.lang);
  words.textContent = isOver ? `${selected}. ${form.dataset.over}` : selected;
  list.querySelectorAll(".select-day").forEach(showDay);
}

function showDay(button) {
  const own = [...button.closest(".day").querySelectorAll("[name=picture]")];
  button.setAttribute("aria-pressed", own.length > 0 && own.every((box) => box.checked));
}

function clear() {
  for (const box of boxes()) choose(box, false);
  chosen.clear();
  last = null;
  show();
}

function prepare(added) {
  for (const tile of added) {
    linkOf(tile).tabIndex = -1;
    boxOf(tile).tabIndex = -1;
    if (chosen.has(boxOf(tile).value)) choose(boxOf(tile), true);
  }
  for (const day of new Set(added.map((tile) => tile.closest(".day")))) if (day) prepareDay(day);
  keepTabStop();
}

function prepareDay(day) {
  const heading = day.querySelector("h3");
  if (!heading.querySelector(".select-day")) heading.lastElementChild.before(dayButton());
  showDay(heading.querySelector(".select-day"));
}

function keepTabStop() {
  const first = list.querySelector('.tile a[tabindex="0"]') ?? list.querySelector(".tile a");
  if (first) setTabStop(first);
}

// One tile of the list and the button of its day can be reached with Tab, the other tiles with the arrow keys. If every
// day's button could be reached, scrolling to the next one would load more days, so Tab would never leave the list.
function setTabStop(link) {
  link.tabIndex = 0;
  const own = link.closest(".day")?.querySelector(".select-day");
  for (const button of list.querySelectorAll(".select-day")) button.tabIndex = button === own ? 0 : -1;
}

function dayButton() {
  const button = form.querySelector("template").content.firstElementChild.cloneNode(true);
  button.addEventListener("click", () => {
    const own = [...button.closest(".day").querySelectorAll("[name=picture]")];
    const isChosen = !own.every((box) => box.checked);
    for (const box of own) choose(box, isChosen);
    show();
  });
  return button;
}

function onKey(event) {
  const tile = event.target.closest(".tile");
  if (event.key === "Escape" && chosen.size) clear();
  if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") {
    event.preventDefault();
    toggle(boxOf(tile), event.shiftKey);
    return;
  }
  const next = tileAfterKey(event.key, tile, tiles());
  if (!next) return;
  event.preventDefault();
  if (event.shiftKey) {
    last ??= boxOf(tile);
    choose(boxOf(tile), true);
    choose(boxOf(next), true);
    show();
  }
  linkOf(next).focus();
}

function onFocus({ target: focused }) {
  const tile = focused.closest(".tile");
  if (!tile) return;
  for (const one of tiles()) linkOf(one).tabIndex = -1;
  setTabStop(linkOf(tile));
}

function onClick(event) {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  if (event.target === boxOf(tile)) {
    choose(event.target, event.target.checked);
    if (event.shiftKey) chooseRange(event.target);
    last = event.target;
    show();
  } else if (isPressed || (event.target.closest("a") && chosen.size && !event.ctrlKey && !event.metaKey)) {
    event.preventDefault();
    if (!isPressed) toggle(boxOf(tile), event.shiftKey);
    isPressed = false;
  }
}

function startPress(event) {
  clearTimeout(press);
  isPressed = false;
  const tile = event.target.closest(".tile");
  if (!tile || event.pointerType === "mouse") return;
  press = setTimeout(() => {
    isPressed = true;
    toggle(boxOf(tile), false);
    navigator.vibrate?.(10);
  }, LONG_PRESS);
}

if (list) {
  words.before(number, " ");
  list.classList.add("scripted");
  list.addEventListener("click", onClick);
  list.addEventListener("keydown", onKey);
  list.addEventListener("focusin", onFocus);
  list.addEventListener("pointerdown", startPress);
  for (const name of ["pointerup", "pointercancel"]) list.addEventListener(name, () => clearTimeout(press));
  list.addEventListener("contextmenu", (event) => isPressed && event.preventDefault());
  list.addEventListener("timeline:added", ({ detail }) => prepare(detail.tiles));
  new MutationObserver(keepTabStop).observe(list, { childList: true, subtree: true });
  form.addEventListener("reset", () => setTimeout(clear));
  form.addEventListener("formdata", ({ formData }) => {
    formData.delete("picture");
    for (const id of chosen) formData.append("picture", id);
  });
  for (const box of boxes()) if (box.checked) chosen.add(box.value);
  prepare(tiles());
  show();
}
