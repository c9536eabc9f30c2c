// The part of the page that shows the sending. A status line speaks at steps of 10 %, never more often.

import { LANES } from "./lanes.js";
import { Refusals } from "./refusals.js";
import { Rows } from "./rows.js";
import { count, left, say } from "./words.js";

const byId = (id) => document.getElementById(id);

function write(id, words) {
  const place = byId(id);
  if (place.textContent !== words) place.textContent = words;
}

// As it came from the server: each sending begins with that, whatever an earlier one has left.
const pristine = byId("sending").cloneNode(true);

export class Panel {
  #tens = 0;
  #paused = false;
  #rows;
  #refusals = new Refusals();

  constructor(name, meter) {
    Object.assign(this, { name, meter });
    byId("sending").replaceWith(pristine.cloneNode(true));
    this.#rows = new Rows(byId("lanes"), LANES);
    for (const id of ["choose", "hints"]) byId(id).hidden = true;
    byId("sending").hidden = false;
    byId("batch-name").textContent = name;
    byId("all-files").textContent = say.ofFiles(meter.allFiles);
    byId("batch-name").focus();
    this.timer = setInterval(() => this.draw(), 250);
    this.draw();
  }

  draw() {
    const { meter } = this;
    write("sent-files", count(meter.files - meter.refused));
    write("all-bytes", say.size(meter.allBytes, meter.allMeasured));
    byId("sent-bytes").max = meter.allBytes || meter.allFiles;
    byId("sent-bytes").value = meter.allBytes ? meter.bytes : meter.files;
    for (const which of ["here", "known"]) {
      byId(`${which}-fact`).hidden = !meter[which];
      write(`${which}-files`, count(meter[which]));
    }
    document.title = this.#paused ? say.titlePaused(this.name) : say.title(meter.percent, this.name);
    this.#rows.draw(meter.inHand);
    this.#refusals.draw(meter);
    this.#drawPace();
    this.#announce();
  }

  #drawPace() {
    const pace = this.#paused ? { speed: null, left: null } : this.meter.pace();
    const known = pace.speed !== null;
    write("time-left", this.#paused ? say.paused : known ? left(pace.left) : "");
    write("speed", known ? say.speed(pace.speed) : "");
  }

  #announce() {
    const tens = Math.floor(this.meter.percent / 10) * 10;
    if (tens > this.#tens && tens < 100) write("announcer", say.percent(tens));
    this.#tens = Math.max(tens, this.#tens);
  }

  // What was found besides files to send.
  note(...sentences) {
    const words = sentences.filter(Boolean);
    byId("left-out").hidden = !words.length;
    byId("left-out").textContent = words.join(" ");
  }

  trouble(words, onGoOn = null) {
    if (words) this.meter.rest();
    write("trouble-words", words);
    byId("trouble").hidden = !words;
    byId("go-on").hidden = !onGoOn;
    byId("go-on").onclick = onGoOn;
  }

  // One button for both: it keeps the focus.
  onPause(line) {
    const button = byId("pause");
    button.onclick = () => {
      this.#paused = !this.#paused;
      this.meter.rest();
      button.textContent = this.#paused ? say.goOn : say.pause;
      button.classList.toggle("primary", this.#paused);
      write("announcer", this.#paused ? say.paused : "");
      if (this.#paused) line.pause();
      else line.resume();
      this.draw();
    };
  }

  link(url) {
    byId("batch-link").href = url;
    byId("batch-link").hidden = false;
  }

  // Nothing more is sent, and why.
  stop(words) {
    this.#rest(say.stopped);
    this.trouble(words);
  }

  #rest(title) {
    clearInterval(this.timer);
    this.draw();
    write("time-left", "");
    write("speed", "");
    byId("pause").hidden = true;
    // What is said in their place, such as that the server could not be told, still has its room.
    for (const id of ["lanes", "lanes-title"]) byId(id).hidden = true;
    write("sending-title", title);
    write("keep-open", say.mayClose);
  }

  // All is sent.
  end() {
    this.#rest(say.sent);
    byId("batch-link").removeAttribute("target");
    byId("batch-link").classList.add("primary");
    write("batch-link", say.lookAtIt);
    write("announcer", say.allEnded(this.meter.refused));
  }
}
