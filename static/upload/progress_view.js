// The part of the page that shows the upload. Screen readers announce every 10%.

import { formatBytes, formatCount, formatTimeLeft, messages } from "./messages.js";
import { PARALLEL_UPLOADS } from "./uploader.js";

const REDRAW_INTERVAL = 250;
const byId = (id) => document.getElementById(id);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The markup as rendered by the server; each upload starts with a copy.
const template = byId("sending").cloneNode(true);

export class ProgressView {
  #announcedPercent = 0;
  #paused = false;
  #rows;
  #listedRejections = 0;

  constructor({ name, url }, progress) {
    Object.assign(this, { name, progress });
    byId("sending").replaceWith(template.cloneNode(true));
    this.#rows = Array.from({ length: PARALLEL_UPLOADS }, createRow);
    byId("active-uploads").replaceChildren(...this.#rows.map(({ row }) => row));
    for (const id of ["drop-zone", "hints"]) byId(id).hidden = true;
    byId("sending").hidden = false;
    byId("batch-name").textContent = name;
    byId("batch-link").href = url;
    byId("batch-link").hidden = false;
    byId("total-files").textContent = messages.ofFiles(progress.totalFiles);
    byId("batch-name").focus();
    this.timer = setInterval(() => this.draw(), REDRAW_INTERVAL);
    this.draw();
  }

  draw() {
    const { progress } = this;
    setText(byId("sent-files"), formatCount(progress.finishedFiles - progress.rejected - progress.ignored));
    setText(byId("total-bytes"), messages.totalSize(progress.totalBytes, progress.isTotalExact));
    byId("sent-bytes").max = progress.totalBytes || progress.totalFiles;
    byId("sent-bytes").value = progress.totalBytes ? progress.bytes : progress.finishedFiles;
    for (const counter of ["resumed", "duplicates", "ignored"]) {
      byId(`${counter}-fact`).hidden = !progress[counter];
      setText(byId(counter), formatCount(progress[counter]));
    }
    document.title = this.#paused ? messages.pausedTitle(this.name) : messages.title(progress.percent, this.name);
    for (const [slot, row] of this.#rows.entries()) drawRow(row, progress.active[slot]);
    this.#drawRejections();
    this.#drawEstimate();
    this.#announce();
  }

  #drawEstimate() {
    const { speed, secondsLeft } = this.#paused ? { speed: null } : this.progress.estimate();
    const isKnown = speed !== null;
    setText(byId("time-left"), this.#paused ? messages.paused : isKnown ? formatTimeLeft(secondsLeft) : "");
    setText(byId("speed"), isKnown ? messages.speed(speed) : "");
  }

  #drawRejections() {
    const { rejections, rejected } = this.progress;
    for (; this.#listedRejections < rejections.length; this.#listedRejections += 1) {
      const { path, reason } = rejections[this.#listedRejections];
      const row = document.createElement("li");
      const name = document.createElement("b");
      name.textContent = path;
      row.append(name, document.createElement("br"), reason);
      byId("rejected-list").append(row);
    }
    byId("rejected").hidden = !rejected;
    byId("rejected-title").textContent = messages.filesSkipped(rejected);
    byId("rejected-more").hidden = rejected <= rejections.length;
    byId("rejected-more").textContent = messages.more(rejected - rejections.length);
  }

  #announce() {
    const percent = Math.floor(this.progress.percent / 10) * 10;
    if (percent <= this.#announcedPercent) return;
    this.#announcedPercent = percent;
    if (percent < 100) setText(byId("announcer"), messages.percentUploaded(percent));
  }

  // Shows facts about the selection, such as which files are not uploaded. Falsy sentences are skipped.
  showNotes(...sentences) {
    const text = sentences.filter(Boolean).join(" ");
    byId("selection-notes").hidden = !text;
    byId("selection-notes").textContent = text;
  }

  // Shows a warning, with a button if `onResume` is given; "" hides it.
  warn(text, onResume = null) {
    if (text) this.progress.resetSpeed();
    setText(byId("upload-warning-text"), text);
    byId("upload-warning").hidden = !text;
    byId("continue").hidden = !onResume;
    byId("continue").onclick = onResume;
  }

  // The same button pauses and resumes, so that it keeps the focus.
  connectPauseButton(connection) {
    const button = byId("pause");
    button.onclick = () => {
      this.#paused = !this.#paused;
      this.progress.resetSpeed();
      button.textContent = this.#paused ? messages.resume : messages.pause;
      button.classList.toggle("primary", this.#paused);
      setText(byId("announcer"), this.#paused ? messages.paused : "");
      if (this.#paused) connection.pause();
      else connection.resume();
      this.draw();
    };
  }

  // Call this after the upload has failed.
  stop(text) {
    this.#end(messages.stopped);
    this.warn(text);
  }

  // Call this after all files have been uploaded.
  finish() {
    this.#end(messages.uploaded);
    byId("batch-link").removeAttribute("target");
    byId("batch-link").classList.add("primary");
    setText(byId("batch-link"), messages.openImport);
    setText(byId("announcer"), messages.allUploaded(this.progress.rejected));
  }

  #end(title) {
    clearInterval(this.timer);
    this.draw();
    setText(byId("time-left"), "");
    setText(byId("speed"), "");
    byId("pause").hidden = true;
    // Hide only these elements, not the whole card, because it also shows warnings.
    for (const id of ["active-uploads", "active-title"]) byId(id).hidden = true;
    setText(byId("sending-title"), title);
    setText(byId("leave-hint"), messages.mayLeave);
  }
}

// One row per parallel upload, not per file. The file in it changes many times a second, so the row is hidden
// from screen readers.
function createRow() {
  const row = document.createElement("li");
  const [name, size, bar] = ["b", "small", "progress"].map((tag) => document.createElement(tag));
  bar.max = 1;
  row.append(name, size, bar);
  return { row, name, size, bar };
}

function drawRow({ row, name, size, bar }, upload) {
  row.classList.toggle("idle", !upload);
  if (!upload) return;
  setText(name, upload.path.slice(upload.path.lastIndexOf("/") + 1));
  name.title = upload.path;
  size.textContent = formatBytes(upload.size);
  bar.value = upload.size ? upload.sent / upload.size : 1;
}
