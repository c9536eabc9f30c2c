// Long work in slices: between two of them the page draws, scrolls and answers.

const SLICE = 12;
const channel = new MessageChannel();
const waiting = [];
let since = 0;

// A message comes at once; a timer of 0 ms would wait for 4.
channel.port1.onmessage = () => {
  since = performance.now();
  waiting.shift()();
};

// To be awaited in a loop: lets everything else run when 12 ms of work are done.
export function breathe() {
  if (performance.now() - since < SLICE) return null;
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
