const ASKED = 3;

/** Three different places below `count`, at random and in order. */
export function chosen(count: number): readonly number[] {
  const places = Array.from({ length: count }, (_, at) => at);
  const random = crypto.getRandomValues(new Uint32Array(ASKED));
  const picked = [...random].flatMap((each) => places.splice(each % places.length, 1));
  return picked.sort((one, other) => one - other);
}
