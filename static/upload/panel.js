// The part of the page that shows the sending. A status line speaks at steps of 10 %, never more often.

import { bytes, count, left, say } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Panel {
  constructor(name, meter) {
    Object.assign(this, { name, meter, tens: 0, listed: 0 });
    for (const id of ["choose", "hints"]) byId(id).hidden = true;
    byId("sending").hidden = false;
    byId("batch-name").textContent = name;
    byId("all-files").textContent = say.sentOf(meter.allFiles, bytes(meter.allBytes));
    byId("batch-name").focus();
    this.timer = setInterval(() => this.draw(), 250);
    this.draw();
  }

  draw() {
    const { meter } = this;
    const { speed, left: seconds } = meter.pace();
    byId("sent-files").textContent = count(meter.files - meter.refused);
    byId("sent-bytes").max = meter.allBytes || meter.allFiles;
    byId("sent-bytes").value = meter.allBytes ? meter.bytes : meter.files;
    byId("time-left").textContent = seconds === null ? "" : left(seconds);
    byId("speed").textContent = speed === null ? "" : `${bytes(speed)} a second`;
    document.title = say.title(meter.percent, this.name);
    this.announce();
    this.list();
  }

  announce() {
    const tens = Math.floor(this.meter.percent / 10) * 10;
    if (tens > this.tens) byId("announcer").textContent = tens < 100 ? say.percent(tens) : say.allSent;
    this.tens = Math.max(tens, this.tens);
  }

  list() {
    const { reasons, refused } = this.meter;
    for (; this.listed < reasons.length; this.listed += 1) {
      const { path, words } = reasons[this.listed];
      const line = document.createElement("li");
      const name = document.createElement("b");
      name.textContent = path;
      line.append(name, document.createElement("br"), words);
      byId("refused-list").append(line);
    }
    byId("refused").hidden = !refused;
    byId("refused-title").textContent = say.notTaken(refused);
    byId("refused-more").hidden = refused <= reasons.length;
    byId("refused-more").textContent = say.more(refused - reasons.length);
  }

  trouble(words, onGoOn = null) {
    if (byId("trouble-words").textContent !== words) byId("trouble-words").textContent = words;
    byId("trouble").hidden = !words;
    byId("go-on").hidden = !onGoOn;
    byId("go-on").onclick = onGoOn;
  }

  link(url) {
    byId("batch-link").href = url;
    byId("batch-link").hidden = false;
  }

  end() {
    clearInterval(this.timer);
    this.draw();
    byId("announcer").textContent = say.allSent;
  }
}
