// Keyboard navigation between tiles with the arrow keys, Home and End.

// The tile in `all` to which `key` moves the focus from `tile`, if any.
export function tileAfterKey(key, tile, all) {
  const place = all.indexOf(tile);
  switch (key) {
    case "ArrowRight": return all[place + 1];
    case "ArrowLeft": return all[place - 1];
    case "ArrowDown": return vertical(all, tile, 1);
    case "ArrowUp": return vertical(all, tile, -1);
    case "Home": return all[0];
    case "End": return all.at(-1);
    default: return null;
  }
}

// The tile that is horizontally nearest to `tile` in the row above or below.
function vertical(all, tile, direction) {
  const from = tile.getBoundingClientRect();
  const middle = (box) => box.left + box.width / 2;
  let best = null;
  for (const one of direction < 0 ? all.slice(0, all.indexOf(tile)).reverse() : all.slice(all.indexOf(tile) + 1)) {
    const box = one.getBoundingClientRect();
    if (Math.abs(box.top - from.top) < 2) continue;
    if (best && Math.abs(box.top - best.top) >= 2) break;
    const distance = Math.abs(middle(box) - middle(from));
    if (!best || distance < best.distance) best = { one, distance, top: box.top };
  }
  return best?.one;
}
