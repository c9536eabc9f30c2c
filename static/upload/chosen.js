// One file that a person chose: its path, and how to get at it. The File itself is made only when it is needed; size
// and time of change are -1 until it is measured, `counted` says whether the total knows of it. Of its sending: whether it
// has `begun`, whether a request with its bytes was `cut`, and the `tries` since the last one that came through.

export class Chosen {
  constructor(path, source) {
    Object.assign(this, { path, source, size: -1, modified: -1, counted: false });
    Object.assign(this, { begun: false, cut: false, tries: 0 });
  }

  get name() {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  // Rejects when the file is not there any more.
  file() {
    const { source } = this;
    return source.isFile ? new Promise((resolve, reject) => source.file(resolve, reject)) : Promise.resolve(source);
  }
}

const JUNK_FILE = /^(\.DS_Store|\.localized|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.?picasa\.ini|\.nomedia|\._.*)$/i;
const JUNK_FOLDER = /^(__MACOSX|@eaDir|\.Spotlight-V100|\.Trashes|\.fseventsd|\$RECYCLE\.BIN|System Volume Information)$/i;

export const isJunkFolder = (name) => JUNK_FOLDER.test(name);

// What systems leave in folders and no person ever took a picture of.
export function isJunk(path) {
  const parts = path.split("/");
  return JUNK_FILE.test(parts.pop()) || parts.some(isJunkFolder);
}
