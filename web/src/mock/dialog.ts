/** What browsers do with dialogs, for an environment that has the element only. */
export function installDialogs(): void {
  const before = new WeakMap<HTMLDialogElement, Element | null>();
  HTMLDialogElement.prototype.showModal = function () {
    before.set(this, document.activeElement);
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    const from = before.get(this);
    if (from instanceof HTMLElement) {
      from.focus();
    }
  };
}
