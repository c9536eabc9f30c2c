// On a picture's page: arrow keys and swipes lead to the neighbouring pictures, whose previews are preloaded, and the
// mouse zooms and pans. Without this script, links, radio buttons and scrolling do the same.

const stage = document.querySelector(".stage");
const frame = stage.querySelector(".frame");
const radios = [...stage.querySelectorAll(".zoom input")];
const MAX_ZOOM = 8;
const SWIPE = 60;
let zoom = 1;

function turn(direction) {
  const link = stage.querySelector(`a[rel=${direction}]`);
  // Replace the history entry, so that Back returns to the list.
  if (link) window.location.replace(link.href);
}

stage.addEventListener("click", (event) => {
  const link = event.target.closest("a.turn, .strip a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  window.location.replace(link.href);
});

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("textarea, select, video, input:not([type=radio])")) return;
  if (key === "Escape") {
    if (zoom > 1) setZoom(1);
    else document.getElementById("back").click();
  } else if (zoom === 1 && !target.matches("input")) {
    if (key === "ArrowLeft") turn("prev");
    if (key === "ArrowRight") turn("next");
  }
});

// Sets the zoom. The point of the picture at these window coordinates stays in place.
function setZoom(value, { x, y } = centre()) {
  const { left, top } = frame.getBoundingClientRect();
  const before = zoom;
  const [dx, dy] = [x - left, y - top];
  const [px, py] = [(frame.scrollLeft + dx) / before, (frame.scrollTop + dy) / before];
  zoom = Math.min(MAX_ZOOM, Math.max(1, value));
  stage.style.setProperty("--zoom", zoom);
  stage.classList.toggle("zoomed", zoom > 1);
  for (const radio of radios) radio.checked = Number(radio.value) === zoom;
  frame.scrollTo(px * zoom - dx, py * zoom - dy);
}

function centre() {
  const { left, top, width, height } = frame.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function enableZoom() {
  for (const radio of radios) radio.addEventListener("change", () => setZoom(Number(radio.value)));
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && zoom === 1) return;
      event.preventDefault();
      setZoom(zoom * Math.exp(-event.deltaY / 300), event);
    },
    { passive: false },
  );
  frame.addEventListener("dblclick", (event) => setZoom(zoom > 1 ? 1 : 2, event));
  // Touch screens pan by scrolling.
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && zoom > 1 && event.button === 0) {
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
    }
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) frame.scrollBy(-event.movementX, -event.movementY);
  });
}

function enableSwipe() {
  let start = null;
  frame.addEventListener("touchstart", ({ touches }) => {
    start = touches.length === 1 ? { x: touches[0].clientX, y: touches[0].clientY } : null;
  }, { passive: true });
  frame.addEventListener("touchend", ({ changedTouches }) => {
    if (!start || zoom > 1 || window.visualViewport.scale > 1) return;
    const [dx, dy] = [changedTouches[0].clientX - start.x, changedTouches[0].clientY - start.y];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) turn(dx > 0 ? "prev" : "next");
  }, { passive: true });
}

function preloadNeighbours() {
  for (const { dataset } of stage.querySelectorAll("a.turn")) {
    if (dataset.preview) new Image().src = dataset.preview;
  }
}

if (radios.length) enableZoom();
enableSwipe();
if (document.readyState === "complete") preloadNeighbours();
else window.addEventListener("load", preloadNeighbours);
