/** NIST SP 800-63B-4: a passphrase that stands alone has 15 characters or more, of any kind. */
export const SHORTEST_PASSPHRASE = 15;
export const LONGEST_PASSPHRASE = 128;
/** Of a piece that is only repeated, or of letters in a row, fewer are left to guess. */
const LEAST_LEFT = 10;
const ROWS = ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm"];

/** The form that is stretched: the same whichever way a keyboard composed its accents. */
export const prepared = (passphrase: string): string => passphrase.normalize("NFC");

/**
 * What speaks against a new passphrase of the account `name`; null where nothing does.
 *
 * Nobody but this page sees it, so nobody but this page can say that it is too easy: that it is one
 * piece repeated, a row of the alphabet or of the keyboard, or little more than the name.
 */
export function passphraseFault(
  passphrase: string,
  name: string,
): "short" | "long" | "easy" | null {
  const characters = [...prepared(passphrase)];
  if (characters.length < SHORTEST_PASSPHRASE) {
    return "short";
  }
  if (characters.length > LONGEST_PASSPHRASE) {
    return "long";
  }
  return leftToGuess(characters.join("").toLowerCase(), name.toLowerCase()) < LEAST_LEFT
    ? "easy"
    : null;
}

function leftToGuess(passphrase: string, name: string): number {
  let left = passphrase.replaceAll("tradepost", "");
  left = name === "" ? left : left.replaceAll(name, "");
  left = left.replace(/^(.+?)\1+/su, "$1").replace(/(.)\1+/gsu, "$1");
  return [...left].filter((letter, at, all) => !follows(all[at - 1], letter)).length;
}

/** Whether a letter is the next one, or the one before, in a row that everybody knows. */
function follows(before: string | undefined, letter: string): boolean {
  return (
    before !== undefined &&
    ROWS.some((row) => row.includes(before + letter) || row.includes(letter + before))
  );
}
