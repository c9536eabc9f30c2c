// Files that are ignored on purpose. Their patterns are in the page; the server defines them in
// batches/intake/ignored_files.py.

import { postWithRetry } from "./api.js";
import { SelectedFile, describe, loadStats } from "./selected_files.js";

const PAGE_SIZE = 500;
const patterns = JSON.parse(document.getElementById("ignored-files-patterns").textContent);
const junkFile = new RegExp(`^(?:${patterns.file})$`, "is");
const junkFolder = new RegExp(`^(?:${patterns.folder})$`, "i");
const exportFile = new RegExp(`^(?:${patterns.export})$`, "is");

// Why a file is ignored: "junk", "export" or "hidden", or "" if it is not ignored. The first component of the path never
// counts as hidden, because the user chose it.
export function ignoredReason(path) {
  const folders = path.split("/");
  const name = folders.pop();
  if (junkFile.test(name) || folders.some((folder) => junkFolder.test(folder))) return "junk";
  if (exportFile.test(path)) return "export";
  return [...folders, name].slice(1).some((part) => part.startsWith(".")) ? "hidden" : "";
}

// Folders that cannot be read, represented as ignored files.
export const unreadableFolders = (paths) =>
  paths.map((path) => Object.assign(new SelectedFile(path, null), { ignored: "unreadable", size: 0, modified: 0 }));

// Tells the server which files are ignored, so that the import lists them with their reasons.
export async function reportIgnored(files, batch) {
  for (let start = 0; start < files.length; start += PAGE_SIZE) {
    const page = files.slice(start, start + PAGE_SIZE);
    await loadStats(page);
    const content = { files: page.map((file) => ({ ...describe(file), reason: file.ignored })) };
    await postWithRetry(batch.connection, `${batch.url}ignored/`, content, { optional: true });
  }
}
