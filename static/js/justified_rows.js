// Justified rows of pictures. CSS fills every row of a list except the last one (css/tiles.css). If the
// pictures of a day are split between two lists, the last row of the first list must be full too, which needs a script.

const ROWS = 4;

// Distributes the pictures of the last rows so that each of these rows is full.
export function justifyEnd(list) {
  const tiles = [...list.children];
  for (const tile of tiles) tile.style.flexBasis = "";
  const tops = tiles.map((tile) => tile.offsetTop);
  const rows = [...new Set(tops)].slice(-ROWS);
  const width = list.clientWidth;
  const end = tiles.at(-1).offsetLeft + tiles.at(-1).offsetWidth - list.offsetLeft;
  const count = Math.max(1, rows.length - (end < width / 2 ? 1 : 0));
  const last = tiles.slice(tops.indexOf(rows[0])).map((tile) => ({ tile, ratio: ratioOf(tile) }));
  const share = sumOf(last) / count;
  const shared = Array.from({ length: count }, () => []);
  let sum = 0;
  for (const one of last) {
    shared[Math.floor((sum + one.ratio / 2) / share)].push(one);
    sum += one.ratio;
  }
  const gap = parseFloat(getComputedStyle(list).columnGap);
  for (const row of shared) {
    const height = (width - gap * (row.length - 1)) / sumOf(row) - 0.1;
    for (const { tile, ratio } of row) tile.style.flexBasis = `${ratio * height}px`;
  }
}

const ratioOf = (tile) => Number(getComputedStyle(tile).getPropertyValue("--r"));
const sumOf = (tiles) => tiles.reduce((sum, { ratio }) => sum + ratio, 0);
