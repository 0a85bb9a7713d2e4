/** A small picture of an id, so that one sees at a glance whether two are the same. */
export function Identicon({ id, size = 36 }: { id: string; size?: number }) {
  const hash = hashed(id);
  const hue = hash % 360;
  const cells: string[] = [];
  for (let column = 0; column < 3; column += 1) {
    for (let row = 0; row < 5; row += 1) {
      if ((hash >>> (column * 5 + row)) & 1) {
        cells.push(`M${column} ${row}h1v1h-1z`);
        if (column < 2) {
          cells.push(`M${4 - column} ${row}h1v1h-1z`);
        }
      }
    }
  }
  return (
    <svg
      viewBox="-1 -1 7 7"
      width={size}
      height={size}
      className="bg-well shrink-0 rounded-full"
      aria-hidden="true"
    >
      <path d={cells.join("")} fill={`oklch(0.6 0.09 ${hue})`} />
    </svg>
  );
}

/** FNV-1a, over 32 bits. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}
