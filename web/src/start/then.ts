const PLAIN = /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?(?:\?[\w.~=&%+-]*)?$/;

/**
 * A path of this page to come back to; nothing that another site, or a person, could make anything
 * else of. The start itself is no place to come back to.
 */
export function plainPath(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 500 || !PLAIN.test(text)) {
    return undefined;
  }
  const [path = ""] = text.split("?");
  return path === "/start" || path.split("/").includes("..") ? undefined : text;
}
