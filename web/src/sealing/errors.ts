/**
 * What is sealed does not open, or is not what it has to be: it came from somebody else, was
 * changed, or belongs elsewhere. Nobody may act on it.
 */
export class SealBroken extends Error {
  readonly kind = "seal-broken";

  constructor(message: string) {
    super(message);
    this.name = "SealBroken";
  }
}
